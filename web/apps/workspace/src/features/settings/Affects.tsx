import { useQuery } from '@tanstack/react-query'
import { get, type Id } from '@kanal/api'
import { Icon, SkeletonLines } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import s from './settings.module.css'

export interface Effect { kind: string; count: number; capped: boolean; names: string[] }
type Affected = 'channel' | 'inbox' | 'status' | 'pipeline' | 'property' | 'team' | 'user' | 'space'

export const useAffects = (object: Affected, id: Id | null | undefined) =>
  useQuery({ queryKey: ['affects', object, id], queryFn: async () => (await get<{ effects: Effect[] }>('/api/settings/affects', { object, id })).effects, enabled: !!id, staleTime: 0, gcTime: 0 })

/** GEN-14: who and how many a change touches, told before it is made. */
export function Affects({ object, id, heading: H = 'h3', inDialog = false }: { object: Affected; id: Id; heading?: 'h2' | 'h3'; inDialog?: boolean }) {
  const q = useAffects(object, id)
  return (
    <section className={s.affects} {...(inDialog ? { role: 'group' } : {})} aria-label={t('affects.title')} aria-busy={q.isPending}>
      <H>{t('affects.title')}</H>
      {q.isPending ? <SkeletonLines lines={3} label={t('state.loading')} /> : null}
      {q.isError ? <p>{t('affects.unknown')}</p> : null}
      {q.data?.length === 0 ? <p>{t('affects.nothing')}</p> : null}
      <ul>{(q.data ?? []).map((e) => <li key={e.kind}><Icon name="right" size={12} /><span>{effectText(e)}</span></li>)}</ul>
    </section>
  )
}

export function effectText(e: Effect): string {
  const n = e.capped ? `${e.count.toLocaleString()}+` : ''
  const text = t(`affects.${e.kind}` as Key, { n: e.count, count: n || e.count.toLocaleString() })
  const more = e.count - e.names.length
  if (!e.names.length) return text
  return `${text}: ${e.names.join(', ')}${more > 0 ? t('affects.more', { n: more }) : ''}`
}
