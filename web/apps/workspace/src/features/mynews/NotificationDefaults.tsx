import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { defaultsQuery } from '@/features/notify/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { Matrix } from './Matrix.tsx'
import { Unavailable } from './MyNotifications.tsx'
import { MailTiming, QuietHours } from './Timing.tsx'
import s from './mynews.module.css'

/** What those who have chosen nothing are told of. */
export function NotificationDefaults() {
  const q = useQuery(defaultsQuery)
  return (
    <>
      <div className={s.head}><div><h1>{t('newsdefaults.title')}</h1><p className={s.text}>{t('newsdefaults.text')}</p></div></div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data ? (
        <>
          <section className={s.section}><Unavailable target={q.data.targets.find((x) => x.name === 'email')} /><Matrix prefs={q.data} own={false} /></section>
          <section className={s.section}><h2>{t('mynews.email')}</h2><MailTiming prefs={q.data} own={false} /></section>
          <section className={s.section}><h2>{t('mynews.quiet')}</h2><QuietHours prefs={q.data} own={false} /></section>
        </>
      ) : null}
    </>
  )
}
