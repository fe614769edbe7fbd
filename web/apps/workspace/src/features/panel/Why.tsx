import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, type Assignment, type Candidate, type Conversation, type Ticket } from '@kanal/api'
import { Avatar, Icon, Tag } from '@kanal/ui'
import { useNames } from '@/features/lookups/index.ts'
import { skillName, useSkills } from '@/features/skills/index.ts'
import { whyQuery } from '@/features/tickets/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { sinceThen } from './model.ts'
import s from './panel.module.css'

/** RT-20: who got it, by which rule, who was considered and why the others were not chosen. */
export function Why({ ticket }: { ticket: Ticket }) {
  const history = useQuery(whyQuery(ticket.id))
  return <Decisions list={history.data?.length ? history.data : ticket.assignment ? [ticket.assignment] : []} />
}

/** The same of a conversation without a ticket. Its last automatic decision is kept; what a person changed since stands before it. */
export function ThreadWhy({ conversation: c }: { conversation: Pick<Conversation, 'id' | 'owner_id' | 'team_id'> }) {
  const kept = useQuery({ queryKey: ['why', 'thread', c.id], queryFn: () => get<{ assignment: Assignment | null }>(`/api/threads/${c.id}/why`) })
  if (!kept.data) return null
  return <Decisions list={sinceThen(kept.data.assignment, c)} />
}

function Decisions({ list }: { list: readonly Assignment[] }) {
  const [all, setAll] = useState(false)
  if (list.length === 0) return <p className={s.none}>{t('why.none')}</p>
  const sorted = [...list].sort((a, b) => ((a.at ?? '~') < (b.at ?? '~') ? 1 : -1))
  return (
    <div className={s.why}>
      {(all ? sorted : sorted.slice(0, 1)).map((a, i) => <Decision key={i} a={a} now={i === 0} />)}
      {sorted.length > 1 ? <button type="button" className={s.textButton} onClick={() => setAll(!all)}>{all ? t('why.less') : t('why.earlier', { n: sorted.length - 1 })}</button> : null}
    </div>
  )
}

type Naming = (slugs: readonly string[]) => string
const stepReason = (reason: string) => maybe(`reason.${reason}`, maybe(`candidate.${reason}`, reason))

function said(c: Candidate, skillNames: Naming): string {
  if (c.reason === 'lacks_skill' && c.missing?.length) return t('why.missing', { skills: skillNames(c.missing) })
  if (c.reason === 'at_capacity' && c.limit !== undefined) return t('why.full', { load: c.load ?? 0, limit: c.limit })
  return maybe(`candidate.${c.reason}${c.by ? `_${c.by}` : ''}`, maybe(`candidate.${c.reason}`, c.reason))
}

function Decision({ a, now }: { a: Assignment; now: boolean }) {
  const names = useNames()
  const skills = useSkills()
  const skillNames: Naming = (slugs) => slugs.map((x) => skillName(skills, x)).join(', ')
  const owner = (a.owner_name || names.user(a.owner_id)) ?? a.candidates?.find((c) => c.chosen)?.name
  const team = a.team_name || names.team(a.team_id)
  const waits = a.queued && !a.owner_id && now
  const more = (a.steps?.length ?? 0) > 1 || a.steps?.some((x) => x.step === 'rule')
  return (
    <div className={s.decision}>
      <p><strong>{owner ?? team ?? t('ticket.unassigned')}</strong>{a.at ? <span className={s.dim} title={dateTime(a.at)}> · {ago(a.at)}</span> : null}</p>
      <p>{a.rule === 'skill' && a.rule_name ? t('step.rule', { name: a.rule_name }) : maybe(`rule.${a.rule}`, a.rule)}{a.reason ? <> — {stepReason(a.reason)}</> : null}</p>
      {waits ? <p className={s.dim}>{t('why.waits')}{a.next_at ? <span title={dateTime(a.next_at)}> {t('why.tried_again', { time: dateTime(a.next_at) })}.</span> : null}</p> : null}
      {waits && a.hold_for ? <p className={s.dim}>{t('why.held', { name: names.user(a.hold_for) ?? '' })}</p> : null}
      {a.mail_to ? <p className={s.dim}>{t('why.mailed', { name: names.user(a.mail_to) ?? '' })}</p> : null}
      {more ? (
        <ol className={s.steps} aria-label={t('why.steps')}>
          {a.steps!.map((x, i) => <li key={i}><span>{maybe(`step.${x.step}`, x.step, { name: x.name ?? '' })}</span><span className={s.dim}>{x.skills?.length ? `${t('why.needs', { skills: skillNames(x.skills) })} · ` : ''}{stepReason(x.reason)}</span></li>)}
        </ol>
      ) : null}
      {a.candidates?.length ? (
        <ul className={s.candidates}>
          {a.candidates.map((c) => (
            <li key={c.user_id ?? c.name} data-chosen={c.chosen || undefined}>
              <Avatar name={c.name} size={20} />
              <span className={s.candidateText}><span className="k-cut">{c.name}</span><span className={s.dim}>{c.limit !== undefined ? t('why.load', { load: c.load ?? 0, limit: c.limit }) : t('why.open', { n: c.open })}{c.last_assigned_at ? ` · ${t('why.last', { time: ago(c.last_assigned_at) })}` : ''}</span></span>
              {c.chosen ? <Tag tone="accent"><Icon name="check" size={11} />{said(c, skillNames)}</Tag> : <Tag>{said(c, skillNames)}</Tag>}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
