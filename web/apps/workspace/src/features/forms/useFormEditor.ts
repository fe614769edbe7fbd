// One form being edited: what it is, what was before, and what the server has. Changes go live when they are saved; who saved first is told to who
// saves later, who chooses.

import { useCallback, useMemo, useRef, useState } from 'react'
import { get, type Form, type FormDefinition } from '@kanal/api'
import { isStale } from '@/features/settings/index.ts'
import { begin, change, redo, undo, type History } from '@/shell/history.ts'
import { faultsOf, type Fault } from './model.ts'
import { changeForm } from './queries.ts'

export interface FormEditor {
  form: Form
  def: FormDefinition
  /** mark: changes with the same mark that follow each other are undone together */
  edit(fn: (d: FormDefinition) => FormDefinition, mark?: string): void
  undo: (() => void) | null
  redo: (() => void) | null
  dirty: boolean
  busy: boolean
  error: unknown
  /** what somebody else has made of it meanwhile */
  theirs: Form | null
  take(which: 'theirs' | 'mine'): void
  faults: Fault[]
  save(): Promise<Form | null>
  /** the server's newer row: renamed, switched off */
  adopt(f: Form): void
}

export function useFormEditor(first: Form): FormEditor {
  const [h, setH] = useState<History<FormDefinition>>(() => begin(first.definition ?? {}))
  const [kept, setKept] = useState(h.now)
  const [form, setForm] = useState(first)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Form | null>(null)
  const faults = useMemo(() => faultsOf(h.now), [h.now])
  const now = useRef({ def: h.now, form })
  now.current = { def: h.now, form }

  const put = useCallback(async (version: number): Promise<Form | null> => {
    const sent = now.current.def
    setBusy(true)
    setError(null)
    try {
      const f = await changeForm(now.current.form.id, { definition: sent, version })
      setForm((was) => ({ ...was, ...f }))
      setKept(sent)
      setTheirs(null)
      return f
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(await get<Form>(`/api/forms/${now.current.form.id}`).catch(() => null))
      return null
    } finally { setBusy(false) }
  }, [])

  const edit = useCallback((fn: (d: FormDefinition) => FormDefinition, mark = '') => setH((was) => change(was, fn(was.now), mark, Date.now())), [])
  const take = useCallback((which: 'theirs' | 'mine') => {
    if (!theirs) return
    if (which === 'mine') { void put(theirs.version); return }
    setForm(theirs)
    setKept(theirs.definition ?? {})
    setH((was) => change(was, theirs.definition ?? {}))
    setTheirs(null)
    setError(null)
  }, [theirs, put])

  return {
    form, def: h.now, edit, busy, error, theirs, take, faults, dirty: h.now !== kept,
    undo: h.past.length ? () => setH(undo) : null, redo: h.future.length ? () => setH(redo) : null,
    save: () => put(now.current.form.version), adopt: (f) => setForm((was) => ({ ...was, ...f })),
  }
}
