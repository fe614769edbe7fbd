import { memo } from 'react'
import { bounds, heightOf, WIDTH } from './geometry.ts'
import type { Step } from './types.ts'
import type { Camera } from './useView.ts'
import s from './canvas.module.css'

/** The whole flow, small: pressing it goes there. It tells a pointer nothing that keys do not reach, so it is silent. */
export const Minimap = memo(function Minimap({ steps, camera, mirror, selected, lit }: { steps: readonly Step[]; camera: Camera; mirror: 1 | -1; selected: ReadonlySet<string>; lit: string | null }) {
  const all = bounds(steps)
  const v = camera.seen
  const view = { x: mirror === 1 ? -v.x / v.k : (v.x - v.w) / v.k, y: -v.y / v.k, w: v.w / v.k, h: v.h / v.k }
  const x = Math.min(all.x, view.x), y = Math.min(all.y, view.y)
  const w = Math.max(all.x + all.w, view.x + view.w) - x, h = Math.max(all.y + all.h, view.y + view.h) - y
  const go = (e: React.PointerEvent<SVGSVGElement>) => {
    e.stopPropagation()
    if (e.type === 'pointermove' && !(e.buttons & 1)) return
    const m = e.currentTarget.getScreenCTM()
    if (!m) return
    const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(m.inverse())
    camera.centre({ x: mirror * p.x, y: p.y })
  }
  return (
    <svg className={s.map} aria-hidden="true" viewBox={`${mirror === 1 ? x : -(x + w)} ${y} ${w} ${h}`} preserveAspectRatio="xMidYMid meet" onPointerDown={go} onPointerMove={go} onPointerUp={(e) => e.stopPropagation()}>
      <g transform={mirror === 1 ? undefined : 'scale(-1,1)'}>
        <rect className={s.mapView} x={view.x} y={view.y} width={view.w} height={view.h} />
        {steps.map((x) => <rect key={x.id} className={s.mapStep} data-on={selected.has(x.id) || lit === x.id || undefined} x={x.x} y={x.y} width={WIDTH} height={heightOf(x)} rx={14} />)}
      </g>
    </svg>
  )
})
