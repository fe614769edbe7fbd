import { useQuery } from '@tanstack/react-query'
import { SkeletonLines } from '@kanal/ui'
import { ledgerQuery } from '@/features/tickets/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import s from './panel.module.css'

/** Every step of every message of this ticket: arrived, threaded by which rule, sent, received. */
export function Ledger({ ticketId }: { ticketId: string }) {
  const q = useQuery({ ...ledgerQuery(ticketId), staleTime: 5_000 })
  if (q.isPending) return <SkeletonLines lines={4} label={t('state.loading')} />
  if (q.isError) return <p className={s.none}>{sentence(q.error)}</p>
  if (q.data.length === 0) return <p className={s.none}>{t('ledger.empty')}</p>
  return (
    <ol className={s.ledger}>
      {q.data.map((step, i) => (
        <li key={i} data-step={step.step}>
          <span className={s.step}>{maybe(`step.${step.step}`, step.step)}</span>
          {step.at ? <time className={s.dim} dateTime={step.at}>{dateTime(step.at)}</time> : null}
          <Detail detail={step.detail ?? {}} />
        </li>
      ))}
    </ol>
  )
}

function Detail({ detail }: { detail: Record<string, unknown> }) {
  const pairs = Object.entries(detail).filter(([, v]) => v !== '' && v !== null && v !== false && !(Array.isArray(v) && v.length === 0))
  if (pairs.length === 0) return null
  return <p className={s.detail}>{pairs.map(([k, v]) => `${k}: ${typeof v === 'object' ? JSON.stringify(v) : String(v)}`).join(' · ')}</p>
}
