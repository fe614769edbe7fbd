import type { KanalEvent } from '@kanal/api'
import { privacySentence } from '@/features/privacy/later.ts'
import { maybe, t } from '@/locales/index.ts'
import { reasonName } from './model.ts'

/** RT-05, RT-07: that something waits, and what became of the mail to a contact's owner. */
export function WaitingEvent({ event: e, actor }: { event: KanalEvent; actor: string }) {
  const d = (e.data ?? {}) as Record<string, string>
  const reason = d.reason ?? ''
  if (/^hold|emptied$|redacted$/.test(e.type)) return <>{privacySentence(e, actor)}</>
  if (e.type === 'ticket.queued') return <>{t('event.ticket.queued', { reason: reasonName(reason) })}</>
  if (e.type === 'ticket.dequeued') return <>{t('event.ticket.dequeued')}</>
  const because = { actor, reason: maybe(`owner_mail.${reason}`, reason) }
  if (d.what === 'sent') return <>{t('event.owner.sent')}</>
  if (d.what === 'answered') return <>{t('event.owner.answered', because)}</>
  return <>{t(d.what === 'refused' ? 'event.owner.refused' : 'event.owner.failed', because)}</>
}
