import { useCallback, useEffect, useRef, useState } from 'react'
import type { Draft } from '@kanal/api'
import { DraftKeeper, newer, onOtherTab, readLocal, readServer, type DraftBody, type DraftPlace, type DraftState } from '@/features/composer/index.ts'

/** One draft, kept (composer/draft.ts). fresh is what an unwritten one looks like. */
export function useDraft(place: DraftPlace, server: Draft | null | undefined, fresh: () => DraftBody) {
  const id = `${place.user}.${place.ticket}.${place.thread}.${place.type}`
  const first = () => newer(readLocal(place), server && server.type === place.type ? server : null) ?? fresh()
  const [held, setHeld] = useState<{ id: string; body: DraftBody }>(() => ({ id, body: first() }))
  const [state, setState] = useState<DraftState>('clean')
  const [other, setOther] = useState<DraftBody | null>(null)
  const keeper = useRef<DraftKeeper | null>(null)
  const body = held.id === id ? held.body : first()
  const latest = useRef(body)
  latest.current = body
  const typed = useRef(false)

  const take = useCallback((b: DraftBody) => { latest.current = b; setHeld({ id, body: b }) }, [id])

  useEffect(() => {
    setHeld((h) => (h.id === id ? h : { id, body: first() }))
    typed.current = false
    let live = true
    const k = new DraftKeeper(place, (s) => {
      setState(s)
      if (s === 'conflict') void readServer(place).then((d) => { if (live) setOther(newer(null, d)) }).catch(() => {})
    })
    keeper.current = k
    // What another machine kept: it goes on from there, as long as nobody has typed here.
    readServer(place).then((d) => {
      if (!live) return
      k.base ??= d?.updated_at ?? ''
      const mine = readLocal(place)
      const best = d ? newer(mine, d) : null
      if (best && best !== mine && !typed.current) take(best)
    }).catch(() => { /* offline: this browser's copy counts */ })
    const stop = onOtherTab(place, (b) => { if (!document.hasFocus() || !typed.current) { k.base = undefined; typed.current = false; take(b ?? fresh()) } })
    const flush = () => void k.flush(true)
    addEventListener('pagehide', flush)
    return () => { live = false; stop(); removeEventListener('pagehide', flush); k.close() }
  }, [id])

  const change = useCallback((part: Partial<DraftBody>) => {
    typed.current = true
    const next = { ...latest.current, ...part }
    take(next)
    keeper.current?.change(next)
  }, [take])
  const clear = useCallback(() => { keeper.current?.clear(); typed.current = false; take(fresh()) }, [take, fresh])
  const settle = useCallback((mine: boolean) => {
    const theirs = other
    setOther(null)
    if (mine || !theirs) keeper.current?.insist(latest.current)
    else { if (keeper.current) keeper.current.base = undefined; change(theirs) }
  }, [other, change])
  return { body, change, clear, state, conflict: state === 'conflict' ? { settle } : null }
}
