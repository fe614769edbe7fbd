import { patch } from '@kanal/api'
import { defaultsPath, defaultsQuery, minePath, prefsQuery, type Prefs, type PrefsChange } from '@/features/notify/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'

/** Shows a change at once and takes it back when the server refuses it. */
export async function save(change: PrefsChange, own: boolean): Promise<void> {
  const { queryKey } = own ? prefsQuery : defaultsQuery
  const before = queries.getQueryData<Prefs>(queryKey)
  if (!before) return
  queries.setQueryData<Prefs>(queryKey, {
    ...before, ...(change.email ? { email: change.email } : {}), ...(change.quiet ? { quiet: change.quiet } : {}), ...(change.sound === undefined ? {} : { sound: change.sound }), chosen: true,
    kinds: before.kinds.map((k) => (change.kinds?.[k.kind] ? { ...k, chosen: true, targets: { ...k.targets, ...change.kinds[k.kind] } } : k)),
  })
  try { queries.setQueryData(queryKey, await patch<Prefs>(own ? minePath : defaultsPath, change)) } catch (err) {
    queries.setQueryData(queryKey, before)
    toastError(err)
  }
}
