// What part of the canvas is seen: moved and scaled without drawing anything anew, by mouse, wheel, two fingers and keys.

import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from 'react'
import type { Box, Point } from './geometry.ts'

export interface View { x: number; y: number; k: number }
const least = 0.15, most = 2

export interface Camera {
  surface: RefObject<HTMLDivElement | null>
  world: RefObject<HTMLDivElement | null>
  /** the settled view, for what is drawn from it (the map, the figure) */
  seen: View & { w: number; h: number }
  toWorld(clientX: number, clientY: number): Point
  pan(dx: number, dy: number): void
  zoom(by: number, at?: Point): void
  fit(b: Box): void
  /** how it opens: all of it when that can be read, else from where it begins */
  begin(all: Box, first: Box): void
  /** moves only as far as it must for the box to be seen */
  reveal(b: Box): void
  centre(p: Point): void
  scale(): number
}

/** From the right everything is mirrored: mirror is -1, and the world's x runs to the left. */
export function useView(mirror: 1 | -1): Camera {
  const surface = useRef<HTMLDivElement>(null)
  const world = useRef<HTMLDivElement>(null)
  const now = useRef<View>({ x: 40, y: 40, k: 1 })
  const [seen, setSeen] = useState({ ...now.current, w: 0, h: 0 })
  const frame = useRef(0)
  const settle = useRef(0)

  const apply = useCallback(() => {
    const draw = () => {
      frame.current = 0
      const v = now.current
      if (world.current) world.current.style.transform = `translate(${v.x}px, ${v.y}px) scale(${v.k})`
      if (surface.current) { surface.current.style.setProperty('--grid', `${24 * v.k}px`); surface.current.style.backgroundPosition = `${v.x}px ${v.y}px` }
      clearTimeout(settle.current)
      settle.current = window.setTimeout(() => setSeen({ ...now.current, w: surface.current?.clientWidth ?? 0, h: surface.current?.clientHeight ?? 0 }), 60)
    }
    if (!frame.current) frame.current = requestAnimationFrame(draw)
  }, [])

  const api = useMemo(() => {
    const toWorld = (cx: number, cy: number): Point => {
      const r = surface.current!.getBoundingClientRect()
      const v = now.current
      return { x: mirror * (cx - r.left - v.x) / v.k, y: (cy - r.top - v.y) / v.k }
    }
    const pan = (dx: number, dy: number) => { now.current = { ...now.current, x: now.current.x + dx, y: now.current.y + dy }; apply() }
    const zoom = (by: number, at?: Point) => {
      const r = surface.current!.getBoundingClientRect()
      const v = now.current
      const p = at ? { x: at.x - r.left, y: at.y - r.top } : { x: r.width / 2, y: r.height / 2 }
      const k = Math.min(most, Math.max(least, v.k * by))
      now.current = { k, x: p.x - (p.x - v.x) * (k / v.k), y: p.y - (p.y - v.y) * (k / v.k) }
      apply()
    }
    const place = (b: Box, k: number) => {
      const el = surface.current
      if (!el) return
      const w = el.clientWidth, h = el.clientHeight
      const left = mirror === 1 ? b.x : -(b.x + b.w)
      now.current = { k, x: (w - b.w * k) / 2 - left * k, y: Math.max((h - b.h * k) / 2, 24) - b.y * k }
      apply()
    }
    const fit = (b: Box) => {
      const el = surface.current
      if (!el) return
      place(b, Math.max(least, Math.min(1, (el.clientWidth - 64) / b.w, (el.clientHeight - 96) / b.h)))
    }
    const begin = (all: Box, first: Box) => {
      const el = surface.current
      if (!el) return
      const k = Math.min(1, (el.clientWidth - 64) / all.w, (el.clientHeight - 96) / all.h)
      if (k >= 0.62) { fit(all); return }
      const s = 0.8
      const left = mirror === 1 ? 40 - first.x * s : el.clientWidth - 40 + first.x * s
      now.current = { k: s, x: left, y: Math.min(el.clientHeight / 2 - first.h * s, Math.max(72, el.clientHeight * 0.32)) - first.y * s }
      apply()
    }
    const reveal = (b: Box) => {
      const el = surface.current
      if (!el) return
      const v = now.current
      const left = (mirror === 1 ? b.x : -(b.x + b.w)) * v.k + v.x, top = b.y * v.k + v.y
      const right = left + b.w * v.k, low = top + b.h * v.k
      const dx = left < 16 ? 16 - left : right > el.clientWidth - 16 ? Math.max(el.clientWidth - 16 - right, 16 - left) : 0
      const dy = top < 56 ? 56 - top : low > el.clientHeight - 16 ? Math.max(el.clientHeight - 16 - low, 56 - top) : 0
      if (dx || dy) pan(dx, dy)
    }
    const centre = (p: Point) => {
      const el = surface.current
      if (!el) return
      const v = now.current
      now.current = { ...v, x: el.clientWidth / 2 - mirror * p.x * v.k, y: el.clientHeight / 2 - p.y * v.k }
      apply()
    }
    return { toWorld, pan, zoom, fit, begin, reveal, centre, scale: () => now.current.k }
  }, [apply, mirror])

  // the wheel moves; with Ctrl, or two fingers on a pad, it scales: this must not scroll the page, so it cannot be a passive listener
  useEffect(() => {
    const el = surface.current
    if (!el) return
    const onWheel = (e: WheelEvent) => {
      e.preventDefault()
      const unit = e.deltaMode === 1 ? 16 : 1
      if (e.ctrlKey || e.metaKey) api.zoom(Math.exp(-e.deltaY * unit * 0.0022), { x: e.clientX, y: e.clientY })
      else if (e.shiftKey && !e.deltaX) api.pan(-e.deltaY * unit, 0)
      else api.pan(-e.deltaX * unit, -e.deltaY * unit)
    }
    el.addEventListener('wheel', onWheel, { passive: false })
    const size = new ResizeObserver(() => apply())
    size.observe(el)
    return () => { el.removeEventListener('wheel', onWheel); size.disconnect() }
  }, [api, apply])

  return { surface, world, seen, ...api }
}
