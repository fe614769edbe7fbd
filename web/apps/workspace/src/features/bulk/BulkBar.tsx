import { ActionIcon, Button, Menu, Modal, NumberInput, Select, TextInput } from '@mantine/core'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { get, type Ticket } from '@kanal/api'
import { Avatar, Banner, Icon, type IconName } from '@kanal/ui'
import { useInboxes, usePipelines, useProperties, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { PriorityMark, priorities, priorityName, type Selection } from '@/features/tickets/index.ts'
import { t, withMore, type Key } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import { setBar } from './actions.ts'
import { asksFirst, type Action } from './model.ts'
import { start } from './queries.ts'
import s from './bulk.module.css'

const OwnerLoad = lazy(withMore(async () => ({ default: (await import('@/features/capacity/later.ts')).OwnerLoad })))

const TagsDialog = lazy(withMore(() => import('./TagsDialog.tsx').then((m) => ({ default: m.TagsDialog }))))

type Dialog = 'property' | 'tags' | 'merge' | 'spam' | 'snooze' | null
interface Props { selection: Selection; onDo(a: Action): void }

/** What can be done with the selected tickets (WS-17). */
export function BulkBar({ selection }: { selection: Selection }) {
  const can = useCan()
  const [ask, setAsk] = useState<Action | null>(null)
  const [dialog, setDialog] = useState<Dialog>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const go = async (a: Action) => {
    setBusy(true)
    setError(null)
    try {
      await start(a, selection)
      setAsk(null)
      selection.clear()
    } catch (err) { if (ask) setError(err); else toastError(err) } finally { setBusy(false) }
  }
  const onDo = (a: Action) => { setDialog(null); setError(null); if (asksFirst(a, selection)) setAsk(a); else void go(a) }
  useEffect(() => { setBar({ view: selection.view, onDo, onDialog: setDialog }); return () => setBar(null) })
  const hidden = selection.view === 'spam' || selection.view === 'trash'
  const p = { selection, onDo }
  return (
    <div className={s.bulk} role="toolbar" aria-label={t('bulk.toolbar')} aria-busy={busy || undefined}>
      <ActionIcon aria-label={t('bulk.clear')} title={t('bulk.clear')} onClick={selection.clear}><Icon name="x" size={14} /></ActionIcon>
      <span className={s.count} role="status"><span className="k-num">{count(selection.count, selection.capped)}</span> {t('bulk.selected')}</span>
      {!hidden && can('tickets.assign') ? <AssignMenu {...p} /> : null}
      {!hidden && can('tickets.edit') ? <><StatusMenu {...p} /><PriorityMenu {...p} /><Run icon="check" label={t('action.close')} onClick={() => onDo({ type: 'close' })} /></> : null}
      {selection.view === 'spam' && can('tickets.edit') ? <Run icon="check" label={t('bulk.not_spam')} onClick={() => onDo({ type: 'not_spam' })} /> : null}
      {selection.view === 'trash' && can('tickets.edit') ? <Run icon="refresh" label={t('action.restore')} onClick={() => onDo({ type: 'restore' })} /> : null}
      {hidden && can('tickets.delete') ? <Run icon="trash" label={t('bulk.purge')} onClick={() => onDo({ type: 'purge' })} /> : null}
      {hidden ? null : <MoreMenu {...p} onDialog={setDialog} />}
      <Confirm action={ask} selection={selection} busy={busy} error={error} onClose={() => setAsk(null)} onYes={(a) => void go(a)} />
      <SnoozeDialog {...p} opened={dialog === 'snooze'} onClose={() => setDialog(null)} />
      <PropertyDialog {...p} opened={dialog === 'property'} onClose={() => setDialog(null)} />
      {dialog === 'tags' ? <Suspense fallback={null}><TagsDialog onDo={onDo} onClose={() => setDialog(null)} /></Suspense> : null}
      <MergeDialog {...p} opened={dialog === 'merge'} onClose={() => setDialog(null)} />
      <SpamDialog {...p} opened={dialog === 'spam'} onClose={() => setDialog(null)} />
    </div>
  )
}

function Run({ icon, label, onClick }: { icon: IconName; label: string; onClick(): void }) {
  return <Button size="xs" variant="default" className={s.act} leftSection={<Icon name={icon} size={14} />} aria-label={label} title={label} onClick={onClick}><span className={s.word}>{label}</span></Button>
}

const opener = (icon: IconName | 'priority', label: Key) => <Menu.Target><Button size="xs" variant="default" className={s.act} leftSection={icon === 'priority' ? <PriorityMark priority="medium" always /> : <Icon name={icon} size={14} />} aria-label={t(label)} title={t(label)}><span className={s.word}>{t(label)}</span></Button></Menu.Target>

function AssignMenu({ onDo }: Props) {
  const me = useSession().user
  const users = useUsers()
  const teams = useTeams()
  const [q, setQ] = useState('')
  const match = (name: string) => name.toLowerCase().includes(q.trim().toLowerCase())
  const people = users.filter((u) => u.active && match(u.name || u.email)).sort((a, b) => Number(b.id === me.id) - Number(a.id === me.id) || a.name.localeCompare(b.name)).slice(0, 12)
  return (
    <Menu position="bottom-start" width={250} onOpen={() => setQ('')}>
      {opener('user', 'action.assign')}
      <Menu.Dropdown>
        <TextInput className={s.search} size="xs" aria-label={t('assign.search')} placeholder={t('assign.search')} value={q} onChange={(e) => setQ(e.currentTarget.value)} onKeyDown={(e) => { if (e.key.length === 1) e.stopPropagation() }} />
        {people.map((u) => <Menu.Item key={u.id} leftSection={<Avatar name={u.name} size={20} />} rightSection={<Suspense fallback={null}><OwnerLoad id={u.id} /></Suspense>} onClick={() => onDo({ type: 'assign', owner_id: u.id })}>{u.id === me.id ? t('assign.me', { name: u.name }) : u.name || u.email}</Menu.Item>)}
        {teams.filter((x) => match(x.name)).slice(0, 6).map((x) => <Menu.Item key={x.id} leftSection={<Icon name="team" />} onClick={() => onDo({ type: 'assign', no_owner: true, team_id: x.id })}>{x.name}</Menu.Item>)}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="team" />} onClick={() => onDo({ type: 'rotate' })}>{t('action.rotate')}</Menu.Item>
        <Menu.Item leftSection={<Icon name="unassigned" />} onClick={() => onDo({ type: 'assign', no_owner: true })}>{t('action.release')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function StatusMenu({ onDo }: Props) {
  const pipelines = usePipelines()
  return (
    <Menu position="bottom-start">
      {opener('flag', 'action.status')}
      <Menu.Dropdown className={s.tall}>
        {pipelines.map((pl) => (
          <div key={pl.id}>
            {pipelines.length > 1 ? <Menu.Label>{pl.name}</Menu.Label> : null}
            {pl.statuses.map((st) => <Menu.Item key={st.id} leftSection={<Icon name={st.state === 'closed' ? 'closed' : 'open'} />} onClick={() => onDo({ type: 'update', status_id: st.id })}>{st.name}</Menu.Item>)}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function PriorityMenu({ onDo }: Props) {
  return (
    <Menu position="bottom-start">
      {opener('priority', 'action.priority')}
      <Menu.Dropdown>{[...priorities, '' as const].map((p) => <Menu.Item key={p} leftSection={p ? <PriorityMark priority={p} always /> : <span className={s.gap} />} onClick={() => onDo({ type: 'update', priority: p })}>{priorityName(p)}</Menu.Item>)}</Menu.Dropdown>
    </Menu>
  )
}

function MoreMenu({ onDo, onDialog }: Props & { onDialog(d: Dialog): void }) {
  const can = useCan()
  const inboxes = useInboxes()
  const edit = can('tickets.edit')
  return (
    <Menu position="bottom-start">
      {opener('more', 'action.more')}
      <Menu.Dropdown className={s.tall}>
        {edit ? <>
          <Menu.Item leftSection={<Icon name="clock" />} onClick={() => onDialog('snooze')}>{t('bulk.snooze')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="sun" />} onClick={() => onDo({ type: 'wake' })}>{t('bulk.wake')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="refresh" />} onClick={() => onDo({ type: 'reopen' })}>{t('action.reopen')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="rows" />} onClick={() => onDialog('property')}>{t('bulk.property')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="flag" />} onClick={() => onDialog('tags')}>{t('bulk.tags')}</Menu.Item>
        </> : null}
        <Menu.Item leftSection={<Icon name="eye" />} onClick={() => onDo({ type: 'follow' })}>{t('bulk.follow')}</Menu.Item>
        <Menu.Item leftSection={<span className={s.gap} />} onClick={() => onDo({ type: 'unfollow' })}>{t('bulk.unfollow')}</Menu.Item>
        {edit ? <>
          <Menu.Divider />
          <Menu.Item leftSection={<Icon name="link" />} onClick={() => onDialog('merge')}>{t('bulk.merge')}</Menu.Item>
          {inboxes.length > 1 ? <Menu.Label>{t('bulk.move')}</Menu.Label> : null}
          {inboxes.length > 1 ? inboxes.map((b) => <Menu.Item key={b.id} leftSection={<Icon name="inbox" />} onClick={() => onDo({ type: 'move', inbox_id: b.id })}>{b.name}</Menu.Item>) : null}
          <Menu.Divider />
          <Menu.Item leftSection={<Icon name="spam" />} onClick={() => onDialog('spam')}>{t('action.spam')}</Menu.Item>
        </> : null}
        {can('tickets.delete') ? <Menu.Item leftSection={<Icon name="trash" />} onClick={() => onDo({ type: 'trash' })}>{t('action.trash')}</Menu.Item> : null}
      </Menu.Dropdown>
    </Menu>
  )
}

function Confirm({ action, selection, busy, error, onClose, onYes }: { action: Action | null; selection: Selection; busy: boolean; error: unknown; onClose(): void; onYes(a: Action): void }) {
  const n = count(selection.count, selection.capped)
  return (
    <Modal opened={!!action} onClose={onClose} title={action ? t(`bulk.ask.${action.type}` as Key, { count: n }) : ''} centered>
      {action ? (
        <form onSubmit={(e) => { e.preventDefault(); onYes(action) }} className={s.dialog}>
          <p className={s.text}>{t(action.type === 'purge' ? 'bulk.ask_purge' : 'bulk.ask_text')}</p>
          {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
          <Foot onClose={onClose} busy={busy} danger={action.type === 'purge'} label={t('bulk.yes', { count: n })} />
        </form>
      ) : null}
    </Modal>
  )
}

function Foot({ onClose, busy, danger, label, disabled }: { onClose(): void; busy?: boolean; danger?: boolean; label: string; disabled?: boolean }) {
  return <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" {...(danger ? { color: 'red' } : {})} loading={!!busy} disabled={!!disabled} data-autofocus>{label}</Button></div>
}

type DialogProps = Props & { opened: boolean; onClose(): void }

function Frame({ opened, onClose, title, text, children, onSubmit }: { opened: boolean; onClose(): void; title: string; text?: string; children: ReactNode; onSubmit(): void }) {
  return <Modal opened={opened} onClose={onClose} title={title} centered><form className={s.dialog} onSubmit={(e) => { e.preventDefault(); onSubmit() }}>{text ? <p className={s.text}>{text}</p> : null}{children}</form></Modal>
}

/** Moments that people mean: this evening, tomorrow morning, next Monday. */
function moments(now = new Date()): { key: Key; at: Date }[] {
  const at = (days: number, hour: number) => { const d = new Date(now); d.setDate(d.getDate() + days); d.setHours(hour, 0, 0, 0); return d }
  const monday = ((8 - now.getDay()) % 7) || 7
  return [...(now.getHours() < 16 ? [{ key: 'bulk.snooze.evening' as Key, at: at(0, 18) }] : []), { key: 'bulk.snooze.tomorrow', at: at(1, 9) }, { key: 'bulk.snooze.monday', at: at(monday, 9) }]
}

function SnoozeDialog({ opened, onClose, onDo }: DialogProps) {
  const [own, setOwn] = useState('')
  const until = own ? new Date(own) : null
  const valid = !!until && until.getTime() > Date.now()
  return (
    <Frame opened={opened} onClose={onClose} title={t('bulk.snooze')} text={t('bulk.snooze_text')} onSubmit={() => { if (valid) onDo({ type: 'snooze', until: until!.toISOString() }) }}>
      <div className={s.choices}>
        {moments().map((m) => <Button key={m.key} variant="default" onClick={() => onDo({ type: 'snooze', until: m.at.toISOString() })}>{t(m.key)}</Button>)}
        <Button variant="default" onClick={() => onDo({ type: 'snooze', until: null })}>{t('bulk.snooze.reply')}</Button>
      </div>
      <TextInput type="datetime-local" label={t('bulk.snooze.own')} value={own} onChange={(e) => setOwn(e.currentTarget.value)} error={own && !valid ? t('bulk.snooze.past') : undefined} />
      <Foot onClose={onClose} label={t('bulk.snooze')} disabled={!valid} />
    </Frame>
  )
}

function PropertyDialog({ opened, onClose, onDo }: DialogProps) {
  const props = useProperties('ticket')
  const [name, setName] = useState<string | null>('category')
  const [text, setText] = useState('')
  const def = props.find((p) => p.name === name)
  const value = (): unknown => {
    if (text === '') return null
    if (def?.type === 'number') return Number(text)
    if (def?.type === 'boolean') return text === 'true'
    return def?.type === 'multi_choice' ? [text] : text
  }
  const options = def?.type === 'boolean' ? [{ value: 'true', label: t('bulk.yes_word') }, { value: 'false', label: t('bulk.no_word') }] : def?.type === 'choice' || def?.type === 'multi_choice' ? (def.options ?? []) : null
  return (
    <Frame opened={opened} onClose={onClose} title={t('bulk.property')} text={t('bulk.property_text')} onSubmit={() => onDo(name === 'category' ? { type: 'update', category: text } : { type: 'update', properties: { [name!]: value() } })}>
      <Select label={t('bulk.property_which')} data={[{ value: 'category', label: t('property.category') }, ...props.map((p) => ({ value: p.name, label: p.label }))]} value={name} onChange={(v) => { setName(v); setText('') }} allowDeselect={false} comboboxProps={{ withinPortal: true }} />
      {options ? <Select label={t('bulk.property_value')} data={options} value={text || null} onChange={(v) => setText(v ?? '')} clearable />
        : def?.type === 'number' ? <NumberInput label={t('bulk.property_value')} value={text} onChange={(v) => setText(String(v))} />
        : <TextInput label={t('bulk.property_value')} type={def?.type === 'date' ? 'date' : 'text'} value={text} onChange={(e) => setText(e.currentTarget.value)} />}
      <Foot onClose={onClose} label={t('action.save')} disabled={!name} />
    </Frame>
  )
}

function MergeDialog({ opened, onClose, onDo }: DialogProps) {
  const [number, setNumber] = useState('')
  const [found, setFound] = useState<Ticket | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const find = async () => {
    setBusy(true)
    setError(null)
    try { setFound(await get<Ticket>(`/api/tickets/${encodeURIComponent('#' + number.replace(/\D/g, ''))}`)) } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <Frame opened={opened} onClose={onClose} title={t('bulk.merge')} text={t('bulk.merge_text')} onSubmit={() => { if (found) onDo({ type: 'merge', into: found.id }); else void find() }}>
      <TextInput label={t('bulk.merge_into')} placeholder="#1042" value={number} error={error ? sentence(error) : undefined} onChange={(e) => { setNumber(e.currentTarget.value); setFound(null); setError(null) }} data-autofocus />
      {found ? <Banner tone="plain" icon="link">{`#${found.number} ${found.subject}`}</Banner> : null}
      <Foot onClose={onClose} busy={busy} label={found ? t('bulk.merge_go') : t('bulk.merge_find')} disabled={!/\d/.test(number)} />
    </Frame>
  )
}

function SpamDialog({ opened, onClose, onDo, selection }: DialogProps) {
  const n = count(selection.count, selection.capped)
  return (
    <Frame opened={opened} onClose={onClose} title={t('bulk.ask.spam', { count: n })} text={t('bulk.spam_text')} onSubmit={() => onDo({ type: 'spam', block: 'none' })}>
      <div className={s.choices}>
        <Button variant="default" leftSection={<Icon name="shield" size={14} />} onClick={() => onDo({ type: 'spam', block: 'sender' })}>{t('bulk.spam_sender')}</Button>
        <Button variant="default" leftSection={<Icon name="shield" size={14} />} onClick={() => onDo({ type: 'spam', block: 'domain' })}>{t('bulk.spam_domain')}</Button>
      </div>
      <Foot onClose={onClose} label={t('bulk.spam_only')} />
    </Frame>
  )
}
