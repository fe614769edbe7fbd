import { MultiSelect, Radio, Stack, Switch } from '@mantine/core'
import type { AssignPolicy } from '@kanal/api'
import { useTeams, useUsers } from '@/features/lookups/index.ts'
import { t, type Key } from '@/locales/index.ts'

export const noAssign: AssignPolicy = { to: 'no_one', users: [], teams: [], available_only: true, by: 'least_open' }
const choices = ['no_one', 'users', 'teams', 'users_and_teams', 'contact_owner'] as const

/** GEN-17, RT-01, RT-02: who gets a new ticket of this channel. */
export function RoutingForm({ value, onChange }: { value: AssignPolicy; onChange(v: AssignPolicy): void }) {
  const users = useUsers()
  const teams = useTeams()
  const to = value.to || 'no_one'
  const set = (part: Partial<AssignPolicy>) => onChange({ ...value, ...part })
  const people = to === 'users' || to === 'users_and_teams'
  const groups = to === 'teams' || to === 'users_and_teams'
  return (
    <Stack gap="md">
      <Radio.Group label={t('routing.to')} value={to} onChange={(v) => set({ to: v as AssignPolicy['to'] })}>
        <Stack gap={8} mt={6}>{choices.map((c) => <Radio key={c} value={c} label={t(`routing.${c}` as Key)} description={t(`routing.${c}_text` as Key)} />)}</Stack>
      </Radio.Group>
      {people ? <MultiSelect label={t('routing.pick_users')} searchable data={users.filter((u) => u.active).map((u) => ({ value: u.email, label: u.name || u.email }))} value={value.users ?? []} onChange={(v) => set({ users: v })} nothingFoundMessage={t('state.nothing_found')} /> : null}
      {groups ? <MultiSelect label={t('routing.pick_teams')} searchable data={teams.map((x) => ({ value: x.slug, label: x.name }))} value={value.teams ?? []} onChange={(v) => set({ teams: v })} nothingFoundMessage={t('state.nothing_found')} /> : null}
      {people || groups ? (
        <>
          <Switch label={t('routing.available_only')} description={t('routing.available_only_text')} checked={value.available_only} onChange={(e) => set({ available_only: e.currentTarget.checked })} />
          <Radio.Group label={t('routing.by')} value={value.by || 'least_open'} onChange={(v) => set({ by: v as AssignPolicy['by'] })}>
            <Stack gap={8} mt={6}><Radio value="least_open" label={t('routing.least_open')} /><Radio value="random" label={t('routing.random')} /></Stack>
          </Radio.Group>
        </>
      ) : null}
    </Stack>
  )
}
