import { Button, Modal, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Availability, User } from '@kanal/api'
import { Avatar, Banner, SkeletonLines, Tag } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { Absences } from './Absences.tsx'
import { History } from './History.tsx'
import { availabilityQuery, choose, everybodyQuery } from './queries.ts'
import { Week } from './Week.tsx'
import { nextWords, why } from './words.ts'
import s from './worktime.module.css'

const nameOf = (u: User | undefined): string => u?.name || u?.email || ''

/** AV-06, AV-13: who is available now and why, and when the others are back. */
export function TeamAvailability() {
  const q = useQuery(everybodyQuery)
  const mine = useQuery(availabilityQuery()).data
  const users = useUsers()
  const [open, setOpen] = useState<{ what: 'switch' | 'edit'; id: string } | null>(null)
  const user = (id: string | null) => users.find((u) => u.id === id)
  const zone = mine?.timezone ?? 'UTC'
  const items = [...(q.data ?? [])].filter((a) => user(a.user_id)).sort((x, y) => Number(y.available) - Number(x.available) || nameOf(user(x.user_id)).localeCompare(nameOf(user(y.user_id))))
  const chosen = items.find((a) => a.user_id === open?.id)
  return (
    <SettingsFrame title={t('presence.team')} text={t('presence.team_text')} query={q}>
      <section className={s.part} aria-label={t('presence.now')}>
        <p className={s.hint}>{t('presence.count', { n: items.filter((a) => a.available).length, all: items.length })}</p>
        <ul className={s.rows}>
          {items.map((a) => {
            const name = nameOf(user(a.user_id))
            return (
              <li key={a.user_id} className={s.row} data-user={a.user_id}>
                <Avatar name={name} size={26} />
                <span className={s.name}>{name}</span>
                <span className={s.state}><Tag tone={a.available ? 'ok' : 'plain'}>{t(a.available ? 'user.available' : 'user.away')}</Tag></span>
                <span className={s.grow}><span>{why(a, a.actor_id ? nameOf(user(a.actor_id)) : '')}{a.note ? ` · ${a.note}` : ''}</span><span className={s.hint}>{nextWords(a, zone)}</span></span>
                <Button variant="default" size="compact-sm" aria-label={t(a.available ? 'presence.set_away' : 'presence.set_available', { name })} onClick={() => setOpen({ what: 'switch', id: a.user_id })}>{t(a.available ? 'presence.away_short' : 'presence.available_short')}</Button>
                <Button variant="default" size="compact-sm" aria-label={t('presence.edit_of', { name })} onClick={() => setOpen({ what: 'edit', id: a.user_id })}>{t('presence.edit')}</Button>
              </li>
            )
          })}
        </ul>
      </section>
      {mine ? <History user="" zone={zone} /> : null}
      {open?.what === 'switch' && chosen ? <SwitchDialog a={chosen} name={nameOf(user(chosen.user_id))} onClose={() => setOpen(null)} /> : null}
      {open?.what === 'edit' && chosen ? <PersonDialog id={chosen.user_id} name={nameOf(user(chosen.user_id))} onClose={() => setOpen(null)} /> : null}
    </SettingsFrame>
  )
}

function SwitchDialog({ a, name, onClose }: { a: Availability; name: string; onClose(): void }) {
  const [to] = useState(!a.available) // as it was when the dialog was opened, whatever happens meanwhile
  const [note, setNote] = useState('')
  const [error, setError] = useState<unknown>(null)
  const save = () => void choose(a.user_id, { available: to, note }).then(onClose).catch(setError)
  return (
    <Modal opened onClose={onClose} title={<strong>{t(to ? 'presence.set_available' : 'presence.set_away', { name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form onSubmit={(e) => { e.preventDefault(); save() }}>
        <Stack gap="md">
          {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
          <p className={s.hint}>{t('presence.switch_text', { name })}</p>
          <TextInput label={t('presence.note')} value={note} maxLength={150} onChange={(e) => setNote(e.currentTarget.value)} data-autofocus />
          <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit">{t(to ? 'presence.available_short' : 'presence.away_short')}</Button></div>
        </Stack>
      </form>
    </Modal>
  )
}

function PersonDialog({ id, name, onClose }: { id: string; name: string; onClose(): void }) {
  const q = useQuery(availabilityQuery(id))
  return (
    <Modal opened onClose={onClose} size="xl" title={<strong>{t('presence.edit_of', { name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {q.isError ? <Banner tone="danger" icon="warn" role="alert">{sentence(q.error)}</Banner> : null}
      {q.data ? <><Week key={`${JSON.stringify(q.data.hours)}${q.data.calendar}`} a={q.data} id={id} /><Absences a={q.data} id={id} /></> : q.isError ? null : <SkeletonLines label={t('state.loading')} />}
    </Modal>
  )
}
