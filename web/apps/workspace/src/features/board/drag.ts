// Dragging a card with the mouse or a pen. The card under the pointer is a picture; the board moves nothing until it is let go. Touch scrolls: there the menu moves.

import { useEffect, useRef, type RefObject } from 'react'
import type { Row } from '@/features/tickets/index.ts'

interface Drag {
  root: RefObject<HTMLDivElement | null>
  enabled: boolean
  find(column: string, id: string): Row | undefined
  over(row: Row, from: string, to: string): void
  drop(row: Row, from: string, to: string): void
  cancel(): void
}

/** How far a press moves before it is a drag, and how near the edge the board scrolls, in pixels. */
const begins = 6
const edge = 56

/** Gives the ref of the picture that follows the pointer. */
export function useDrag(d: Drag): RefObject<HTMLDivElement | null> {
  const ghost = useRef<HTMLDivElement>(null)
  const now = useRef(d)
  now.current = d
  useEffect(() => {
    const root = d.root.current
    if (!root || !d.enabled) return
    let held: { row: Row; from: string; to: string; x: number; y: number; dx: number; dy: number; width: number; moving: boolean } | null = null
    let x = 0, y = 0, frame = 0

    const columnAt = () => document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-column]')?.dataset.column
    const follow = () => {
      frame = 0
      if (!held?.moving) return
      const g = ghost.current
      if (g) { g.style.transform = `translate(${x - held.dx}px, ${y - held.dy}px) rotate(1deg)`; g.style.width = `${held.width}px` }
      const box = root.getBoundingClientRect()
      const by = x < box.left + edge ? -14 : x > box.right - edge ? 14 : 0
      const before = root.scrollLeft
      if (by) root.scrollLeft += by
      const to = columnAt() ?? held.from
      if (to !== held.to) { held.to = to; now.current.over(held.row, held.from, to) }
      if (!g || root.scrollLeft !== before) frame = requestAnimationFrame(follow)
    }
    const end = () => {
      cancelAnimationFrame(frame)
      frame = 0
      removeEventListener('pointermove', moved)
      removeEventListener('pointerup', up)
      removeEventListener('pointercancel', stop)
      removeEventListener('keydown', key, true)
      delete document.documentElement.dataset.dragging
      held = null
    }
    const stop = () => { const was = held?.moving; end(); if (was) now.current.cancel() }
    const key = (e: KeyboardEvent) => { if (e.key === 'Escape' && held?.moving) { e.preventDefault(); e.stopPropagation(); swallow(); stop() } }
    /** The click that follows letting go opens nothing. */
    const swallow = () => {
      const no = (e: Event) => { e.preventDefault(); e.stopPropagation() }
      addEventListener('click', no, { capture: true, once: true })
      setTimeout(() => removeEventListener('click', no, { capture: true }), 60)
    }
    const moved = (e: PointerEvent) => {
      if (!held) return
      x = e.clientX
      y = e.clientY
      if (!held.moving) {
        if (Math.hypot(x - held.x, y - held.y) < begins) return
        held.moving = true
        document.documentElement.dataset.dragging = 'true'
        getSelection()?.removeAllRanges()
        now.current.over(held.row, held.from, held.from)
      }
      e.preventDefault()
      frame ||= requestAnimationFrame(follow)
    }
    const up = () => {
      const h = held
      const to = h?.moving ? columnAt() : undefined
      end()
      if (!h?.moving) return
      swallow()
      if (to === undefined) now.current.cancel()
      else now.current.drop(h.row, h.from, to)
    }
    const down = (e: PointerEvent) => {
      if (e.button !== 0 || e.pointerType === 'touch' || e.ctrlKey || e.metaKey || e.shiftKey || held) return
      const el = (e.target as HTMLElement).closest<HTMLElement>('[data-ticket]')
      const from = el?.closest<HTMLElement>('[data-column]')?.dataset.column
      const row = el && from !== undefined ? now.current.find(from, el.dataset.ticket!) : undefined
      if (!el || from === undefined || !row) return
      const box = el.getBoundingClientRect()
      x = e.clientX
      y = e.clientY
      held = { row, from, to: from, x, y, dx: x - box.left, dy: y - box.top, width: box.width, moving: false }
      addEventListener('pointermove', moved, { passive: false })
      addEventListener('pointerup', up)
      addEventListener('pointercancel', stop)
      addEventListener('keydown', key, true)
    }
    root.addEventListener('pointerdown', down)
    return () => { root.removeEventListener('pointerdown', down); end() }
  }, [d.root, d.enabled])
  return ghost
}
