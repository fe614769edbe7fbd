// One conversation: what was said, from the newest down to as much as one scrolls back to. Only a window of the rows is in the page, however long it is.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Msg } from '../../shared/types.ts'
import { Group } from './bubble.tsx'
import { useChat, useLate } from './context.tsx'
import { dayOf, timeOf } from './format.ts'
import { Avatar, Icon } from './icons.tsx'
import { type ChatItem, markAt, rowsOf } from './model.ts'
import { useOpening } from './opening.ts'
import { threadOf } from './state.ts'

const step = 60
const close = 80

export function Talk({ foot }: { foot: preact.ComponentChildren }) {
  const { chat, s, t, locale } = useChat()
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const top = useRef(0)
  const anchor = useRef<{ height: number; top: number } | null>(null)
  const sent = useRef('')
  const [size, setSize] = useState(step)
  const [away, setAway] = useState(false)
  const snap = s.convo?.getSnapshot()
  const loading = !!s.thread && (!snap || snap.status === 'idle' || snap.status === 'loading')
  const late = useLate(loading && !snap?.items.length)
  const opening = useOpening(chat, s)
  const stored = snap?.items ?? []
  const items: ChatItem[] = stored.some((i) => i.kind === 'entry' && i.value.from !== 'visitor') ? stored : [...opening.items, ...stored]
  const shown = items.slice(-size)
  const hidden = items.length - shown.length
  const mark = markAt(items)
  const typing = s.typing?.thread === s.thread && s.typing ? s.typing : opening.typing
  const last = items[items.length - 1]

  useEffect(() => { setSize(step); atEnd.current = true; setAway(false) }, [s.convo])

  // Stays at the end when it was there; keeps what one reads in place when earlier rows are put above it.
  useLayoutEffect(() => {
    const b = box.current
    if (!b) return
    if (anchor.current) { b.scrollTop = anchor.current.top + b.scrollHeight - anchor.current.height; anchor.current = null; return }
    // Whoever has just written wants to see it, wherever they were reading.
    if (last?.kind === 'pending' && sent.current !== last.key) { sent.current = last.key; atEnd.current = true }
    if (atEnd.current) toBottom(b)
  })
  useEffect(() => {
    const b = box.current
    if (!b || !('ResizeObserver' in window)) return
    const o = new ResizeObserver(() => { if (atEnd.current) toBottom(b) })
    o.observe(b)
    if (b.firstElementChild) o.observe(b.firstElementChild)
    return () => o.disconnect()
  }, [])
  useEffect(() => { if (atEnd.current) chat.saw() })

  const toBottom = (b: HTMLElement) => { b.scrollTop = b.scrollHeight; top.current = b.scrollTop }
  const earlier = () => {
    const b = box.current
    if (!b || anchor.current) return
    if (hidden > 0) { anchor.current = { height: b.scrollHeight, top: b.scrollTop }; setSize(size + step); return }
    if (snap?.hasEarlier && !snap.loadingEarlier && !snap.earlierError) {
      void s.convo!.loadEarlier().then(() => {
        if (box.current) anchor.current = { height: box.current.scrollHeight, top: box.current.scrollTop }
        setSize((n) => n + step)
      })
    }
  }
  const onScroll = () => {
    const b = box.current!
    // What grows below does not count as having scrolled away; only going up does.
    const near = b.scrollHeight - b.scrollTop - b.clientHeight < close
    atEnd.current = near || (atEnd.current && b.scrollTop >= top.current - 1)
    top.current = b.scrollTop
    if (atEnd.current) { chat.saw(); if (size > step) setSize(step) }
    if (away === atEnd.current) setAway(!atEnd.current)
    if (b.scrollTop < 240) earlier()
  }
  const toEnd = () => { atEnd.current = true; setAway(false); box.current!.scrollTo({ top: box.current!.scrollHeight, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' }) }
  const unread = threadOf(s)?.unread ?? 0

  return (
    <div class="talk">
      <div class="scroll" ref={box} onScroll={onScroll} role="log" aria-label={t('talk')} aria-live="off" aria-busy={loading} tabIndex={0}>
        <div class="rows">
          {snap?.loadingEarlier && <p class="fine" role="status">{t('talk.loading')}</p>}
          {(snap?.hasEarlier || hidden > 0) && !snap?.loadingEarlier && <button type="button" class="plain" onClick={() => { atEnd.current = false; if (box.current) { void (hidden > 0 ? earlier() : s.convo!.loadEarlier().then(() => setSize((n) => n + step))) } }}>{snap?.earlierError ? t('talk.earlier.failed') : t('talk.earlier')}</button>}
          {late && <div class="skeleton bubbles" role="status" aria-label={t('loading')}><i /><i /><i /></div>}
          {snap?.status === 'failed' && <div class="trouble" role="alert"><p>{t('talk.failed')}</p><button type="button" class="button" onClick={() => void s.convo!.init()}>{t('retry')}</button></div>}
          {rowsOf(shown, s.newFrom).map((r) => {
            if (r.kind === 'day') return <p key={r.key} class="day"><time dateTime={r.at}>{dayOf(r.at, locale, t)}</time></p>
            if (r.kind === 'new') return <p key="new" class="newline"><span>{t('talk.new')}</span></p>
            if (r.kind === 'notice') return <Notice key={r.key} msg={r.msg} />
            return <Group key={r.key} row={r} mark={mark} />
          })}
          {typing && (
            <div class="group them">
              <Avatar name={typing.name} url={typing.avatar} size={28} bot={!typing.name} />
              <div class="stack"><div class="bubble dots"><span class="sr">{typing.name ? t('typing', { name: typing.name }) : t('typing.somebody')}</span><i /><i /><i /></div></div>
            </div>
          )}
          {foot}
        </div>
      </div>
      {away && <button type="button" class="jump" onClick={toEnd}>{unread > 0 && <span>{t('talk.unread', { n: unread })}</span>}{unread === 0 && <span class="sr">{t('talk.end')}</span>}<Icon name="down" size={18} /></button>}
    </div>
  )
}

function Notice({ msg }: { msg: Msg }) {
  const { t, locale } = useChat()
  const { system } = msg
  const text = (system?.code && (system.name || system.code !== 'joined') ? t(`notice.${system.code}`, { name: system.name || t('title') }) : '') || msg.text
  return text ? <p class="notice" title={timeOf(msg.at, locale)}><span dir="auto">{text}</span></p> : null
}
