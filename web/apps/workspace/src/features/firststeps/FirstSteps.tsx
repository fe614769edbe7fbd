import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { get, type ChannelAccount, type Page } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { usersQuery } from '@/features/lookups/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import s from './firststeps.module.css'

const key = 'kanal.firststeps'
const put = (): boolean => { try { return localStorage.getItem(key) === 'off' } catch { return false } }

/** What a new installation still needs, each with the page where it is done. Who has done all of it, or wants none of it, sees the children. */
export function FirstSteps({ children }: { children: ReactNode }) {
  const can = useCan()
  const { company } = useSession()
  const accounts = useQuery({ queryKey: ['channel-accounts'], queryFn: async () => (await get<Page<ChannelAccount>>('/api/channel-accounts', { limit: 200 })).items ?? [] }).data
  const users = useQuery(usersQuery).data
  const [off, setOff] = useState(put)
  if (!accounts || !users) return null
  const own = accounts.filter((a) => !a.fallback)
  const steps = [
    ...(can('settings.manage') ? [{ id: 'company' as const, at: 'company', done: !!company?.name }] : []),
    { id: 'channel' as const, at: 'help-desk/channels/connect', done: own.length > 0 },
    ...(can('users.manage') ? [{ id: 'people' as const, at: 'users', done: users.length > 1 }] : []),
    { id: 'routing' as const, at: own[0] ? `help-desk/channels/${own[0].id}` : 'help-desk/channels', done: own.some((a) => (a.assign?.to ?? 'no_one') !== 'no_one' || (a.assign?.rules ?? []).length > 0) },
  ]
  const done = steps.filter((x) => x.done).length
  // Who picks from Unassigned does without rules: that step alone keeps nobody.
  if (off || steps.every((x) => x.done || x.id === 'routing')) return <>{children}</>
  return (
    <div className={s.scroll}>
      <section className={s.steps} aria-labelledby="first-steps">
        <h2 id="first-steps">{t('firststeps.title')}</h2>
        <p className={s.text}>{t('firststeps.text')}</p>
        <ol className={s.list}>
          {steps.map((x) => (
            <li key={x.id}>
              <Link to="/settings/$" params={{ _splat: x.at }} className={s.step} data-done={x.done || undefined}>
                <Icon name={x.done ? 'check' : 'open'} size={18} />
                <span className={s.what}><strong>{t(`firststeps.${x.id}`)}{x.done ? <span className="k-hidden"> – {t('firststeps.is_done')}</span> : null}</strong>{x.done ? null : <span>{t(`firststeps.${x.id}_text`)}</span>}</span>
                <Icon name="right" />
              </Link>
            </li>
          ))}
        </ol>
        <div className={s.foot}>
          <span>{t('firststeps.done', { done, all: steps.length })}</span>
          <Button variant="subtle" size="compact-sm" onClick={() => { try { localStorage.setItem(key, 'off') } catch { /* this page only */ } setOff(true) }}>{t('firststeps.hide')}</Button>
        </div>
      </section>
    </div>
  )
}
