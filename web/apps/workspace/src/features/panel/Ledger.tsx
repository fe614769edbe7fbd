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

/** What a reader wants of a step; the rest (ids, envelopes, candidates) is folded. */
const telling = ['from', 'to', 'recipient', 'recipients', 'name', 'subject', 'number', 'threaded_by', 'rule', 'disposition', 'outcome', 'reason', 'error', 'detail']

function Detail({ detail }: { detail: Record<string, unknown> }) {
  const pairs = Object.entries(detail).filter(([, v]) => v !== '' && v !== null && v !== false && !(Array.isArray(v) && v.length === 0))
  if (pairs.length === 0) return null
  const plain = telling.map((k) => detail[k]).filter((v) => (typeof v === 'string' && v !== '') || typeof v === 'number' || (Array.isArray(v) && v.length > 0 && v.every((x) => typeof x === 'string')))
  return (
    <>
      {plain.length ? <p className={s.detail}>{plain.map((v) => (Array.isArray(v) ? v.join(', ') : words(String(v)))).join(' · ')}</p> : null}
      <details className={s.more}><summary>{t('panel.title')}</summary><p className={s.detail}>{pairs.map(([k, v]) => `${k}: ${typeof v === 'object' ? JSON.stringify(v) : String(v)}`).join(' · ')}</p></details>
    </>
  )
}

/** A slug in the reader's words, where there are any. */
const words = (v: string): string => maybe(`reason.${v}`, maybe(`rule.${v}`, maybe(`disposition_name.${v}`, maybe(`outcome.${v}`, v.replaceAll('_', ' ')))))
