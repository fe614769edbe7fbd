import { Button, Modal, MultiSelect, Select, Stack, Switch, TextInput } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, patch, post, type ChannelAccount, type Inbox, type Page } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { inboxesQuery, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { ChannelIcon } from '@/features/tickets/index.ts'
import { Affects, SaveError, SettingsFrame, UnsavedGuard, isStale } from '@/features/settings/index.ts'
import { viewsQuery } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { slugOf } from './slug.ts'
import s from './admin.module.css'

const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: inboxesQuery.queryKey }), queries.invalidateQueries({ queryKey: viewsQuery.queryKey })])
const accessOf = (i: Inbox) => ({ everyone: i.access?.everyone ?? true, users: i.access?.users ?? [], teams: i.access?.teams ?? [] })

/** GEN-15: with several inboxes, the selector decides which one is being set up. */
export function Inboxes() {
  const q = useQuery(inboxesQuery)
  const edit = useCan()('account.access')
  const navigate = useNavigate()
  const wanted = (useSearch({ strict: false }) as { inbox?: string | number }).inbox
  const [adding, setAdding] = useState(false)
  const list = q.data ?? []
  const current = list.find((i) => i.id === String(wanted)) ?? list.find((i) => i.kind === 'helpdesk') ?? list[0]
  const choose = (id: string | null) => void navigate({ to: '/settings/$', params: { _splat: 'inboxes' }, search: (id ? { inbox: id } : {}) as never, replace: true })
  return (
    <SettingsFrame title={t('inboxes.title')} text={t('inboxes.text')} query={q} section="inboxes"
      action={edit ? <><Button variant="default" leftSection={<Icon name="plug" size={14} />} onClick={() => void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels/connect' }, search: { inbox: 'new' } as never })}>{t('inboxes.with_channel')}</Button><Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>{t('inboxes.add')}</Button></> : null}>
      {current ? (
        <>
          <div data-setting="current" className={s.filters}>
            <Select className={s.narrow} label={t('inboxes.current')} data={list.map((i) => ({ value: i.id, label: i.name }))} value={current.id} searchable allowDeselect={false} onChange={choose} />
            {current.kind === 'helpdesk' ? <Tag tone="accent">{t('inboxes.helpdesk')}</Tag> : null}
          </div>
          <InboxForm key={current.id} inbox={current} edit={edit} onGone={() => choose(null)} />
        </>
      ) : null}
      {adding ? <AddInbox onClose={() => setAdding(false)} onMade={choose} /> : null}
    </SettingsFrame>
  )
}

function InboxForm({ inbox, edit, onGone }: { inbox: Inbox; edit: boolean; onGone: () => void }) {
  const users = useUsers()
  const teams = useTeams()
  const accounts = useQuery({ queryKey: ['channel-accounts'], queryFn: async () => { const b = await get<Page<ChannelAccount> | ChannelAccount[]>('/api/channel-accounts', { limit: 200 }); return Array.isArray(b) ? b : (b.items ?? []) } })
  const [seen, setSeen] = useState(inbox)
  const [name, setName] = useState(inbox.name)
  const [access, setAccess] = useState(() => accessOf(inbox))
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Inbox | null>(null)
  const [busy, setBusy] = useState(false)
  const [removing, setRemoving] = useState(false)
  const dirty = name !== seen.name || JSON.stringify(access) !== JSON.stringify(accessOf(seen))
  const load = (i: Inbox) => { setSeen(i); setName(i.name); setAccess(accessOf(i)); setError(null); setTheirs(null) }
  const who = (a: ReturnType<typeof accessOf>) => (a.everyone ? t('inboxes.everyone') : [...a.teams.map((id) => teams.find((x) => x.id === id)?.name ?? id), ...a.users.map((id) => users.find((u) => u.id === id)?.name ?? id)].join(', '))
  const save = async (base: Inbox) => {
    setBusy(true)
    setError(null)
    try {
      load(await patch<Inbox>(`/api/inboxes/${inbox.id}`, { name, access, expect: { name: base.name, access: accessOf(base) } }))
      await refresh()
      toast(t('toast.saved'))
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(((await get<Page<Inbox>>('/api/inboxes')).items ?? []).find((i) => i.id === inbox.id) ?? null)
    } finally { setBusy(false) }
  }
  const own = (accounts.data ?? []).filter((a) => a.inbox_id === inbox.id)
  return (
    <>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} {...(theirs ? { onTheirs: () => load(theirs), onMine: () => void save(theirs), differences: [{ label: t('field.name'), theirs: theirs.name, mine: name }, { label: t('inboxes.access'), theirs: who(accessOf(theirs)), mine: who(access) }].filter((d) => d.theirs !== d.mine) } : {})} />
      <fieldset disabled={!edit} className={s.fieldset}>
        <div className={s.form}>
          <div data-setting="name"><TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} /></div>
          <div data-setting="access" className={s.form}>
            <h2>{t('inboxes.access')}</h2>
            <Switch label={t('inboxes.access_everyone')} description={t('inboxes.access_text')} checked={access.everyone} onChange={(e) => setAccess({ ...access, everyone: e.currentTarget.checked })} />
            {access.everyone ? null : (
              <>
                <MultiSelect label={t('routing.pick_teams')} searchable data={teams.map((x) => ({ value: x.id, label: x.name }))} value={access.teams} onChange={(v) => setAccess({ ...access, teams: v })} />
                <MultiSelect label={t('routing.pick_users')} searchable data={users.filter((u) => u.active).map((u) => ({ value: u.id, label: u.name || u.email }))} value={access.users} onChange={(v) => setAccess({ ...access, users: v })} />
              </>
            )}
          </div>
          {edit && dirty ? <Affects object="inbox" id={inbox.id} /> : null}
          {edit ? (
            <div className={s.foot}>
              {inbox.kind === 'helpdesk' ? null : <Button variant="subtle" color="red" onClick={() => setRemoving(true)}>{t('inboxes.remove')}</Button>}
              <span className={s.space}>{dirty ? t('state.unsaved') : ''}</span>
              <Button loading={busy} disabled={!dirty || !name.trim()} onClick={() => void save(seen)}>{t('action.save')}</Button>
            </div>
          ) : null}
        </div>
      </fieldset>
      <section className={s.block} data-setting="channels" aria-label={t('inboxes.channels')}>
        <h2>{t('inboxes.channels')}</h2>
        {own.length === 0 && accounts.data ? <p className={s.text}>{t('inboxes.no_channels')}</p> : null}
        <ul className={s.rows}>{own.map((a) => (
          <li key={a.id} className={s.row}><ChannelIcon channel={a.channel} size={20} /><span className={s.rowText}>{edit ? <Link to="/settings/$" params={{ _splat: `help-desk/channels/${a.id}` }} className={s.name}>{a.name}</Link> : <span className={s.name}>{a.name}</span>}<span className={s.sub}>{a.delivery_identifier}</span></span></li>
        ))}</ul>
        {edit ? <div><Button variant="default" leftSection={<Icon name="plus" size={14} />} component={Link} to="/settings/$" {...({ params: { _splat: 'help-desk/channels/connect' }, search: { inbox: inbox.id } } as object)}>{t('channels.connect')}</Button></div> : null}
      </section>
      {removing ? <RemoveInbox inbox={inbox} onClose={() => setRemoving(false)} onGone={onGone} /> : null}
    </>
  )
}

function RemoveInbox({ inbox, onClose, onGone }: { inbox: Inbox; onClose: () => void; onGone: () => void }) {
  const [error, setError] = useState<unknown>(null)
  const run = async () => { try { await del(`/api/inboxes/${inbox.id}`); onClose(); onGone(); await refresh() } catch (err) { setError(err) } }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('inboxes.remove_title', { name: inbox.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <p>{t('inboxes.remove_text')}</p>
        <Affects object="inbox" id={inbox.id} />
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button color="red" onClick={() => void run()}>{t('inboxes.remove')}</Button></div>
      </Stack>
    </Modal>
  )
}

function AddInbox({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>(null)
  const add = async () => { try { const made = await post<Inbox>('/api/inboxes', { slug: slugOf(name), kind: 'inbox', name, access: { everyone: true } }); await refresh(); onMade(made.id); onClose() } catch (err) { setError(err) } }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('inboxes.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form onSubmit={(e) => { e.preventDefault(); void add() }}>
        <Stack gap="md">
          {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
          <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
          <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" disabled={!name.trim()}>{t('action.save')}</Button></div>
        </Stack>
      </form>
    </Modal>
  )
}
