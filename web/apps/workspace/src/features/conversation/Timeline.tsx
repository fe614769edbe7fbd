// The conversation of one ticket or thread, oldest above. The scroller is anchored at its lower end (column-reverse), so that earlier
// pages, late images and frames that grow push upwards and the line being read stays where it is. Older messages are folded to
// their heading, and the browser skips the layout of what is off screen (content-visibility), so long tickets stay quick.

import { Button } from '@mantine/core'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Message, TimelineItem } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dayKey, dayOf } from '@/shell/format.ts'
import { useNow } from '@/shell/useNow.ts'
import { EventLine } from './EventLine.tsx'
import { MessageItem } from './MessageItem.tsx'
import { PendingItem } from './PendingItem.tsx'
import { convoOf, worthALine, type ConvoOf, type Reply, type TicketConvo } from './model.ts'
import s from './timeline.module.css'

export function useConvo(id: string, of: ConvoOf = 'tickets'): TicketConvo {
  const convo = convoOf(id, of)
  useEffect(() => { const st = convo.getSnapshot().status; if (st === 'ready') void convo.sync(); else void convo.init() }, [convo])
  return convo
}

export function Timeline({ convo, onRestore }: { convo: TicketConvo; onRestore: (d: Reply) => void }) {
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  const scroller = useRef<HTMLDivElement>(null)
  const [away, setAway] = useState(false)
  const [seen, setSeen] = useState('')
  useNow(60_000)

  const items = snap.items.filter((i) => i.kind !== 'entry' || worthALine(i.value))
  const messages = items.filter((i) => i.kind === 'entry' && i.value.kind === 'message')
  const newest = messages.at(-1)?.key ?? ''
  useEffect(() => { if (!away) setSeen(newest) }, [away, newest])
  const unseen = away && seen !== '' ? messages.filter((m) => m.key > seen).length : 0
  const openFrom = messages.at(-3)?.key ?? ''
  const pending = items.filter((i) => i.kind === 'pending').length
  useEffect(() => { if (pending) scroller.current?.scrollTo({ top: 0 }) }, [pending])

  const onScroll = () => {
    const el = scroller.current
    if (!el) return
    setAway(el.scrollTop < -160)
    if (snap.hasEarlier && !snap.earlierError && el.scrollHeight - el.clientHeight + el.scrollTop < 400) void convo.loadEarlier()
  }

  let day = ''
  return (
    <div className={s.wrap}>
      <div ref={scroller} className={s.scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label={t('timeline.label')}>
        <div className={s.inner}>
          {snap.status === 'loading' || snap.status === 'idle' ? <SkeletonLines lines={9} label={t('state.loading')} /> : null}
          {snap.status === 'failed' ? <EmptyState icon="warn" title={t('error.timeline')} text={sentence(snap.error)}><Button variant="default" onClick={() => void convo.init()}>{t('action.retry')}</Button></EmptyState> : null}
          {snap.hasEarlier ? (
            <div className={s.earlier}>
              {snap.earlierError ? <Banner tone="danger" action={t('action.retry')} onAction={() => void convo.loadEarlier()}>{sentence(snap.earlierError)}</Banner>
                : <Button variant="subtle" loading={snap.loadingEarlier} onClick={() => void convo.loadEarlier()}>{t('timeline.earlier')}</Button>}
            </div>
          ) : null}
          {snap.status === 'ready' && items.length === 0 ? <EmptyState icon="mail" title={t('timeline.empty')} text={t('timeline.empty_text')} /> : null}
          {items.map((i) => {
            if (i.kind !== 'entry') return <PendingItem key={i.key} item={i} onRestore={onRestore} />
            const at = i.value.kind === 'message' ? i.value.message.created_at : i.value.event.at
            const k = dayKey(at)
            const line = k !== day ? <h2 className={s.day}>{dayOf(at)}</h2> : null
            day = k
            return <div key={i.key} className={s.item}>{line}<One item={i.value} open={i.key >= openFrom} /></div>
          })}
        </div>
      </div>
      {away ? (
        <button type="button" className={s.down} onClick={() => scroller.current?.scrollTo({ top: 0, behavior: 'smooth' })}>
          <Icon name="down" size={14} />{unseen > 0 ? t('timeline.new', { n: unseen }) : t('timeline.latest')}
        </button>
      ) : null}
    </div>
  )
}

function One({ item, open }: { item: TimelineItem; open: boolean }) {
  return item.kind === 'message' ? <MessageItem message={item.message} initiallyOpen={open} /> : <EventLine event={item.event} />
}

/** The newest message that a reply would answer. */
/** What an answer answers: the latest mail of a person, not a machine's report about one. */
const personal = new Set(['', 'normal', 'colleague', 'list'])
export function latestInbound(items: { kind: string; value?: TimelineItem }[], threadId?: string): Message | undefined {
  for (let i = items.length - 1; i >= 0; i--) {
    const v = items[i]!.value
    if (v?.kind === 'message' && v.message.direction === 'incoming' && v.message.type === 'message' && personal.has(v.message.disposition ?? '') && (!threadId || v.message.thread_id === threadId)) return v.message
  }
  return undefined
}
