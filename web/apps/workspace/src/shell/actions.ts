// Actions are objects. Keyboard, menus, the command palette and the shortcut sheet read this one registry.

import { useLayoutEffect, useMemo, useSyncExternalStore } from 'react'
import type { Conversation, Message, Session, Ticket } from '@kanal/api'
import type { IconName } from '@kanal/ui'
import type { Key } from '@/locales/index.ts'

/** What the screens offer right now. Each screen provides its part and takes it back when it leaves. */
export interface ActionContext {
  session: Session | null
  ticket: Ticket | null
  /** a conversation without a ticket; makeTicket is null for those who may not, and while it is being made */
  conversation: { id: string; makeTicket: (() => void) | null; thread?: Conversation } | null
  view: string | null
  navigate: (to: string) => void
  list: { next(): void; previous(): void; open(): void; refresh(): void } | null
  composer: { open(mode: 'reply' | 'reply_all' | 'comment' | 'forward', message?: Message): void; undo: (() => void) | null } | null
  /** how the list is filtered and shown */
  lists: { filter(): void; display(): void; layout(): void; board(): void } | null
  selection: { toggle(): void; all(): void; clear(): void; count: number } | null
  menu: { open(name: 'assign' | 'status' | 'priority'): void } | null
  /** the editor of a chatflow; what it cannot do now is null */
  flow?: Partial<Record<FlowDeed, (() => void) | null>> | null
  /** the editor of a form */
  form?: Partial<Record<FormDeed, (() => void) | null>> | null
  shell: { palette(): void; sheet(): void; details(): void; back(): void } | null
}

export type FlowDeed = 'add' | 'connect' | 'duplicate' | 'remove' | 'undo' | 'redo' | 'all' | 'arrange' | 'fit' | 'zoom_in' | 'zoom_out' | 'list' | 'test' | 'publish' | 'versions' | 'faults'

export type FormDeed = 'add' | 'duplicate' | 'remove' | 'undo' | 'redo' | 'save' | 'faults'

export type Group = 'go' | 'list' | 'ticket' | 'composer' | 'flow' | 'form' | 'general'

export interface Action {
  id: string
  label: Key
  group: Group
  icon?: IconName
  /** "mod+k", "g m" (one after the other), "shift+r", "?" */
  shortcut?: string
  /** not offered in the palette: only makes sense by key */
  quiet?: boolean
  /** opens a field to type in: what is typed before it is there goes into it, and is no shortcut */
  types?: boolean
  when(ctx: ActionContext): boolean
  run(ctx: ActionContext): void
}

const registry = new Map<string, Action>()

export function defineAction(a: Action): Action {
  registry.set(a.id, a)
  return a
}

export const allActions = (): Action[] => [...registry.values()]
export const actionById = (id: string): Action | undefined => registry.get(id)

const empty: ActionContext = { session: null, ticket: null, conversation: null, view: null, navigate: () => {}, list: null, lists: null, selection: null, composer: null, menu: null, shell: null }
const layers: Partial<ActionContext>[] = []
let context = empty
const listeners = new Set<() => void>()

function settle(): void {
  context = Object.assign({}, empty, ...layers) as ActionContext
  for (const fn of listeners) fn()
}

export const actionContext = (): ActionContext => context

export function useProvideActions(part: Partial<ActionContext>, deps: readonly unknown[]): void {
  // eslint-style exhaustive deps do not apply: the caller names what its part depends on
  const stable = useMemo(() => part, deps)
  // before the screen is painted: what is seen can be acted on
  useLayoutEffect(() => {
    layers.push(stable)
    settle()
    return () => { layers.splice(layers.indexOf(stable), 1); settle() }
  }, [stable])
}

export function useActionContext(): ActionContext {
  return useSyncExternalStore((fn) => { listeners.add(fn); return () => { listeners.delete(fn) } }, () => context)
}

const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** The keys of a shortcut as a person reads them. */
export function keysOf(shortcut: string): string[] {
  const names: Record<string, string> = { mod: mac ? '⌘' : 'Ctrl', shift: mac ? '⇧' : 'Shift', alt: mac ? '⌥' : 'Alt', enter: '↵', escape: 'Esc' }
  return shortcut.split(' ').flatMap((part) => part.split('+')).map((k) => names[k] ?? (k.length === 1 ? k.toUpperCase() : k))
}

export function chordOf(e: KeyboardEvent): string {
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key.toLowerCase()
  const parts: string[] = []
  if (mac ? e.metaKey : e.ctrlKey) parts.push('mod')
  if (e.altKey) parts.push('alt')
  // a printed sign such as ? or # already holds its shift
  if (e.shiftKey && (key.length > 1 || /[a-z]/.test(key))) parts.push('shift')
  parts.push(key)
  return parts.join('+')
}

function isTyping(target: EventTarget | null): boolean {
  const el = target as HTMLElement | null
  return !!el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || !!el.closest?.('[role="combobox"]'))
}

let held: string | null = null
/** Keeps what is typed until a field has the focus, and puts it in there; what takes longer, or opens something else, gets nothing. */
function hold(was: Element | null): void {
  if (held !== null || (document.activeElement !== was && isTyping(document.activeElement))) return
  held = ''
  const end = (): string => { removeEventListener('focusin', into); clearTimeout(late); const text = held ?? ''; held = null; return text }
  const into = (e: FocusEvent) => {
    if (isTyping(e.target)) setTimeout(() => { const text = end(); if (text) document.execCommand('insertText', false, text) })
    else if ((e.target as HTMLElement).tabIndex >= 0) end()
  }
  addEventListener('focusin', into)
  const late = setTimeout(end, 3000)
}

/** Listens for every shortcut; returns the way to stop. */
export function listenForKeys(): () => void {
  let first = ''
  let at = 0
  const onKey = (e: KeyboardEvent) => {
    if (e.defaultPrevented || e.isComposing) return
    if (['Shift', 'Control', 'Alt', 'Meta'].includes(e.key)) return
    if (held !== null && e.key !== 'Escape') {
      e.preventDefault()
      if (e.key === 'Backspace') held = held.slice(0, -1)
      else if (e.key.length === 1 && !e.ctrlKey && !e.metaKey) held += e.key
      return
    }
    const chord = chordOf(e)
    const typing = isTyping(e.target)
    if (typing && !chord.startsWith('mod+')) return
    // The steps on the canvas of a bot are a list box that is always there: nothing that has opened.
    const inDialog = [...document.querySelectorAll('[role="dialog"], [role="menu"], [role="listbox"]:not([data-surface] *)')].some((el) => el.checkVisibility())
    const sequence = Date.now() - at < 1200 && first ? `${first} ${chord}` : ''
    // Two keys one after the other mean what they mean together: g s is the settings also where s alone would set a status.
    for (const wanted of sequence ? [sequence, chord] : [chord]) {
      const a = [...registry.values()].find((x) => x.shortcut === wanted && (!inDialog || x.id === 'shell.palette') && x.when(context))
      if (!a) continue
      e.preventDefault()
      first = ''
      const was = document.activeElement
      a.run(context)
      if (a.types) hold(was)
      return
    }
    first = typing ? '' : chord
    at = Date.now()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}
