import { lazy, Suspense, useEffect } from 'react'
import { stopPicking } from '@/features/conversation/index.ts'
import { withMore } from '@/locales/index.ts'
import { closeDialog, useDialog } from './store.ts'

const Dialogs = lazy(withMore(() => import('./Dialogs.tsx').then((m) => ({ default: m.Dialogs }))))

let asked = false

/** Where the dialogs about the ticket or conversation on screen appear; it goes with the screen. */
export function TriageHost({ id }: { id: string }) {
  const about = useDialog()
  useEffect(() => () => { stopPicking(); closeDialog() }, [id])
  useEffect(() => {
    if (asked) return
    asked = true
    void import('./run.ts').then((m) => m.learnHabits()).catch(() => { /* this browser's own choice holds */ })
  }, [])
  if (!about || (about.ticketId ?? about.threadId) !== id) return null
  return <Suspense fallback={null}><Dialogs about={about} onClose={() => { stopPicking(); closeDialog() }} /></Suspense>
}
