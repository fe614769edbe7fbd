import { Radio, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCan } from '@/features/session/index.ts'
import { SaveError, SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { toast } from '@/shell/toast.tsx'
import { setTicketing, ticketingQuery, type Ticketing } from './queries.ts'
import s from './tags.module.css'

/** TK-19, WS-11: the ticket's number in subjects, and who writes an answer. */
export function AnsweringPage() {
  const q = useQuery(ticketingQuery)
  const may = useCan()('settings.manage')
  const [error, setError] = useState<unknown>(null)
  const now = q.data
  const save = (c: Partial<Ticketing>) => { setError(null); setTicketing({ ...now!, ...c }).then(() => toast(t('toast.saved'))).catch(setError) }
  return (
    <SettingsFrame title={t('answering.title')} text={t('answering.text')} query={q}>
      {now ? (
        <div className={s.page}>
          <SaveError error={error} />
          <div data-setting="answering.number">
            <Radio.Group label={t('answering.number')} description={t('answering.number_text')} value={now.number_in_subject} onChange={(v) => save({ number_in_subject: v as Ticketing['number_in_subject'] })}>
              <div className={s.choices}>
                <Radio value="off" disabled={!may} label={t('answering.off')} description={t('answering.off_text')} />
                <Radio value="end" disabled={!may} label={t('answering.end')} description={t('answering.end_text')} />
              </div>
            </Radio.Group>
          </div>
          <div data-setting="answering.hold"><Switch label={t('answering.hold')} description={t('answering.hold_text')} disabled={!may} checked={now.hold_answers} onChange={(e) => save({ hold_answers: e.currentTarget.checked })} /></div>
        </div>
      ) : null}
    </SettingsFrame>
  )
}
