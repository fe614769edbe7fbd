import { Button } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useNavigate, useSearch as useAddress } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Banner, EmptyState, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useProvideActions } from '@/shell/actions.ts'
import { sentence } from '@/shell/errors.ts'
import { count, dateTime } from '@/shell/format.ts'
import { Facets } from './Facets.tsx'
import { HitRow } from './HitRow.tsx'
import { Behind, Problems, Spelling, Start } from './Notices.tsx'
import { remember, useFacets, useSearch } from './queries.ts'
import { SearchBox } from './SearchBox.tsx'
import s from './search.module.css'

/** How many short pages are asked for by themselves before the reader is asked whether to look further back. */
const patience = 5

export function SearchPage() {
  const navigate = useNavigate()
  const { q = '', exact } = useAddress({ strict: false }) as { q?: string; exact?: boolean }
  const [text, setText] = useState(q)
  const commit = useCallback((next: string, exactly = false) => void navigate({ to: '/search', search: { ...(next ? { q: next } : {}), ...(exactly ? { exact: true } : {}) }, replace: true }), [navigate])
  const ours = useRef(q)
  useEffect(() => { if (q !== ours.current) { ours.current = q; setText(q) } }, [q])
  useEffect(() => {
    if (text.trim() === q) return
    const timer = setTimeout(() => { ours.current = text.trim(); commit(text.trim()) }, 220)
    return () => clearTimeout(timer)
  }, [text, q, commit])
  useEffect(() => { document.title = `${q || t('search.title')} · Kanal` }, [q])
  const take = useCallback((next: string) => { ours.current = next; setText(next); commit(next) }, [commit])

  const found = useSearch(q, !!exact)
  const facets = useFacets(q)
  const pages = found.data?.pages
  const head = pages?.[0]
  const hits = useMemo(() => pages?.flatMap((p) => p.items ?? []) ?? [], [pages])
  const top = head?.top ?? []
  const problems = head?.problems ?? []

  const scroller = useRef<HTMLElement>(null)
  const list = useRef<HTMLUListElement>(null)
  const virtual = useVirtualizer({ count: hits.length, getScrollElement: () => scroller.current, estimateSize: () => 92, overscan: 6, scrollMargin: list.current?.offsetTop ?? 0 })
  const rows = virtual.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  const short = pages?.at(-1)?.looked_to ?? null
  const [tries, setTries] = useState(0)
  useEffect(() => setTries(0), [q])
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = found
  useEffect(() => {
    if (!hasNextPage || isFetching || isFetchNextPageError || last < hits.length - 12) return
    if (short) { if (tries >= patience) return; setTries((n) => n + 1) }
    void fetchNextPage()
  }, [last, hits.length, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, short, tries])

  const go = useCallback((by: number) => {
    const all = [...document.querySelectorAll<HTMLElement>('[data-hit]')]
    const at = all.indexOf(document.activeElement as HTMLElement)
    all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]?.focus()
  }, [])
  useProvideActions({ list: { next: () => go(1), previous: () => go(-1), open: () => (document.activeElement as HTMLElement)?.click(), refresh: () => void found.refetch() } }, [go, found.refetch])
  const opened = useCallback(() => remember(q), [q])

  return (
    <main className={s.page} id="main" ref={scroller}>
      <div className={s.inner}>
        <h1 className="k-hidden">{t('search.title')}</h1>
        <SearchBox text={text} setText={setText} commit={take} toResults={() => go(1)} />
        {q === '' ? <Start onTake={take} /> : (
          <div className={s.split}>
            <Facets q={q} facets={facets} onChange={take} />
            <section className={s.results} aria-label={t('search.results')} aria-busy={found.isFetching}>
              {head ? <Behind result={head} /> : null}
              {head ? <Spelling result={head} q={q} onTake={take} onExact={() => commit(q, true)} /> : null}
              {problems.length > 0 ? <Problems list={problems} onTake={take} /> : null}
              {found.isPending ? <SkeletonLines lines={9} label={t('state.loading')} /> : null}
              {found.isError && !pages ? <EmptyState icon="warn" title={t('error.search')} text={sentence(found.error)}><Button variant="default" onClick={() => void found.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
              {facets && facets.total > 0 && problems.length === 0 && !head?.spelling?.applied ? <p className={s.total} role="status">{t('search.total', { n: facets.total, count: count(facets.total) + (facets.capped ? '+' : '') })}</p> : null}
              {top.length > 0 ? <ul className={s.top} aria-label={t('search.people')}>{top.map((h) => <li key={h.contact_id}><HitRow hit={h} onOpen={opened} /></li>)}</ul> : null}
              {head && hits.length === 0 && top.length === 0 && problems.length === 0 && !found.hasNextPage && !found.isPlaceholderData ? <EmptyState icon="search" title={t('search.none', { q })} text={t('search.none_text')} /> : null}
              <ul ref={list} className={s.hits} style={{ height: virtual.getTotalSize() }} aria-label={t('search.results')}>
                {rows.map((v) => (
                  <li key={v.key} ref={virtual.measureElement} data-index={v.index} className={s.slot} style={{ transform: `translateY(${v.start - virtual.options.scrollMargin}px)` }} aria-setsize={found.hasNextPage ? -1 : hits.length} aria-posinset={v.index + 1}>
                    <HitRow hit={hits[v.index]!} onOpen={opened} />
                  </li>
                ))}
              </ul>
              {found.isFetchNextPageError ? <Banner tone="danger" action={t('action.retry')} onAction={() => void found.fetchNextPage()}>{sentence(found.error)}</Banner> : null}
              {found.hasNextPage && short && tries >= patience && !found.isFetching ? (
                <Banner icon="clock" action={t('search.further')} onAction={() => { setTries(0) }}>{t('search.looked_to', { time: dateTime(short) })}</Banner>
              ) : null}
              {found.isFetchingNextPage ? <p className={s.total} role="status">{t('search.looking')}</p> : null}
            </section>
          </div>
        )}
      </div>
    </main>
  )
}
