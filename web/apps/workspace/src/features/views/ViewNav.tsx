import { Link, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import type { View } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t, withMore } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { clockTime, count } from '@/shell/format.ts'
import { sections, toggled, type Section } from './arrange.ts'
import { arrange, openIn, useArrangement, useSpaces, useViews, viewIcon, viewName } from './queries.ts'
import s from './views.module.css'

const SpaceSwitch = lazy(withMore(() => import('@/features/spaces/index.ts').then((m) => ({ default: m.SpaceSwitch }))))
const Arranger = lazy(withMore(() => import('./Arranger.tsx').then((m) => ({ default: m.Arranger }))))

export const sectionTitle = (id: Section['id']): string | undefined => (id === 'work' ? undefined : id === 'inboxes' ? t('nav.inboxes') : id === 'archive' ? t('nav.archive') : id === 'custom' ? t('nav.custom') : t('nav.statuses'))

/** The side bar's views, in one's own order; sections fold, and what one does not need is hidden. */
export function ViewNav({ onPick }: { onPick?: () => void }) {
  const views = useViews()
  const a = useArrangement()
  const spaces = useSpaces()?.spaces.length
  const { view } = useParams({ strict: false }) as { view?: string }
  const [arranging, setArranging] = useState(false)
  if (views.length === 0) return <nav aria-label={t('nav.views')} className={s.nav} />
  const done = () => setArranging(false)
  return (
    <nav aria-label={t('nav.views')} className={s.nav}>
      {spaces ? <div className={s.space}><Suspense fallback={null}><SpaceSwitch /></Suspense></div> : null}
      {arranging
        ? <Suspense fallback={null}><Arranger onDone={done} /></Suspense>
        : sections(views, a, view).map((sec) => (sec.items.length ? <Group key={sec.id} section={sec} folded={(a.folded ?? []).includes(sec.id)} current={view} onPick={onPick} /> : null))}
      {arranging ? null : <button type="button" className={s.arrange} onClick={() => setArranging(true)}>{t('nav.arrange')}</button>}
    </nav>
  )
}

const quiet = new Set(['closed', 'recently_closed', 'spam', 'trash'])

function Open({ of: v }: { of: View }) {
  const { n, capped } = openIn(v)
  if (v.pending) return <span className={s.count} aria-hidden="true">…</span>
  if (n <= 0 || (quiet.has(v.id) && v.id !== 'spam')) return null
  return <span className={s.count} data-old={v.as_of ? true : undefined} title={v.as_of ? t('nav.as_of', { time: clockTime(v.as_of) }) : undefined}>{count(n, capped)}</span>
}

function Group({ section, folded, current, onPick }: { section: Section; folded: boolean; current: string | undefined; onPick?: (() => void) | undefined }) {
  const title = sectionTitle(section.id)
  const items = folded ? section.items.filter((v) => v.id === current) : section.items
  return (
    <div className={s.group}>
      {title ? (
        <h2 className={s.title}>
          <button type="button" className={s.fold} aria-expanded={!folded} onClick={() => void arrange((a) => ({ ...a, folded: toggled(a.folded, section.id) })).catch(toastError)}>
            <Icon name={folded ? 'right' : 'down'} size={12} />{title}
          </button>
        </h2>
      ) : null}
      <ul>
        {items.map((v) => (
          <li key={v.id}>
            <Link to="/tickets/$view" params={{ view: v.id }} search={{}} className={s.item} aria-current={current === v.id ? 'page' : undefined} onClick={onPick} data-view={v.id}>
              <Icon name={viewIcon(v.id)} />
              <span className="k-cut">{viewName(v)}</span>
              <Open of={v} />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}
