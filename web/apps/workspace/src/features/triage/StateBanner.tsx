import { useEffect } from 'react'
import type { Ticket } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { loadMore, maybe, t } from '@/locales/index.ts'
import { actionById, actionContext } from '@/shell/actions.ts'
import { dateTime } from '@/shell/format.ts'

const go = (id: string) => () => { const a = actionById(id); if (a?.when(actionContext())) a.run(actionContext()) }

/** Why a ticket is out of the ordinary views, and the way back. */
export function StateBanner({ ticket }: { ticket: Ticket }) {
  const why = ticket.hidden === 'spam' && ticket.hidden_reason
  useEffect(() => { if (why) void loadMore() }, [why])
  if (ticket.hidden === 'spam') {
    return <Banner tone="warn" icon="spam" role="status" action={t('action.not_spam')} onAction={go('ticket.restore')}>{ticket.hidden_reason ? t('state.spam_held', { reason: maybe(`spam.reason.${ticket.hidden_reason}`, ticket.hidden_reason.replace(/_/g, ' ')) }) : t('state.spam')}</Banner>
  }
  if (ticket.hidden === 'trash') return <Banner tone="warn" icon="trash" role="status" action={t('action.restore')} onAction={go('ticket.restore')}>{t('state.trash')}</Banner>
  if (ticket.snoozed) {
    return <Banner icon="clock" role="status" action={t('action.wake')} onAction={go('ticket.wake')}>{ticket.snoozed_until ? t('state.snoozed', { time: dateTime(ticket.snoozed_until) }) : t('state.snoozed_reply')}</Banner>
  }
  return null
}
