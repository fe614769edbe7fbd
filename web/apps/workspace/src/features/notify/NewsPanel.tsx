import '@mantine/core/styles/Drawer.layer.css'
import { Button, Drawer, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type KeyboardEvent } from 'react'
import { EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { actionContext } from '@/shell/actions.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago, fullTime } from '@/shell/format.ts'
import { detailOf, grouped, leadsTo, newsIcon, type NewsGroup } from './model.ts'
import { markRead, newsQuery } from './queries.ts'
import { sentenceOf } from './words.ts'
import s from './notify.module.css'

/** What one was told, newest first, the news of a ticket together. Arrows go from one to the next. */
export function NewsPanel({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [unread, setUnread] = useState(false)
  const q = useInfiniteQuery({ ...newsQuery(unread), enabled: opened })
  const groups = grouped(q.data?.pages.flatMap((p) => p.items) ?? [])
  const move = (e: KeyboardEvent<HTMLElement>) => {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return
    const all = [...e.currentTarget.querySelectorAll<HTMLElement>('[data-news]')]
    const at = all.indexOf(document.activeElement as HTMLElement)
    all[Math.min(all.length - 1, Math.max(0, at + (e.key === 'ArrowDown' ? 1 : -1)))]?.focus()
    e.preventDefault()
  }
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size={420} title={<strong>{t('news.title')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }} overlayProps={{ backgroundOpacity: 0.2 }}>
      <div className={s.tools}>
        <SegmentedControl size="xs" aria-label={t('news.filter')} value={unread ? 'unread' : 'all'} onChange={(v) => setUnread(v === 'unread')} data={[{ value: 'all', label: t('news.all') }, { value: 'unread', label: t('news.only_unread') }]} />
        <span className={s.space} />
        <Button variant="subtle" size="compact-sm" disabled={!groups.some((g) => g.unread)} onClick={() => void markRead({ all: true }).catch(toastError)}>{t('news.read_all')}</Button>
        <Button variant="subtle" size="compact-sm" component={Link} to="/settings/my-notifications" onClick={onClose} aria-label={t('mynews.title')}><Icon name="settings" size={14} /></Button>
      </div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && groups.length === 0 && !q.hasNextPage ? <EmptyState icon="check" title={t(unread ? 'news.none_unread' : 'news.none')} text={t('news.none_text')} /> : null}
      <ul className={s.list} onKeyDown={move}>{groups.map((g) => <Group key={g.key} group={g} onOpen={onClose} />)}</ul>
      {q.hasNextPage ? <div className={s.more}><Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('search.more')}</Button></div> : null}
    </Drawer>
  )
}

const shownLines = 4

function Group({ group, onOpen }: { group: NewsGroup; onOpen: () => void }) {
  const [whole, setWhole] = useState(false)
  const { first, items } = group
  const lines = whole ? items : items.slice(0, shownLines)
  const ids = items.filter((n) => !n.read_at).map((n) => n.id)
  const open = () => {
    if (ids.length) void markRead({ ids }).catch(toastError)
    onOpen()
    actionContext().navigate(leadsTo(first))
  }
  const title = first.number ? `#${first.number} ${first.subject}` : first.subject || sentenceOf(first)
  return (
    <li className={s.group} data-unread={group.unread || undefined}>
      <button type="button" data-news className={s.open} onClick={open}>
        {group.unread ? <span className="k-hidden">{t('news.is_unread')}</span> : null}
        <span className={s.title}>{title}</span>
        {lines.map((n) => (
          <span key={n.id} className={s.line} data-unread={!n.read_at || undefined}>
            <Icon name={newsIcon(n.kind)} size={14} />
            <span className={s.what}>{sentenceOf(n)}{detailOf(n) ? <span className={s.detail}>{detailOf(n)}</span> : null}</span>
            <time dateTime={n.at} title={fullTime(n.at)}>{ago(n.at)}</time>
          </span>
        ))}
      </button>
      {items.length > shownLines && !whole ? <button type="button" className={s.small} onClick={() => setWhole(true)}>{t('news.more', { n: items.length - shownLines })}</button> : null}
      {ids.length ? <button type="button" className={s.small} aria-label={t('news.read_of', { name: title })} onClick={() => void markRead({ ids }).catch(toastError)}>{t('news.read')}</button> : null}
    </li>
  )
}
