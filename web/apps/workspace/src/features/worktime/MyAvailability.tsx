import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useSession } from '@/features/session/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { Absences } from './Absences.tsx'
import { History } from './History.tsx'
import { availabilityQuery, choose } from './queries.ts'
import { Week } from './Week.tsx'
import { nextWords, why } from './words.ts'
import s from './worktime.module.css'

/** AV-03, AV-04, AV-05: one's own availability. */
export function MyAvailability() {
  const { user } = useSession()
  const q = useQuery(availabilityQuery())
  const a = q.data
  return (
    <SettingsFrame title={t('presence.mine')} text={t('presence.mine_text')} query={q}>
      {a ? (
        <>
          <section className={s.part}>
            <div className={s.card} aria-live="polite">
              <strong>{t(a.available ? 'user.available' : 'user.away')}</strong>
              <span>{why(a, a.actor_name)}{a.note ? ` · ${a.note}` : ''}</span>
              <span className={s.hint}>{nextWords(a, a.timezone)}</span>
            </div>
            <div><Button variant="default" onClick={() => void choose(undefined, { available: !a.available }).catch(toastError)}>{t(a.available ? 'action.away' : 'action.available')}</Button></div>
          </section>
          <Week key={`${JSON.stringify(a.hours)}${a.calendar}`} a={a} />
          <Absences a={a} />
          <History user={user.id} zone={a.timezone} />
        </>
      ) : null}
    </SettingsFrame>
  )
}
