import { Select } from '@mantine/core'
import type { Thread } from '@kanal/api'
import { t } from '@/locales/index.ts'
import s from './writing.module.css'

/** TK-18: a ticket of several conversations. Which of them is answered, and so from which address, is seen and chosen. */
export function ThreadChoice({ threads, chosen, onPick }: { threads: Thread[]; chosen: Thread; onPick(id: string): void }) {
  const name = (x: Thread): string => {
    const to = (x.reply_defaults?.to ?? []).map((p) => p.name || p.address).join(', ')
    return [x.subject || t('ticket.no_subject'), to, x.account ? t('composer.from', { address: x.account.address }) : ''].filter(Boolean).join(' · ')
  }
  return (
    <div className={s.threadChoice}>
      <span className={s.fieldLabel}>{t('composer.thread')}</span>
      <Select
        variant="unstyled" size="xs" aria-label={t('composer.thread_label')} className={s.pills} allowDeselect={false} value={chosen.id} title={name(chosen)}
        data={threads.map((x) => ({ value: x.id, label: name(x), disabled: x.can?.send === false }))} onChange={(v) => { if (v) onPick(v) }}
      />
    </div>
  )
}
