import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useInfiniteQuery } from '@tanstack/react-query'
import { SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { failures } from './queries.ts'
import s from './bulk.module.css'

/** The tickets that were refused, each with its reason. */
export function FailureList({ id }: { id: string }) {
  const q = useInfiniteQuery({ queryKey: ['bulk', id, 'failures'], queryFn: ({ pageParam }) => failures(id, pageParam), initialPageParam: '', getNextPageParam: (l) => l.next || undefined })
  if (q.isPending) return <SkeletonLines lines={2} label={t('state.loading')} />
  return (
    <>
      <ul className={s.failures} tabIndex={0} aria-label={t('bulk.failures')}>
        {q.data?.pages.flatMap((p) => p.items ?? []).map((f) => (
          <li key={f.position}>
            {f.number ? <Link to="/ticket/$number" params={{ number: String(f.number) }} className="k-cut">{`#${f.number} ${f.subject}`}</Link> : <span>{t('bulk.out_of_sight')}</span>}
            <span>{f.sentence}</span>
          </li>
        ))}
      </ul>
      {q.hasNextPage ? <Button size="xs" variant="subtle" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('search.more')}</Button> : null}
    </>
  )
}
