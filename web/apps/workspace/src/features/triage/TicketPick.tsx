import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Ticket, TicketRow } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { ago } from '@/shell/format.ts'
import s from './triage.module.css'
import { evidence, useFound } from './useTickets.ts'

/** A ticket in a few words, for choosing. */
export function TicketLine({ row, of }: { row: TicketRow; of?: Ticket }) {
  return (
    <>
      <span className={s.line}><Icon name={row.open ? 'open' : 'closed'} size={13} /><b className="k-num">#{row.number}</b><span className="k-cut">{row.subject || t('ticket.no_subject')}</span></span>
      <span className={s.facts}>
        <span>{row.contact?.name || row.contact?.email || t('panel.no_contact')}</span>
        <span>{row.status?.name}</span>
        <span>{t('merge.messages', { n: row.message_count })}</span>
        <time dateTime={row.created_at}>{ago(row.created_at)}</time>
        {of ? evidence(of, row).map((e) => <Tag key={e} tone="ok">{t(`merge.${e}` as Key)}</Tag>) : null}
      </span>
    </>
  )
}

/** Finds other tickets and lets one or more be chosen. */
export function TicketPick({ ticket, many, chosen, onChoose }: { ticket: Ticket; many: boolean; chosen: TicketRow[]; onChoose: (rows: TicketRow[]) => void }) {
  const [q, setQ] = useState('')
  const { found, busy } = useFound(q, ticket)
  const rows = [...chosen.filter((c) => !found.some((f) => f.id === c.id)), ...found.map((f) => f.row!)]
  const toggle = (row: TicketRow) => onChoose(chosen.some((c) => c.id === row.id) ? chosen.filter((c) => c.id !== row.id) : many ? [...chosen, row] : [row])
  return (
    <>
      <TextInput data-autofocus label={t('merge.find')} placeholder={t('merge.find_hint')} value={q} onChange={(e) => setQ(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} />
      <ul className={s.list} aria-label={t('merge.found')} aria-busy={busy}>
        {rows.map((row) => (
          <li key={row.id}>
            <label className={s.pick} data-ticket={row.number}>
              <input type={many ? 'checkbox' : 'radio'} name="other" checked={chosen.some((c) => c.id === row.id)} onChange={() => toggle(row)} />
              <TicketLine row={row} of={ticket} />
            </label>
          </li>
        ))}
        {rows.length === 0 ? <li className={s.nothing}>{t(busy ? 'state.loading' : q ? 'merge.none' : 'merge.none_of_contact')}</li> : null}
      </ul>
    </>
  )
}
