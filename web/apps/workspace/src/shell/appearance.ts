// How this browser shows Kanal: contrast, density and direction. Colours are Mantine's colour scheme. Kept in this browser, told to the page as
// attributes of <html> that the tokens read, and the same in every tab.

import { useSyncExternalStore } from 'react'

type Contrast = 'auto' | 'more' | 'standard'
type Density = 'comfortable' | 'compact'
type Appearance = { contrast: Contrast; density: Density; direction: 'ltr' | 'rtl' }

const key = 'kanal.appearance'
const plain: Appearance = { contrast: 'auto', density: 'comfortable', direction: 'ltr' }
const listeners = new Set<() => void>()

function read(): Appearance {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Appearance>
    return {
      contrast: kept.contrast === 'more' || kept.contrast === 'standard' ? kept.contrast : 'auto',
      density: kept.density === 'compact' ? 'compact' : 'comfortable',
      direction: kept.direction === 'rtl' ? 'rtl' : 'ltr',
    }
  } catch { return plain }
}

let now = read()

function show(): void {
  if (typeof document === 'undefined') return
  const root = document.documentElement
  if (now.contrast === 'auto') delete root.dataset.contrast
  else root.dataset.contrast = now.contrast
  root.dataset.density = now.density
  root.dir = now.direction
}

show()
globalThis.addEventListener?.('storage', (e) => { if (e.key === key) { now = read(); show(); for (const fn of listeners) fn() } })

export function setAppearance(change: Partial<Appearance>): void {
  now = { ...now, ...change }
  try { localStorage.setItem(key, JSON.stringify(now)) } catch { /* private mode */ }
  show()
  for (const fn of listeners) fn()
}

export const appearance = (): Appearance => now

export function useAppearance(): Appearance {
  return useSyncExternalStore((fn) => { listeners.add(fn); return () => listeners.delete(fn) }, appearance)
}
