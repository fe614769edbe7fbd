import { Icon } from '@kanal/ui'
import { maybe, t } from '@/locales/index.ts'
import s from './bulk.module.css'

/** Why a conversation is held back, in words. */
const heldReason = (reason: string): string => maybe(`spam.reason.${reason}`, reason.replace(/_/g, ' '))

export function HeldReasonText({ reason }: { reason: string }) {
  return <span className={s.held} title={t('spam.held_because', { reason: heldReason(reason) })}><Icon name="shield" size={12} /><span className="k-cut">{heldReason(reason)}</span></span>
}
