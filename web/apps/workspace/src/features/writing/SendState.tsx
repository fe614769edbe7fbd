import { Button } from '@mantine/core'
import { useState } from 'react'
import { patch, post, type Draft, type Message } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useSession } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { useNow } from '@/shell/useNow.ts'
import { Later } from './Foot.tsx'
import s from './writing.module.css'

/** What a message waits for: its undo time, its hour, or a person who decides after it was held back. Each with its ways on. */
export function SendState({ message: m, onTakeBack }: { message: Message; onTakeBack(d: Draft): void }) {
  const [busy, setBusy] = useState(false)
  const zone = useSession().user.timezone || undefined
  const act = (fn: () => Promise<unknown>) => { setBusy(true); fn().catch(toastError).finally(() => setBusy(false)) }
  const takeBack = () => act(async () => { const r = await post<Message & { draft: Draft | null }>(`/api/messages/${m.id}/cancel`); if (r.draft) onTakeBack(r.draft) })
  if (m.status === 'queued' && m.send_rule === 'undo') return <Countdown message={m} onUndo={takeBack} />
  if (m.status === 'cancelled' && m.status_reason.startsWith('held:')) {
    return (
      <div className={s.waits} data-tone="warn" role="group" aria-label={t('delivery.trouble')}>
        <p><Icon name="warn" size={14} /><span>{t(`scheduled.${m.status_reason.slice(5)}` as Key)}</span></p>
        <div><Button size="compact-xs" variant="default" disabled={busy} onClick={() => act(() => post(`/api/messages/${m.id}/resend`, {}))}>{t('scheduled.send_anyway')}</Button></div>
      </div>
    )
  }
  if (m.status !== 'queued' || !m.send_at) return null
  return (
    <div className={s.waits} role="group" aria-label={t('scheduled.title')}>
      <p><Icon name="clock" size={14} /><span>{t(m.send_rule === 'later_if_quiet' ? 'scheduled.if_quiet' : 'scheduled.leaves', { time: dateTime(m.send_at) })}</span></p>
      <div>
        <Button size="compact-xs" variant="default" disabled={busy} onClick={() => act(() => patch(`/api/messages/${m.id}`, { now: true }))}>{t('scheduled.now')}</Button>
        <Later zone={zone} label={t('scheduled.change')} quiet={m.send_rule === 'later_if_quiet'} onPick={(at, quiet) => act(() => patch(`/api/messages/${m.id}`, { send_at: at.toISOString(), only_if_quiet: quiet }))} />
        <Button size="compact-xs" variant="default" disabled={busy} onClick={takeBack}>{t('scheduled.edit')}</Button>
      </div>
    </div>
  )
}

function Countdown({ message: m, onUndo }: { message: Message; onUndo(): void }) {
  const [from] = useState(() => Date.now())
  useNow(500)
  const left = Math.ceil((new Date(m.send_at!).getTime() - new Date(m.created_at).getTime() - (Date.now() - from)) / 1000)
  if (left <= 0) return null
  return (
    <div className={s.waits}>
      <p role="timer" aria-live="off"><Icon name="clock" size={14} /><span>{t('undo.in', { n: left })}</span></p>
      <div><Button size="compact-xs" variant="default" onClick={onUndo}>{t('action.undo_send')}</Button></div>
    </div>
  )
}
