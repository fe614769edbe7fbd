import { Tag } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import type { Chatflow } from './types.ts'

/** What visitors get of it now. */
export function StateTag({ flow }: { flow: Chatflow }) {
  if (!flow.active) return <Tag>{t('flow.off')}</Tag>
  if (!flow.published) return <Tag tone="warn">{t('flow.never_published')}</Tag>
  return <><Tag tone="ok">{t('flow.live_version', { n: flow.published })}</Tag>{flow.changed ? <Tag tone="note">{t('flow.draft_changes')}</Tag> : null}</>
}
