import { Button, Modal, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { createContact } from './queries.ts'
import s from './contacts.module.css'

export function NewContact({ onClose }: { onClose(): void }) {
  const navigate = useNavigate()
  const [form, setForm] = useState({ name: '', email: '', phone: '' })
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<typeof form>) => setForm((f) => ({ ...f, ...part }))
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const c = await createContact(Object.fromEntries(Object.entries(form).map(([k, v]) => [k, v.trim()]).filter(([, v]) => v)))
      onClose()
      void navigate({ to: '/contacts/$contactId', params: { contactId: c.id } })
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('contacts.new')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.form} onSubmit={(e) => { e.preventDefault(); void save() }}>
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <TextInput label={t('field.name')} value={form.name} onChange={(e) => set({ name: e.currentTarget.value })} error={fieldOf(error, 'name')} data-autofocus />
        <TextInput label={t('field.email')} type="email" value={form.email} onChange={(e) => set({ email: e.currentTarget.value })} error={fieldOf(error, 'email')} />
        <TextInput label={t('contact.phone')} description={t('contact.phone_hint')} type="tel" value={form.phone} onChange={(e) => set({ phone: e.currentTarget.value })} error={fieldOf(error, 'phone')} />
        <p className={s.dim}>{t('contacts.new_text')}</p>
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={!Object.values(form).some((v) => v.trim())}>{t('contacts.create')}</Button></div>
      </form>
    </Modal>
  )
}
