// One chatflow being edited: its definition with what was before it, kept on the server a moment after the last change. Who saved first is told to
// who saves later, who chooses; nothing is overwritten unseen.

import { useCallback, useEffect, useRef, useState } from 'react'
import { get, Problem, type Id } from '@kanal/api'
import { queries } from '@/shell/client.ts'
import { arrange, crowded } from './geometry.ts'
import { begin, change, redo, undo, type History } from '@/shell/history.ts'
import { flowQuery, saveDraft, validate } from './queries.ts'
import type { Chatflow, Definition, Fault } from './types.ts'

const PAUSE = 700

export type Saving = 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict'

export interface Editor {
  flow: Chatflow
  def: Definition
  /** mark: changes with the same mark that follow each other are undone together */
  edit(fn: (d: Definition) => Definition, mark?: string): void
  undo: (() => void) | null
  redo: (() => void) | null
  saving: Saving
  error: unknown
  retry(): void
  /** what another has made of it meanwhile */
  theirs: Chatflow | null
  take(which: 'theirs' | 'mine'): void
  faults: Fault[]
  /** waits until the server has what is on the screen; null when it has not */
  flush(): Promise<Chatflow | null>
  /** the server's newer row: published, renamed, rolled back */
  adopt(f: Chatflow, withDraft?: boolean): void
}

/** Steps without places get some on the screen; they are kept with the first change. */
const placed = (d: Definition): Definition => (crowded(d.steps ?? []) ? arrange(d) : d)

export function useEditor(first: Chatflow): Editor {
  const [h, setH] = useState<History<Definition>>(() => begin(placed(first.draft ?? {})))
  const [flow, setFlow] = useState(first)
  const [saving, setSaving] = useState<Saving>('saved')
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Chatflow | null>(null)
  const [faults, setFaults] = useState<Fault[]>([])
  const state = useRef({ def: h.now, kept: h.now, version: first.version, timer: 0, busy: null as Promise<Chatflow | null> | null, id: first.id as Id })
  const s = state.current
  s.def = h.now

  const save = useCallback((): Promise<Chatflow | null> => {
    clearTimeout(s.timer)
    if (s.busy) return s.busy.then(() => (s.def === s.kept ? latest.current : save()))
    if (s.def === s.kept) return Promise.resolve(latest.current)
    const sent = s.def
    setSaving('saving')
    s.busy = saveDraft(s.id, sent, s.version).then((f) => {
      s.kept = sent
      s.version = f.version
      latest.current = f
      setFlow(f)
      setError(null)
      setSaving(s.def === sent ? 'saved' : 'waiting')
      queries.setQueryData(flowQuery(s.id).queryKey, f)
      return f
    }, async (err) => {
      setError(err)
      if (err instanceof Problem && err.status === 409) {
        setSaving('conflict')
        setTheirs(await get<Chatflow>(`/api/chatflows/${s.id}`).catch(() => null))
      } else setSaving('failed')
      return null
    }).finally(() => { s.busy = null })
    return s.busy
  }, [s])
  const latest = useRef(flow)
  latest.current = flow

  useEffect(() => {
    if (h.now === s.kept || saving === 'conflict') return
    setSaving((was) => (was === 'saving' ? was : 'waiting'))
    s.timer = window.setTimeout(() => void save(), PAUSE)
    return () => clearTimeout(s.timer)
  }, [h.now, s, save, saving === 'conflict', saving === 'saving'])

  // no connection: it tries again by itself
  useEffect(() => {
    if (saving !== 'failed' || !(error instanceof Problem && error.unreachable)) return
    const timer = setTimeout(() => void save(), 5000)
    return () => clearTimeout(timer)
  }, [saving, error, save])

  // what is on the way when the page is left still goes out
  useEffect(() => () => { if (state.current.def !== state.current.kept) void save() }, [save])

  useEffect(() => {
    let on = true
    const timer = window.setTimeout(() => { validate(first.kind, h.now).then((f) => { if (on) setFaults(f) }, () => { /* offline: the publish tells */ }) }, 350)
    return () => { on = false; clearTimeout(timer) }
  }, [h.now, first.kind])

  const adopt = useCallback((f: Chatflow, withDraft = false) => {
    s.version = f.version
    setFlow(f)
    queries.setQueryData(flowQuery(f.id).queryKey, f)
    if (withDraft && f.draft) { s.kept = f.draft; setH((was) => change(was, f.draft!)); setSaving('saved') }
  }, [s])

  const edit = useCallback((fn: (d: Definition) => Definition, mark = '') => setH((was) => change(was, fn(was.now), mark, Date.now())), [])
  const back = useCallback(() => setH(undo), [])
  const forth = useCallback(() => setH(redo), [])
  const take = useCallback((which: 'theirs' | 'mine') => {
    if (!theirs) return
    s.version = theirs.version
    setTheirs(null)
    setError(null)
    setFlow(theirs)
    if (which === 'theirs') { s.kept = theirs.draft ?? {}; setH((was) => change(was, s.kept)); setSaving('saved') } else { setSaving('waiting') }
  }, [s, theirs])

  return {
    flow, def: h.now, edit, undo: h.past.length ? back : null, redo: h.future.length ? forth : null,
    saving, error, retry: () => void save(), theirs, take, faults, flush: save, adopt,
  }
}
