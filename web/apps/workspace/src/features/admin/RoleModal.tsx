import { Button, Checkbox, Modal, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, patch, post, type Permission } from '@kanal/api'
import { useUsers } from '@/features/lookups/index.ts'
import { SaveError } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { grouped, roleName, rolesQuery, type Reach, type RoleRow, type RoleTable } from './roles.ts'
import s from './admin.module.css'

interface Trial { gained: Permission[]; lost: Permission[]; users: number; people: { id: string; name: string; before: { count: number; capped: boolean }; after: { count: number; capped: boolean } }[] }

const howFar = ['all', 'team', 'own'] as const

/** Makes a role, or changes one of one's own; says before saving what a change does to the people who have it. */
export function RoleModal({ table, from, copy, onClose }: { table: RoleTable; from: RoleRow; copy: boolean; onClose: () => void }) {
  const users = useUsers().filter((u) => !copy && u.role === from.role)
  const [name, setName] = useState(copy ? '' : from.name)
  const [text, setText] = useState(copy ? '' : from.description)
  const [may, setMay] = useState<Permission[]>(from.permissions)
  const [tickets, setTickets] = useState(from.tickets)
  const [contacts, setContacts] = useState(from.contacts)
  const [to, setTo] = useState<string | null>(null)
  const [removing, setRemoving] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const body = { name, description: text, permissions: may, tickets, contacts }
  const changed = JSON.stringify([may, tickets]) !== JSON.stringify([from.permissions, from.tickets])
  const trial = useQuery({ queryKey: ['role-try', from.role, may, tickets], queryFn: () => post<Trial>(`/api/roles/${from.role}/try`, { permissions: may, tickets }), enabled: !copy && changed && from.users > 0 })
  const run = async (what: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await what()
      await queries.invalidateQueries({ queryKey: rolesQuery.queryKey })
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  const save = () => run(() => (copy ? post('/api/roles', body) : patch(`/api/roles/${from.role}`, body)))
  const remove = () => run(() => del(`/api/roles/${from.role}${to ? `?to=${encodeURIComponent(to)}` : ''}`))
  const title = copy ? t('roles.copy_of', { name: roleName(table.roles, from.role) }) : from.name
  if (removing) {
    return (
      <Modal opened onClose={onClose} title={<strong>{t('roles.remove')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
        <Stack gap="md">
          <SaveError error={error} />
          <p>{t('roles.remove_text', { count: from.users })}</p>
          {from.users ? <Select label={t('roles.remove_to')} data={table.roles.filter((r) => r.may_give && r.role !== from.role).map((r) => ({ value: r.role, label: roleName(table.roles, r.role) }))} value={to} onChange={setTo} allowDeselect={false} /> : null}
          <div className={s.foot}><Button variant="default" onClick={() => setRemoving(false)}>{t('action.cancel')}</Button><Button color="red" loading={busy} disabled={from.users > 0 && !to} onClick={() => void remove()}>{t('roles.remove')}</Button></div>
        </Stack>
      </Modal>
    )
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{title}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        <SaveError error={error} />
        <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
        <TextInput label={t('roles.description')} value={text} onChange={(e) => setText(e.currentTarget.value)} />
        <ReachFields label={t('roles.tickets')} value={tickets} onChange={setTickets} />
        <ReachFields label={t('roles.contacts')} value={contacts} onChange={setContacts} />
        {grouped(table.permissions).map((g) => (
          <Checkbox.Group key={g.id} label={t(`roles.group_${g.id}` as Key)} value={may.filter((p) => g.permissions.includes(p))} onChange={(v) => setMay(table.permissions.filter((p) => (g.permissions.includes(p) ? v.includes(p) : may.includes(p))))}>
            <Stack gap="xs" mt="xs">{g.permissions.map((p) => <Checkbox key={p} value={p} label={maybe(`permission.${p}`, p)} />)}</Stack>
          </Checkbox.Group>
        ))}
        {!copy ? <div><strong>{t('roles.people')}</strong><p>{users.map((u) => u.name || u.email).join(', ') || t('roles.nobody')}</p></div> : null}
        {trial.data ? <Effect trial={trial.data} /> : null}
        <div className={s.foot}>{!copy ? <><Button variant="subtle" color="red" onClick={() => { setError(null); setRemoving(true) }}>{t('roles.remove')}</Button><span className={s.space} /></> : null}<Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} disabled={!name.trim()} onClick={() => void save()}>{t('action.save')}</Button></div>
      </Stack>
    </Modal>
  )
}

function ReachFields({ label, value, onChange }: { label: string; value: Reach; onChange: (r: Reach) => void }) {
  const view = value.view || 'all'
  const data = howFar.map((h) => ({ value: h, label: t(`roles.reach_${h}` as Key) }))
  return (
    <fieldset className={s.reach}>
      <legend>{label}</legend>
      <Stack gap="xs">
        <Select label={t('roles.sees')} data={data} value={view} allowDeselect={false} onChange={(v) => onChange({ ...value, view: v as Reach['view'], edit: v as Reach['edit'] })} />
        {view !== 'all' ? <Switch label={t('roles.unassigned')} checked={value.unassigned} onChange={(e) => onChange({ ...value, unassigned: e.currentTarget.checked })} /> : null}
        <Select label={t('roles.changes')} data={data.slice(howFar.indexOf(view))} value={value.edit || view} allowDeselect={false} onChange={(v) => onChange({ ...value, edit: v as Reach['edit'] })} />
      </Stack>
    </fieldset>
  )
}

function Effect({ trial }: { trial: Trial }) {
  const names = (ps: Permission[]) => ps.map((p) => maybe(`permission.${p}`, p)).join(', ')
  return (
    <div role="status" className={s.effect}>
      <strong>{t('roles.effect', { count: trial.users })}</strong>
      {trial.gained.length ? <p>{t('roles.gained', { what: names(trial.gained) })}</p> : null}
      {trial.lost.length ? <p>{t('roles.lost', { what: names(trial.lost) })}</p> : null}
      {trial.people.some((p) => p.before.count !== p.after.count) ? <ul>{trial.people.map((p) => <li key={p.id}>{t('roles.sees_then', { name: p.name, before: p.before.count, after: p.after.count })}</li>)}</ul> : null}
    </div>
  )
}
