import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Ticket } from '@kanal/api'
import { useSession } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { Frame } from './Frame.tsx'
import { snooze } from './run.ts'
import s from './triage.module.css'
import { presets, typed } from './when.ts'

/** Until when a ticket rests: on the clock of who asks. */
export function SnoozeDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const zone = useSession().user.timezone
  const [now] = useState(() => new Date())
  const [text, setText] = useState('')
  const [exact, setExact] = useState('')
  const own = typed(text, now, zone) ?? (exact ? typed(exact.replace('T', ' '), now, zone) : null)
  const go = (at: Date | null) => { onClose(); void snooze(ticket, at ? at.toISOString() : null).catch(toastError) }
  return (
    <Frame title={t('snooze.title')} size={420} onClose={onClose}>
      <ul className={s.presets}>
        {presets(now, zone).map((p, i) => <li key={p.id}><button type="button" className={s.preset} data-autofocus={i === 0 || undefined} onClick={() => go(p.at)}><span>{t(`snooze.${p.id}` as Key)}</span><span>{dateTime(p.at.toISOString())}</span></button></li>)}
        <li><button type="button" className={s.preset} onClick={() => go(null)}><span>{t('snooze.reply')}</span><span>{t('snooze.reply_hint')}</span></button></li>
      </ul>
      <div className={s.own}>
        <TextInput label={t('snooze.typed')} placeholder={t('snooze.typed_hint')} value={text} onChange={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter' && own) { e.preventDefault(); go(own) } }} error={text && !own ? t('snooze.typed_wrong') : undefined} />
        <TextInput type="datetime-local" label={t('snooze.exact')} value={exact} onChange={(e) => setExact(e.currentTarget.value)} />
        <Button disabled={!own} onClick={() => go(own)}>{own ? t('snooze.until', { time: dateTime(own.toISOString()) }) : t('snooze.do')}</Button>
      </div>
      <p className={s.hint}>{t('snooze.hint')}</p>
    </Frame>
  )
}
