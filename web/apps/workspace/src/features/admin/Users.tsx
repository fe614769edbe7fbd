import { Button, Modal, MultiSelect, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch, post, type Page, type Role, type User } from '@kanal/api'
import { Avatar, Icon, Tag } from '@kanal/ui'
import { teamsQuery, useTeams, usersQuery } from '@/features/lookups/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { ResetFactors } from '@/features/signin/index.ts'
import { SaveError, SettingsFrame, isStale } from '@/features/settings/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf, toastError } from '@/shell/errors.ts'
import { ago } from '@/shell/format.ts'
import { CopyOnce } from './CopyOnce.tsx'
import { Deactivate, UserSessions } from './Deactivate.tsx'
import { roleName, useRoles } from './roles.ts'
import s from './admin.module.css'

export function Users() {
  const q = useQuery(usersQuery)
  const teams = useTeams()
  const roles = useRoles()
  const manage = useCan()('users.manage')
  const [editing, setEditing] = useState<Partial<User> | null>(null)
  const [find, setFind] = useState('')
  const teamsOf = (u: User) => (u.teams ?? []).map((id) => teams.find((x) => x.id === id)?.name).filter(Boolean).join(', ')
  const all = q.data ?? []
  const wanted = find.trim().toLowerCase()
  const list = all.filter((u) => !wanted || [u.name, u.email, roleName(roles, u.role), teamsOf(u)].some((x) => x.toLowerCase().includes(wanted))).sort((a, b) => Number(b.active) - Number(a.active) || a.name.localeCompare(b.name))
  return (
    <SettingsFrame title={t('users.title')} text={t('users.text')} query={q} section="users" action={manage ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({})}>{t('users.add')}</Button> : null}>
      {all.length > 12 ? <TextInput className={s.find ?? ''} aria-label={t('users.find')} placeholder={t('users.find')} value={find} onChange={(e) => setFind(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} /> : null}
      {wanted && list.length === 0 ? <p className={s.sub} role="status">{t('users.none')}</p> : null}
      <ul className={s.rows}>
        {list.map((u) => (
          <li key={u.id} className={s.row} data-off={!u.active || undefined}>
            <Avatar name={u.name || u.email} size={32} />
            <span className={s.rowText}>
              <span className={s.name}>{u.name || u.email}</span>
              <span className={s.sub}>{u.email}{u.teams?.length ? ` · ${teamsOf(u)}` : ''}{u.last_seen_at ? ` · ${t('users.seen', { time: ago(u.last_seen_at) })}` : ''}</span>
            </span>
            <Tag tone={u.role === 'owner' || u.role === 'admin' ? 'accent' : 'plain'}>{roleName(roles, u.role)}</Tag>
            {!u.active ? <Tag>{t('users.inactive')}</Tag> : u.takes_work && !u.available ? <Tag>{t('user.away')}</Tag> : null}
            {manage ? <Button variant="default" onClick={() => setEditing(u)} aria-label={t('users.edit', { name: u.name || u.email })}>{t('action.edit')}</Button> : null}
          </li>
        ))}
      </ul>
      {editing ? <UserModal user={editing} onClose={() => setEditing(null)} /> : null}
    </SettingsFrame>
  )
}

const begin = (u: Partial<User>) => ({ email: u.email ?? '', name: u.name ?? '', role: u.role ?? ('agent' as Role), teams: u.teams ?? [], takes_work: u.takes_work ?? true })

