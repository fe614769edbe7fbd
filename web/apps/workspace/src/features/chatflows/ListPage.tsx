import { ActionIcon, Button, Menu, Modal, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { EmptyState, Icon, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { SettingsFrame, Sortable, type SettingsPageProps } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { ago, fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { StateTag } from './StateTag.tsx'
import { Match } from './Match.tsx'
import { MoveFlow } from './MoveFlow.tsx'
import { NewFlow } from './NewFlow.tsx'
import { archiveFlow, changeFlow, chatAccountsQuery, duplicateFlow, flowsQuery, orderFlows } from './queries.ts'
import type { Chatflow } from './types.ts'
import s from './chatflows.module.css'

const toFlow = (id: string) => ({ to: '/settings/$', params: { _splat: `help-desk/chatflows/${id}` } } as const)

/** CF-17: the chatflows of each chat channel, in the order in which they are tried. */
export function ChatflowList(_: SettingsPageProps) {
  const flows = useQuery({ ...flowsQuery, staleTime: 0 })
  const accounts = useQuery({ ...chatAccountsQuery, staleTime: 0 })
  const can = useCan()
  const mayEdit = can('chatflows.manage')
  const [adding, setAdding] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  const [gone, setGone] = useState<Chatflow | null>(null)
  const [moving, setMoving] = useState<Chatflow | null>(null)
  const chats = accounts.data ?? []
  const all = flows.data ?? []
  const first = chats[0]?.id ?? ''
  const action = chats.length ? (
    <>
      <Button variant="default" leftSection={<Icon name="search" size={14} />} onClick={() => setAsking(true)}>{t('flow.which')}</Button>
      {mayEdit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(first)}>{t('flow.new')}</Button> : null}
    </>
  ) : null
  const empty = accounts.data && !chats.length
    ? <EmptyState icon="plug" title={t('flow.no_channel')} text={t('flow.no_channel_text')}>{can('account.access') ? <Button component={Link} to="/settings/$" {...({ params: { _splat: 'help-desk/channels/connect/chat' } } as object)}>{t('flow.connect_chat')}</Button> : null}</EmptyState>
    : flows.data && !all.length ? <EmptyState icon="comment" title={t('flow.empty')} text={t('flow.empty_text')}>{mayEdit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(first)}>{t('flow.new')}</Button> : null}</EmptyState> : undefined
  return (
    <>
    <SettingsFrame title={t('flow.title')} text={t('flow.list_text')} action={action} query={flows} empty={empty} section="chatflows">
      {chats.map((a) => <Channel key={a.id} account={a} flows={all.filter((f) => f.account_id === a.id)} mayEdit={mayEdit} onAdd={() => setAdding(a.id)} onArchive={setGone} onMove={can('channels.move') && chats.length > 1 ? setMoving : undefined} />)}
      <p className={s.hint}>{t('flow.order_text')}</p>
    </SettingsFrame>
    {adding !== null ? <NewFlow accounts={chats} account={adding} onClose={() => setAdding(null)} /> : null}
    {asking ? <Match accounts={chats} onClose={() => setAsking(false)} /> : null}
    {moving ? <MoveFlow flow={moving} accounts={chats} onClose={() => setMoving(null)} /> : null}
    {gone ? <Archive flow={gone} onClose={() => setGone(null)} /> : null}
    </>
  )
}

function Channel({ account, flows, mayEdit, onAdd, onArchive, onMove }: { account: ChannelAccount; flows: Chatflow[]; mayEdit: boolean; onAdd(): void; onArchive(f: Chatflow): void; onMove?: ((f: Chatflow) => void) | undefined }) {
  const order = (items: Chatflow[]) => {
    const was = queries.getQueryData(flowsQuery.queryKey)
    const rank = new Map(items.map((f, i) => [f.id, i]))
    queries.setQueryData(flowsQuery.queryKey, (l) => (l ? [...l].sort((a, b) => (a.account_id === account.id && b.account_id === account.id ? (rank.get(a.id) ?? 0) - (rank.get(b.id) ?? 0) : 0)) : l))
    orderFlows(account.id, items.map((f) => f.id)).catch((err) => { queries.setQueryData(flowsQuery.queryKey, was); toastError(err) })
  }
  return (
    <section className={s.channel} aria-label={account.name}>
      <div className={s.channelHead}><h2>{account.name}</h2>{account.active ? null : <Tag>{t('flow.channel_off')}</Tag>}</div>
      {flows.length ? <Sortable items={flows} idOf={(f) => f.id} nameOf={(f) => f.name} disabled={!mayEdit || flows.length < 2} onChange={order}>{(f, i) => <Row flow={f} place={i + 1} mayEdit={mayEdit} onArchive={() => onArchive(f)} onMove={onMove ? () => onMove(f) : undefined} />}</Sortable>
        : <p className={s.hint}>{t('flow.none_here')} {mayEdit ? <Button variant="subtle" size="compact-sm" onClick={onAdd}>{t('flow.new')}</Button> : null}</p>}
    </section>
  )
}

function Row({ flow, place, mayEdit, onArchive, onMove }: { flow: Chatflow; place: number; mayEdit: boolean; onArchive(): void; onMove?: (() => void) | undefined }) {
  const navigate = useNavigate()
  const toggle = (active: boolean) => {
    queries.setQueryData(flowsQuery.queryKey, (l) => l?.map((x) => (x.id === flow.id ? { ...x, active } : x)))
    changeFlow(flow.id, { active }).catch((err) => { queries.setQueryData(flowsQuery.queryKey, (l) => l?.map((x) => (x.id === flow.id ? { ...x, active: !active } : x))); toastError(err) })
  }
  const copy = () => { duplicateFlow(flow.id).then((f) => { toast(t('flow.copied', { name: f.name }), { action: { label: t('action.edit'), run: () => void navigate(toFlow(f.id)) } }) }, toastError) }
  return (
    <div className={s.flowRow}>
      <span className={s.place} aria-hidden="true">{place}</span>
      <span className={s.flowIcon} aria-hidden="true"><Icon name={flow.kind === 'bot' ? 'columns' : 'comment'} size={16} /></span>
      <span className={s.flowText}>
        <Link {...toFlow(flow.id)} className={s.flowName}>{flow.name}</Link>
        <span className={s.flowSub}>{t(flow.kind === 'bot' ? 'flow.kind.bot' : 'flow.kind.live_chat')} · <span title={fullTime(flow.updated_at)}>{t('flow.edited', { ago: ago(flow.updated_at) })}</span></span>
      </span>
      <span className={s.flowTags}><StateTag flow={flow} /></span>
      <Switch checked={flow.active} disabled={!mayEdit} onChange={(e) => toggle(e.currentTarget.checked)} aria-label={t('flow.switch', { name: flow.name })} />
      {mayEdit || onMove ? (
        <Menu>
          <Menu.Target><ActionIcon aria-label={t('flow.more_of', { name: flow.name })}><Icon name="more" /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Icon name="compose" />} onClick={() => void navigate(toFlow(flow.id))}>{t('action.edit')}</Menu.Item>
            {mayEdit ? <Menu.Item leftSection={<Icon name="copy" />} onClick={copy}>{t('flow.duplicate')}</Menu.Item> : null}
            {onMove ? <Menu.Item leftSection={<Icon name="right" />} onClick={onMove}>{t('flow.move')}</Menu.Item> : null}
            {mayEdit ? <Menu.Item leftSection={<Icon name="archive" />} color="red" onClick={onArchive}>{t('flow.archive')}</Menu.Item> : null}
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </div>
  )
}

function Archive({ flow, onClose }: { flow: Chatflow; onClose(): void }) {
  const [busy, setBusy] = useState(false)
  const go = () => { setBusy(true); archiveFlow(flow.id).then(() => { toast(t('flow.archived', { name: flow.name })); onClose() }, (err) => { setBusy(false); toastError(err) }) }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.archive_title', { name: flow.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <p className={s.text}>{t('flow.archive_text')}</p>
      <div className={s.foot}><Button variant="default" data-autofocus onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} onClick={go}>{t('flow.archive')}</Button></div>
    </Modal>
  )
}
