import { HoldDialog, RedactSelected, ShownDialog } from '@/features/privacy/index.ts'
import { useTicket } from '@/features/tickets/index.ts'
import { FollowersDialog } from './FollowersDialog.tsx'
import { LinkDialog } from './LinkDialog.tsx'
import { MergeDialog } from './MergeDialog.tsx'
import { BlockDialog, MoveDialog } from './PlaceDialogs.tsx'
import { SnoozeDialog } from './SnoozeDialog.tsx'
import { SplitBar } from './SplitBar.tsx'
import type { About } from './store.ts'
import { TagsDialog } from './TagsDialog.tsx'
import { TransferDialog } from './TransferDialog.tsx'

export function Dialogs({ about, onClose }: { about: About; onClose: () => void }) {
  if (about.name === 'redact') return <RedactSelected id={about.messageId || null} onClose={onClose} />
  if (about.name === 'redacted') return <ShownDialog message={about.messageId ?? ''} onClose={onClose} />
  if (about.ticketId === null) return about.name === 'move' && about.threadId ? <MoveDialog ticket={null} threadId={about.threadId} onClose={onClose} /> : null
  return <OfTicket about={about} id={about.ticketId} onClose={onClose} />
}

function OfTicket({ about, id, onClose }: { about: About; id: string; onClose: () => void }) {
  const ticket = useTicket(id).data
  if (!ticket) return null
  const props = { ticket, onClose }
  switch (about.name) {
    case 'snooze': return <SnoozeDialog {...props} />
    case 'merge': return <MergeDialog {...props} />
    case 'split': return <SplitBar {...props} />
    case 'link': return <LinkDialog {...props} />
    case 'move': return <MoveDialog {...props} threadId={null} />
    case 'transfer': return <TransferDialog {...props} />
    case 'followers': return <FollowersDialog {...props} />
    case 'tags': return <TagsDialog {...props} />
    case 'block': return <BlockDialog {...props} />
    case 'hold': return <HoldDialog object="ticket" id={ticket.id} name={`#${ticket.number}`} onClose={onClose} />
    default: return null
  }
}
