import { Button, Checkbox, Modal, MultiSelect, Stack, TextInput } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, patch, post, put, type Page, type Space } from '@kanal/api'
import { EmptyState, Icon } from '@kanal/ui'
import { useTeams } from '@/features/lookups/index.ts'
import { Affects, SaveError, SettingsFrame, Sortable, isStale } from '@/features/settings/index.ts'
import { viewsQuery } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import s from './spaces.module.css'

const spacesQuery = queryOptions({ queryKey: ['spaces', 'list'], queryFn: async () => (await get<Page<Space>>('/api/spaces')).items ?? [] })
const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: spacesQuery.queryKey }), queries.invalidateQueries({ queryKey: viewsQuery.queryKey })])

/** Every space: which teams it shows, and in which order the switcher has them. */
export function SpacesPage() {
  const q = useQuery(spacesQuery)
  const teams = useTeams()
  const [editing, setEditing] = useState<Partial<Space> | null>(null)
  const [removing, setRemoving] = useState<Space | null>(null)
  const add = <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({})}>{t('spaces.add')}</Button>
  const order = async (items: Space[]) => {
    const before = queries.getQueryData(spacesQuery.queryKey)
    queries.setQueryData(spacesQuery.queryKey, items)
    try { await put('/api/spaces/order', { ids: items.map((x) => x.id) }); await refresh() } catch (err) { queries.setQueryData(spacesQuery.queryKey, before); toastError(err) }
  }
  const named = (x: Space) => x.teams.map((id) => teams.find((y) => y.id === id)?.name).filter(Boolean).join(', ')
  return (
    <SettingsFrame title={t('spaces.title')} text={t('spaces.text')} query={q} section="spaces" action={add} empty={q.data?.length === 0 && !editing ? <EmptyState icon="team" title={t('spaces.empty')} text={t(teams.length ? 'spaces.empty_text' : 'spaces.no_teams')}>{teams.length ? add : null}</EmptyState> : undefined}>
      <Sortable items={q.data ?? []} idOf={(x) => x.id} nameOf={(x) => x.name} onChange={(items) => void order(items as Space[])}>
        {(x) => (
          <div className={s.row}>
            <span className={s.rowText}><span className={s.name}>{x.name}</span><span className={s.sub}>{named(x) || t('spaces.teams_gone')}{x.extra_members ? ` · ${t('spaces.with_extra')}` : ''}</span></span>
            <Button variant="default" size="compact-sm" onClick={() => setEditing(x)} aria-label={t('users.edit', { name: x.name })}>{t('action.edit')}</Button>
            <Button variant="subtle" color="red" size="compact-sm" onClick={() => setRemoving(x)} aria-label={t('spaces.remove_named', { name: x.name })}>{t('action.remove')}</Button>
          </div>
        )}
      </Sortable>
      {removing ? <Remove space={removing} onClose={() => setRemoving(null)} /> : null}
      {editing ? <Edit space={editing} onClose={() => setEditing(null)} /> : null}
    </SettingsFrame>
  )
}

function Edit({ space, onClose }: { space: Partial<Space>; onClose: () => void }) {
  const all = useTeams()
  const [name, setName] = useState(space.name ?? '')
  const [teams, setTeams] = useState(space.teams ?? [])
  const [extra, setExtra] = useState(space.extra_members ?? false)
  const [version, setVersion] = useState(space.version)
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Space | null>(null)
  const [busy, setBusy] = useState(false)
  const names = (ids: string[]) => ids.map((id) => all.find((x) => x.id === id)?.name ?? id).join(', ')
  const save = async (v = version) => {
    setBusy(true)
    try {
      const body = { name, teams, extra_members: extra }
      if (space.id) await patch(`/api/spaces/${space.id}`, { ...body, version: v })
      else await post('/api/spaces', body)
      await refresh()
      toast(t('spaces.saved', { name: name.trim() }))
      onClose()
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs((await queries.fetchQuery({ ...spacesQuery, staleTime: 0 })).find((x) => x.id === space.id) ?? null)
      setBusy(false)
    }
  }
  const take = (x: Space) => { setName(x.name); setTeams(x.teams); setExtra(x.extra_members); setVersion(x.version); setTheirs(null); setError(null) }
  return (
    <Modal opened onClose={onClose} title={<strong>{space.id ? space.name : t('spaces.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form onSubmit={(e) => { e.preventDefault(); void save() }}>
        <Stack gap="md">
          <SaveError error={error} {...(theirs ? { onTheirs: () => take(theirs), onMine: () => void save(theirs.version), differences: [{ label: t('field.name'), theirs: theirs.name, mine: name }, { label: t('spaces.teams'), theirs: names(theirs.teams), mine: names(teams) }].filter((d) => d.theirs !== d.mine) } : {})} />
          <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={100} data-autofocus />
          <MultiSelect label={t('spaces.teams')} description={t('spaces.teams_text')} required searchable data={all.map((x) => ({ value: x.id, label: x.name }))} value={teams} onChange={setTeams} />
          <Checkbox label={t('spaces.extra')} description={t('spaces.extra_text')} checked={extra} onChange={(e) => setExtra(e.currentTarget.checked)} />
          <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={!name.trim() || !teams.length}>{t('action.save')}</Button></div>
        </Stack>
      </form>
    </Modal>
  )
}

function Remove({ space, onClose }: { space: Space; onClose: () => void }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const remove = async () => {
    setBusy(true)
    try { await del(`/api/spaces/${space.id}`); await refresh(); toast(t('spaces.removed', { name: space.name })); onClose() } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('spaces.remove_named', { name: space.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        <SaveError error={error} />
        <p>{t('spaces.remove_text')}</p>
        <Affects object="space" id={space.id} inDialog />
        <div className={s.foot}><Button variant="default" onClick={onClose} data-autofocus>{t('action.cancel')}</Button><Button color="red.9" loading={busy} onClick={() => void remove()}>{t('action.remove')}</Button></div>
      </Stack>
    </Modal>
  )
}
