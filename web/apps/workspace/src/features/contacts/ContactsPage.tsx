import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Contact } from '@kanal/api'
import { Avatar, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { calledOf } from './model.ts'
import { NewContact } from './NewContact.tsx'
import { contactsQuery, type ContactSearch } from './queries.ts'
import s from './contacts.module.css'

const sorts = ['-created', 'created', 'name', 'email', '-updated']

/** Everybody who is known: found by any beginning of a name, address or number. */
export function ContactsPage() {
  const search = useSearch({ strict: false }) as ContactSearch & { new?: string }
  const navigate = useNavigate()
  const can = useCan()
  const [text, setText] = useState(search.q ?? '')
  const [adding, setAdding] = useState(false)
  const go = (part: ContactSearch) => { const { new: _, ...kept } = search; void navigate({ to: '/contacts', search: Object.fromEntries(Object.entries({ ...kept, ...part }).filter(([, v]) => v)), replace: true }) }
  useEffect(() => { if (search.new) { setAdding(true); go({}) } }, [search.new])
  useEffect(() => {
    if (text.trim() === (search.q ?? '')) return
    const timer = setTimeout(() => go({ q: text.trim() }), 200)
    return () => clearTimeout(timer)
  }, [text])
  const filtered = !!(search.q || search.who)
  return (
    <main id="main" className={s.page}>
      <header className={s.head}>
        <h1>{t('nav.contacts')}</h1>
        <span className={s.grow} />
        <Button variant="default" component={Link} to="/contacts/duplicates" leftSection={<Icon name="copy" size={14} />}>{t('contacts.duplicates')}</Button>
        {can('contacts.edit') ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>{t('contacts.new')}</Button> : null}
      </header>
      <div className={s.filters}>
        <TextInput type="search" className={s.find} autoFocus value={text} onChange={(e) => setText(e.currentTarget.value)} aria-label={t('contacts.search')} placeholder={t('contacts.search')} leftSection={<Icon name="search" size={14} />} />
        <NativeSelect aria-label={t('contacts.who')} value={search.who ?? ''} onChange={(e) => go({ who: e.currentTarget.value })}
          data={[{ value: '', label: t('contacts.who.all') }, { value: 'me', label: t('contacts.who.me') }, { value: 'none', label: t('contacts.who.none') }, { value: 'deleted', label: t('contacts.who.deleted') }]} />
        <NativeSelect aria-label={t('contacts.sort')} value={search.sort ?? '-created'} onChange={(e) => go({ sort: e.currentTarget.value === '-created' ? '' : e.currentTarget.value })} data={sorts.map((x) => ({ value: x, label: t(`contacts.sort.${x}` as Key) }))} />
      </div>
      <List search={search} filtered={filtered} onClear={() => { setText(''); go({ q: '', who: '' }) }} onNew={() => setAdding(true)} />
      {adding ? <NewContact onClose={() => setAdding(false)} /> : null}
    </main>
  )
}

function List({ search, filtered, onClear, onNew }: { search: ContactSearch; filtered: boolean; onClear(): void; onNew(): void }) {
  const q = useInfiniteQuery(contactsQuery(search))
  const users = useUsers()
  const can = useCan()
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => q.data?.pages.flatMap((p) => p.items ?? []) ?? [], [q.data])
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 54, overscan: 10, getItemKey: (i) => rows[i]!.id })
  const visible = virtual.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  useEffect(() => { if (last >= rows.length - 15 && q.hasNextPage && !q.isFetchingNextPage && !q.isFetchNextPageError) void q.fetchNextPage() }, [last, rows.length, q])
  useEffect(() => { scroller.current?.scrollTo({ top: 0 }) }, [search.q, search.sort, search.who])
  const move = (e: React.KeyboardEvent) => {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return
    const at = document.activeElement?.closest('[data-row]')?.getAttribute('data-row')
    const i = at === null || at === undefined ? 0 : Number(at) + (e.key === 'ArrowDown' ? 1 : -1)
    if (i < 0 || i >= rows.length) return
    e.preventDefault()
    virtual.scrollToIndex(i)
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${i}"] a`)?.focus())
  }
  if (q.isPending) return <div className={s.list}><SkeletonLines lines={8} label={t('state.loading')} /></div>
  if (q.isError && rows.length === 0) return <EmptyState icon="warn" title={t('error.list')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  if (rows.length === 0) {
    return filtered
      ? <EmptyState icon="search" title={t('contacts.nothing_title')} text={t('contacts.nothing_text')}><Button variant="default" onClick={onClear}>{t('contacts.clear')}</Button></EmptyState>
      : <EmptyState icon="users" title={t('contacts.none_title')} text={t('contacts.none_text')}>{can('contacts.edit') ? <Button onClick={onNew}>{t('contacts.new')}</Button> : null}</EmptyState>
  }
  return (
    <div ref={scroller} className={s.list} onKeyDown={move} aria-busy={q.isPlaceholderData || undefined}>
      <ul className={s.rows} aria-label={t('nav.contacts')} style={{ height: virtual.getTotalSize() }}>
        {visible.map((v) => {
          const c = rows[v.index]!
          return <li key={v.key} data-row={v.index} className={s.slot} style={{ transform: `translateY(${v.start}px)`, height: v.size }}><Row c={c} owner={users.find((u) => u.id === c.owner_id)?.name} /></li>
        })}
      </ul>
    </div>
  )
}

function Row({ c, owner }: { c: Contact; owner: string | undefined }) {
  const name = calledOf(c) || t('contact.unknown')
  const more = (c.addresses ?? []).length - 1
  return (
    <Link to="/contacts/$contactId" params={{ contactId: c.id }} className={s.row} data-contact={c.id}>
      <Avatar name={name} size={30} />
      <span className={s.rowText}><span className={`${s.name} k-cut`}>{name}</span><span className={`${s.sub} k-cut`}>{[c.email !== name ? c.email : '', c.phone !== name ? c.phone : ''].filter(Boolean).join(' · ') || (c.addresses ?? []).map((a) => a.value).filter((v) => v !== name)[0] || ''}</span></span>
      {more > 0 ? <Tag>{`+${more}`}</Tag> : null}
      <span className={`${s.owner} k-cut`}>{owner ?? ''}</span>
      <time className={s.time} dateTime={c.created_at} title={t('contacts.known', { date: dateTime(c.created_at) })}>{ago(c.created_at)}</time>
    </Link>
  )
}
