import { Button, Modal, Radio, Select, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, post, type Page, type User } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { useUsers, usersQuery } from '@/features/lookups/index.ts'
import { Affects, useAffects } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { SessionList, type SessionItem } from './Mine.tsx'
import s from './admin.module.css'

type Choice = 'rule' | 'release' | 'hand_over' | 'keep'

/** Somebody leaves: what hangs on them is told first, and their open work goes somewhere. */
export function Deactivate({ user, onClose }: { user: User; onClose: () => void }) {
  const users = useUsers()
  const affected = useAffects('user', user.id)
  const [choice, setChoice] = useState<Choice>('release')
  const [to, setTo] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const name = user.name || user.email
  const open = affected.data?.some((e) => e.kind === 'open_tickets') ?? false
  const run = async () => {
    setBusy(true)
    try {
      const r = await post<{ moved: number; left: number }>(`/api/users/${user.id}/deactivate`, { tickets: choice, ...(choice === 'hand_over' && to ? { owner_id: to } : {}) })
      await queries.invalidateQueries({ queryKey: usersQuery.queryKey })
      toast(t('users.passed_on', { name, moved: r.moved, left: r.left }))
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('users.deactivate_title', { name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <p>{t('users.deactivate_text', { name })}</p>
        <Affects object="user" id={user.id} />
        {open ? (
          <Radio.Group label={t('users.work')} value={choice} onChange={(v) => setChoice(v as Choice)}>
            <Stack gap={8} mt={6}>{(['rule', 'release', 'hand_over', 'keep'] as const).map((c) => <Radio key={c} value={c} label={t(`user_work.${c}` as Key)} />)}</Stack>
          </Radio.Group>
        ) : null}
        {open && choice === 'hand_over' ? <Select label={t('users.work_to')} searchable data={users.filter((u) => u.active && u.id !== user.id).map((u) => ({ value: u.id, label: u.name || u.email }))} value={to} onChange={setTo} nothingFoundMessage={t('state.nothing_found')} /> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button color="red" loading={busy} disabled={affected.isPending || (choice === 'hand_over' && open && !to)} onClick={() => void run()}>{t('users.deactivate')}</Button></div>
      </Stack>
    </Modal>
  )
}

/** Where a person is signed in, for those who manage people. */
export function UserSessions({ user }: { user: User }) {
  const key = ['sessions', user.id]
  const q = useQuery({ queryKey: key, queryFn: async () => (await get<Page<SessionItem>>(`/api/users/${user.id}/sessions`)).items ?? [], retry: false })
  if (!q.data?.length) return null
  const end = () => void del(`/api/users/${user.id}/sessions`).then(() => queries.invalidateQueries({ queryKey: key })).catch(toastError)
  return (
    <section className={s.fieldset} aria-label={t('users.sessions')}>
      <h3>{t('users.sessions')}</h3>
      <SessionList sessions={q.data} name={user.name} />
      {q.data.some((x) => !x.current) ? <div className={s.foot}><Button variant="default" onClick={end}>{t('users.end_sessions')}</Button></div> : null}
    </section>
  )
}
