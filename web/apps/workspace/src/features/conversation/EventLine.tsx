import { lazy, Suspense } from 'react'
import type { KanalEvent } from '@kanal/api'
import { Icon, type IconName } from '@kanal/ui'
import { useNames } from '@/features/lookups/index.ts'
import { maybe, t, withMore, type Key } from '@/locales/index.ts'
import { ago, dateTime, fullTime } from '@/shell/format.ts'
import s from './message.module.css'

const icons: Record<string, IconName> = { 'ticket.assigned': 'user', 'ticket.status_changed': 'flag', 'ticket.created': 'plus', 'thread.claimed': 'link', 'thread.moved': 'link', 'ticket.deleted': 'trash', 'ticket.restored': 'refresh', 'ticket.snoozed': 'clock', 'ticket.woken': 'clock', 'ticket.queued': 'clock', 'ticket.dequeued': 'clock', 'owner.mailed': 'mail', 'ticket.merged': 'link', 'ticket.unmerged': 'link', 'ticket.split': 'link', 'ticket.moved': 'inbox', 'ticket.linked': 'link', 'ticket.unlinked': 'link' }

const later = /^owner|^hold|queued$|emptied$|redacted$/
const Later = lazy(withMore(async () => ({ default: (await import('@/features/waiting/index.ts')).WaitingEvent })))

const Tagged = lazy(async () => ({ default: (await import('@/features/tags/later.ts')).Tagged }))

/** What changed, as one quiet line. */
export function EventLine({ event: e }: { event: KanalEvent }) {
  const names = useNames()
  return (
    <div className={s.event} data-event={e.type}>
      <Icon name={icons[e.type] ?? 'info'} size={13} />
      <span>{later.test(e.type) ? <Suspense fallback={null}><Later event={e} actor={actorOf(e, names)} /></Suspense> : sentenceOf(e, names)}{e.type === 'ticket.updated' ? <Suspense fallback={null}><Tagged event={e} /></Suspense> : null}</span>
      <time dateTime={e.at} title={fullTime(e.at)}>{ago(e.at)}</time>
    </div>
  )
}

function actorOf(e: KanalEvent, names: ReturnType<typeof useNames>): string {
  if (e.actor_name) return e.actor_name
  if (typeof e.actor === 'object' && e.actor?.name) return e.actor.name
  const [kind, id] = (typeof e.actor === 'string' ? e.actor : `${e.actor?.kind}:${e.actor?.id ?? ''}`).split(':')
  return (kind === 'user' ? names.user(id) : undefined) ?? maybe(`actor.${kind}`, kind ?? '')
}

export function sentenceOf(e: KanalEvent, names: ReturnType<typeof useNames>): string {
  const d = (e.data ?? {}) as Record<string, unknown>
  const str = (k: string) => (d[k] === undefined || d[k] === null ? '' : String(d[k]))
  const actor = actorOf(e, names)
  switch (e.type) {
    case 'ticket.created': return t('event.created', { actor })
    case 'ticket.assigned': {
      const owner = str('owner_name') || names.user(d.owner_id) || ''
      const team = str('team_name') || names.team(d.team_id) || ''
      const who = owner && team ? `${owner} (${team})` : owner || team
      const automatic = str('rule') !== 'manual'
      if (!who) return t(automatic ? 'event.left_unassigned' : 'event.unassigned', { actor })
      if (str('rule') === 'reply_assigns') return t('event.reply_assigned', { owner: who })
      return t(automatic ? 'event.auto_assigned' : 'event.assigned', { actor, owner: who, reason: maybe(`reason.${str('reason')}`, str('reason')) })
    }
    case 'ticket.status_changed': {
      const to = str('to_name') || names.status(d.to) || str('to')
      return str('reason') && str('reason') !== 'manual' ? t('event.status_reason', { actor, to, reason: maybe(`status_reason.${str('reason')}`, str('reason')) }) : t('event.status', { actor, to })
    }
    case 'ticket.updated': {
      const fields = Object.keys((d.changes ?? {}) as object)
      return t('event.updated', { actor, fields: fields.map((f) => maybe(`property.${f}`, f)).join(', ') })
    }
    case 'ticket.rated': return t('event.rated', { score: t(`survey.score.${(['dissatisfied', 'neutral', 'satisfied'] as const)[Number(d.score) - 1] ?? 'neutral'}`).toLocaleLowerCase(), comment: str('comment') ? `: “${str('comment')}”` : '' })
    case 'ticket.snoozed': return d.until ? t('event.snoozed', { actor, time: dateTime(String(d.until)) }) : t('event.snoozed_reply', { actor })
    case 'ticket.woken': return t(`event.woken_${str('reason') || 'time'}` as Key, { actor })
    case 'ticket.merged': return d.from && d.from !== e.ticket_id ? t('event.merged_in', { actor, number: str('from_number') }) : maybe('event.ticket.merged', '', { actor })
    case 'ticket.unmerged': return d.from === e.ticket_id ? t('event.unmerged', { actor, number: str('into_number') }) : t('event.unmerged_out', { actor, number: str('from_number') })
    case 'ticket.split': return d.undone ? t('event.split_undone', { actor }) : d.from === e.ticket_id ? t('event.split_off', { actor, n: Number(d.messages), number: str('to_number') }) : t('event.split_from', { actor, number: str('from_number') })
    case 'ticket.moved': return t('event.inbox', { actor })
    case 'ticket.linked': return t('event.linked', { actor, number: str('other_number') })
    case 'ticket.unlinked': return t('event.unlinked', { actor, number: str('other_number') })
    case 'thread.state_changed': return d.changed ? maybe('event.bot.ended', 'bot', { actor }) : t(d.hidden === 'spam' ? 'event.thread_spam' : d.hidden === 'trash' ? 'event.thread_trash' : d.open ? 'event.thread_open' : 'event.thread_closed', { actor })
    case 'thread.assigned': {
      const who = names.user(d.owner_id) ?? names.team(d.team_id)
      return who ? t('event.assigned', { actor, owner: who }) : t('event.unassigned', { actor })
    }
    case 'thread.claimed': return t('event.claimed')
    case 'thread.moved': return t('event.moved', { actor })
    default: return maybe(`event.${e.type}` as Key, e.type.replace(/[._]/g, ' '), { actor })
  }
}
