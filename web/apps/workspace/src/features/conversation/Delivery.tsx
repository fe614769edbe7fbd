import { useState } from 'react'
import { post, type Message, type Party } from '@kanal/api'
import { Icon, Tag, type IconName, type Tone } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { waits } from './model.ts'
import s from './message.module.css'

export const looks: Partial<Record<string, { icon: IconName; tone: Tone }>> = {
  queued: { icon: 'clock', tone: 'plain' }, sending: { icon: 'clock', tone: 'plain' }, sent: { icon: 'check', tone: 'plain' }, delivered: { icon: 'check', tone: 'ok' },
  read: { icon: 'check', tone: 'ok' }, failed: { icon: 'warn', tone: 'danger' }, uncertain: { icon: 'warn', tone: 'warn' }, cancelled: { icon: 'x', tone: 'plain' },
}

/** The state of an outgoing message; more than the word stands below it when somebody must act (GEN-23). */
export function DeliveryTag({ message }: { message: Message }) {
  const look = looks[message.status]
  if (message.direction !== 'outgoing' || message.type === 'comment' || !look) return null
  if (waits(message) && message.status === 'queued') return <Tag><Icon name="clock" size={12} />{t('delivery.scheduled', { time: dateTime(message.send_at ?? message.created_at) })}</Tag>
  if (waits(message)) return <Tag tone="warn"><Icon name="warn" size={12} />{t('delivery.held')}</Tag>
  return <Tag tone={look.tone} title={message.status_reason}><Icon name={look.icon} size={12} />{t(`delivery.${message.status}` as Key)}</Tag>
}

export function DeliveryTrouble({ message }: { message: Message }) {
  const [busy, setBusy] = useState(false)
  if (message.direction !== 'outgoing' || (message.status !== 'failed' && message.status !== 'uncertain')) return null
  const parties = recipientsOf(message)
  const bad = parties.filter((p) => p.status === message.status)
  const resend = async (recipients?: string[]) => {
    setBusy(true)
    try { await post(`/api/messages/${message.id}/resend`, recipients ? { recipients } : {}) } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  const uncertain = message.status === 'uncertain'
  return (
    <div className={s.trouble} data-tone={uncertain ? 'warn' : 'danger'} role="group" aria-label={t('delivery.trouble')}>
      <p><Icon name="warn" /> <strong>{t(uncertain ? 'delivery.uncertain_title' : 'delivery.failed_title')}</strong> {uncertain ? t('delivery.uncertain_text') : ''}</p>
      <ul>
        {(bad.length ? bad : parties).map((p) => (
          <li key={`${p.field}${p.address}`}><strong>{p.address}</strong>{' '}<span>{p.detail || message.status_reason}</span>{bad.length > 1 ? <> <button type="button" className={s.resendOne} disabled={busy} onClick={() => void resend([p.address])}>{t('delivery.resend_one', { address: p.address })}</button></> : null}</li>
        ))}
      </ul>
      <div className={s.troubleActions}>
        <button type="button" disabled={busy} onClick={() => void resend(bad.length && bad.length < parties.length ? bad.map((p) => p.address) : undefined)}>{t('delivery.resend')}</button>
      </div>
    </div>
  )
}

export function recipientsOf(m: Message): Party[] {
  const by = new Map((m.deliveries ?? []).map((d) => [d.address.toLowerCase(), d] as const))
  return (m.recipients ?? []).map((p) => ({ ...p, ...pick(by.get(p.address.toLowerCase())) }))
}
function pick(d: Party | undefined): Partial<Party> {
  return d ? { ...(d.status ? { status: d.status } : {}), ...(d.detail ? { detail: d.detail } : {}) } : {}
}

export const partyText = (p: Party): string => (p.name && p.name !== p.address ? `${p.name} <${p.address}>` : p.address)
