import { Link, Outlet, useLocation, useParams } from '@tanstack/react-router'
import type { Permission } from '@kanal/api'
import { Icon, type IconName } from '@kanal/ui'
import { Inboxes, SetAside, Statuses, Teams, Tokens, Users } from '@/features/admin/index.ts'
import { ChannelEdit, ChannelList, ConnectWizard } from '@/features/channels/index.ts'
import { useCan } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { SetAsideBadge } from '@/shell/SetAsideBadge.tsx'
import s from './settings.module.css'

interface Entry { to: string; label: Key; icon: IconName; needs?: Permission }
/** GEN-10: channels stand under Help Desk → Ticket sources and routing. */
const groups: { title: Key; sub?: Key; items: Entry[] }[] = [
  { title: 'settings.help_desk', sub: 'settings.sources', items: [{ to: '/settings/help-desk/channels', label: 'settings.channels', icon: 'plug' }, { to: '/settings/help-desk/statuses', label: 'settings.statuses', icon: 'flag' }] },
  { title: 'settings.inbox', items: [{ to: '/settings/inboxes', label: 'settings.inboxes', icon: 'inbox' }] },
  { title: 'settings.people', items: [{ to: '/settings/users', label: 'settings.users', icon: 'user' }, { to: '/settings/teams', label: 'settings.teams', icon: 'team' }] },
  { title: 'settings.system', items: [{ to: '/settings/tokens', label: 'settings.tokens', icon: 'key' }, { to: '/settings/inbound', label: 'settings.inbound', icon: 'archive', needs: 'account.access' }] },
]

export function SettingsLayout() {
  const can = useCan()
  const { pathname } = useLocation()
  return (
    <div className={s.settings}>
      <nav aria-label={t('nav.settings')} className={s.nav}>
        {groups.map((g) => {
          const items = g.items.filter((i) => !i.needs || can(i.needs))
          return items.length ? (
            <div key={g.title} className={s.group}>
              <h2>{t(g.title)}</h2>
              {g.sub ? <p className={s.sub}>{t(g.sub)}</p> : null}
              <ul>{items.map((i) => <li key={i.to}><Link to={i.to} className={s.item} aria-current={pathname.startsWith(i.to) ? 'page' : undefined}><Icon name={i.icon} />{t(i.label)}{i.to === '/settings/inbound' ? <SetAsideBadge /> : null}</Link></li>)}</ul>
            </div>
          ) : null
        })}
      </nav>
      <main className={s.page} id="main"><div className={s.inner}><Outlet /></div></main>
    </div>
  )
}

export const ChannelsRoute = ChannelList
export const InboxesRoute = Inboxes
export const UsersRoute = Users
export const TeamsRoute = Teams
export const TokensRoute = Tokens
export const InboundRoute = SetAside
export const StatusesRoute = Statuses

export function ConnectRoute() {
  const { channel } = useParams({ strict: false }) as { channel: string }
  return <ConnectWizard key={channel} channel={channel} />
}
export function ChannelRoute() {
  const { accountId } = useParams({ strict: false }) as { accountId: string }
  return <ChannelEdit key={accountId} accountId={accountId} />
}
