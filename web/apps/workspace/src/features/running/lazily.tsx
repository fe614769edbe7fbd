import { lazy, Suspense } from 'react'
import { withMore } from '@/locales/index.ts'
import { useWatched } from './watched.ts'

const load = withMore(() => import('@/features/bulk/index.ts'))
const Runs = lazy(async () => ({ default: (await load()).Runs }))
const Reason = lazy(async () => ({ default: (await load()).HeldReasonText }))

/** What is being done to many tickets, in a corner of every page. */
export function RunningRuns() {
  const ids = useWatched()
  return ids.length ? <Suspense fallback={null}><Runs ids={ids} /></Suspense> : null
}

/** Why a ticket is held back as spam (EM-36). */
export function HeldReason({ reason }: { reason: string }) {
  return reason ? <Suspense fallback={null}><Reason reason={reason} /></Suspense> : null
}
