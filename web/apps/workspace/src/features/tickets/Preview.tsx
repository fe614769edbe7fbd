import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import type { Row } from './model.ts'
import s from './list.module.css'

/** The last line of a ticket with what it is: an answer, something passed on, or a comment of a colleague; and one's own draft. */
export function Preview({ row }: { row: Pick<Row, 'snippet' | 'last_direction' | 'latest' | 'has_draft'> }) {
  const l = row.latest
  const comment = l?.type === 'comment'
  return (
    <>
      {row.has_draft ? <span className={s.draft}>{t('list.draft')}</span> : null}
      {comment ? <span className={s.markOf} title={t('list.comment')}><Icon name="comment" size={13} /><span className="k-hidden">{t('list.comment')}</span></span>
        : l?.forward ? <span className={s.markOf} title={t('list.forwarded')}><Icon name="forward" size={13} /><span className="k-hidden">{t('list.forwarded')}</span></span>
          : row.last_direction === 'outgoing' ? <span className={s.markOf} title={t('list.answered')}><Icon name="reply" size={13} /><span className="k-hidden">{t('list.answered')}</span></span> : null}
      <span className={`${s.snippet} k-cut`} data-comment={comment || undefined}>{comment ? `${l.author ? `${l.author.split(' ')[0]}: ` : ''}${l.text}` : row.snippet}</span>
    </>
  )
}
