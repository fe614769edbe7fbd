import { Select, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { Ticket } from '@kanal/api'
import { useTeams, useUsers } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { Frame } from './Frame.tsx'
import { transfer } from './run.ts'
import s from './triage.module.css'

/** Hands a ticket to somebody else with a word about it (WS-26). */
export function TransferDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const users = useUsers().filter((u) => u.active && u.id !== ticket.owner_id)
  const teams = useTeams()
  const [to, setTo] = useState<string | null>(null)
  const [note, setNote] = useState('')
  const data = [
    { group: t('transfer.people'), items: users.map((u) => ({ value: `u${u.id}`, label: u.available ? u.name || u.email : t('transfer.away', { name: u.name || u.email }) })) },
    { group: t('transfer.teams'), items: teams.map((x) => ({ value: `t${x.id}`, label: x.name })) },
  ]
  const user = to?.startsWith('u') ? users.find((u) => u.id === to.slice(1)) : undefined
  const team = to?.startsWith('t') ? teams.find((x) => x.id === to.slice(1)) : undefined
  const who = user ? { owner_id: user.id, name: user.name || user.email, ...(ticket.team_id ? { team_id: ticket.team_id } : {}) } : team ? { team_id: team.id, name: team.name } : null
  return (
    <Frame title={t('transfer.title')} button={t('transfer.do')} ready={!!who} onClose={onClose} onDo={() => transfer(ticket, who!, note)}>
      <Select data-autofocus openOnFocus={false} label={t('transfer.to')} placeholder={t('assign.search')} data={data} value={to} onChange={setTo} searchable nothingFoundMessage={t('transfer.nobody')} />
      <Textarea label={t('transfer.note')} placeholder={t('transfer.note_hint')} autosize minRows={3} maxRows={10} value={note} onChange={(e) => setNote(e.currentTarget.value)} />
      <p className={s.hint}>{t('message.only_team')}</p>
    </Frame>
  )
}
