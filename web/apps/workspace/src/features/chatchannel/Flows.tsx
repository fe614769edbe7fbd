import { Button, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { post, type Id } from '@kanal/api'
import { EmptyState, SkeletonLines, Tag } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { flowsQuery, type Flow } from './queries.ts'
import s from './chatchannel.module.css'

/** CH-04, CH-09, CF-01: the chatflows that this channel shows; what they say is written in their own editor. */
export function FlowsTab({ accountId }: { accountId: Id }) {
  const q = useQuery(flowsQuery)
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const mine = (q.data ?? []).filter((f) => String(f.account_id) === String(accountId)).sort((a, b) => a.position - b.position)
  const make = async () => {
    setBusy(true)
    try {
      const f = await firstFlow(accountId, t('chatset.flow_name'))
      void navigate({ to: '/settings/$', params: { _splat: `help-desk/chatflows/${f.id}` } })
    } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  return (
    <Stack gap="md">
      <section className={s.card} aria-label={t('chatset.flows')}>
        <h2>{t('chatset.flows')}</h2>
        <p className={s.text}>{t('chatset.flows_text')}</p>
        {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
        {q.isError ? <EmptyState icon="warn" title={t('chatset.flows_error')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q.data && mine.length === 0 ? <EmptyState icon="comment" title={t('chatset.flows_none')} text={t('chatset.flows_none_text')}><Button loading={busy} onClick={() => void make()}>{t('chatset.flow_make')}</Button></EmptyState> : null}
        <ul className={s.flows}>
          {mine.map((f) => <li key={f.id}><Link to="/settings/$" params={{ _splat: `help-desk/chatflows/${f.id}` }}>{f.name}</Link> <span className={s.hint}>{t(`chatset.flow.${f.kind}` as Key)}</span> <Tag tone={f.active && f.published ? 'ok' : 'plain'}>{t(f.published ? (f.active ? 'chatset.flow_live' : 'chatset.flow_off') : 'chatset.flow_draft')}</Tag></li>)}
        </ul>
        {mine.length ? <div><Button component={Link} variant="default" {...{ to: '/settings/help-desk/chatflows' }}>{t('chatset.flows_all')}</Button></div> : null}
      </section>
    </Stack>
  )
}

/** CH-04, CF-03: a channel shows nothing without a chatflow, so its first is made with it and shown at once. */
export async function firstFlow(accountId: Id, name: string): Promise<Flow> {
  const f = await post<Flow>('/api/chatflows', { account_id: accountId, kind: 'live_chat', name, template: 'live_chat' })
  await post(`/api/chatflows/${f.id}/publish`, { note: '', version: f.version })
  await queries.invalidateQueries({ queryKey: flowsQuery.queryKey })
  return f
}
