// What is told beyond the list: on the desktop, with a sound, in a corner of the window. One tab of the browser speaks for all.

import { get } from '@kanal/api'
import { t } from '@/locales/index.ts'
import { actionContext } from '@/shell/actions.ts'
import { toast } from '@/shell/toast.tsx'
import { leadsTo, worthAToast, type Fresh, type News, type NewsPage } from './model.ts'
import { desktopOn } from './permission.ts'
import { chime } from './sound.ts'
import { prefsQuery } from './prefs.ts'
import { queries } from '@/shell/client.ts'
import { sentenceOf } from './words.ts'

/** The tab that holds this lock shows desktop notifications; when it closes, the next one does. */
let speaker = !('locks' in navigator)
if ('locks' in navigator) void navigator.locks.request('kanal-news', () => { speaker = true; return new Promise(() => {}) })

/** Tabs tell each other which of them is looked at, and at which ticket. */
const tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('kanal-news') : null
const looking = (ticket: string | null) => document.hasFocus() && !!ticket && actionContext().ticket?.id === ticket
const asked = new Map<string, () => void>()
if (tabs) {
  tabs.onmessage = (e: MessageEvent<{ ask?: string; ticket?: string | null; seen?: string }>) => {
    if (e.data.ask && looking(e.data.ticket ?? null)) tabs.postMessage({ seen: e.data.ask })
    if (e.data.seen) asked.get(e.data.seen)?.()
  }
}

function lookedAt(n: News): Promise<boolean> {
  if (looking(n.ticket_id)) return Promise.resolve(true)
  if (!tabs) return Promise.resolve(false)
  return new Promise((done) => {
    const timer = setTimeout(() => { asked.delete(n.id); done(false) }, 150)
    asked.set(n.id, () => { clearTimeout(timer); asked.delete(n.id); done(true) })
    tabs.postMessage({ ask: n.id, ticket: n.ticket_id })
  })
}

const told = new Set<string>()
/** More at once is one notice: nobody reads twenty. */
const most = 3

export async function tell(fresh: Fresh[], count: number): Promise<void> {
  const ids = new Map(fresh.filter((f) => !told.has(f.id)).map((f) => [f.id, f]))
  for (const id of ids.keys()) told.add(id)
  if (ids.size === 0) return
  const page = await get<NewsPage>('/api/notifications', { unread: '1', limit: 40 })
  const news = page.items.filter((n) => ids.has(n.id))
  for (const n of news.filter((x) => ids.get(x.id)!.in_app && worthAToast(x.kind)).slice(0, 2)) {
    if (document.hasFocus() && !looking(n.ticket_id)) toast(line(n), { action: { label: t('news.open'), run: () => actionContext().navigate(leadsTo(n)) } })
  }
  const loud = news.filter((n) => ids.get(n.id)!.desktop)
  if (loud.length > 0 && speaker) await speak(loud, count)
}

const line = (n: News): string => (n.number ? `#${n.number} ${sentenceOf(n)}: ${n.subject}` : sentenceOf(n))

async function speak(news: News[], count: number): Promise<void> {
  const unseen: News[] = []
  for (const n of news) if (!(await lookedAt(n))) unseen.push(n)
  if (unseen.length === 0) return
  const prefs = await queries.ensureQueryData(prefsQuery).catch(() => null)
  if (prefs?.sound) chime()
  if (!desktopOn()) return
  if (unseen.length > most) show('many', t('news.many', { n: count }), '', '/tickets/mine')
  else for (const n of unseen) show(n.id, sentenceOf(n), n.number ? `#${n.number} ${n.subject}` : '', leadsTo(n))
}

/** The tag keeps it one, even when two tabs should speak. */
function show(tag: string, title: string, body: string, to: string): void {
  const shown = new Notification(title, { body, tag: `kanal-${tag}`, icon: '/icon.svg' })
  shown.onclick = () => { window.focus(); actionContext().navigate(to); shown.close() }
}
