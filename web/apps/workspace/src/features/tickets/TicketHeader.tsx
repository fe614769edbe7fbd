import { ActionIcon, Button, Menu, Popover, Tooltip } from '@mantine/core'
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react'
import type { Ticket, Viewer } from '@kanal/api'
import { Avatar, Icon, Tag } from '@kanal/ui'
import { useStatuses, useTeams, useUsers } from '@/features/lookups/index.ts'
import { Others } from '@/features/presence/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { moreActions } from '@/features/triage/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { actionById, actionContext, keysOf, useActionContext, useProvideActions } from '@/shell/actions.ts'
import { change, setOwner, setPriority, setStatus } from './actions.ts'
import { PriorityMark, priorities, priorityName } from './marks.tsx'
import s from './header.module.css'

const OwnerLoad = lazy(withMore(async () => ({ default: (await import('@/features/capacity/later.ts')).OwnerLoad })))

type MenuName = 'assign' | 'status' | 'priority'

export function TicketHeader({ ticket, others, onBack, onDetails, detailsOpen }: { ticket: Ticket; others: Viewer[]; onBack: () => void; onDetails: () => void; detailsOpen: boolean }) {
  const [menu, setMenu] = useState<MenuName | null>(null)
  useProvideActions({ menu: { open: setMenu } }, [])
  const can = useCan()
  const toggle = (name: MenuName) => (open: boolean) => setMenu(open ? name : null)
  return (
    <HeaderFrame
      onBack={onBack} onDetails={onDetails} detailsOpen={detailsOpen} title={<Subject ticket={ticket} editable={can('tickets.edit')} />}
      tools={<>
        <Others list={others} />
        {ticket.hidden === 'spam' || ticket.hidden === 'trash' ? <RunButton id="ticket.restore" /> : ticket.open ? <RunButton id="ticket.close" /> : <RunButton id="ticket.reopen" />}
        <MoreMenu />
      </>}
    >
      <span className={`${s.number} k-num`}>#{ticket.number}</span>
      {ticket.hidden === 'spam' || ticket.hidden === 'trash' ? <Tag tone="warn">{t(ticket.hidden === 'spam' ? 'view.spam' : 'view.trash')}</Tag> : null}
      <StatusMenu ticket={ticket} open={menu === 'status'} onOpen={toggle('status')} disabled={!can('tickets.edit')} />
      <OwnerMenu ticket={ticket} open={menu === 'assign'} onOpen={toggle('assign')} disabled={!can('tickets.assign')} />
      <PriorityMenu ticket={ticket} open={menu === 'priority'} onOpen={toggle('priority')} disabled={!can('tickets.edit')} />
    </HeaderFrame>
  )
}

/** The head of a ticket or a conversation: back, its title, what can be done, and a bar of facts. */
export function HeaderFrame({ title, tools, children, onBack, onDetails, detailsOpen }: { title: ReactNode; tools: ReactNode; children: ReactNode; onBack: () => void; onDetails: () => void; detailsOpen: boolean }) {
  return (
    <header className={s.header}>
      <div className={s.top}>
        <ActionIcon className={s.back} aria-label={t('action.back')} onClick={onBack}><Icon name="left" /></ActionIcon>
        {title}
        {tools}
        <Tooltip label={t('action.details')}><ActionIcon aria-label={t('action.details')} aria-pressed={detailsOpen} onClick={onDetails}><Icon name="panel" /></ActionIcon></Tooltip>
      </div>
      <div className={s.bar}>{children}<span id="story-tools" className={s.story} /></div>
    </header>
  )
}

/** A subject that is only read. */
export const Heading = ({ text }: { text: string }) => <h1 className={`${s.subject} k-cut`} title={text}>{text}</h1>

