// The map of pages. What is behind the sign-in hangs below one layout; settings and the rarer pages load when first opened.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { sessionQuery } from '@/features/session/index.ts'
import { ConversationRoute, TicketsRoute, TicketRoute } from '@/routes/tickets.tsx'
import { RouteError, NotFound } from '@/routes/errors.tsx'
import { get, type Conversation, type Ticket } from '@kanal/api'
import { withMore } from '@/locales/index.ts'
import { queries } from './client.ts'
import { Shell } from './Shell.tsx'

const root = createRootRoute({ component: Outlet, errorComponent: RouteError, notFoundComponent: NotFound })

const text = (v: unknown): string | undefined => (typeof v === 'string' || typeof v === 'number' ? String(v) : undefined)

const signin = createRoute({ getParentRoute: () => root, path: '/signin', component: lazyRouteComponent(() => import('@/features/door/index.ts'), 'SignIn'), validateSearch: (s: Record<string, unknown>): { next?: string } => (text(s.next) ? { next: text(s.next)! } : {}) })
const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: lazyRouteComponent(() => import('@/features/door/index.ts'), 'Setup'), validateSearch: (s: Record<string, unknown>): { token?: string } => (text(s.token) ? { token: text(s.token)! } : {}) })

const signedIn = createRoute({
  getParentRoute: () => root, id: 'signed-in', component: Shell,
  beforeLoad: async ({ location }) => {
    const session = await queries.ensureQueryData(sessionQuery)
    if (!session) {
      queries.removeQueries({ queryKey: sessionQuery.queryKey })
      throw redirect({ to: '/signin', search: location.href === '/' ? {} : { next: location.href } })
    }
  },
})

/** A search leads to one message. */
const toMessage = (s: Record<string, unknown>): { message?: string } => (text(s.message) ? { message: text(s.message)! } : {})
const home = createRoute({ getParentRoute: () => signedIn, path: '/', beforeLoad: () => { throw redirect({ to: '/tickets/$view', params: { view: 'unassigned' }, replace: true }) } })
const tickets = createRoute({ getParentRoute: () => signedIn, path: '/tickets/$view', component: TicketsRoute, validateSearch: (s: Record<string, unknown>): { filter?: string } => (s.filter === undefined ? {} : { filter: typeof s.filter === 'string' ? s.filter : JSON.stringify(s.filter) }) })
const ticket = createRoute({ getParentRoute: () => tickets, path: '$ticketId', component: TicketRoute, validateSearch: toMessage })
const conversation = createRoute({ getParentRoute: () => tickets, path: 'conversation/$threadId', component: ConversationRoute, validateSearch: toMessage })
const byNumber = createRoute({
  getParentRoute: () => signedIn, path: '/ticket/$number',
  loader: async ({ params }) => {
    const found = await get<Ticket>(`/api/tickets/${encodeURIComponent(`#${params.number}`)}`)
    throw redirect({ to: '/tickets/$view/$ticketId', params: { view: found.hidden || (found.open ? 'open' : 'closed'), ticketId: found.id }, replace: true })
  },
})
const byThread = createRoute({
  getParentRoute: () => signedIn, path: '/conversation/$threadId', validateSearch: toMessage, loaderDeps: ({ search }) => search,
  loader: async ({ params, deps }) => {
    const found = await get<Conversation>(`/api/threads/${encodeURIComponent(params.threadId)}`)
    throw redirect({ to: '/tickets/$view/conversation/$threadId', params: { view: `inbox:${found.inbox_id}`, threadId: found.id }, search: deps, replace: true })
  },
})
const compose = createRoute({ getParentRoute: () => signedIn, path: '/compose', component: lazyRouteComponent(withMore(() => import('@/features/compose/index.ts')), 'ComposePage') })
const scheduled = createRoute({ getParentRoute: () => signedIn, path: '/scheduled', component: lazyRouteComponent(withMore(() => import('@/features/writing/index.ts')), 'ScheduledPage') })
const waiting = createRoute({ getParentRoute: () => signedIn, path: '/waiting', component: lazyRouteComponent(withMore(() => import('@/features/waiting/index.ts')), 'WaitingPage') })
const search = createRoute({ getParentRoute: () => signedIn, path: '/search', component: lazyRouteComponent(withMore(() => import('@/features/search/index.ts')), 'SearchPage'), validateSearch: (s: Record<string, unknown>): { q?: string; exact?: boolean } => ({ ...(text(s.q) ? { q: text(s.q)! } : {}), ...(s.exact ? { exact: true } : {}) }) })

const contactsPages = () => import('@/features/contacts/index.ts')
const contactSearch = (s: Record<string, unknown>): { q?: string; sort?: string; who?: string; new?: string } => Object.fromEntries(['q', 'sort', 'who', 'new'].map((k) => [k, text(s[k])]).filter(([, v]) => v))
const contacts = createRoute({ getParentRoute: () => signedIn, path: '/contacts', component: lazyRouteComponent(withMore(contactsPages), 'ContactsPage'), validateSearch: contactSearch })
const duplicates = createRoute({ getParentRoute: () => signedIn, path: '/contacts/duplicates', component: lazyRouteComponent(withMore(contactsPages), 'DuplicatesPage') })
const contact = createRoute({ getParentRoute: () => signedIn, path: '/contacts/$contactId', component: lazyRouteComponent(withMore(contactsPages), 'ContactPage') })

const settings = createRoute({ getParentRoute: () => signedIn, path: '/settings', component: lazyRouteComponent(withMore(() => import('@/features/settings/index.ts')), 'SettingsLayout') })
const settingsHome = createRoute({ getParentRoute: () => settings, path: '/', component: lazyRouteComponent(withMore(() => import('@/features/settings/index.ts')), 'SettingsHome') })
// every page of the settings: features/settings/pages.ts lists them
const settingsPage = createRoute({ getParentRoute: () => settings, path: '$', component: lazyRouteComponent(withMore(() => import('@/features/settings/index.ts')), 'SettingsRoute') })

export const router = createRouter({
  routeTree: root.addChildren([
    signin, setup,
    signedIn.addChildren([home, tickets.addChildren([ticket, conversation]), byNumber, byThread, compose, scheduled, waiting, search, contacts, duplicates, contact, settings.addChildren([settingsHome, settingsPage])]),
  ]),
  defaultPreload: false,
  defaultPendingMs: 300,
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
