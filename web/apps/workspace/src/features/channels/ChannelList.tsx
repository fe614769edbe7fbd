import { ActionIcon, Button, Menu, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag, type Tone } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { AsText, AsTextButton } from '@/features/settings/index.ts'
import { ChannelIcon, channelName, useSpecs } from '@/features/tickets/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { queries } from '@/shell/client.ts'
import { health, type Health } from './model.ts'
import { accountsQuery, updateAccount } from './queries.ts'
import { RemoveChannel } from './RemoveChannel.tsx'
import s from './channels.module.css'

const tones: Record<Health, Tone> = { off: 'plain', disconnected: 'danger', trouble: 'warn', connecting: 'plain', connected: 'ok' }

export function HealthTag({ account }: { account: ChannelAccount }) {
  const h = health(account)
  return <Tag tone={tones[h]} title={account.state_reason}>{t(`health.${h}` as Key)}</Tag>
}

/** GEN-10 to GEN-14: the channels, each with its switch and its state. */
export function ChannelList() {
  const q = useQuery(accountsQuery)
  const can = useCan()
  const edit = can('account.access')
  const specs = useSpecs()
  const inboxes = useInboxes()
  const [removing, setRemoving] = useState<ChannelAccount | null>(null)
  const [asText, setAsText] = useState(false)
  const rows = q.data ?? []
  const toggle = (a: ChannelAccount, active: boolean) => {
    queries.setQueryData(accountsQuery.queryKey, (l) => l?.map((x) => (x.id === a.id ? { ...x, active } : x)))
    void updateAccount(a.id, { active }).catch((err) => { toastError(err); void q.refetch() })
  }
  return (
    <>
      <div className={s.pageHead}><div><h1>{t('channels.title')}</h1><p className={s.text}>{t('channels.text')}</p></div><div className={s.headActions}><AsTextButton onClick={() => setAsText(true)} />{edit ? <ConnectButton /> : null}</div></div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.channels')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && rows.length === 0 ? <EmptyState icon="plug" title={t('channels.empty')} text={t('channels.empty_text')}>{edit ? <ConnectButton /> : null}</EmptyState> : null}
      <ul className={s.rows}>
        {rows.map((a) => (
          <li key={a.id} className={s.row}>
            <span className={s.rowIcon}><ChannelIcon channel={a.channel} size={18} /></span>
            <span className={s.rowText}>
              {edit ? <Link to="/settings/$" params={{ _splat: `help-desk/channels/${a.id}` }} className={s.rowName}>{a.name}</Link> : <span className={s.rowName}>{a.name}</span>}
              <span className={s.rowSub}>{[a.delivery_identifier, channelName(a.channel, specs), inboxes.find((i) => i.id === a.inbox_id)?.name, a.fallback && t('channels.fallback')].filter(Boolean).join(' · ')}</span>
              {(health(a) === 'trouble' || health(a) === 'disconnected') && a.state_reason ? <span className={s.rowWhy}>{a.state_reason}</span> : null}
            </span>
            <HealthTag account={a} />
            <Switch checked={a.active} disabled={!edit} onChange={(e) => toggle(a, e.currentTarget.checked)} aria-label={t('channels.switch', { name: a.name })} />
            {edit ? <Menu>
              <Menu.Target><ActionIcon aria-label={t('channels.more', { name: a.name })}><Icon name="more" /></ActionIcon></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item component={Link} to={`/settings/help-desk/channels/${a.id}`} leftSection={<Icon name="settings" />}>{t('action.edit')}</Menu.Item>
                {can('channels.move') ? <Menu.Item component={Link} to={`/settings/help-desk/channels/move/${a.id}`} leftSection={<Icon name="inbox" />}>{t('moves.title')}</Menu.Item> : null}
                <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => setRemoving(a)}>{t('channels.remove')}</Menu.Item>
              </Menu.Dropdown>
            </Menu> : null}
          </li>
        ))}
      </ul>
      {removing ? <RemoveChannel account={removing} onClose={() => setRemoving(null)} /> : null}
      <AsText section="channels" opened={asText} onClose={() => setAsText(false)} />
    </>
  )
}

/** GEN-11: connecting starts with the choice of a new channel or one that exists. */
function ConnectButton() {
  return <Button leftSection={<Icon name="plus" size={14} />} component={Link} to="/settings/help-desk/channels/connect">{t('channels.connect')}</Button>
}
