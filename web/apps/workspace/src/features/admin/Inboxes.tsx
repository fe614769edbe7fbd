import { Button, Modal, MultiSelect, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { patch, post, type Inbox } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { inboxesQuery, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { viewsQuery } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { AdminPage } from './Page.tsx'
import { slugOf } from './slug.ts'
import s from './admin.module.css'

export function Inboxes() {
  const q = useQuery(inboxesQuery)
  const edit = useCan()('account.access')
  const [editing, setEditing] = useState<Partial<Inbox> | null>(null)
  return (
    <AdminPage title={t('inboxes.title')} text={t('inboxes.text')} query={q} action={edit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({})}>{t('inboxes.add')}</Button> : null}>
      <ul className={s.rows}>
        {(q.data ?? []).map((i) => (
          <li key={i.id} className={s.row}>
            <Icon name="inbox" size={20} />
            <span className={s.rowText}><span className={s.name}>{i.name}</span><span className={s.sub}>{i.access?.everyone !== false ? t('inboxes.everyone') : t('inboxes.limited')}</span></span>
            {i.kind === 'helpdesk' ? <Tag tone="accent">{t('inboxes.helpdesk')}</Tag> : null}
            {edit ? <Button variant="default" onClick={() => setEditing(i)} aria-label={t('users.edit', { name: i.name })}>{t('action.edit')}</Button> : null}
          </li>
        ))}
      </ul>
      {editing ? <InboxModal inbox={editing} onClose={() => setEditing(null)} /> : null}
    </AdminPage>
  )
}

function InboxModal({ inbox, onClose }: { inbox: Partial<Inbox>; onClose: () => void }) {
  const users = useUsers()
  const teams = useTeams()
  const [name, setName] = useState(inbox.name ?? '')
  const [access, setAccess] = useState({ everyone: inbox.access?.everyone ?? true, users: inbox.access?.users ?? [], teams: inbox.access?.teams ?? [] })
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      if (inbox.id) await patch(`/api/inboxes/${inbox.id}`, { name, access })
      else await post('/api/inboxes', { slug: slugOf(name), kind: 'inbox', name, access })
      await Promise.all([queries.invalidateQueries({ queryKey: inboxesQuery.queryKey }), queries.invalidateQueries({ queryKey: viewsQuery.queryKey })])
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{inbox.id ? inbox.name : t('inboxes.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
        <Switch label={t('inboxes.access_everyone')} description={t('inboxes.access_text')} checked={access.everyone} onChange={(e) => setAccess({ ...access, everyone: e.currentTarget.checked })} />
        {access.everyone ? null : (
          <>
            <MultiSelect label={t('routing.pick_teams')} searchable data={teams.map((x) => ({ value: x.id, label: x.name }))} value={access.teams} onChange={(v) => setAccess({ ...access, teams: v })} />
            <MultiSelect label={t('routing.pick_users')} searchable data={users.filter((u) => u.active).map((u) => ({ value: u.id, label: u.name || u.email }))} value={access.users} onChange={(v) => setAccess({ ...access, users: v })} />
          </>
        )}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} disabled={!name.trim()} onClick={() => void save()}>{t('action.save')}</Button></div>
      </Stack>
    </Modal>
  )
}
