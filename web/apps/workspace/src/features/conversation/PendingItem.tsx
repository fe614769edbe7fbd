import type { Item } from '@kanal/convo'
import { Problem, type TimelineItem } from '@kanal/api'
import { Avatar, Delayed, Icon } from '@kanal/ui'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import type { Reply } from './model.ts'
import { PlainText } from './PlainText.tsx'
import s from './message.module.css'

/** What was handed over and is not confirmed yet, or failed: shown in its place, with its own way on. */
export function PendingItem({ item, onRestore, onAnyway }: { onAnyway: (d: Reply) => void; item: Exclude<Item<TimelineItem, Reply>, { kind: 'entry' }>; onRestore: (d: Reply) => void }) {
  const me = useSession().user
  const failed = item.kind === 'failed'
  return (
    <article className={s.message} data-kind={item.draft.type === 'comment' ? 'comment' : 'outgoing'} data-open data-pending={item.kind} aria-label={t(failed ? 'pending.failed' : 'pending.sending')}>
      <header className={s.head}>
        <span className={s.toggle}><Avatar name={me.name} size={28} /><span className={s.name}>{me.name}</span></span>
        <span className={s.meta}>{failed ? null : <Delayed><span className={s.pendingText} role="status"><Icon name="clock" size={12} />{t('pending.sending')}</span></Delayed>}</span>
      </header>
      <div className={s.body}>
        {failed ? (
          <div className={s.trouble} data-tone={item.uncertain ? 'warn' : 'danger'} role="alert">
            <p><Icon name="warn" /> <strong>{t('pending.failed')}</strong> {item.error ? sentence(item.error) : t('pending.crashed')} {item.uncertain ? t('pending.safe_retry') : ''}</p>
            <div className={s.troubleActions}>
              {item.error instanceof Problem && item.error.reason === 'thread.changed'
                ? <button type="button" onClick={() => onAnyway(item.discard())}>{t('pending.anyway')}</button>
                : <button type="button" onClick={item.retry}>{t('action.retry')}</button>}
              <button type="button" onClick={() => onRestore(item.discard())}>{t('pending.edit')}</button>
            </div>
          </div>
        ) : null}
        <PlainText text={item.draft.text} />
      </div>
    </article>
  )
}
