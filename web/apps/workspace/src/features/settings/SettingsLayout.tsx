import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { Suspense, useEffect, useRef } from 'react'
import { EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t, useLocale, type Key } from '@/locales/index.ts'
import { SetAsideBadge } from '@/shell/SetAsideBadge.tsx'
import './pages.ts'
import { matchSettings, settingsPages, type SettingsGroup, type SettingsPage } from './registry.ts'
import { SettingsSearch } from './SettingsSearch.tsx'
import { useJump } from './useJump.ts'
import s from './settings.module.css'

/** Inbox & Help Desk holds two groups, as HubSpot's settings do. */
const groups: { id: SettingsGroup; title: Key; area?: Key }[] = [
  { id: 'me', title: 'settings.me' },
  { id: 'company', title: 'settings.company' },
  { id: 'helpdesk', title: 'settings.help_desk', area: 'settings.area' },
  { id: 'inbox', title: 'settings.inbox' },
  { id: 'data', title: 'settings.data' },
  { id: 'system', title: 'settings.system' },
]

/** A group's pages in the order the navigation shows them: the small headings keep theirs together. */
function inNav(group: SettingsGroup, can: ReturnType<typeof useCan>): SettingsPage[] {
  const items = settingsPages().filter((p) => p.group === group && p.nav !== false && (!p.needs || can(p.needs)))
  return [...new Set(items.map((p) => p.under))].flatMap((under) => items.filter((p) => p.under === under))
}

export function SettingsLayout() {
  useLocale()
  const can = useCan()
  const { pathname } = useLocation()
  const begins = (p: SettingsPage) => pathname === `/settings/${p.path}` || pathname.startsWith(`/settings/${p.path}/`)
  const nearest = settingsPages().filter((p) => p.nav !== false && begins(p)).sort((a, b) => b.path.length - a.path.length)[0]
  const open = (p: SettingsPage) => p === nearest
  // The page that is open is seen in the navigation, however one came here; the navigation moves only when it is not.
  const nav = useRef<HTMLElement>(null)
  const current = nearest?.path
  useEffect(() => {
    const box = nav.current, item = box?.querySelector<HTMLElement>('[aria-current="page"]')
    if (!box || !item) return
    const b = box.getBoundingClientRect(), i = item.getBoundingClientRect()
    if (i.top < b.top || i.bottom > b.bottom - 8) box.scrollTop += i.top - b.top - b.height / 2
    if (i.left < b.left || i.right > b.right) box.scrollLeft += i.left - b.left - b.width / 2
  }, [current])
  if (matchSettings(pathname.replace(/^\/settings\/?/, ''))?.page.full) return <main className={s.full} id="main"><Outlet /></main>
  return (
    <div className={s.settings}>
      <nav ref={nav} aria-label={t('nav.settings')} className={s.nav} data-home={pathname.replace(/\/$/, '') === '/settings' || undefined}>
        <SettingsSearch />
        {groups.map((g) => {
          const items = inNav(g.id, can)
          const unders = [...new Set(items.map((p) => p.under))]
          return items.length ? (
            <div key={g.id} className={s.group}>
              {g.area ? <p className={s.area}>{t(g.area)}</p> : null}
              <h2>{t(g.title)}</h2>
              {unders.map((under) => (
                <div key={under ?? ''}>
                  {under ? <p className={s.sub}>{t(under)}</p> : null}
                  <ul>{items.filter((p) => p.under === under).map((p) => <li key={p.path}><Link to="/settings/$" params={{ _splat: p.path }} className={s.item} activeOptions={{ exact: true }} aria-current={open(p) ? 'page' : undefined}><Icon name={p.icon} />{t(p.title)}{p.path === 'inbound' ? <SetAsideBadge /> : null}</Link></li>)}</ul>
                </div>
              ))}
            </div>
          ) : null
        })}
      </nav>
      <main className={s.page} id="main"><Outlet /></main>
    </div>
  )
}

/** The page of the address: one route for all of them. */
export function SettingsRoute() {
  useLocale()
  const can = useCan()
  const { pathname } = useLocation()
  const found = matchSettings(pathname.replace(/^\/settings\/?/, ''))
  useJump(found !== null)
  if (!found) return <div className={s.inner}><h1>{t('nav.settings')}</h1><EmptyState icon="info" title={t('error.not_found')} text={t('error.not_found_text')} /></div>
  const { page, params } = found
  if (page.needs && !can(page.needs)) return <div className={s.inner}><h1>{t(page.title)}</h1><EmptyState icon="shield" title={t('settings.not_yours')} text={t('settings.not_yours_text')} /></div>
  const { Page } = page
  if (page.full) return <Suspense fallback={<SkeletonLines label={t('state.loading')} />}><Page key={pathname} params={params} /></Suspense>
  return <div className={s.inner} data-wide={page.wide || undefined}><Link to="/settings" className={s.back}><Icon name="left" />{t('nav.settings')}</Link><Suspense fallback={<SkeletonLines label={t('state.loading')} />}><Page key={pathname} params={params} /></Suspense></div>
}

/** Where settings begin: every page by its group. On a phone this is the navigation. */
export function SettingsHome() {
  useLocale()
  const can = useCan()
  return (
    <div className={s.inner}>
      <h1>{t('nav.settings')}</h1>
      <div className={s.cards}>
        {groups.map((g) => {
          const items = inNav(g.id, can)
          return items.length ? (
            <section key={g.id} className={s.card}>
              <h2>{t(g.title)}</h2>
              <ul>{items.map((p) => <li key={p.path}><Link to="/settings/$" params={{ _splat: p.path }} className={s.item}><Icon name={p.icon} />{t(p.title)}</Link></li>)}</ul>
            </section>
          ) : null
        })}
      </div>
    </div>
  )
}
