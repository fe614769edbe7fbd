import { ActionIcon, Menu } from '@mantine/core'
import { useState } from 'react'
import type { Conversation } from '@kanal/api'
import { Avatar, Icon } from '@kanal/ui'
import { useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { assignConversation } from '@/features/triage/index.ts'
import { t } from '@/locales/index.ts'
import { actionById, actionContext, keysOf, useActionContext, useProvideActions } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import s from './conversations.module.css'

const give = (id: string, owner: string | null, team: string | null) => void assignConversation(id, owner, team).catch(toastError)

/** Whose conversation it is, for one without a ticket. */
export function ConversationOwner({ conversation: c }: { conversation: Conversation }) {
  const [open, setOpen] = useState(false)
  const me = useSession().user
  const may = useCan()('tickets.assign')
  useProvideActions({ menu: { open: (name) => { if (name === 'assign') setOpen(true) } } }, [])
  const users = useUsers().filter((u) => u.active).sort((a, b) => Number(b.id === me.id) - Number(a.id === me.id) || a.name.localeCompare(b.name))
  const teams = useTeams()
  const name = users.find((u) => u.id === c.owner_id)?.name ?? teams.find((x) => x.id === c.team_id)?.name
  return (
    <Menu opened={open} onChange={setOpen} position="bottom-start" disabled={!may} width={240}>
      <Menu.Target><button type="button" className={s.owner} disabled={!may} aria-label={`${t('property.owner')}: ${name ?? t('ticket.unassigned')}`}>{name ? <Avatar name={name} size={16} /> : <Icon name="unassigned" size={13} />}<span className="k-cut">{name ?? t('ticket.unassigned')}</span><Icon name="down" size={11} /></button></Menu.Target>
      <Menu.Dropdown mah="60dvh" style={{ overflowY: 'auto' }}>
        {users.map((u) => <Menu.Item key={u.id} leftSection={<Avatar name={u.name || u.email} size={18} />} rightSection={u.id === c.owner_id ? <Icon name="check" /> : undefined} onClick={() => give(c.id, u.id, null)}>{u.id === me.id ? t('assign.me', { name: u.name }) : u.name || u.email}</Menu.Item>)}
        {teams.map((x) => <Menu.Item key={x.id} leftSection={<Icon name="users" />} rightSection={x.id === c.team_id ? <Icon name="check" /> : undefined} onClick={() => give(c.id, null, x.id)}>{x.name}</Menu.Item>)}
        {name ? <Menu.Item leftSection={<Icon name="unassigned" />} onClick={() => give(c.id, null, null)}>{t('action.release')}</Menu.Item> : null}
      </Menu.Dropdown>
    </Menu>
  )
}

const ids = ['conversation.take', 'conversation.move', 'conversation.spam', 'conversation.trash']

export function ConversationMenu() {
  const ctx = useActionContext()
  const all = ids.map((id) => actionById(id)!).filter((a) => a?.when(ctx))
  if (all.length === 0) return null
  return (
    <Menu position="bottom-end">
      <Menu.Target><ActionIcon aria-label={t('action.more')}><Icon name="more" /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {all.map((a) => <Menu.Item key={a.id} leftSection={a.icon ? <Icon name={a.icon} /> : undefined} rightSection={a.shortcut ? <span>{keysOf(a.shortcut).join(' ')}</span> : undefined} onClick={() => a.run(actionContext())}>{t(a.label)}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}
