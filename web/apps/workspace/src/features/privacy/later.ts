import type { KanalEvent } from '@kanal/api'
import { t } from '@/locales/index.ts'

/** What was taken away, or may not be, as a line of the timeline. */
export function privacySentence(e: KanalEvent, actor: string): string {
  const d = (e.data ?? {}) as Record<string, unknown>
  const n = (k: string) => Number(d[k] ?? 0)
  switch (e.type) {
    case 'thread.emptied': return t(d.files_only ? 'event.thread.emptied_files' : 'event.thread.emptied', { days: n('days'), messages: n('message_count'), files: n('file_count') })
    case 'thread.redacted': return t(d.what === 'file' ? 'event.thread.redacted_file' : 'event.thread.redacted', { actor })
    case 'hold.set': return t('event.hold.set', { actor, reason: typeof d.reason === 'string' ? d.reason : '' })
    default: return t('event.hold.lifted', { actor })
  }
}
