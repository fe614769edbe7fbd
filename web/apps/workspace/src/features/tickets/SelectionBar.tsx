import { useQuery } from '@tanstack/react-query'
import { get } from '@kanal/api'
import { BulkBar } from '@/features/bulk/index.ts'
import type { ListAsk } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { count as shown } from '@/shell/format.ts'
import { pickView, useSelection } from './selection.ts'
import s from './selection.module.css'

/** What can be done with what is picked, and the way to all that the view holds. */
export function SelectionBar({ ask }: { ask: ListAsk }) {
  const sel = useSelection()
  const total = useQuery({ queryKey: ['tickets-count', ask.view + ask.at, ask.filter], queryFn: ({ signal }) => get<{ count: number; capped: boolean }>('/api/tickets/count', { view: ask.view + ask.at, filter: ask.filter }, signal), enabled: sel.count > 0 && !sel.all, staleTime: 5_000 }).data
  if (sel.count === 0) return null
  return (
    <div className={s.bar} role="region" aria-label={t('select.title')}>
      <BulkBar selection={sel} />
      {!sel.all && total && total.count > sel.count ? <button type="button" className={s.link} onClick={() => void pickView(ask)}>{t('select.all', { count: shown(total.count, total.capped) })}</button> : null}
    </div>
  )
}
