import { ActionIcon } from '@mantine/core'
import { memo, useEffect, useMemo, useRef, useState, type PointerEvent as Pointing } from 'react'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useAppearance } from '@/shell/appearance.ts'
import { Card } from './Card.tsx'
import { useDesk } from './context.ts'
import { portText, stepSpoken, stepText, stepTitle } from './describe.ts'
import { bounds, curve, heightOf, inPoint, middle, outPoint, stepAt, stepsWithin, WIDTH, type Box, type Point } from './geometry.ts'
import { Minimap } from './Minimap.tsx'
import { connect, moveSteps, neighbour, ports, stepOf, steps, wires } from './model.ts'
import type { Camera } from './useView.ts'
import s from './canvas.module.css'

export interface At { x: number; y: number; after?: { id: string; port: string } }

type Doing =
  | { kind: 'pan'; x: number; y: number; moved: boolean }
  | { kind: 'frame'; from: Point; to: Point; also: string[] }
  | { kind: 'move'; id: string; x: number; y: number; dx: number; dy: number; moved: boolean; several: boolean }
  | { kind: 'wire'; id: string; port: string; from: Point; to: Point; over: string | null }
  | { kind: 'pinch'; far: number; x: number; y: number }

/** The steps and the lines between them. Pointers are handled here, on one element; keys by what has the focus. */
export function Canvas({ camera, selected, onSelect, onOpen, onAdd, focus, onFocus, lit, passed, onKey }: {
  camera: Camera; selected: readonly string[]; onSelect(ids: string[]): void; onOpen(id: string): void; onAdd(at: At): void
  focus: string | null; onFocus(id: string | null): void; lit: string | null; passed: ReadonlySet<string>; onKey(e: React.KeyboardEvent): void
}) {
  const { editor, lang, base, mayEdit } = useDesk()
  const { def } = editor
  const rtl = useAppearance().direction === 'rtl'
  const mirror = rtl ? -1 : 1
  const [doing, setDoing] = useState<Doing | null>(null)
  const live = useRef<Doing | null>(null)
  const fingers = useRef(new Map<number, Point>())
  const came = useRef<string | null>(null)
  const list = steps(def)
  const chosen = useMemo(() => new Set(selected), [selected])
  const now = (d: Doing | null) => { live.current = d; setDoing(d) }

  const moving = doing?.kind === 'move' && doing.moved ? doing : null
  const placed = useMemo(() => (moving ? steps(moveSteps(def, selected, moving.dx, moving.dy)) : list), [def, list, moving?.dx, moving?.dy, moving === null, selected])
  const byId = useMemo(() => new Map(placed.map((x) => [x.id, x])), [placed])
  const lines = useMemo(() => wires(def), [def])
  const faulty = useMemo(() => { const m = new Map<string, 'error' | 'warning'>(); for (const f of editor.faults) if (f.step && m.get(f.step) !== 'error') m.set(f.step, f.severity ?? 'error'); return m }, [editor.faults])
  const spoken = useMemo(() => new Map(list.map((x) => [x.id, stepSpoken(def, x, lang, base, faulty.has(x.id))])), [def, list, lang, base, faulty])
  const tabbed = focus && byId.has(focus) ? focus : (stepOf(def, def.start)?.id ?? list[0]?.id)

  useEffect(() => { if (lit) { const x = stepOf(def, lit); if (x) camera.reveal({ x: x.x, y: x.y, w: WIDTH, h: heightOf(x) }) } }, [lit])

  const down = (e: Pointing) => {
    if (e.button === 2 || (e.target as HTMLElement).closest('button')) return
    const el = e.target as HTMLElement
    fingers.current.set(e.pointerId, { x: e.clientX, y: e.clientY })
    if (fingers.current.size === 2) {
      const [a, b] = [...fingers.current.values()] as [Point, Point]
      now({ kind: 'pinch', far: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
      return
    }
    camera.surface.current!.setPointerCapture(e.pointerId)
    const card = el.closest<HTMLElement>('[data-step]')
    const id = card?.dataset.step
    const port = el.closest<HTMLElement>('[data-port]')?.dataset.port
    const at = camera.toWorld(e.clientX, e.clientY)
    if (id && port && mayEdit && e.button === 0) {
      const step = stepOf(def, id)!
      now({ kind: 'wire', id, port, from: outPoint(step, ports(step).findIndex((p) => p.key === port)), to: at, over: null })
    } else if (id && e.button === 0) {
      const many = e.shiftKey || e.ctrlKey || e.metaKey
      if (many) onSelect(chosen.has(id) ? selected.filter((x) => x !== id) : [...selected, id])
      else if (!chosen.has(id)) onSelect([id])
      onFocus(id)
      card.focus({ preventScroll: true })
      now({ kind: 'move', id, x: e.clientX, y: e.clientY, dx: 0, dy: 0, moved: false, several: many })
    } else if (e.shiftKey && e.button === 0) {
      now({ kind: 'frame', from: at, to: at, also: [...selected] })
    } else now({ kind: 'pan', x: e.clientX, y: e.clientY, moved: false })
  }

  const move = (e: Pointing) => {
    const d = live.current
    if (fingers.current.has(e.pointerId)) fingers.current.set(e.pointerId, { x: e.clientX, y: e.clientY })
    if (!d) return
    if (d.kind === 'pinch' && fingers.current.size === 2) {
      const [a, b] = [...fingers.current.values()] as [Point, Point]
      const far = Math.hypot(a.x - b.x, a.y - b.y), mid = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
      camera.pan(mid.x - d.x, mid.y - d.y)
      camera.zoom(far / Math.max(1, d.far), mid)
      live.current = { kind: 'pinch', far, ...mid }
    } else if (d.kind === 'pan') {
      const dx = e.clientX - d.x, dy = e.clientY - d.y
      if (!d.moved && Math.hypot(dx, dy) < 4) return
      camera.pan(dx, dy)
      live.current = { ...d, x: e.clientX, y: e.clientY, moved: true }
    } else if (d.kind === 'move') {
      const dx = (e.clientX - d.x) / camera.scale() * mirror, dy = (e.clientY - d.y) / camera.scale()
      if (!mayEdit || (!d.moved && Math.hypot(e.clientX - d.x, e.clientY - d.y) < 4)) return
      now({ ...d, dx, dy, moved: true })
    } else if (d.kind === 'frame') {
      now({ ...d, to: camera.toWorld(e.clientX, e.clientY) })
    } else if (d.kind === 'wire') {
      const to = camera.toWorld(e.clientX, e.clientY)
      const over = stepAt(list, to)
      now({ ...d, to, over: over && over.id !== d.id ? over.id : null })
    }
  }

  const up = (e: Pointing) => {
    const d = live.current
    fingers.current.delete(e.pointerId)
    now(null)
    if (!d || e.type === 'pointercancel') return
    if (d.kind === 'pan' && !d.moved) onSelect([])
    if (d.kind === 'move') {
      if (d.moved) editor.edit((x) => moveSteps(x, selected, d.dx, d.dy))
      else if (!d.several) { onSelect([d.id]); onOpen(d.id) }
    }
    if (d.kind === 'frame') onSelect([...new Set([...d.also, ...stepsWithin(list, frameOf(d.from, d.to))])])
    if (d.kind === 'wire') {
      if (d.over) editor.edit((x) => connect(x, d.id, d.port, d.over!))
      else if (Math.hypot(d.to.x - d.from.x, d.to.y - d.from.y) > 30) onAdd({ x: d.to.x, y: d.to.y - 18, after: { id: d.id, port: d.port } })
    }
  }

  /** Arrow keys go along the connections; with Alt they move what is chosen. */
  const keys = (e: React.KeyboardEvent) => {
    const id = (e.target as HTMLElement).dataset.step
    const arrow = { ArrowRight: rtl ? 'back' : 'on', ArrowLeft: rtl ? 'on' : 'back', ArrowUp: 'up', ArrowDown: 'down' }[e.key] as 'on' | 'back' | 'up' | 'down' | undefined
    if (id && arrow && e.altKey && mayEdit) {
      e.preventDefault()
      const by = e.shiftKey ? 96 : 24
      const ids = chosen.has(id) ? selected : [id]
      editor.edit((x) => moveSteps(x, ids, arrow === 'on' ? by : arrow === 'back' ? -by : 0, arrow === 'down' ? by : arrow === 'up' ? -by : 0), `move ${ids.join()}`)
      return
    }
    if (id && arrow && !e.ctrlKey && !e.metaKey) {
      e.preventDefault()
      const to = neighbour(def, id, arrow, came.current)
      if (to) { if (arrow === 'on') came.current = id; go(to, e.shiftKey ? [...new Set([...selected, to])] : [to]) }
      return
    }
    if (id && (e.key === 'Home' || e.key === 'End')) { e.preventDefault(); const to = e.key === 'Home' ? def.start || list[0]?.id : list.at(-1)?.id; if (to) go(to, [to]); return }
    if (id && e.key === 'Enter') { e.preventDefault(); onSelect([id]); onOpen(id); requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-inspector] input, [data-inspector] textarea')?.focus())); return }
    if (id && e.key === ' ') { e.preventDefault(); onSelect(chosen.has(id) ? selected.filter((x) => x !== id) : [...selected, id]); return }
    onKey(e)
  }
  const go = (id: string, ids: string[]) => {
    onFocus(id)
    onSelect(ids)
    const x = stepOf(def, id)
    if (x) camera.reveal({ x: x.x, y: x.y, w: WIDTH, h: heightOf(x) })
    requestAnimationFrame(() => camera.surface.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(id)}"]`)?.focus({ preventScroll: true }))
  }

  const frame = doing?.kind === 'frame' ? frameOf(doing.from, doing.to) : null
  const over = doing?.kind === 'wire' ? doing.over : null
  return (
    <div className={s.surface} ref={camera.surface} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={keys} onFocus={(e) => { const id = (e.target as HTMLElement).dataset.step; if (id && id !== focus) onFocus(id) }} data-doing={doing?.kind} data-surface>
      <div className={s.stage} dir="ltr"><div className={s.world} ref={camera.world}>
        <svg className={s.wires} aria-hidden="true" style={rtl ? { transform: 'scaleX(-1)' } : undefined}>
          {lines.map((w) => {
            const a = byId.get(w.from), b = byId.get(w.to)
            if (!a || !b) return null
            const from = outPoint(a, w.index), to = inPoint(b)
            return <Line key={`${w.from} ${w.port}`} ax={from.x} ay={from.y} bx={to.x} by={to.y} near={chosen.has(w.from) || chosen.has(w.to)} passed={passed.has(`${w.from} ${w.to}`)} fail={w.port === 'on_fail'} />
          })}
          {doing?.kind === 'wire' ? <path className={s.drawn} d={curve(doing.from, over ? inPoint(byId.get(over)!) : doing.to)} /> : null}
          {frame ? <rect className={s.frame} x={frame.x} y={frame.y} width={frame.w} height={frame.h} /> : null}
        </svg>
        <div role="listbox" aria-multiselectable="true" aria-label={t('flow.canvas')} aria-describedby="flow-canvas-help">
          {placed.map((x) => (
            <Card
              key={x.id} step={x} x={rtl ? -(x.x + WIDTH) : x.x} y={x.y} start={def.start === x.id} selected={chosen.has(x.id)} focusable={tabbed === x.id} lit={lit === x.id} passed={passed.has(x.id)} target={over === x.id}
              fault={faulty.get(x.id) ?? ''} lang={lang} base={base} spoken={spoken.get(x.id) ?? ''} jump={x.type === 'jump' ? stepText(x, lang, base, def) : ''}
            />
          ))}
        </div>
        {mayEdit && !moving ? lines.map((w) => {
          const a = byId.get(w.from), b = byId.get(w.to)
          if (!a || !b) return null
          const m = middle(outPoint(a, w.index), inPoint(b))
          return (
            <button
              key={`${w.from} ${w.port}`} type="button" tabIndex={-1} className={s.insert} style={{ transform: `translate(${mirror * m.x - 11}px, ${m.y - 11}px)` }}
              aria-label={t('flow.insert_between', { from: `${stepTitle(a)}, ${portText(a, ports(a)[w.index]!, lang, base)}`, to: stepTitle(b) })} title={t('flow.insert')} onClick={() => onAdd({ x: a.x + WIDTH + 92, y: b.y, after: { id: w.from, port: w.port } })}
            ><Icon name="plus" size={12} /></button>
          )
        }) : null}
      </div></div>
      <p id="flow-canvas-help" className="k-hidden">{t('flow.canvas_help')}</p>
      <div className={s.zoom} role="group" aria-label={t('flow.view')}>
        <ActionIcon aria-label={t('flow.zoom_out')} title={t('flow.zoom_out')} onClick={() => camera.zoom(1 / 1.25)}><span aria-hidden="true">−</span></ActionIcon>
        <button type="button" className={s.percent} onClick={() => camera.zoom(1 / camera.scale())} aria-label={t('flow.zoom_full', { n: Math.round(camera.seen.k * 100) })}><span className="k-num">{Math.round(camera.seen.k * 100)} %</span></button>
        <ActionIcon aria-label={t('flow.zoom_in')} title={t('flow.zoom_in')} onClick={() => camera.zoom(1.25)}><Icon name="plus" size={14} /></ActionIcon>
        <ActionIcon aria-label={t('flow.fit')} title={t('flow.fit')} onClick={() => camera.fit(bounds(list))}><Icon name="columns" size={14} /></ActionIcon>
      </div>
      {list.length > 6 && camera.seen.w > 700 ? <Minimap steps={placed} camera={camera} mirror={mirror} selected={chosen} lit={lit} /> : null}
    </div>
  )
}

const frameOf = (a: Point, b: Point): Box => ({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x), h: Math.abs(a.y - b.y) })

const Line = memo(function Line({ ax, ay, bx, by, near, passed, fail }: { ax: number; ay: number; bx: number; by: number; near: boolean; passed: boolean; fail: boolean }) {
  const d = curve({ x: ax, y: ay }, { x: bx, y: by })
  return <g className={s.line} data-near={near || undefined} data-passed={passed || undefined} data-fail={fail || undefined}><path d={d} /><path className={s.arrow} d={`M${bx - 8} ${by - 4.5}L${bx - 1} ${by}L${bx - 8} ${by + 4.5}`} /></g>
})
