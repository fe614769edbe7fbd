import '@mantine/core/styles/Drawer.layer.css'
import { ActionIcon, Button, Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Banner, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { maybe, t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime, fullTime } from '@/shell/format.ts'
import { Answers, Files } from './Answers.tsx'
import { submissionQuery } from './queries.ts'
import { reasonText, Release, stateTones } from './SubmissionsPage.tsx'
import s from './submissions.module.css'

/** One submission whole: what was asked and answered, from where, and what was agreed to in which words (FM-17, FM-20). */
export function SubmissionDrawer({ id, onClose, onStep }: { id: string; onClose(): void; onStep?: (by: number) => void }) {
  const q = useQuery(submissionQuery(id))
  const x = q.data
  const context = Object.entries(x?.context ?? {}).filter(([, v]) => typeof v === 'string' && v !== '') as [string, string][]
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={<strong>{t('submissions.one')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {onStep ? <div className={s.steps}><ActionIcon aria-label={t('submissions.newer')} onClick={() => onStep(-1)}><Icon name="up" /></ActionIcon><ActionIcon aria-label={t('submissions.older')} onClick={() => onStep(1)}><Icon name="down" /></ActionIcon></div> : null}
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {x ? (
        <div className={s.detail}>
          <p className={s.line}><Tag tone={stateTones[x.state] ?? 'plain'}>{t(`submissions.state.${x.state}` as Key)}</Tag><time dateTime={x.created_at}>{fullTime(x.created_at)}</time></p>
          {x.state === 'held' ? <><Banner tone="warn" icon="shield">{t('submissions.held_text', { why: reasonText(x) })}</Banner><div><Release id={x.id} big /></div></> : null}
          <p className={s.line}>
            {x.ticket ? <Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: x.ticket.id }}>{t('submissions.to_ticket', { number: x.ticket.number })}</Link> : null}
            {x.contact ? <Link to="/contacts/$contactId" params={{ contactId: x.contact.id }}>{x.contact.name || x.email}</Link> : x.email ? <span>{x.email}</span> : null}
          </p>
          <Answers list={x.fields ?? []} />
          <Files list={x.files ?? []} />
          {context.length ? <section><h3>{t('submissions.context')}</h3><dl className={s.answers}>{context.map(([k, v]) => <div key={k}><dt>{maybe(`submissions.context.${k}`, k.replaceAll('_', ' '))}</dt><dd>{v}</dd></div>)}</dl></section> : null}
          {x.consents?.length ? <section><h3>{t('submissions.consents')}</h3><ul className={s.consents}>{x.consents.map((c, i) => <li key={i}><Icon name={c.given ? 'check' : 'x'} size={13} /><span>{c.text}<span className={s.dim}>{` ${t(c.given ? 'submissions.agreed' : 'submissions.not_agreed')}${c.at ? ` · ${dateTime(c.at)}` : ''}`}</span></span></li>)}</ul></section> : null}
          <p className={s.dim}>{t('submissions.version', { n: x.version })}</p>
        </div>
      ) : null}
    </Drawer>
  )
}
