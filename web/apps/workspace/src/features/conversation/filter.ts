// Which part of a story is shown, and how runs of events fold into a line.

import type { TimelineItem } from '@kanal/api'
import type { Item } from '@kanal/convo'
import type { Reply } from './model.ts'

export type Show = 'all' | 'messages' | 'comments' | 'events' | 'files'
export const shows: Show[] = ['all', 'messages', 'comments', 'events', 'files']

export function shown(i: TimelineItem, show: Show, thread: string): boolean {
  if (i.kind === 'event') return (show === 'all' || show === 'events') && (!thread || i.event.thread_id === thread || !i.event.thread_id)
  const m = i.message
  if (thread && m.thread_id !== thread) return false
  switch (show) {
    case 'messages': return m.type !== 'comment'
    case 'comments': return m.type === 'comment'
    case 'events': return false
    case 'files': return (m.attachments ?? []).some((a) => !a.inline)
    default: return true
  }
}

type One = Item<TimelineItem, Reply>
export type Row = { key: string; item: One } | { key: string; events: TimelineItem[]; at: string }

/** Three and more events in a row are one line, which opens. */
export function grouped(items: One[], least = 3): Row[] {
  const out: Row[] = []
  let run: One[] = []
  const end = () => {
    if (run.length >= least) {
      const events = run.flatMap((r) => (r.kind === 'entry' ? [r.value] : []))
      const last = events.at(-1)
      out.push({ key: `g${run[0]!.key}`, events, at: last?.kind === 'event' ? last.event.at : '' })
    } else for (const item of run) out.push({ key: item.key, item })
    run = []
  }
  for (const item of items) {
    if (item.kind === 'entry' && item.value.kind === 'event') { run.push(item); continue }
    end()
    out.push({ key: item.key, item })
  }
  end()
  return out
}

const keyOf = (user: string) => `kanal.looked.${user}`
type Looked = Record<string, string>
const read = (user: string): Looked => { try { return JSON.parse(localStorage.getItem(keyOf(user)) ?? '{}') as Looked } catch { return {} } }

/** The newest message that somebody had before them in a conversation, in this browser. */
export const lastLooked = (user: string, id: string): string => read(user)[id] ?? ''
export function looked(user: string, id: string, newest: string): void {
  if (!newest) return
  try {
    const { [id]: _, ...rest } = read(user)
    const kept = Object.entries(rest).slice(-400)
    localStorage.setItem(keyOf(user), JSON.stringify({ ...Object.fromEntries(kept), [id]: newest }))
  } catch { /* a full browser only loses the line */ }
}
