import type { Ticket } from '@kanal/api'
import { change } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { TagPick } from './TagPick.tsx'

/** The tags of a ticket, in its side panel. Each one is put on or taken off by itself, so that two people do not undo each other. */
export function TagsField({ ticket, disabled }: { ticket: Ticket; disabled: boolean }) {
  const have = ticket.tags ?? []
  const save = (next: string[]) => {
    const add = next.filter((x) => !have.includes(x))
    const remove = have.filter((x) => !next.includes(x))
    if (add.length + remove.length) void change(ticket, { add_tags: add, remove_tags: remove }, { tags: next })
  }
  return <TagPick size="xs" label={t('property.tags')} value={have} onChange={save} disabled={disabled} />
}
