import { useEffect, useRef, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { post, type MyAvailability } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { availabilityQuery, choose } from './queries.ts'
import s from './worktime.module.css'

/** AV-11, AV-06: says that somebody is here, and tells them when another switched their availability. */
export function Watch() {
  const a = useQuery(availabilityQuery()).data
  useSigns(a)
  return a ? <Switched a={a} /> : null
}

/** Sends a sign at the first thing that is done, then well within the time after which one is away; at once when one was away for want of it. */
function useSigns(a: MyAvailability | undefined) {
  const sent = useRef(0)
  const idle = !!a && !a.available && a.by === 'idle'
  const minutes = a?.idle_minutes ?? 0
  useEffect(() => {
    if (!minutes) return
    const every = Math.max(5_000, Math.min(60_000, minutes * 15_000))
    const sign = () => {
      if (document.visibilityState === 'hidden' || Date.now() - sent.current < (idle ? 2_000 : every)) return
      sent.current = Date.now()
      post('/api/me/seen').catch(() => { sent.current = 0 })
    }
    const kinds = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
    for (const k of kinds) window.addEventListener(k, sign, { passive: true, capture: true })
    return () => { for (const k of kinds) window.removeEventListener(k, sign, { capture: true }) }
  }, [minutes, idle])
}

const storeKey = 'kanal.switched'

function Switched({ a }: { a: MyAvailability }) {
  const { user } = useSession()
  const [read, setRead] = useState(() => sessionStorage.getItem(storeKey) ?? '')
  if (a.by !== 'manager' || !a.at || read === a.at || user.available !== a.available) return null
  const close = () => { sessionStorage.setItem(storeKey, a.at ?? ''); setRead(a.at ?? '') }
  return (
    <div className={s.switched} role="alert">
      <Icon name={a.available ? 'check' : 'clock'} />
      <span><strong>{t(a.available ? 'presence.switched_on' : 'presence.switched_off', { name: a.actor_name || t('presence.somebody') })}</strong>{a.note ? <span className={s.note}>{a.note}</span> : null}</span>
      <button type="button" onClick={() => void choose(undefined, { available: !a.available }).then(close).catch(toastError)}>{t('presence.switch_back')}</button>
      <button type="button" aria-label={t('action.dismiss')} onClick={close}><Icon name="x" size={12} /></button>
    </div>
  )
}
