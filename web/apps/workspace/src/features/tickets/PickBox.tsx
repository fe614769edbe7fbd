import type { MouseEvent } from 'react'
import { usePicked } from './selection.ts'
import s from './list.module.css'

/** The box that picks a row. A click with shift is taken by the list, which knows what lies between. */
export function PickBox({ id, label, onPick }: { id: string; label: string; onPick(id: string, through: string[] | null): void }) {
  const picked = usePicked(id)
  const stop = (e: MouseEvent) => e.stopPropagation()
  return <label className={s.pick} onClick={stop}><input type="checkbox" checked={picked} aria-label={label} onChange={() => onPick(id, null)} /></label>
}
