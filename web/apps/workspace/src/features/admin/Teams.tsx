import { Button, Modal, MultiSelect, Select, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, patch, post, type Page, type Team } from '@kanal/api'
import { EmptyState, Icon } from '@kanal/ui'
import { teamsQuery, useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { Affects, SaveError, SettingsFrame, isStale } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { slugOf } from './slug.ts'
import s from './admin.module.css'

export function Teams() {
  const q = useQuery(teamsQuery)
  const users = useUsers()
  const manage = useCan()('users.manage')
  const [editing, setEditing] = useState<Partial<Team> | null>(null)
  const [find, setFind] = useState('')
  const names = (x: Team) => (x.members ?? []).map((id) => users.find((u) => u.id === id)?.name).filter(Boolean).join(', ')
  const all = q.data ?? []
  const wanted = find.trim().toLowerCase()
  const list = tree(all).filter(({ team: x }) => !wanted || `${x.name}\n${names(x)}`.toLowerCase().includes(wanted))
  const add = manage ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({})}>{t('teams.add')}</Button> : null
  return (
    <SettingsFrame title={t('teams.title')} text={t('teams.text')} query={q} section="teams" action={add} empty={q.data?.length === 0 && !editing ? <EmptyState icon="users" title={t('teams.empty')} text={t('teams.empty_text')}>{add}</EmptyState> : undefined}>
      {all.length > 12 ? <TextInput className={s.find ?? ''} aria-label={t('teams.find')} placeholder={t('teams.find')} value={find} onChange={(e) => setFind(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} /> : null}
      {wanted && list.length === 0 ? <p className={s.sub} role="status">{t('teams.none')}</p> : null}
      <ul className={s.rows}>
        {list.map(({ team: x, depth }) => (
          <li key={x.id} className={s.row} style={depth ? { paddingInlineStart: `calc(var(--k-4) + ${depth * 24}px)` } : undefined}>
            <Icon name="users" size={20} />
            <span className={s.rowText}><span className={s.name}>{x.name}{x.parent_id ? <span className="k-hidden"> – {t('teams.parent')} {q.data?.find((p) => p.id === x.parent_id)?.name}</span> : null}</span><span className={s.sub}>{names(x) || t('teams.nobody')}</span></span>
            {manage ? <Button variant="default" onClick={() => setEditing(x)} aria-label={t('users.edit', { name: x.name })}>{t('action.edit')}</Button> : null}
          </li>
        ))}
      </ul>
      {editing ? <TeamModal team={editing} onClose={() => setEditing(null)} /> : null}
    </SettingsFrame>
  )
}

/** Teams as a tree, each behind the one that it is part of. */
export function tree(teams: Team[]): { team: Team; depth: number }[] {
  const below = (parent: string | null, depth: number): { team: Team; depth: number }[] =>
    teams.filter((x) => (x.parent_id ?? null) === parent || (parent === null && !teams.some((p) => p.id === x.parent_id))).flatMap((team) => [{ team, depth }, ...(depth < 16 ? below(team.id, depth + 1) : [])])
  return below(null, 0)
}

function TeamModal({ team, onClose }: { team: Partial<Team>; onClose: () => void }) {
  const users = useUsers()
  const [name, setName] = useState(team.name ?? '')
  const [members, setMembers] = useState(team.members ?? [])
  const [extra, setExtra] = useState(team.extra_members ?? [])
  const [parent, setParent] = useState<string | null>(team.parent_id ?? null)
  const all = useQuery(teamsQuery).data ?? []
  const inside = new Set(team.id ? [team.id] : [])
  for (const { team: x } of tree(all)) if (x.parent_id && inside.has(x.parent_id)) inside.add(x.id)
  const [seen, setSeen] = useState(team)
  const [theirs, setTheirs] = useState<Team | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const data = users.filter((u) => u.active || members.includes(u.id)).map((u) => ({ value: u.id, label: u.name || u.email }))
  const take = (x: Team) => { setSeen(x); setName(x.name); setMembers(x.members ?? []); setExtra(x.extra_members ?? []); setParent(x.parent_id ?? null); setError(null); setTheirs(null) }
  const remove = async () => {
    setBusy(true)
    try { await del(`/api/teams/${team.id}`); await queries.invalidateQueries({ queryKey: teamsQuery.queryKey }); onClose() } catch (err) { setError(err); setBusy(false) }
  }
  const save = async (base: Partial<Team>) => {
    setBusy(true)
    try {
      if (team.id) await patch(`/api/teams/${team.id}`, { name, members, extra_members: extra, parent_id: parent, expect: { name: base.name, members: base.members ?? [], extra_members: base.extra_members ?? [] } })
      else await post('/api/teams', { slug: slugOf(name), name, members, extra_members: extra, ...(parent ? { parent_id: parent } : {}) })
      await queries.invalidateQueries({ queryKey: teamsQuery.queryKey })
      onClose()
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(((await get<Page<Team>>('/api/teams')).items ?? []).find((x) => x.id === team.id) ?? null)
      setBusy(false)
    }
  }
  const named = (ids: string[]) => ids.map((id) => users.find((u) => u.id === id)?.name ?? id).join(', ')
  return (
    <Modal opened onClose={onClose} title={<strong>{team.id ? team.name : t('teams.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        <SaveError error={error} {...(theirs ? { onTheirs: () => take(theirs), onMine: () => void save(theirs), differences: [{ label: t('field.name'), theirs: theirs.name, mine: name }, { label: t('teams.members'), theirs: named(theirs.members ?? []), mine: named(members) }].filter((d) => d.theirs !== d.mine) } : {})} />
        <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
        <Select label={t('teams.parent')} description={t('teams.parent_text')} placeholder={t('teams.parent_none')} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} searchable nothingFoundMessage={t('state.nothing_found')} data={tree(all).filter(({ team: x }) => !inside.has(x.id)).map(({ team: x }) => ({ value: x.id, label: x.name }))} value={parent} onChange={setParent} />
        <MultiSelect label={t('teams.members')} description={t('teams.members_text')} searchable data={data} value={members} onChange={setMembers} />
        <MultiSelect label={t('teams.extra')} description={t('teams.extra_text')} searchable data={data} value={extra} onChange={setExtra} />
        {team.id ? <Affects object="team" id={team.id} /> : null}
        <div className={s.foot}>{team.id ? <><Button variant="subtle" color="red" onClick={() => void remove()}>{t('teams.remove')}</Button><span className={s.space} /></> : null}<Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} disabled={!name.trim()} onClick={() => void save(seen)}>{t('action.save')}</Button></div>
      </Stack>
    </Modal>
  )
}
