import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import { Banner, Icon } from '@kanal/ui'
import { preloadEditor } from '@/features/editor/index.ts'
import { Bell } from '@/features/notify/index.ts'
import { RunningRuns } from '@/features/running/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { ViewNav } from '@/features/views/index.ts'
import { loadMore, t, withMore } from '@/locales/index.ts'
import { keysOf, listenForKeys, useProvideActions } from './actions.ts'
import { onStreamState, startLive, streamState } from './live.ts'
import './shellActions.ts'
import { SetAsideBadge } from './SetAsideBadge.tsx'
import { watchCuts } from './cuts.ts'
import { UserMenu } from './UserMenu.tsx'
import { Wordmark } from './Wordmark.tsx'
import s from './shell.module.css'

const loadPalette = () => import('./Palette.tsx')
const Watch = lazy(withMore(() => import('@/features/worktime/later.ts').then((m) => ({ default: m.Watch }))))
const Palette = lazy(withMore(async () => ({ default: (await loadPalette()).Palette })))
const ShortcutSheet = lazy(withMore(() => import('./ShortcutSheet.tsx').then((m) => ({ default: m.ShortcutSheet }))))

/** The frame of everything behind the sign-in. */
export function Shell() {
  const session = useSession()
  const can = useCan()
  const navigate = useNavigate()
  const [palette, setPalette] = useState(false)
  const [paletteUsed, usePalette] = useState(false)
  useEffect(() => { if (palette) usePalette(true) }, [palette])
  const [sheet, setSheet] = useState(false)
  const [sheetUsed, useSheet] = useState(false)
  useEffect(() => { if (sheet) useSheet(true) }, [sheet])
  const [drawer, setDrawer] = useState(false)
  const { pathname } = useLocation()
  useEffect(() => startLive(session), [session.user.id])
  useEffect(listenForKeys, [])
  useEffect(watchCuts, [])
  useEffect(() => setDrawer(false), [pathname])
  useEffect(() => {
    const p = () => setPalette((o) => !o)
    const q = () => setSheet(true)
    addEventListener('kanal:palette', p)
    addEventListener('kanal:sheet', q)
    const idle = (globalThis.requestIdleCallback ?? ((fn: () => void) => setTimeout(fn, 1500)))(() => { preloadEditor(); void loadMore(); void loadPalette() })
    return () => { removeEventListener('kanal:palette', p); removeEventListener('kanal:sheet', q); (globalThis.cancelIdleCallback ?? clearTimeout)(idle as number) }
  }, [])
  useProvideActions({
    session, navigate: (to) => { const u = new URL(to, location.origin); void navigate({ to: u.pathname, search: Object.fromEntries(u.searchParams), ...(u.hash ? { hash: u.hash.slice(1) } : {}) } as never) },
    shell: { palette: () => setPalette((o) => !o), sheet: () => setSheet(true), details: () => {}, back: () => {} },
  }, [session, navigate])
  return (
    <div className={s.shell} data-drawer={drawer || undefined}>
      <a href="#main" className={s.skip}>{t('nav.skip')}</a>
      <div className={s.phoneBar}>
        <ActionIcon variant="transparent" size={40} className={s.onNav} aria-label={t('nav.menu')} aria-expanded={drawer} onClick={() => setDrawer(!drawer)}><Icon name="menu" size={20} /></ActionIcon>
        <Wordmark />
        <span className={s.space} />
        <Bell size={40} className={s.onNav} />
        <ActionIcon variant="transparent" size={40} className={s.onNav} aria-label={t('action.search')} component={Link} to="/search"><Icon name="search" size={18} /></ActionIcon>
        {can('tickets.reply') ? <ActionIcon variant="transparent" size={40} className={s.onNav} aria-label={t('action.compose')} component={Link} to="/compose"><Icon name="compose" size={18} /></ActionIcon> : null}
      </div>
      <div className={s.side} data-nav>
        <div className={s.brand}><Wordmark /><span className={`${s.company} k-cut`}>{session.company?.name}</span></div>
        <div className={s.quick}>
          <button type="button" className={s.searchButton} onClick={() => void navigate({ to: '/search' })}><Icon name="search" size={14} /><span>{t('action.search')}</span><kbd>/</kbd></button>
          {can('tickets.reply') ? <Tooltip label={`${t('action.compose')} (${keysOf('n')[0]})`}><ActionIcon variant="transparent" size={32} className={s.composeButton} aria-label={t('action.compose')} component={Link} to="/compose"><Icon name="compose" /></ActionIcon></Tooltip> : null}
          <Bell listens size={32} className={s.composeButton} />
        </div>
        <div className={s.views}><ViewNav onPick={() => setDrawer(false)} /></div>
        <div className={s.bottom}>
          <Link to="/contacts" className={s.settings} aria-current={pathname.startsWith('/contacts') ? 'page' : undefined}><Icon name="users" />{t('nav.contacts')}</Link>
          <Link to="/settings" className={s.settings} aria-current={pathname.startsWith('/settings') ? 'page' : undefined}><Icon name="settings" />{t('nav.settings')}<SetAsideBadge notice /></Link>
          <UserMenu />
        </div>
      </div>
      {drawer ? <button type="button" className={s.veil} aria-label={t('nav.close_menu')} onClick={() => setDrawer(false)} /> : null}
      <div className={s.content}>
        <ConnectionBanner />
        <Outlet />
      </div>
      {paletteUsed ? <Suspense fallback={null}><Palette opened={palette} onClose={() => setPalette(false)} /></Suspense> : null}
      <Suspense fallback={null}><Watch /></Suspense>
      <RunningRuns />
      {sheetUsed ? <Suspense fallback={null}><ShortcutSheet opened={sheet} onClose={() => setSheet(false)} /></Suspense> : null}
    </div>
  )
}

/** Says so when the world outside cannot be heard; short gaps are nobody's business. */
function ConnectionBanner() {
  const state = useSyncExternalStore(onStreamState, streamState)
  const { pathname } = useLocation()
  const online = useSyncExternalStore((fn) => { addEventListener('online', fn); addEventListener('offline', fn); return () => { removeEventListener('online', fn); removeEventListener('offline', fn) } }, () => navigator.onLine)
  const bad = !online || state === 'waiting' || state === 'signed_out'
  const [shown, show] = useState(false)
  useEffect(() => {
    if (!bad) { show(false); return }
    const timer = setTimeout(() => show(true), online ? 2_500 : 400)
    return () => clearTimeout(timer)
  }, [bad, online])
  if (!shown || !bad) return null
  return (
    <div className={s.connection}>
      <Banner tone="warn" icon="warn" role="status">{t(!online ? 'connection.offline' : state === 'signed_out' ? 'connection.signed_out' : 'connection.waiting')}</Banner>
      {state === 'signed_out' ? <Button component="a" href={`/signin?next=${encodeURIComponent(pathname)}`}>{t('signin.submit')}</Button> : null}
    </div>
  )
}