function UserModal({ user, onClose }: { user: Partial<User>; onClose: () => void }) {
  const isNew = !user.id
  const me = useSession().user
  const [seen, setSeen] = useState(user)
  const [theirs, setTheirs] = useState<User | null>(null)
  const [leaving, setLeaving] = useState(false)
  const teams = useTeams()
  const roles = useRoles()
  const [form, setForm] = useState(() => begin(user))
  const [error, setError] = useState<unknown>(null)
  const [link, setLink] = useState('')
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<typeof form>) => setForm((f) => ({ ...f, ...part }))
  const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: usersQuery.queryKey }), queries.invalidateQueries({ queryKey: teamsQuery.queryKey })])
  const makeLink = async (id: string) => { const r = await post<{ link?: string; url?: string }>(`/api/users/${id}/link`); setLink(absolute(r.link ?? r.url ?? '')) }
  const save = async (base: Partial<User>) => {
    setBusy(true)
    setError(null)
    try {
      if (isNew) {
        const made = await post<User & { link?: string; user?: User }>('/api/users', form)
        if (made.link) setLink(absolute(made.link))
        else await makeLink(made.id ?? made.user?.id ?? '')
      } else {
        const { email: _, ...change } = form
        await patch(`/api/users/${user.id}`, { ...change, expect: { name: base.name, role: base.role, teams: base.teams ?? [], takes_work: base.takes_work } })
        onClose()
      }
      await refresh()
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(((await get<Page<User>>('/api/users', { limit: 200 })).items ?? []).find((u) => u.id === user.id) ?? null)
    } finally { setBusy(false) }
  }
  if (leaving) return <Deactivate user={user as User} onClose={onClose} />
  return (
    <Modal opened onClose={onClose} title={<strong>{isNew ? t('users.add') : t('users.edit', { name: form.name || form.email })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {link ? <><CopyOnce value={link} text={t('users.link_text', { name: form.name || form.email })} /><div className={s.foot}><Button onClick={onClose}>{t('action.done')}</Button></div></> : (
        <Stack gap="md">
          <SaveError error={error} {...(theirs ? { onTheirs: () => { setSeen(theirs); setForm(begin(theirs)); setError(null); setTheirs(null) }, onMine: () => void save(theirs), differences: [
            { label: t('field.name'), theirs: theirs.name, mine: form.name }, { label: t('users.role'), theirs: roleName(roles, theirs.role), mine: roleName(roles, form.role) },
          ].filter((d) => d.theirs !== d.mine) } : {})} />
          <TextInput label={t('field.name')} value={form.name} onChange={(e) => set({ name: e.currentTarget.value })} error={fieldOf(error, 'name')} data-autofocus />
          <TextInput label={t('field.email')} type="email" required readOnly={!isNew} value={form.email} onChange={(e) => set({ email: e.currentTarget.value })} error={fieldOf(error, 'email')} />
          <Select label={t('users.role')} description={roles.find((r) => r.role === form.role)?.description || maybe(`role.${form.role}_text`, '')} data={roles.filter((r) => r.may_give || r.role === form.role).map((r) => ({ value: r.role, label: roleName(roles, r.role) }))} value={form.role} allowDeselect={false} onChange={(v) => set({ role: v as Role })} />
          <MultiSelect label={t('users.teams')} data={teams.map((x) => ({ value: x.id, label: x.name }))} value={form.teams} onChange={(v) => set({ teams: v })} />
          <Switch label={t('users.takes_work')} description={t('users.takes_work_text')} checked={form.takes_work} onChange={(e) => set({ takes_work: e.currentTarget.checked })} />
          {isNew ? null : <UserSessions user={user as User} />}
          {isNew ? null : <ResetFactors user={user as User} />}
          <div className={s.foot}>
            {isNew ? null : <Button variant="default" onClick={() => void makeLink(user.id!).catch(toastError)}>{t('users.new_link')}</Button>}
            {isNew || user.id === me.id ? null : user.active ? <Button variant="subtle" color="red" onClick={() => setLeaving(true)}>{t('users.deactivate')}</Button>
              : <Button variant="default" onClick={() => void patch(`/api/users/${user.id}`, { active: true }).then(refresh).then(onClose).catch(setError)}>{t('users.reactivate')}</Button>}
            <span className={s.space} />
            <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
            <Button loading={busy} disabled={!form.email.includes('@')} onClick={() => void save(seen)}>{t(isNew ? 'users.invite' : 'action.save')}</Button>
          </div>
        </Stack>
      )}
    </Modal>
  )
}

const absolute = (link: string): string => (link.startsWith('/') ? location.origin + link : link)
