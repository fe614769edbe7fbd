import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import type { Form } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { archiveForm, changeForm } from './queries.ts'
import s from './forms.module.css'

/** Nothing of a form that is put away is lost: what was submitted stays, and it can be had back. */
export function Archive({ form, onClose, onDone }: { form: Form; onClose(): void; onDone?: () => void }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const go = async () => {
    setBusy(true)
    try {
      await archiveForm(form.id)
      toast(t('forms.archived', { name: form.name }), { action: { label: t('action.undo'), run: () => void changeForm(form.id, { archived: false }).catch(toastError) } })
      onClose()
      onDone?.()
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('forms.archive_title', { name: form.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <p className={s.text}>{t('forms.archive_text')}</p>
      {form.channel ? <Banner tone="warn" icon="plug">{t('forms.archive_connected', { channel: form.channel.name })}</Banner> : null}
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div className={s.foot}><Button variant="default" data-autofocus onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} onClick={() => void go()}>{t('forms.archive')}</Button></div>
    </Modal>
  )
}
