import type { Offers } from '@kanal/api'
import { t, type Key } from '@/locales/index.ts'
import s from './offered.module.css'

/** What a message let the visitor answer with (CH-32): the buttons they had under it, or what the bot asked for. Only to be read. */
export function Offered({ offers }: { offers: Offers }) {
  const asked = offers.input
  const labels = [...(offers.quick ?? []), ...(asked?.choices ?? [])].map((q) => q.label).filter(Boolean)
  return (
    <div className={s.offered} data-offers>
      {asked?.answer ? <span className={s.asked}>{t(`chat.asked.${asked.answer}` as Key)}{asked.required ? '' : ` · ${t('chat.asked_optional')}`}</span> : null}
      {labels.length > 0 ? <ul className={s.quick} aria-label={t('chat.quick')}>{labels.map((l, i) => <li key={i}>{l}</li>)}</ul> : null}
    </div>
  )
}
