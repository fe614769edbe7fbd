import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Assignment, Ticket } from '@kanal/api'
import { Avatar, Icon, Tag } from '@kanal/ui'
import { useNames } from '@/features/lookups/index.ts'
import { whyQuery } from '@/features/tickets/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import s from './panel.module.css'

/** RT-20: who got it, by which rule, who was considered and why the others were not chosen. */
export function Why({ ticket }: { ticket: Ticket }) {
  const history = useQuery(whyQuery(ticket.id))
  const [all, setAll] = useState(false)
  const list = history.data?.length ? history.data : ticket.assignment ? [ticket.assignment] : []
  if (list.length === 0) return <p className={s.none}>{t('why.none')}</p>
  const sorted = [...list].sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1))
  return (
    <div className={s.why}>
      {(all ? sorted : sorted.slice(0, 1)).map((a, i) => <Decision key={i} a={a} />)}
      {sorted.length > 1 ? <button type="button" className={s.textButton} onClick={() => setAll(!all)}>{all ? t('why.less') : t('why.earlier', { n: sorted.length - 1 })}</button> : null}
    </div>
  )
}

function Decision({ a }: { a: Assignment }) {
  const names = useNames()
  const owner = (a.owner_name || names.user(a.owner_id)) ?? a.candidates?.find((c) => c.chosen)?.name
  const team = a.team_name || names.team(a.team_id)
  return (
    <div className={s.decision}>
      <p><strong>{owner ?? team ?? t('ticket.unassigned')}</strong>{a.at ? <span className={s.dim} title={dateTime(a.at)}> · {ago(a.at)}</span> : null}</p>
      <p>{maybe(`rule.${a.rule}`, a.rule)}{a.reason ? <> — {maybe(`reason.${a.reason}`, a.reason)}</> : null}</p>
      {a.candidates?.length ? (
        <ul className={s.candidates}>
          {a.candidates.map((c) => (
            <li key={c.user_id} data-chosen={c.chosen || undefined}>
              <Avatar name={c.name} size={20} />
              <span className={s.candidateText}><span className="k-cut">{c.name}</span><span className={s.dim}>{t('why.open', { n: c.open })}{c.last_assigned_at ? ` · ${t('why.last', { time: ago(c.last_assigned_at) })}` : ''}</span></span>
              {c.chosen ? <Tag tone="accent"><Icon name="check" size={11} />{maybe(`candidate.${c.reason}`, c.reason)}</Tag> : <Tag>{maybe(`candidate.${c.reason}`, c.reason)}</Tag>}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
