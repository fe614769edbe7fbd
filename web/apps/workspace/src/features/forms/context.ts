import { createContext, use } from 'react'
import type { FormEditor } from './useFormEditor.ts'

/** What every part of the editor reads. */
export interface Desk {
  editor: FormEditor
  /** the language whose texts are shown and typed */
  lang: string
  /** the form's own language, which stands in for the others */
  base: string
  /** a fault at this place, or below it */
  fault(at: string): string | undefined
  mayEdit: boolean
  /** the chosen field */
  chosen: string | null
  choose(name: string | null): void
}

export const DeskContext = createContext<Desk | null>(null)
export function useDesk(): Desk {
  const d = use(DeskContext)
  if (!d) throw new Error('outside the editor of a form')
  return d
}
