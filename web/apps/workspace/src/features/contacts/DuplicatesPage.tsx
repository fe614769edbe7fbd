import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { get, type Contact, type Page, type Pair } from '@kanal/api'
import { Avatar, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { nameOf, notTheSame, Reasons } from './Duplicates.tsx'
import { MergeDialog } from './MergeDialog.tsx'
import s from './contacts.module.css'

/** Pairs that may be one person, the surest first. */
export function DuplicatesPage() {
  const can = useCan()
  const [open, setOpen] = useState<Pair | null>(null)
  const q = useInfiniteQuery({
    queryKey: ['duplicates'], queryFn: ({ pageParam }) => get<Page<Pair>>('/api/contacts/duplicates', { cursor: pageParam, limit: 30 }), initialPageParam: '', getNextPageParam: (l) => l.next || undefined,
  })
  const pairs = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <main id="main" className={s.page}>
      <header className={s.head}><div><p className={s.crumb}><Link to="/contacts">{t('nav.contacts')}</Link></p><h1>{t('duplicates.title')}</h1></div></header>
      <div className={s.column}>
        <p className={s.dim}>{t('duplicates.text')}</p>
        {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
        {q.isError ? <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q.data && pairs.length === 0 ? <EmptyState icon="check" title={t('duplicates.none_title')} text={t('duplicates.none_text')} /> : null}
        {pairs.length ? <ul className={s.pairs}>
          {pairs.map((p) => (
            <li key={p.a.id + p.b.id} className={s.pair} data-pair={`${p.a.id}-${p.b.id}`}>
              <div className={s.pairNames}><Who c={p.a} /><span className={s.dim}>{t('duplicates.and')}</span><Who c={p.b} /></div>
              <div className={s.duplicateText}><Tag tone="note">{t('duplicates.sure', { n: p.score })}</Tag><Reasons list={p.reasons} /></div>
              {can('contacts.edit') ? <div className={s.pairTools}><Button variant="default" onClick={() => setOpen(p)}>{t('contact.compare')}</Button><Button variant="subtle" onClick={() => notTheSame(p.a, p.b)}>{t('contact.not_same')}</Button></div> : null}
            </li>
          ))}
        </ul> : null}
        {q.hasNextPage ? <Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('contact.more')}</Button> : null}
      </div>
      {open ? <MergeDialog first={open.a} second={open.b} onClose={() => setOpen(null)} onMerged={() => setOpen(null)} /> : null}
    </main>
  )
}

function Who({ c }: { c: Contact }) {
  return <Link to="/contacts/$contactId" params={{ contactId: c.id }} className={s.who}><Avatar name={nameOf(c)} size={28} /><span className={s.rowText}><span className={s.name}>{nameOf(c)}</span><span className={s.sub}>{(c.addresses ?? []).map((x) => x.value).slice(0, 2).join(' · ')}</span></span><Icon name="right" size={12} /></Link>
}
