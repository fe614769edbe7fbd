import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { contactTicketsQuery } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { ago } from '@/shell/format.ts'
import s from './timeline.module.css'

/** Above the first word of a ticket: the same person's tickets before it. */
export function Earlier({ contactId, number }: { contactId: string; number: number }) {
  const q = useQuery({ ...contactTicketsQuery(contactId), staleTime: 60_000, retry: false })
  const before = (q.data?.items ?? []).filter((x) => x.number < number && x.hidden === '').sort((a, b) => b.number - a.number).slice(0, 3)
  if (before.length === 0) return null
  return (
    <nav className={s.past} aria-label={t('timeline.past')}>
      <span>{t('timeline.past')}</span>
      {before.map((x) => <Link key={x.id} className="k-cut" to="/tickets/$view/$ticketId" params={{ view: x.open ? 'open' : 'closed', ticketId: x.id }} title={x.subject}>#{x.number} {x.subject} · {ago(x.created_at)}</Link>)}
    </nav>
  )
}
