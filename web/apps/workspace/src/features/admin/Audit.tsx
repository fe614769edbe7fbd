import { Button, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, urlOf, type Time } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { useInboxes, useTeams, useUsers } from '@/features/lookups/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { differences } from './differences.ts'
import s from './admin.module.css'

interface AuditEvent { id: string; at: Time; type: string; actor_name: string; user_name: string; data: Record<string, unknown> }
interface AuditPage { items: AuditEvent[]; next: string }
const objects = ['company', 'user', 'team', 'inbox', 'channel_account', 'pipeline', 'property', 'token', 'session', 'inbound', 'snippet', 'tag', 'ticketing', 'customview', 'space', 'survey', 'notifications', 'sender_rule', 'spam', 'terms', 'privacy'] as const

/** Who changed what, before and after. */
export function Audit() {
  const users = useUsers()
  const teams = useTeams()
  const inboxes = useInboxes()
  // events name people and groups by id; who reads them knows names
  const names = new Map([...users.map((u) => [u.id, u.name || u.email] as const), ...[...teams, ...inboxes].map((x) => [x.id, x.name] as const)])
  const named = (text: string) => text.replace(/\d{12,}/g, (id) => names.get(id) ?? id)
  const [object, setObject] = useState<string | null>(null)
  const [who, setWho] = useState<string | null>(null)
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const filter = { object, user_id: who, from: from ? new Date(`${from}T00:00`).toISOString() : null, to: to ? new Date(new Date(`${to}T00:00`).getTime() + 86_400_000).toISOString() : null }
  const q = useInfiniteQuery({ queryKey: ['audit', filter], queryFn: ({ pageParam }) => get<AuditPage>('/api/audit', { ...filter, cursor: pageParam, limit: 50 }), initialPageParam: '', getNextPageParam: (l) => l.next || undefined, staleTime: 0 })
  const list = q.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <SettingsFrame title={t('audit.title')} text={t('audit.text')} action={<Button variant="default" component="a" href={urlOf('/api/audit/export', filter)} download leftSection={<Icon name="download" size={14} />}>{t('audit.export')}</Button>}>
      <div className={s.filters} role="group" aria-label={t('audit.filter')}>
        <Select label={t('audit.object')} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={t('audit.all')} data={objects.map((o) => ({ value: o, label: t(`audit_object.${o}` as Key) }))} value={object} onChange={setObject} />
        <Select label={t('audit.who')} searchable clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={t('audit.all')} data={users.map((u) => ({ value: u.id, label: u.name || u.email }))} value={who} onChange={setWho} nothingFoundMessage={t('state.nothing_found')} />
        <TextInput type="date" label={t('audit.from')} value={from} onChange={(e) => setFrom(e.currentTarget.value)} />
        <TextInput type="date" label={t('audit.to')} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
      </div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && list.length === 0 ? <EmptyState icon="info" title={t('audit.empty')} text={t('audit.empty_text')} /> : null}
      <ul className={s.rows}>{list.map((e) => <AuditRow key={e.id} event={e} named={named} />)}</ul>
      {q.hasNextPage ? <div className={s.foot}><Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('search.more')}</Button></div> : null}
    </SettingsFrame>
  )
}

function AuditRow({ event: e, named }: { event: AuditEvent; named(text: string): string }) {
  const thing = typeof e.data.object === 'string' ? e.data.object : (e.type.split('.')[0] ?? '')
  const name = e.user_name || (typeof e.data.slug === 'string' ? e.data.slug : typeof e.data.name === 'string' ? e.data.name : '')
  const what = maybe(`audit_type.${e.type}`, e.type)
  const all = differences(e.data)
  // the plain text says the same as the markup
  const diff = all.some((d) => d.field === 'text') ? all.filter((d) => d.field !== 'html') : all
  return (
    <li className={s.row} data-audit={e.type}>
      <span className={s.rowText}>
        <span className={s.name}>{[maybe(`audit_object.${thing}`, thing), name === thing ? '' : name].filter(Boolean).join(' · ')}</span>
        <span className={s.sub}>{[what, e.actor_name || t('audit.system'), dateTime(e.at)].join(' · ')}</span>
        {diff.length ? <span className={s.diff}>{diff.map((d) => <span key={d.field}>{d.field}: {d.before ? <del>{named(d.before)}</del> : null} {d.after ? <ins>{named(d.after)}</ins> : null}</span>)}</span> : null}
      </span>
    </li>
  )
}