export function RunButton({ id }: { id: string }) {
  const ctx = useActionContext()
  const a = actionById(id)
  if (!a || !a.when(ctx)) return null
  return <Button size="xs" variant="default" className={s.run} aria-label={t(a.label)} leftSection={a.icon ? <Icon name={a.icon} size={14} /> : undefined} onClick={() => a.run(actionContext())} title={a.shortcut ? keysOf(a.shortcut).join(' ') : undefined}>{t(a.label)}</Button>
}

function MoreMenu() {
  const ctx = useActionContext()
  const groups = moreActions.map((ids) => ids.map((id) => actionById(id)!).filter((a) => a?.when(ctx))).filter((g) => g.length > 0)
  return (
    <Menu position="bottom-end">
      <Menu.Target><ActionIcon aria-label={t('action.more')}><Icon name="more" /></ActionIcon></Menu.Target>
      <Menu.Dropdown mah="70dvh" style={{ overflowY: 'auto' }}>
        {groups.map((g, i) => [
          i > 0 ? <Menu.Divider key={`line${i}`} /> : null,
          ...g.map((a) => <Menu.Item key={a.id} leftSection={a.icon ? <Icon name={a.icon} /> : undefined} rightSection={a.shortcut ? <span className={s.keys}>{keysOf(a.shortcut).join(' ')}</span> : undefined} onClick={() => a.run(actionContext())}>{t(a.label)}</Menu.Item>),
        ])}
      </Menu.Dropdown>
    </Menu>
  )
}

interface PickerProps { ticket: Ticket; open: boolean; onOpen(o: boolean): void; disabled: boolean }

