import { defineAction } from '@/shell/actions.ts'

const openers = new Set<() => void>()
/** Whoever shows the list says how it is opened. */
export function opensNews(fn: () => void): () => void { openers.add(fn); return () => { openers.delete(fn) } }

defineAction({ id: 'go.news', label: 'action.go_news', group: 'go', icon: 'bell', shortcut: 'g n', when: (c) => !!c.session, run: () => { for (const fn of openers) fn() } })
