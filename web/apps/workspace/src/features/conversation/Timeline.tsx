// The conversation of one ticket or thread, oldest above. The scroller is anchored at its lower end (column-reverse), so that earlier
// pages, late images and frames that grow push upwards and the line being read stays where it is. Older messages are folded to
// their heading, and the browser skips the layout of what is off screen (content-visibility), so long tickets stay quick.

import { Button, Menu } from '@mantine/core'
import { createPortal } from 'react-dom'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Draft, Message, Thread, TimelineItem } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { useSession } from '@/features/session/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dayKey, dayOf } from '@/shell/format.ts'
import { useNow } from '@/shell/useNow.ts'
import { EventLine } from './EventLine.tsx'
import { authorOf, MessageItem } from './MessageItem.tsx'
import { PickBox } from './picking.tsx'
import { PendingItem } from './PendingItem.tsx'
import { grouped, lastLooked, looked, shown, shows, type Show } from './filter.ts'
import { TakeBack } from './hooks.ts'
import { atOf, convoOf, waits, worthALine, type ConvoOf, type Reply, type TicketConvo } from './model.ts'
import { useFocusMessage } from './useFocusMessage.ts'
import m from './message.module.css'
import s from './timeline.module.css'

const Earlier = lazy(withMore(async () => ({ default: (await import('./Earlier.tsx')).Earlier })))

export function useConvo(id: string, of: ConvoOf = 'tickets'): TicketConvo {
  const convo = convoOf(id, of)
  useEffect(() => { const st = convo.getSnapshot().status; if (st === 'ready') void convo.sync(); else void convo.init() }, [convo])
  return convo
}

export function Timeline({ id, convo, threads = none, contactId = null, number = 0, onRestore }: { id: string; convo: TicketConvo; threads?: Thread[]; contactId?: string | null; number?: number; onRestore: (d: Reply) => void }) {
  const snap = useSyncExternalStore(convo.subscribe, convo.getSnapshot)
  const me = useSession().user.id
  const scroller = useRef<HTMLDivElement>(null)
  const [away, setAway] = useState(false)
  const [seen, setSeen] = useState('')
  const [show, setShow] = useState<Show>('all')
  const [only, setOnly] = useState('')
  const [since] = useState(() => lastLooked(me, id))
  const found = useFocusMessage(convo, scroller)
  useNow(60_000)
  // What filters the story stands in the head, where it covers none of it.
  const [tools, setTools] = useState<Element | null>(null)
  useEffect(() => setTools(document.getElementById('story-tools')), [])

  const told = snap.items.filter((i) => i.kind !== 'entry' || worthALine(i.value))
  const items = show === 'all' && !only ? told : told.filter((i) => i.kind !== 'entry' || shown(i.value, show, only))
  const rows = useMemo(() => (show === 'events' ? items.map((item) => ({ key: item.key, item })) : grouped(items)), [items.length, snap, show, only])
  const messages = items.filter((i) => i.kind === 'entry' && i.value.kind === 'message' && !waits(i.value.message))
  const newest = messages.reduce((k, i) => (i.key > k ? i.key : k), '')
  useEffect(() => { if (!away) setSeen(newest) }, [away, newest])
  const unseen = away && seen !== '' ? messages.filter((m) => m.key > seen).length : 0
  const openFrom = messages.at(-3)?.key ?? ''
  const pending = items.filter((i) => i.kind === 'pending').length
  useEffect(() => { if (pending) scroller.current?.scrollTo({ top: 0 }) }, [pending])
  // The line stays where it was when one came; what one has before oneself is remembered when one goes.
  const mark = since && newest > since ? messages.find((i) => i.key > since && i.kind === 'entry' && i.value.kind === 'message' && i.value.message.actor !== `user:${me}`)?.key : undefined
  const latest = useRef('')
  latest.current = newest
  useEffect(() => {
    const keep = () => looked(me, id, latest.current)
    addEventListener('pagehide', keep)
    return () => { removeEventListener('pagehide', keep); keep() }
  }, [me, id])
  const takeBack = useCallback((d: Draft) => {
    onRestore({ thread_id: d.thread_id ?? threads[0]?.id ?? '', type: d.type === 'comment' ? 'comment' : 'reply', html: d.html ?? '', text: d.text ?? '', to: d.to ?? [], cc: d.cc ?? [], bcc: d.bcc ?? [], subject: d.subject ?? '',
      attachments: (d.attachments ?? []).map((a) => ({ id: a, name: nameOf(convo, a), size: 0, type: '' })), mentions: [], ...(d.forward_of ? { forward_of: d.forward_of } : {}) })
    void convo.sync()
  }, [convo, onRestore, threads])
  const anyway = (d: Reply) => void convo.send({ ...d, if_unchanged: false })

  const onScroll = () => {
    const el = scroller.current
    if (!el) return
    setAway(el.scrollTop < -160)
    if (snap.hasEarlier && !snap.earlierError && el.scrollHeight - el.clientHeight + el.scrollTop < 400) void convo.loadEarlier()
  }

  let day = ''
  const dayLine = (at: string) => {
    const k = dayKey(at)
    const line = k !== day ? <h2 className={s.day}>{dayOf(at)}</h2> : null
    day = k
    return line
  }
  return (
    <TakeBack.Provider value={takeBack}>
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
            ) : snap.status === 'ready' && contactId && number ? <Suspense fallback={null}><Earlier contactId={contactId} number={number} /></Suspense> : null}
            {snap.status === 'ready' && items.length === 0 ? (show === 'all' && !only ? <EmptyState icon="mail" title={t('timeline.empty')} text={t('timeline.empty_text')} /> : <EmptyState icon="search" title={t('timeline.none_shown')} text={t('timeline.none_shown_text')}><Button variant="default" onClick={() => { setShow('all'); setOnly('') }}>{t('timeline.show.all')}</Button></EmptyState>) : null}
            {rows.map((r) => {
              if ('events' in r) return <div key={r.key} className={s.item}>{dayLine(r.at)}<EventGroup events={r.events} /></div>
              const i = r.item
              if (i.kind !== 'entry') return <PendingItem key={i.key} item={i} onRestore={onRestore} onAnyway={anyway} />
              return (
                <div key={i.key} className={s.item}>
                  {dayLine(atOf(i.value))}
                  {i.key === mark ? <p className={s.mark} role="separator"><span>{t('timeline.since')}</span></p> : null}
                  {i.value.kind === 'message' ? <PickBox of={i.value.message.ticket_id ?? ''} id={i.value.message.id} name={authorOf(i.value.message)} /> : null}
                  <One item={i.value} open={i.key >= openFrom || (i.value.kind === 'message' && i.value.message.id === found)} />
                </div>
              )
            })}
          </div>
        </div>
        {tools && snap.status === 'ready' ? createPortal(<ShowMenu show={show} only={only} threads={threads} onShow={setShow} onOnly={setOnly} />, tools) : null}
        {away ? (
          <button type="button" className={s.down} onClick={() => scroller.current?.scrollTo({ top: 0, behavior: 'smooth' })}>
            <Icon name="down" size={14} />{unseen > 0 ? t('timeline.new', { n: unseen }) : t('timeline.latest')}
          </button>
        ) : null}
      </div>
    </TakeBack.Provider>
  )
}

