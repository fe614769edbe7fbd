import { ActionIcon } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Icon } from '@kanal/ui'
import { t, withMore } from '@/locales/index.ts'
import { opensNews } from './actions.ts'
import { unreadQuery } from './queries.ts'
import s from './bell.module.css'

const NewsPanel = lazy(withMore(() => import('./NewsPanel.tsx').then((m) => ({ default: m.NewsPanel }))))

/** How much is unread, live; opens the list. One of two stands on the screen: listens says which of them obeys the key. */
export function Bell({ className, size, listens = false }: { className?: string | undefined; size: number; listens?: boolean }) {
  const { data: unread = 0 } = useQuery(unreadQuery)
  const [open, setOpen] = useState(false)
  const [wanted, want] = useState(false)
  useEffect(() => (listens ? opensNews(() => { want(true); setOpen((o) => !o) }) : undefined), [listens])
  useEffect(() => {
    if (listens && 'setAppBadge' in navigator) void (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => { /* not installed */ })
  }, [listens, unread])
  const label = unread > 0 ? t('news.unread', { n: unread }) : t('news.title')
  return (
    <>
      <ActionIcon variant="transparent" size={size} className={`${className ?? ''} ${s.bell}`} aria-label={label} aria-haspopup="dialog" aria-expanded={open} onClick={() => { want(true); setOpen(true) }}>
        <Icon name="bell" size={size > 32 ? 18 : 16} />
        {unread > 0 ? <span className={s.count} aria-hidden="true">{unread > 99 ? '99+' : unread}</span> : null}
      </ActionIcon>
      {wanted ? <Suspense fallback={null}><NewsPanel opened={open} onClose={() => setOpen(false)} /></Suspense> : null}
    </>
  )
}
