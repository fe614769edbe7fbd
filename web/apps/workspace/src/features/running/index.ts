// Which actions on many tickets this browser watches. Eager and tiny: what shows them loads when there is one.

export { useWatched, watchRun, unwatchRun, hearRun } from './watched.ts'
export { RunningRuns, HeldReason } from './lazily.tsx'
