import { ActionIcon, Select } from '@mantine/core'
import { useState } from 'react'
import type { Ticket, TicketRow } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { Frame } from './Frame.tsx'
import { link } from './run.ts'
import { TicketPick } from './TicketPick.tsx'
import s from './triage.module.css'

const kinds = ['related', 'duplicate', 'blocks', 'blocked'] as const
const own = new Set(['related', 'duplicate', 'blocks'])

/** How two tickets belong together. */
export function LinkDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const [chosen, choose] = useState<TicketRow[]>([])
  const [kind, setKind] = useState<string>('related')
  const there = (ticket.links ?? []).filter((l) => own.has(l.kind))
  const other = chosen[0]
  return (
    <Frame title={t('link.title', { number: ticket.number })} size={560} button={t('link.do')} ready={!!other} onClose={onClose}
      onDo={() => (kind === 'blocked' ? link(other!.id, ticket.id, 'blocks') : link(ticket.id, other!.id, kind))}>
      {there.length > 0 ? (
        <ul className={s.list} aria-label={t('link.there')}>
          {there.map((l) => (
            <li key={l.kind + l.direction + l.other.id} className={s.linked}>
              <Tag>{t(`link.${l.direction === 'from' && l.kind === 'blocks' ? 'blocked' : l.kind}` as Key)}</Tag>
              <a className="k-cut" href={`/ticket/${l.other.number}`}>#{l.other.number} {l.other.subject}</a>
              <ActionIcon aria-label={t('link.remove', { number: l.other.number })} onClick={() => void link(ticket.id, l.other.id, l.kind, true).catch(toastError)}><Icon name="x" size={13} /></ActionIcon>
            </li>
          ))}
        </ul>
      ) : null}
      <Select label={t('link.kind')} data={kinds.map((k) => ({ value: k, label: t(`link.this_${k}` as Key) }))} value={kind} onChange={(v) => setKind(v ?? 'related')} allowDeselect={false} />
      <TicketPick ticket={ticket} many={false} chosen={chosen} onChoose={choose} />
    </Frame>
  )
}
