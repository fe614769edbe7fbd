import { createContext, use } from 'react'
import type { ChannelAccount } from '@kanal/api'
import type { Editor } from './useEditor.ts'
import type { Fault, Step } from './types.ts'

/** What every part of the editor reads. */
export interface Desk {
  editor: Editor
  account: ChannelAccount | undefined
  /** the language whose texts are shown and typed */
  lang: string
  /** the language that stands in where another has no text */
  base: string
  /** a fault at this field, or below it */
  fault(step: string | undefined, field: string): string | undefined
  mayEdit: boolean
}

export const DeskContext = createContext<Desk | null>(null)
export function useDesk(): Desk {
  const d = use(DeskContext)
  if (!d) throw new Error('outside the editor')
  return d
}

/** bubbles[0].text and bubbles.0.text are one place. */
export const placeOf = (field: string): string => field.replace(/\[(\w+)\]/g, '.$1').replace(/^definition\./, '')

export function faultAt(faults: readonly Fault[], step: string | undefined, field: string): string | undefined {
  const f = faults.find((x) => { const at = placeOf(x.field ?? ''); return (x.step ?? '') === (step ?? '') && (at === field || at.startsWith(`${field}.`)) })
  return f?.message
}

/** Names that answers are kept under, for tokens and conditions. */
export function answerNames(list: readonly Step[]): string[] {
  const names = list.flatMap((s) => s.type === 'question' ? [s.save?.object === 'answer' && s.save.property ? s.save.property : s.id] : s.type === 'webhook' ? Object.keys(s.save ?? {}) : s.type === 'set' && s.object === 'answer' && s.property ? [s.property] : [])
  return [...new Set(names)]
}
