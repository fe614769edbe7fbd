import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get, type Ticket } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { queueKey, reasonName, rotate } from './model.ts'
import s from './waiting.module.css'

/** RT-07: nobody could have it yet. Where it stands, since when and why, and when it is tried again. */
export function WaitingLine({ ticket }: { ticket: Ticket }) {
  const can = useCan()
  // its place changes when others leave the line
  const now = useQuery({ queryKey: [...queueKey, ticket.id], queryFn: async () => (await get<Ticket>(`/api/tickets/${ticket.id}`)).waiting ?? null, initialData: ticket.waiting ?? null })
  const w = ticket.waiting && now.data
  if (!w) return null
  return (
    <div className={s.line} role="status" data-waiting={w.place}>
      <p><Icon name="clock" size={13} /> <strong>{t('waiting.place', { n: w.place, of: w.of })}</strong></p>
      <p className={s.dim}>{t('waiting.since', { time: ago(w.since), reason: reasonName(w.reason) })}</p>
      <p className={s.dim}>{w.next_at ? t('waiting.next', { time: dateTime(w.next_at) }) : t('waiting.next_event')}</p>
      <p className={s.acts}>
        {can('tickets.assign') ? <Button size="compact-xs" variant="default" onClick={() => void rotate(ticket)}>{t('action.rotate')}</Button> : null}
        <Link to="/waiting">{t('waiting.all')}</Link>
      </p>
    </div>
  )
}
