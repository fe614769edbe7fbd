import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Ticket } from '@kanal/api'
import { usePicking } from '@/features/conversation/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { split } from './run.ts'
import s from './triage.module.css'

/** While messages are being chosen in the timeline: how many, what the new ticket is called, and go. */
export function SplitBar({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const ids = [...(usePicking()?.ids ?? [])]
  const [subject, setSubject] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => { if (e.key === 'Escape') onClose() }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [onClose])
  const go = async () => {
    setBusy(true)
    try { await split(ticket, ids, subject); onClose() } catch (err) { toastError(err); setBusy(false) }
  }
  return (
    <form className={s.bar} aria-label={t('split.title')} data-split onSubmit={(e) => { e.preventDefault(); void go() }}>
      <strong role="status">{ids.length === 0 ? t('split.choose') : t('split.chosen', { n: ids.length })}</strong>
      <input type="text" aria-label={t('split.subject')} placeholder={t('split.subject')} value={subject} onChange={(e) => setSubject(e.currentTarget.value)} />
      <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
      <Button type="submit" loading={busy} disabled={ids.length === 0}>{t('split.do')}</Button>
    </form>
  )
}
