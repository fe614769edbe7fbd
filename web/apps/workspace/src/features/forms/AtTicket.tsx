import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Submission, Ticket } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { Answers, Files } from './Answers.tsx'
import { contactSubmissionsQuery, ticketSubmissionQuery } from './queries.ts'
import { stateTones } from './SubmissionsPage.tsx'
import s from './submissions.module.css'

/** A fold that begins closed, every time: what is hidden is looked at on purpose (FM-10). */
function Fold({ title, children }: { title: string; children: React.ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <section className={s.fold}>
      <h3><button type="button" aria-expanded={open} onClick={() => setOpen(!open)}><span>{title}</span><Icon name={open ? 'up' : 'down'} size={13} /></button></h3>
      {open ? <div className={s.foldBody}>{children}</div> : null}
    </section>
  )
}

/** Beside a ticket that began with a form: what the hidden fields say, for those who may see submissions. */
export function HiddenFields({ ticket }: { ticket: Pick<Ticket, 'id'> }) {
  const q = useQuery(ticketSubmissionQuery(ticket.id))
  const hidden = q.data?.hidden
  if (!q.data || !hidden) return null
  return <Fold title={t('forms.hidden_fields')}>{hidden.length ? <><p className={s.dim}>{t('forms.hidden_fields_text', { name: q.data.form.name })}</p><Answers list={hidden} marked={false} /></> : <p className={s.dim}>{t('forms.hidden_none')}</p>}</Fold>
}

/** CR-06: everything a person ever sent with a form, hidden fields too. */
export function ContactSubmissions({ contactId }: { contactId: string }) {
  const q = useQuery(contactSubmissionsQuery(contactId))
  if (q.isPending) return <SkeletonLines lines={4} label={t('state.loading')} />
  if (q.isError) return <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)} />
  if (!q.data.length) return <EmptyState icon="rows" title={t('submissions.contact_none')} text={t('submissions.contact_none_text')} />
  return <ul className={s.of}>{q.data.map((x) => <li key={x.id}><Whole x={x} /></li>)}</ul>
}

function Whole({ x }: { x: Submission }) {
  return (
    <article className={s.card} aria-label={t('submissions.card', { name: x.form_name ?? '', time: dateTime(x.created_at) })}>
      <p className={s.line}><strong>{x.form_name}</strong>{x.state === 'filed' ? null : <Tag tone={stateTones[x.state] ?? 'plain'}>{t(`submissions.state.${x.state}` as Key)}</Tag>}<time className={s.dim} dateTime={x.created_at} title={dateTime(x.created_at)}>{ago(x.created_at)}</time></p>
      <Answers list={x.fields ?? []} />
      <Files list={x.files ?? []} />
    </article>
  )
}

/** On a contact's timeline: the whole of what a message of a form was made from. */
export function SubmissionOf({ contactId, messageId }: { contactId: string; messageId: string }) {
  const may = useCan()('submissions.view')
  const q = useQuery({ ...contactSubmissionsQuery(contactId), enabled: may })
  const x = q.data?.find((y) => y.message_id === messageId)
  return x ? <Fold title={t('submissions.whole')}><Whole x={x} /></Fold> : null
}