function StatusMenu({ ticket, open, onOpen, disabled }: PickerProps) {
  const statuses = useStatuses(ticket.pipeline_id)
  return (
    <Menu opened={open} onChange={onOpen} position="bottom-start" disabled={disabled}>
      <Menu.Target><button type="button" className={s.chip} disabled={disabled} aria-label={`${t('property.status')}: ${ticket.status?.name}`}><Icon name={ticket.open ? 'open' : 'closed'} size={13} /><span className="k-cut">{ticket.status?.name}</span><Icon name="down" size={11} /></button></Menu.Target>
      <Menu.Dropdown>
        {statuses.map((st) => <Menu.Item key={st.id} leftSection={<Icon name={st.state === 'closed' ? 'closed' : 'open'} />} rightSection={st.id === ticket.status_id ? <Icon name="check" /> : undefined} onClick={() => setStatus(ticket, st)}>{st.name}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}

function PriorityMenu({ ticket, open, onOpen, disabled }: PickerProps) {
  return (
    <Menu opened={open} onChange={onOpen} position="bottom-start" disabled={disabled}>
      <Menu.Target><button type="button" className={s.chip} data-empty={!ticket.priority || undefined} disabled={disabled} aria-label={`${t('property.priority')}: ${priorityName(ticket.priority)}`}>{ticket.priority ? <PriorityMark priority={ticket.priority} always /> : <Icon name="flag" size={13} />}<span className="k-cut">{priorityName(ticket.priority)}</span><Icon name="down" size={11} /></button></Menu.Target>
      <Menu.Dropdown>
        {[...priorities, '' as const].map((p) => <Menu.Item key={p} leftSection={p ? <PriorityMark priority={p} always /> : <span className={s.gap} />} rightSection={p === ticket.priority ? <Icon name="check" /> : undefined} onClick={() => setPriority(ticket, p)}>{priorityName(p)}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}

function OwnerMenu({ ticket, open, onOpen, disabled }: PickerProps) {
  const me = useSession().user
  const users = useUsers()
  const teams = useTeams()
  const [q, setQ] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => { if (open) { setQ(''); setTimeout(() => input.current?.focus()) } }, [open])
  const match = (name: string) => name.toLowerCase().includes(q.trim().toLowerCase())
  const people = users.filter((u) => u.active && match(u.name || u.email)).sort((a, b) => Number(b.id === me.id) - Number(a.id === me.id) || a.name.localeCompare(b.name)).slice(0, 12)
  const groups = teams.filter((x) => match(x.name)).slice(0, 6)
  const name = ticket.owner?.name ?? ticket.team?.name
  return (
    <Menu opened={open} onChange={onOpen} position="bottom-start" disabled={disabled} width={250}>
      <Popover.Target><button type="button" onClick={() => onOpen(!open)} className={s.chip} data-empty={!name || undefined} disabled={disabled} aria-label={`${t('property.owner')}: ${name ?? t('ticket.unassigned')}`}>{name ? <Avatar name={name} size={16} /> : <Icon name="unassigned" size={13} />}<span className="k-cut">{name ?? t('ticket.unassigned')}</span><Icon name="down" size={11} /></button></Popover.Target>
      {/* a menu may hold nothing to write in: the field stands beside it */}
      <Popover.Dropdown className={Menu.classes.dropdown}>
        <input ref={input} className={s.search} aria-label={t('assign.search')} placeholder={t('assign.search')} value={q} onChange={(e) => setQ(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); list.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus() }
            if (e.key === 'Enter' && people[0]) { e.preventDefault(); setOwner(ticket, people[0]); onOpen(false) }
            if (e.key.length === 1) e.stopPropagation()
          }} />
        {people.length || groups.length || ticket.owner_id ? (
          <div ref={list} role="menu" aria-label={t('property.owner')} aria-orientation="vertical" data-menu-dropdown
            onKeyDown={(e) => { if (e.key.length === 1 && e.key !== ' ' && !e.ctrlKey && !e.metaKey && !e.altKey) { e.stopPropagation(); input.current?.focus() } }}>
            {people.map((u) => (
              <Menu.Item key={u.id} classNames={{ itemLabel: 'k-cut' }} leftSection={<Avatar name={u.name} size={20} />} rightSection={<>{!u.available ? <span className={s.away}>{t('user.away')} </span> : null}<Suspense fallback={null}><OwnerLoad id={u.id} /></Suspense>{u.id === ticket.owner_id ? <Icon name="check" /> : null}</>} onClick={() => setOwner(ticket, u)}>{u.id === me.id ? t('assign.me', { name: u.name }) : u.name || u.email}</Menu.Item>
            ))}
            {groups.length ? <Menu.Label>{t('property.team')}</Menu.Label> : null}
            {groups.map((x) => <Menu.Item key={x.id} classNames={{ itemLabel: 'k-cut' }} leftSection={<Icon name="team" />} onClick={() => void change(ticket, { owner_id: null, team_id: x.id }, { owner: null, team: { id: x.id, name: x.name } })}>{x.name}</Menu.Item>)}
            {ticket.owner_id ? <><Menu.Divider /><Menu.Item leftSection={<Icon name="unassigned" />} onClick={() => setOwner(ticket, null)}>{t('action.release')}</Menu.Item></> : null}
          </div>
        ) : null}
      </Popover.Dropdown>
    </Menu>
  )
}

function Subject({ ticket, editable }: { ticket: Ticket; editable: boolean }) {
  const [draft, setDraft] = useState<string | null>(null)
  const shown = ticket.subject || t('ticket.no_subject')
  if (draft !== null) {
    const save = () => { const v = draft.trim(); setDraft(null); if (v !== ticket.subject) void change(ticket, { subject: v }) }
    return <h1 className={s.subject}><input className={s.subjectInput} aria-label={t('property.subject')} autoFocus value={draft} onChange={(e) => setDraft(e.currentTarget.value)} onBlur={save} onKeyDown={(e) => { if (e.key === 'Enter') save(); if (e.key === 'Escape') setDraft(null) }} /></h1>
  }
  return <h1 className={s.subject} title={shown}>{editable ? <button type="button" className={s.subjectButton} aria-label={t('ticket.edit_subject', { subject: shown })} onClick={() => setDraft(ticket.subject)}>{shown}</button> : shown}</h1>
}
