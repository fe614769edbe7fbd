import { useState } from 'react'
import type { Ticket } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { actionContext } from '@/shell/actions.ts'
import { Frame } from './Frame.tsx'
import { move, moveThread, spam } from './run.ts'
import s from './triage.module.css'

/** To which inbox something goes: those that one works in. */
export function MoveDialog({ ticket, threadId, onClose }: { ticket: Ticket | null; threadId: string | null; onClose: () => void }) {
  const mine = new Set(useSession().inboxes.map((i) => i.id))
  const here = ticket?.inbox_id ?? actionContext().conversation?.thread?.inbox_id
  const inboxes = useInboxes().filter((i) => mine.has(i.id) && i.id !== here)
  const [to, setTo] = useState('')
  const inbox = inboxes.find((i) => i.id === to)
  return (
    <Frame title={t('move.title')} size={440} button={inbox ? t('move.do', { inbox: inbox.name }) : t('move.button')} ready={!!inbox} onClose={onClose} onDo={() => (ticket ? move(ticket, inbox!) : moveThread(threadId!, inbox!))}>
      <ul className={s.list} aria-label={t('property.inbox')}>
        {inboxes.map((i, n) => <li key={i.id}><label className={s.pick}><input type="radio" name="inbox" data-autofocus={n === 0 || undefined} checked={to === i.id} onChange={() => setTo(i.id)} /><span className={s.line}><Icon name="inbox" size={13} />{i.name}</span></label></li>)}
        {inboxes.length === 0 ? <li className={s.nothing}>{t('move.none')}</li> : null}
      </ul>
      <p className={s.hint}>{ticket ? t('move.hint') : t('move.hint_thread')}</p>
    </Frame>
  )
}

/** Spam, and whom to keep out from now on. */
export function BlockDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const address = ticket.contact?.email ?? ''
  const domain = address.split('@')[1] ?? ''
  const [block, setBlock] = useState<'sender' | 'domain'>('sender')
  return (
    <Frame title={t('block.title')} size={460} button={t('block.do')} onClose={onClose} onDo={() => spam(ticket, actionContext(), block)}>
      <ul className={s.list} aria-label={t('block.whom')}>
        <li><label className={s.pick}><input type="radio" name="block" data-autofocus checked={block === 'sender'} onChange={() => setBlock('sender')} /><span className={s.line}><span className="k-cut">{address ? t('block.sender', { address }) : t('block.sender_plain')}</span></span></label></li>
        <li><label className={s.pick}><input type="radio" name="block" checked={block === 'domain'} onChange={() => setBlock('domain')} /><span className={s.line}><span className="k-cut">{domain ? t('block.domain', { domain }) : t('block.domain_plain')}</span></span></label></li>
      </ul>
      <p className={s.hint}>{t('block.hint')}</p>
    </Frame>
  )
}
