import { useEffect, useState } from 'react'
import type { Ticket } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { loadMore, maybe, t } from '@/locales/index.ts'
import { actionById, actionContext } from '@/shell/actions.ts'
import { dateTime } from '@/shell/format.ts'

const go = (id: string) => () => { const a = actionById(id); if (a?.when(actionContext())) a.run(actionContext()) }

/** Why a ticket is out of the ordinary views, and the way back. */
export function StateBanner({ ticket }: { ticket: Ticket }) {
  // a person who blocked the sender needs no reason; what Kanal held back by itself does
  const why = ticket.hidden === 'spam' && ticket.hidden_reason !== 'blocked' ? ticket.hidden_reason : ''
  const [, told] = useState(0)
  useEffect(() => { if (why) void loadMore().then(() => told((n) => n + 1)) }, [why])
  if (ticket.hidden === 'spam') {
    return <Banner tone="warn" icon="spam" role="status" action={t('action.not_spam')} onAction={go('ticket.restore')}>{why ? t('state.spam_held', { reason: maybe(`spam.reason.${why}`, why.replace(/_/g, ' ')) }) : t('state.spam')}</Banner>
  }
  if (ticket.hidden === 'trash') return <Banner tone="warn" icon="trash" role="status" action={t('action.restore')} onAction={go('ticket.restore')}>{t('state.trash')}</Banner>
  if (ticket.snoozed) {
    return <Banner icon="clock" role="status" action={t('action.wake')} onAction={go('ticket.wake')}>{ticket.snoozed_until ? t('state.snoozed', { time: dateTime(ticket.snoozed_until) }) : t('state.snoozed_reply')}</Banner>
  }
  return null
}