const none: Thread[] = []
const nameOf = (convo: TicketConvo, id: string): string => {
  for (const i of convo.getSnapshot().items) if (i.kind === 'entry' && i.value.kind === 'message') { const a = i.value.message.attachments?.find((x) => x.id === id); if (a) return a.name }
  return ''
}

/** Which part of the story is shown: a kind, or one conversation. */
function ShowMenu({ show, only, threads, onShow, onOnly }: { show: Show; only: string; threads: Thread[]; onShow(s: Show): void; onOnly(id: string): void }) {
  const on = show !== 'all' || only !== ''
  return (
    <Menu position="bottom-end">
      <Menu.Target><button type="button" className={s.show} data-on={on || undefined} aria-label={t('timeline.show')} title={t('timeline.show')}><Icon name="filter" size={14} />{on ? t(only && show === 'all' ? 'timeline.one_thread' : `timeline.show.${show}`) : null}</button></Menu.Target>
      <Menu.Dropdown>
        {shows.map((x) => <Menu.Item key={x} leftSection={<Icon name={x === show ? 'check' : 'open'} size={14} />} aria-current={x === show || undefined} onClick={() => onShow(x)}>{t(`timeline.show.${x}`)}</Menu.Item>)}
        {threads.length > 1 ? <><Menu.Divider /><Menu.Label>{t('timeline.threads')}</Menu.Label>
          <Menu.Item leftSection={<Icon name={only ? 'open' : 'check'} size={14} />} onClick={() => onOnly('')}>{t('timeline.every_thread')}</Menu.Item>
          {threads.map((x) => <Menu.Item key={x.id} leftSection={<Icon name={x.id === only ? 'check' : 'open'} size={14} />} onClick={() => onOnly(x.id)}>{x.subject || t('ticket.no_subject')}{x.account ? ` · ${x.account.address || x.account.name}` : ''}</Menu.Item>)}</> : null}
      </Menu.Dropdown>
    </Menu>
  )
}

function EventGroup({ events }: { events: TimelineItem[] }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className={m.group} aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? 'down' : 'right'} size={13} />{t('timeline.changes', { n: events.length })}</button>
      {open ? events.map((e) => (e.kind === 'event' ? <EventLine key={e.event.id} event={e.event} /> : null)) : null}
    </>
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
