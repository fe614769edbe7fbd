import { useQuery } from '@tanstack/react-query'
import { get, type CapacityList, type OwnerStanding } from '@kanal/api'
import { loadMore, t } from '@/locales/index.ts'
import { toast } from '@/shell/toast.tsx'
import { nearest } from './model.ts'
import s from './capacity.module.css'

/** CP-05: who gives somebody work sees how much they have against their limit. */
export function OwnerLoad({ id }: { id: string }) {
  const q = useQuery({ queryKey: ['capacity'], queryFn: () => get<CapacityList>('/api/capacity'), staleTime: 10_000 })
  const p = q.data?.items.find((x) => x.user_id === id)
  if (!p) return null
  const { load, limit } = nearest(p.limit, p.load)
  if (limit === null) return <span className={s.small}><span className="k-hidden">{t('assign.open', { n: load })}</span><span aria-hidden>{load}</span></span>
  return <span className={s.small} data-full={load >= limit || undefined} data-load={`${load}/${limit}`}><span className="k-hidden">{t('assign.load', { n: load, limit })}</span><span aria-hidden>{load}/{limit}</span></span>
}

/** Says that somebody has more now than their limit: a person decided, so nothing is refused. */
export async function sayOver(o: OwnerStanding): Promise<void> {
  await loadMore()
  toast(t('assign.over', { name: o.name, n: o.count, limit: o.limit ?? 0 }))
}
