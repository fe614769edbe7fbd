import { useCallback, useEffect, useRef, useState } from 'react'
import type { Draft } from '@kanal/api'
import { DraftKeeper, newer, readLocal, type DraftBody, type DraftPlace, type DraftState } from './draft.ts'

/** One draft, kept (draft.ts). fresh is what an unwritten one looks like. */
export function useDraft(place: DraftPlace, server: Draft | null | undefined, fresh: () => DraftBody) {
  const id = `${place.user}.${place.ticket}.${place.thread}.${place.type}`
  const first = () => newer(readLocal(place), server && server.type === place.type ? server : null) ?? fresh()
  const [held, setHeld] = useState<{ id: string; body: DraftBody }>(() => ({ id, body: first() }))
  const [state, setState] = useState<DraftState>('clean')
  const keeper = useRef<DraftKeeper | null>(null)
  const body = held.id === id ? held.body : first()

  useEffect(() => {
    setHeld((h) => (h.id === id ? h : { id, body: first() }))
    const k = new DraftKeeper(place, setState)
    keeper.current = k
    const flush = () => void k.flush(true)
    addEventListener('pagehide', flush)
    return () => { removeEventListener('pagehide', flush); k.close() }
  }, [id])

  const latest = useRef(body)
  latest.current = body
  const change = useCallback((part: Partial<DraftBody>) => {
    const next = { ...latest.current, ...part }
    latest.current = next
    setHeld({ id, body: next })
    keeper.current?.change(next)
  }, [id])
  const clear = useCallback(() => { keeper.current?.clear(); const f = fresh(); latest.current = f; setHeld({ id, body: f }) }, [id, fresh])
  return { body, change, clear, state }
}
