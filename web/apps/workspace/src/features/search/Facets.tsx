import { useState } from 'react'
import type { SearchFacets } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { count } from '@/shell/format.ts'
import { asking, toggled } from './model.ts'
import s from './search.module.css'

const groups = ['type', 'status', 'owner', 'inbox'] as const
const once = new Set<string>(['type', 'newer_than'])
const ages = ['7d', '30d', '1y'] as const

/** How a search may be narrowed, with how much would be left. What is asked for stays, so that it can be taken back. */
export function Facets({ q, facets, onChange }: { q: string; facets: SearchFacets | undefined; onChange: (q: string) => void }) {
  const [open, setOpen] = useState(false)
  const items = facets?.items ?? []
  return (
    <section className={s.facets} data-open={open || undefined} aria-label={t('search.narrow')}>
      <button type="button" className={s.facetsToggle} aria-expanded={open} onClick={() => setOpen(!open)}><Icon name="settings" size={14} />{t('search.narrow')}</button>
      <div className={s.facetGroups}>
        {groups.map((op) => {
          const list = items.filter((f) => f.operator === op).slice(0, 8)
          return list.length === 0 ? null : (
            <div key={op} role="group" aria-label={t(`search.by_${op}` as Key)}>
              <h2>{t(`search.by_${op}` as Key)}</h2>
              {list.map((f) => (
                <button key={f.value} type="button" className={s.facet} aria-pressed={!!asking(q, op, f.value)} onClick={() => onChange(toggled(q, op, f.value, once.has(op)))}>
                  <span className="k-cut">{op === 'type' ? t(`search.kinds_${f.value}` as Key) : f.label || t('ticket.unassigned')}</span>
                  <span className={`${s.dim} k-num`}>{count(f.count)}{facets?.capped ? '+' : ''}</span>
                </button>
              ))}
            </div>
          )
        })}
        <div role="group" aria-label={t('search.by_date')}>
          <h2>{t('search.by_date')}</h2>
          {ages.map((a) => <button key={a} type="button" className={s.facet} aria-pressed={!!asking(q, 'newer_than', a)} onClick={() => onChange(toggled(q, 'newer_than', a, true))}><span>{t(`search.age_${a}` as Key)}</span></button>)}
        </div>
      </div>
    </section>
  )
}
