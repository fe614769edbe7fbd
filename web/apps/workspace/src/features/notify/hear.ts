// News from the stream: what is told beyond the list is loaded when there is something to tell.

import type { KanalEvent } from '@kanal/api'
import { withMore } from '@/locales/index.ts'
import type { Fresh } from './model.ts'

const teller = withMore(() => import('./tell.ts'))

/** What a machine that slept hears of late is in the list, and no news. */
const stale = 10 * 60_000

export function hearNews(ev: KanalEvent): void {
  if (ev.type !== 'notification.created' || Date.now() - Date.parse(ev.at) > stale) return
  const data = ev.data as { items?: Fresh[]; count?: number } | undefined
  if (data?.items?.length) void teller().then((m) => m.tell(data.items!, data.count ?? data.items!.length)).catch(() => { /* the list has it all the same */ })
}
