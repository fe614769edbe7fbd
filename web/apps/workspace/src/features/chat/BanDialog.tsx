import { Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { ban, unban } from './queries.ts'
import s from './chat.module.css'

/** Why somebody may not write any more is asked for: it stands on their card. */
export function BanDialog({ id, onClose }: { id: string; onClose(): void }) {
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const run = async () => {
    setBusy(true)
    try {
      await ban(id, reason.trim())
      onClose()
      toast(t('chat.banned_toast'), { action: { label: t('action.undo'), run: () => { void unban(id) } } })
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} size={460} title={<strong>{t('chat.ban_title')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.form} onSubmit={(e) => { e.preventDefault(); if (reason.trim()) void run() }}>
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <p className={s.dim}>{t('chat.ban_text')}</p>
        <TextInput data-autofocus label={t('chat.ban_reason')} description={t('chat.ban_reason_help')} value={reason} maxLength={500} required onChange={(e) => setReason(e.currentTarget.value)} />
        <div className={s.buttons}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" color="red.9" loading={busy} disabled={!reason.trim()}>{t('chat.ban')}</Button>
        </div>
      </form>
    </Modal>
  )
}
