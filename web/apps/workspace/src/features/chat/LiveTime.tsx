import type { ReactNode } from 'react'
import { currentLocale, t } from '@/locales/index.ts'
import { dateTime } from '@/shell/format.ts'
import { useNow } from '@/shell/useNow.ts'
import { waited } from './model.ts'
import { useLive } from './live.ts'
import s from './live.module.css'

/** The time of a chat's row: a dot while the visitor is there, and while they wait for an answer, since when. */
export function LiveTime({ tickets, threads, at, waits, className, children }: { tickets?: string; threads?: string; at: string; waits: boolean; className: string; children: ReactNode }) {
  const live = useLive({ ...(tickets ? { tickets } : {}), ...(threads ? { threads } : {}) }, at)
  const now = useNow(15_000)
  const since = live?.online && waits ? live.waits_since : null
  return (
    <span className={`${className} ${s.live}`} data-live={live?.online || undefined} data-waiting={since ? true : undefined}>
      {live?.online ? <><span className={s.dot} aria-hidden="true" /><span className="k-hidden">{t('chat.online')}</span></> : null}
      {since ? <time dateTime={since} title={t('chat.waits_since', { time: dateTime(since) })}>{t('chat.waits', { time: waited(since, now, currentLocale()) })}</time> : children}
    </span>
  )
}
