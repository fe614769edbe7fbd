import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { request } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { follow, seen } from '@/features/presence/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'

const hold = (id: string, what: 'take' | 'release') => request('POST', '/api/presence', { body: { ticket_id: id, state: 'viewing', hold: what }, keepalive: true })

/** Who holds a ticket, as "id name"; '' nobody. */
const holderOf = (id: string): string => {
  let last = 0
  let who = ''
  for (const [user, s] of seen(id) ?? []) if (s.holds && s.holds > last) { last = s.holds; who = `${user} ${s.name}` }
  return who
}

/** Who else writes the answer to a ticket, and whether they took it over from us (WS-11). '' nobody. */
export function useHeld(ticketId: string, me: string, off: boolean): { by: string; taken: boolean } {
  const [id = '', ...words] = useSyncExternalStore(follow, () => holderOf(ticketId)).split(' ')
  const name = words.join(' ')
  const mine = useRef(false)
  const [taken, take] = useState('')
  useEffect(() => {
    if (id === me) { mine.current = true; take('') }
    else if (id && mine.current) { mine.current = false; take(id) }
    else if (!id) { mine.current = false; take('') }
  }, [id, me])
  // Who closes the composer or sends lets go.
  useEffect(() => () => { if (mine.current && ticketId) void hold(ticketId, 'release').catch(() => { /* it ends by itself */ }) }, [ticketId])
  return off || !id || id === me ? { by: '', taken: false } : { by: name, taken: taken === id }
}

export function Held({ ticketId, by, taken }: { ticketId: string; by: string; taken: boolean }) {
  const [busy, setBusy] = useState(false)
  const take = () => { setBusy(true); hold(ticketId, 'take').catch(toastError).finally(() => setBusy(false)) }
  return <Banner tone="warn" icon="user" role="status" busy={busy} action={t(taken ? 'held.back' : 'held.take')} onAction={take}>{t(taken ? 'held.taken' : 'held.by', { name: by })}</Banner>
}
