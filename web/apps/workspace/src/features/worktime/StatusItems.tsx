import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Icon } from '@kanal/ui'
import { momentIn, wallIn } from '@/features/hours/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { availabilityQuery, choose } from './queries.ts'
import { nextWords, why } from './words.ts'
import s from './worktime.module.css'

/** AV-03: whether one is available, for how long, and what comes next. Inside the menu of the person. */
export function StatusItems() {
  const { user } = useSession()
  const a = useQuery(availabilityQuery()).data
  const set = (available: boolean, until?: string) => void choose(undefined, { available, ...(until ? { until } : {}) }).catch(toastError)
  const zone = a?.timezone ?? 'UTC'
  const minutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString()
  const tomorrow = () => momentIn(zone, wallIn(zone, new Date(Date.now() + 86_400_000).toISOString()).day, '00:00')
  return (
    <>
      <div className={s.now} data-available={user.available || undefined}>
        <strong>{t(user.available ? 'user.available' : 'user.away')}</strong>
        {a ? <><span>{why(a, a.actor_name)}{a.note ? ` · ${a.note}` : ''}</span><span>{nextWords(a, zone)}</span></> : null}
      </div>
      <Menu.Item leftSection={<Icon name={user.available ? 'clock' : 'check'} />} onClick={() => set(!user.available)}>{t(user.available ? 'action.away' : 'action.available')}</Menu.Item>
      {user.available ? <>
        <Menu.Item leftSection={<span />} onClick={() => set(false, minutes(30))}>{t('presence.away_30')}</Menu.Item>
        <Menu.Item leftSection={<span />} onClick={() => set(false, minutes(60))}>{t('presence.away_60')}</Menu.Item>
        <Menu.Item leftSection={<span />} onClick={() => set(false, tomorrow())}>{t('presence.away_today')}</Menu.Item>
      </> : null}
      <Menu.Item leftSection={<Icon name="settings" />} component={Link} to="/settings/my-availability">{t('presence.mine')}</Menu.Item>
    </>
  )
}
