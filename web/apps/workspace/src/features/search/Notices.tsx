import type { SearchProblem } from '@kanal/api'
import { Banner, EmptyState, Icon } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import type { Result } from './queries.ts'
import { quoted } from './model.ts'
import s from './search.module.css'

/** What of the search is not understood, and what was probably meant. */
export function Problems({ list, onTake }: { list: SearchProblem[]; onTake: (q: string) => void }) {
  return (
    <div role="status" className={s.problems}>
      {list.map((p, i) => (
        <div key={i} className={s.problem}>
          <Icon name="warn" />
          <div>
            <p>{t(`search.problem_${p.reason}` as Key, { operator: p.operator, value: p.value })}</p>
            <p className={s.ways}>
              {p.suggestion ? <button type="button" onClick={() => onTake(p.suggestion)}>{p.suggestion}</button> : null}
              {(p.options ?? []).length > 0 ? <span>{t('search.takes', { operator: p.operator, values: (p.options ?? []).map(quoted).join(', ') })}</span> : null}
            </p>
          </div>
        </div>
      ))}
    </div>
  )
}

export function Spelling({ result, q, onTake, onExact }: { result: Result; q: string; onTake: (q: string) => void; onExact: () => void }) {
  const way = result.spelling
  if (!way) return null
  return (
    <p role="status" className={s.spelling}>
      {way.applied ? <>{t('search.showing')} <button type="button" onClick={() => onTake(way.query)}><strong>{way.query}</strong></button>. {t('search.instead')} <button type="button" onClick={onExact}>{q}</button></>
        : <>{t('search.meant')} <button type="button" onClick={() => onTake(way.query)}><strong>{way.query}</strong></button></>}
    </p>
  )
}

export function Behind({ result }: { result: Result }) {
  if (result.building) return <Banner icon="clock">{t('search.building')}</Banner>
  return result.behind_seq > 0 ? <Banner icon="clock">{t('search.behind', { n: result.behind_seq })}</Banner> : null
}

const examples = ['from:anna', '"exact words"', 'is:open owner:me', 'has:attachment filename:pdf', 'status:new older_than:7d', 'refund OR return', '-is:closed', '#1042', 'in:trash'] as const

/** Nothing was asked yet: what can be. */
export function Start({ onTake }: { onTake: (q: string) => void }) {
  return (
    <EmptyState icon="search" title={t('search.start')} text={t('search.start_text')}>
      <ul className={s.examples} aria-label={t('search.examples')}>
        {examples.map((x, i) => <li key={x}><button type="button" onClick={() => onTake(x)}>{x}</button><span>{t(`search.example_${i + 1}` as Key)}</span></li>)}
      </ul>
    </EmptyState>
  )
}
