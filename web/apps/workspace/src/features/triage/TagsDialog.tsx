import { useState } from 'react'
import type { Ticket } from '@kanal/api'
import { updateTicket } from '@/features/tickets/index.ts'
import { TagPick } from '@/features/tags/later.ts'
import { t } from '@/locales/index.ts'
import { Frame } from './Frame.tsx'

/** The tags of a ticket by key (TK-10). */
export function TagsDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const have = ticket.tags ?? []
  const [tags, setTags] = useState(have)
  const add = tags.filter((x) => !have.includes(x))
  const remove = have.filter((x) => !tags.includes(x))
  return (
    <Frame title={t('tags.of', { number: ticket.number })} size={460} button={t('action.save')} ready={add.length + remove.length > 0} onClose={onClose}
      onDo={() => updateTicket(ticket, { add_tags: add, remove_tags: remove }, { tags })}>
      <TagPick label={t('property.tags')} value={tags} onChange={setTags} autoFocus />
    </Frame>
  )
}
