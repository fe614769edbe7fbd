import { Button, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { get, type Page, type SearchHit } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { ago } from '@/shell/format.ts'
import s from './search.module.css'

type Result = Page<SearchHit> & { behind_seq?: number }

export function SearchPage() {
  const navigate = useNavigate()
  const { q = '' } = useSearch({ strict: false }) as { q?: string }
  const [text, setText] = useState(q)
  useEffect(() => setText(q), [q])
  useEffect(() => {
    if (text.trim() === q) return
    const timer = setTimeout(() => void navigate({ to: '/search', search: { q: text.trim() }, replace: true }), 250)
    return () => clearTimeout(timer)
  }, [text, q, navigate])
  const found = useInfiniteQuery({
    queryKey: ['search', q], enabled: q !== '', staleTime: 10_000,
    queryFn: ({ pageParam, signal }) => get<Result>('/api/search', { q, cursor: pageParam, limit: 30 }, signal),
    initialPageParam: '', getNextPageParam: (l) => l.next || undefined, placeholderData: (old) => old,
  })
  const hits = found.data?.pages.flatMap((p) => p.items ?? []) ?? []
  const behind = found.data?.pages[0]?.behind_seq ?? 0
  return (
    <main className={s.page} id="main">
      <div className={s.inner}>
        <h1 className="k-hidden">{t('search.title')}</h1>
        <TextInput type="search" size="md" autoFocus value={text} onChange={(e) => setText(e.currentTarget.value)} aria-label={t('search.title')} placeholder={t('search.placeholder')} leftSection={<Icon name="search" />} />
        <p className={s.operators}>{['is:open', 'from:', 'to:', 'subject:', 'status:', 'has:attachment', 'before:', 'after:'].map((o) => <button key={o} type="button" onClick={() => setText((x) => `${x.trim()} ${o}`.trim())}>{o}</button>)}</p>
        {behind > 0 ? <Banner icon="clock">{t('search.behind', { n: behind })}</Banner> : null}
        {q === '' ? <EmptyState icon="search" title={t('search.start')} text={t('search.start_text')} /> : null}
        {q !== '' && found.isPending ? <SkeletonLines lines={6} label={t('state.loading')} /> : null}
        {found.isError ? <EmptyState icon="warn" title={t('error.search')} text={sentence(found.error)}><Button variant="default" onClick={() => void found.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q !== '' && found.data && hits.length === 0 ? <EmptyState icon="search" title={t('search.none', { q })} text={t('search.none_text')} /> : null}
        <ul className={s.hits} aria-label={t('search.results')}>
          {hits.map((h, i) => <li key={`${h.kind}${h.ticket_id}${h.message_id}${i}`}><Hit hit={h} /></li>)}
        </ul>
        {found.hasNextPage ? <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('search.more')}</Button> : null}
      </div>
    </main>
  )
}

function Hit({ hit }: { hit: SearchHit }) {
  const body = (
    <>
      <span className={s.kind}><Icon name={hit.kind === 'contact' ? 'user' : hit.kind === 'ticket' ? 'inbox' : 'mail'} size={14} /></span>
      <span className={s.hitText}>
        <span className={s.hitTitle}><span className="k-cut">{hit.title || t('ticket.no_subject')}</span>{hit.number ? <span className={s.dim}>#{hit.number}</span> : null}{hit.at ? <time className={s.dim} dateTime={hit.at}>{ago(hit.at)}</time> : null}</span>
        {hit.excerpt ? <span className={s.excerpt}><Marked text={hit.excerpt} /></span> : null}
      </span>
    </>
  )
  if (hit.ticket_id) return <Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: hit.ticket_id }} className={s.hit}>{body}</Link>
  return hit.thread_id
    ? <Link to="/conversation/$threadId" params={{ threadId: hit.thread_id }} className={s.hit}>{body}</Link>
    : <Link to="/search" search={{ q: `from:${hit.title}` }} className={s.hit}>{body}</Link>
}

/** Shows <mark> and nothing else of the excerpt's markup: everything else is text. */
function Marked({ text }: { text: string }) {
  const decode = (x: string) => x.replace(/&(amp|lt|gt|quot|#39|#34);/g, (_, n: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#34': '"' })[n]!)
  return <>{text.split(/(<mark>.*?<\/mark>)/g).map((p, i) => (p.startsWith('<mark>') ? <mark key={i}>{decode(p.slice(6, -7))}</mark> : decode(p)))}</>
}
