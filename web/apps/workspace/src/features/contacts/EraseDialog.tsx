import { Button, Modal, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Person } from '@kanal/api'
import { Banner, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { nameOf } from './Duplicates.tsx'
import { calledOf } from './model.ts'
import { erase, heldQuery } from './queries.ts'
import s from './contacts.module.css'

/** What an erasure takes is said before it is asked for, and the name must be typed. */
export function EraseDialog({ c, onClose }: { c: Person; onClose(): void }) {
  const navigate = useNavigate()
  const held = useQuery(heldQuery(c.id))
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const must = calledOf(c) || c.id
  const same = typed.trim().toLowerCase() === must.toLowerCase()
  const h = held.data
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      await erase(c.id, typed)
      toast(t('contact.erased'))
      void navigate({ to: '/contacts', replace: true })
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} size={520} title={<strong>{t('contact.erase_title', { name: nameOf(c) })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.form} onSubmit={(e) => { e.preventDefault(); if (same) void run() }}>
        {error && !fieldOf(error, 'confirm') ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {held.isError ? <Banner tone="danger" icon="warn" role="alert">{sentence(held.error)}</Banner> : null}
        <p><strong>{t('contact.erase_text')}</strong></p>
        {h ? (
          <ul className={s.takes}>
            <li>{t('contact.erase_fields')}</li>
            <li>{t('contact.erase_messages', { n: h.messages })}</li>
            {h.files ? <li>{t('contact.erase_files', { n: h.files })}</li> : null}
            {h.tickets ? <li>{t('contact.erase_tickets', { n: h.tickets })}</li> : null}
            {h.shared_conversations ? <li>{t('contact.erase_shared', { n: h.shared_conversations })}</li> : null}
          </ul>
        ) : <SkeletonLines lines={3} label={t('state.loading')} />}
        <p className={s.dim}>{t('contact.erase_stays')}</p>
        <TextInput data-autofocus autoComplete="off" label={t('contact.erase_confirm', { name: must })} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} error={fieldOf(error, 'confirm')} />
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button color="red" type="submit" loading={busy} disabled={!same || !h}>{t('contact.erase_do')}</Button></div>
      </form>
    </Modal>
  )
}
