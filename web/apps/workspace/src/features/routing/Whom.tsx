import { Button, MultiSelect } from '@mantine/core'
import type { Access, User } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useTeams, useUsers } from '@/features/lookups/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { faultOf, namesTeams, namesUsers } from './model.ts'
import s from './routing.module.css'

interface Whom { users?: string[] | null; teams?: string[] | null }

/** People and teams. Who can get nothing cannot be chosen (RT-09); who was chosen and can get nothing any more stands in red with why (RT-15). */
export function WhomFields({ to, value, onChange, access, mayEdit, prefix }: { to: string; value: Whom; onChange(v: { users: string[]; teams: string[] }): void; access?: Access; mayEdit: boolean; prefix?: string }) {
  const users = useUsers()
  const teams = useTeams()
  const chosen = { users: value.users ?? [], teams: value.teams ?? [] }
  const put = (part: Partial<typeof chosen>) => onChange({ ...chosen, ...part })
  const of = (email: string): User | undefined => users.find((u) => u.email.toLowerCase() === email.toLowerCase())
  const fault = (u: User) => faultOf(u, access)
  const data = [
    ...users.filter((u) => u.active || chosen.users.includes(u.email)).map((u) => { const f = fault(u); return { value: u.email, label: (u.name || u.email) + (f ? ` — ${t(`routing.fault.${f}` as Key)}` : ''), disabled: !!f && !chosen.users.includes(u.email) } }),
    ...chosen.users.filter((e) => !of(e)).map((e) => ({ value: e, label: e })),
  ]
  const bad = namesUsers(to) && users.length ? chosen.users.flatMap((e) => { const u = of(e); const f = faultOf(u, access); return f ? [{ email: e, name: u?.name || e, fault: f }] : [] }) : []
  const lost = namesTeams(to) && teams.length ? chosen.teams.filter((x) => !teams.some((y) => y.slug === x)) : []
  const empty = namesTeams(to) ? teams.filter((x) => chosen.teams.includes(x.slug) && !(x.members ?? []).length) : []
  return (
    <>
      {namesUsers(to) ? <MultiSelect label={t('routing.pick_users')} {...(prefix ? { 'aria-label': `${prefix}: ${t('routing.pick_users')}` } : {})} searchable disabled={!mayEdit} data={data} value={chosen.users} onChange={(v) => put({ users: v })} nothingFoundMessage={t('state.nothing_found')} /> : null}
      {namesTeams(to) ? <MultiSelect label={t('routing.pick_teams')} {...(prefix ? { 'aria-label': `${prefix}: ${t('routing.pick_teams')}` } : {})} searchable disabled={!mayEdit} data={[...teams.map((x) => ({ value: x.slug, label: x.name })), ...lost.map((x) => ({ value: x, label: x }))]} value={chosen.teams} onChange={(v) => put({ teams: v })} nothingFoundMessage={t('state.nothing_found')} /> : null}
      {bad.length + lost.length + empty.length ? (
        <ul className={s.faults} aria-label={t('routing.faults')}>
          {bad.map((b) => (
            <li key={b.email}><Icon name="warn" size={14} /><span>{t('routing.gets_nothing', { name: b.name, reason: t(`routing.fault.${b.fault}` as Key) })}</span>
              {mayEdit ? <Button size="compact-xs" variant="subtle" color="red" aria-label={t('filter.remove', { text: b.name })} onClick={() => put({ users: chosen.users.filter((e) => e !== b.email) })}>{t('action.remove')}</Button> : null}</li>
          ))}
          {lost.map((x) => <li key={x}><Icon name="warn" size={14} /><span>{t('routing.gets_nothing', { name: x, reason: t('routing.fault.team_gone') })}</span></li>)}
          {empty.map((x) => <li key={x.id}><Icon name="warn" size={14} /><span>{t('routing.gets_nothing', { name: x.name, reason: t('routing.fault.team_empty') })}</span></li>)}
        </ul>
      ) : null}
    </>
  )
}
