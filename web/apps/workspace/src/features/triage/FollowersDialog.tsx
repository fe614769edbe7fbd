import { Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Ticket } from '@kanal/api'
import { Avatar, Icon } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { Frame } from './Frame.tsx'
import { setFollowers } from './run.ts'
import s from './triage.module.css'

/** Who hears of a ticket: each choice counts at once. */
export function FollowersDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const me = useSession().user
  const following = new Set((ticket.followers ?? []).map((f) => f.id))
  const [q, setQ] = useState('')
  const [busy, setBusy] = useState('')
  const users = useUsers().filter((u) => (u.active || following.has(u.id)) && (u.name || u.email).toLowerCase().includes(q.trim().toLowerCase()))
    .sort((a, b) => Number(following.has(b.id)) - Number(following.has(a.id)) || a.name.localeCompare(b.name))
  const toggle = async (id: string) => {
    if (busy) return
    setBusy(id)
    try { await (following.has(id) ? setFollowers(ticket.id, [], [id]) : setFollowers(ticket.id, [id], [])) } catch (err) { toastError(err) } finally { setBusy('') }
  }
  return (
    <Frame title={t('followers.title')} size={420} onClose={onClose}>
      <TextInput data-autofocus label={t('followers.find')} value={q} onChange={(e) => setQ(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} />
      <ul className={s.list} aria-label={t('followers.title')}>
        {users.map((u) => (
          <li key={u.id} className={s.linked}>
            <Checkbox checked={following.has(u.id) !== (busy === u.id)} onChange={() => void toggle(u.id)} label={<span className={s.line}><Avatar name={u.name || u.email} size={20} />{u.id === me.id ? t('assign.me', { name: u.name }) : u.name || u.email}</span>} />
          </li>
        ))}
        {users.length === 0 ? <li className={s.nothing}>{t('transfer.nobody')}</li> : null}
      </ul>
      <p className={s.hint}>{t('followers.hint')}</p>
    </Frame>
  )
}
