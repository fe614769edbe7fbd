// Choosing messages of a conversation, to split them off. The timeline shows a box beside each message while it goes on.

import { useSyncExternalStore } from 'react'
import { t } from '@/locales/index.ts'
import s from './timeline.module.css'

interface Picking { of: string; ids: ReadonlySet<string> }
let now: Picking | null = null
const listeners = new Set<() => void>()
const tell = (next: Picking | null) => { now = next; for (const fn of listeners) fn() }
const subscribe = (fn: () => void) => { listeners.add(fn); return () => { listeners.delete(fn) } }

export const startPicking = (of: string): void => tell({ of, ids: new Set() })
/** Begins with one message chosen. */
export const pickOne = (of: string, id: string): void => tell({ of, ids: new Set([id]) })
export const stopPicking = (): void => tell(null)
export const usePicking = (): Picking | null => useSyncExternalStore(subscribe, () => now)

export function PickBox({ of, id, name }: { of: string; id: string; name: string }) {
  const p = usePicking()
  if (!p || p.of !== of) return null
  const toggle = () => { const ids = new Set(p.ids); if (!ids.delete(id)) ids.add(id); tell({ of, ids }) }
  return <input type="checkbox" className={s.pick} checked={p.ids.has(id)} onChange={toggle} aria-label={t('split.pick', { name })} data-pick={id} />
}
