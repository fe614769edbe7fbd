import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Id } from '@kanal/api'
import { Tag, type Tone } from '@kanal/ui'
import { HoursEditor, HoursPick } from '@/features/hours/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { dateTime } from '@/shell/format.ts'
import { useChat } from './context.ts'
import { Choice, Count, Pick, Toggle, WordsField } from './fields.tsx'
import { standingQuery } from './queries.ts'
import s from './chatchannel.module.css'

/** CH-17 to CH-23: when the chat is there, and what each of its four states does. */
export function AvailabilityTab({ accountId, version }: { accountId: Id; version: number }) {
  const c = useChat()
  const a = c.s.availability
  return (
    <Stack gap="lg">
      <Standing id={accountId} version={version} />
      <section className={s.card} aria-label={t('chatset.availability.mode')}>
        <Choice path="availability.mode" of={['users', 'hours', 'always']} />
        {a.mode === 'hours' ? <div data-setting="availability.business_hours"><HoursPick value={a.business_hours} onChange={(v) => c.set('availability.business_hours', v)} none={t('chatset.hours_own')} label={t('chatset.availability.business_hours')} hint={t('chatset.availability.business_hours_text')} error={c.wrong('availability.business_hours')} disabled={c.disabled} /></div> : null}
        {a.mode === 'hours' && !a.business_hours ? <HoursEditor value={a.hours} onChange={(h) => c.set('availability.hours', h)} wrong={c.wrong} field="availability.hours" /> : null}
      </section>
      <section className={s.card} aria-label={t('chatset.state.available')}>
        <h2>{t('chatset.state.available')}</h2>
        <Pick path="availability.available.reply_time" of={['measured', 'minutes', 'hours', 'day', 'text', 'none']} />
        {a.available.reply_time === 'text' ? <WordsField path="availability.available.text" placeholder="" /> : null}
      </section>
      <section className={s.card} aria-label={t('chatset.state.away')}>
        <h2>{t('chatset.state.away')}</h2>
        <p className={s.text}>{t('chatset.state.away_text')}</p>
        <Choice path="availability.away.do" of={['message', 'show', 'hide']} />
        {a.away.do === 'message' ? <WordsField path="availability.away.text" lines={2} /> : null}
      </section>
      <section className={s.card} aria-label={t('chatset.state.offline')}>
        <h2>{t('chatset.state.offline')}</h2>
        <p className={s.text}>{t('chatset.state.offline_text')}</p>
        <Choice path="availability.offline.do" of={['return_time', 'message', 'hide']} />
        {a.offline.do === 'message' ? <WordsField path="availability.offline.text" lines={2} /> : null}
      </section>
      <section className={s.card} aria-label={t('chatset.state.capacity')}>
        <h2>{t('chatset.state.capacity')}</h2>
        <p className={s.text}>{t('chatset.state.capacity_text')}</p>
        <Count path="availability.capacity.limit" min={0} max={1000} />
        <Choice path="availability.capacity.do" of={['wait', 'hide', 'nothing']} />
        {a.capacity.do === 'wait' ? <><WordsField path="availability.capacity.text" lines={2} /><Toggle path="availability.capacity.position" /></> : null}
      </section>
    </Stack>
  )
}

const tones: Record<string, Tone> = { available: 'ok', away: 'warn', offline: 'plain', capacity: 'warn' }

/** How it stands now, with the reason for it and for each of those who answer here. */
function Standing({ id, version }: { id: Id; version: number }) {
  const q = useQuery({ ...standingQuery(id, version), staleTime: 0 })
  if (!q.data) return null
  const { facts, shown } = q.data
  const reason = maybe(`chatset.reason.${facts.reason}`, facts.reason, { name: facts.holiday })
  return (
    <section className={s.standing} aria-label={t('chatset.now')}>
      <p><strong>{t('chatset.now')}</strong> <Tag tone={tones[facts.state] ?? 'plain'}>{t(`chatset.state.${facts.state}` as Key)}</Tag> <span className={s.text}>{reason}</span></p>
      {shown.returns_text ? <p className={s.hint}>{shown.returns_text}</p> : null}
      {facts.people.length ? <ul className={s.crew}>{facts.people.map((p) => <li key={p.user_id}><span>{p.name}</span><span className={s.hint}>{maybe(`chatset.person.${p.reason}`, p.reason)}{p.chats ? ` · ${t('chatset.person_chats', { n: p.chats })}` : ''}</span></li>)}</ul> : <p className={s.hint}>{t('chatset.nobody')}</p>}
      {facts.reply_time.of ? <p className={s.hint}>{facts.reply_time.minutes ? t('chatset.measured', { minutes: facts.reply_time.minutes, n: facts.reply_time.of }) : t('chatset.measured_few', { n: facts.reply_time.of })}</p> : null}
      {facts.next_change ? <p className={s.hint}>{t('chatset.next_change', { time: dateTime(facts.next_change) })}</p> : null}
    </section>
  )
}
