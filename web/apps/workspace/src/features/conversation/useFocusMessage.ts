import { useSearch } from '@tanstack/react-router'
import { useEffect, useRef, type RefObject } from 'react'
import type { TicketConvo } from './model.ts'

const furthest = 60 // pages of a conversation that are read to find one message

/** Opens a conversation at one message (?message=ID): reads back until it is there, scrolls to it and lights it up, once. */
export function useFocusMessage(convo: TicketConvo, scroller: RefObject<HTMLElement | null>): string {
  const { message = '' } = useSearch({ strict: false }) as { message?: string }
  const done = useRef('')
  useEffect(() => {
    if (!message || done.current === message) return
    let pages = 0
    let light = 0
    const look = () => {
      const snap = convo.getSnapshot()
      if (done.current === message || snap.status !== 'ready') return
      if (!snap.items.some((i) => i.kind === 'entry' && i.value.kind === 'message' && i.value.message.id === message)) {
        if (snap.hasEarlier && !snap.loadingEarlier && !snap.earlierError && ++pages < furthest) void convo.loadEarlier()
        return
      }
      requestAnimationFrame(() => {
        const el = scroller.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(message)}"]`)
        if (!el || done.current === message) return
        done.current = message
        el.scrollIntoView({ block: 'center' })
        el.dataset.found = ''
        light = window.setTimeout(() => { delete el.dataset.found; }, 4000)
      })
    }
    look()
    const stop = convo.subscribe(look)
    return () => { stop(); clearTimeout(light) }
  }, [convo, message, scroller])
  return message
}
