// Whether the question about a ban is open, and of whom.

import { useSyncExternalStore } from 'react'

let about = ''
const listeners = new Set<() => void>()
const tell = () => { for (const fn of listeners) fn() }

export function openBan(visitor: string): void { about = visitor; tell() }
export function closeBan(): void { about = ''; tell() }
export const useBan = (): string => useSyncExternalStore((fn) => { listeners.add(fn); return () => { listeners.delete(fn) } }, () => about)
