// Bars above a message's body: what the reader should know of it, each with at most one click that mends it.

import { useState } from 'react'
import { post, type Message } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { maybe, t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { knownConvo } from './model.ts'
import { partyText } from './Delivery.tsx'

/** EM-26, EM-27: whose contact a forward was filed under, and the way to change it. */
export function ForwardNotice({ message }: { message: Message }) {
  const [busy, setBusy] = useState(false)
  const f = message.forward
  if (!f?.is) return null
  const other = f.used === 'original' ? 'forwarder' : 'original'
  const correct = async () => {
    setBusy(true)
    try {
      await post(`/api/messages/${message.id}/sender`, { use: other })
      if (message.ticket_id) void knownConvo(message.ticket_id)?.sync()
    } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  const text = f.confidence === 'unresolved'
    ? t('forward.unresolved', { by: partyText(f.by) })
    : t(f.used === 'original' ? 'forward.used_original' : 'forward.used_forwarder', { original: partyText(f.original), by: partyText(f.by) })
  const action = f.confidence === 'unresolved' && f.used === 'forwarder' && !f.original.address ? undefined : t(other === 'forwarder' ? 'forward.use_forwarder' : 'forward.use_original', { by: f.by.name || f.by.address, original: f.original.name || f.original.address })
  return <Banner tone={f.confidence === 'certain' ? 'plain' : 'warn'} icon="right" action={action} onAction={() => void correct()} busy={busy}>{text}{f.confidence === 'likely' ? ` ${t('forward.likely')}` : ''}</Banner>
}

/** EM-44: what SPF, DKIM and DMARC said, in one word; the details on hover and in the facts. */
export function AuthTag({ message }: { message: Message }) {
  const a = message.auth
  if (!a || message.direction !== 'incoming' || !(a.spf || a.dkim || a.dmarc)) return null
  const title = `SPF ${a.spf || '–'} · DKIM ${a.dkim || '–'} · DMARC ${a.dmarc || '–'}${a.note ? `\n${a.note}` : ''}`
  const bad = a.dmarc === 'fail' || (a.dkim === 'fail' && a.spf !== 'pass') || message.flags?.includes('spoof_suspect')
  const good = a.dmarc === 'pass' || a.dkim === 'pass'
  if (bad) return <Tag tone="danger" title={title}><Icon name="shield" size={12} />{t('auth.failed')}</Tag>
  return <Tag tone={good ? 'ok' : 'plain'} title={title}><Icon name="shield" size={12} />{t(good ? 'auth.verified' : 'auth.unverified')}</Tag>
}

const flagged = ['same_id_other_content', 'stranger', 'broken_mime', 'encrypted', 'unsupported_content', 'spoof_suspect', 'subject_changed', 'redacted']

export function FlagNotices({ message }: { message: Message }) {
  return (
    <>
      {(message.flags ?? []).filter((f) => flagged.includes(f)).map((f) => (
        <Banner key={f} tone={f === 'spoof_suspect' || f === 'same_id_other_content' ? 'warn' : 'plain'} icon="info">{maybe(`flag.${f}`, f)}</Banner>
      ))}
      {message.disposition && message.disposition !== 'normal' ? <Banner icon="info">{maybe(`disposition.${message.disposition}`, message.disposition)}</Banner> : null}
    </>
  )
}
