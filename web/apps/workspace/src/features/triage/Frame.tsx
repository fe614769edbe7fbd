import { Button, Modal } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import s from './triage.module.css'

/** A dialog that does one thing: what is refused is said in it, and it stays open. */
export function Frame({ title, button, ready, size = 480, onClose, onDo, children }: {
  title: string; button?: string; ready?: boolean; size?: number; onClose: () => void; onDo?: () => Promise<unknown>; children: ReactNode
}) {
  const [busy, setBusy] = useState(false)
  const [err, setErr] = useState<unknown>(null)
  const go = async () => {
    if (!onDo || busy || ready === false) return
    setBusy(true)
    setErr(null)
    try { await onDo(); onClose() } catch (e) { setErr(e); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{title}</strong>} size={size} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.form} onSubmit={(e) => { e.preventDefault(); void go() }}>
        {children}
        {err ? <Banner tone="danger" icon="warn" role="alert">{sentence(err)}</Banner> : null}
        {onDo ? <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={ready === false}>{button}</Button></div> : null}
      </form>
    </Modal>
  )
}
