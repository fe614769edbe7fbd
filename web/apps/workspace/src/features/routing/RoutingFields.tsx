import { Button, NativeSelect, NumberInput, Radio, Stack, Switch } from '@mantine/core'
import { lazy, Suspense, useId } from 'react'
import type { Access, AssignPolicy, AssignStep } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { HoursPick } from '@/features/hours/index.ts'
import { useInboxes } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { Sortable } from '@/features/settings/index.ts'
import { t, withMore, type Key } from '@/locales/index.ts'
import { choices, freshStep, namesTeams, namesUsers, toLabel } from './model.ts'
import { Rules } from './Rules.tsx'
import { TryRule } from './TryRule.tsx'
import { WhomFields } from './Whom.tsx'
import s from './routing.module.css'

const Replay = lazy(withMore(async () => ({ default: (await import('@/features/replay/index.ts')).Replay })))

export interface RoutingFieldsProps {
  value: AssignPolicy
  onChange(v: AssignPolicy): void
  /** the channel account, when it exists already */
  account?: string | null
  inbox?: string | null
  mayEdit?: boolean
  /** beside a canvas: one column */
  narrow?: boolean
}

/** GEN-17, RT-01 to RT-03, D10, D11: who gets new work. The same for every channel, in the inbox and in the help desk. */
export function RoutingFields({ value, onChange, account, inbox, mayEdit = true, narrow = false }: RoutingFieldsProps) {
  const access = useInboxes().find((i) => i.id === inbox)?.access
  const can = useCan()
  const to = value.to || 'no_one'
  const set = (part: Partial<AssignPolicy>) => onChange({ ...value, ...part })
  const rules = value.rules ?? []
  const anybody = to !== 'no_one' || rules.length > 0
  const teams = namesTeams(to) || (value.fallback ?? []).some((f) => namesTeams(f.to) || f.to === 'owner_team') || rules.some((r) => (r.teams ?? []).length > 0)
  return (
    <div className={s.form} data-setting="routing" data-narrow={narrow || undefined}>
      <Rules value={rules} onChange={(r) => set({ rules: r })} mayEdit={mayEdit} {...(access ? { access } : {})} />
      <section className={s.part}>
        <Radio.Group label={t(rules.length ? 'routing.to_else' : 'routing.to')} value={to} onChange={(v) => set({ to: v as AssignPolicy['to'] })}>
          <Stack gap={8} mt={6}>{choices.map((c) => <Radio key={c} value={c} disabled={!mayEdit} label={toLabel(c)} description={t(`routing.${c}_text` as Key)} />)}</Stack>
        </Radio.Group>
        {namesUsers(to) || namesTeams(to) ? <WhomFields to={to} value={value} onChange={set} mayEdit={mayEdit} {...(access ? { access } : {})} /> : null}
        {to === 'contact_owner' ? <OwnerFields value={value} set={set} mayEdit={mayEdit} {...(access ? { access } : {})} /> : null}
      </section>
      {anybody ? (
        <section className={s.part}>
          <Switch label={t('routing.available_only')} description={t('routing.available_only_text')} disabled={!mayEdit} checked={value.available_only} onChange={(e) => set({ available_only: e.currentTarget.checked })} />
          <Radio.Group label={t('routing.by')} value={value.by || 'least_open'} onChange={(v) => set({ by: v as AssignPolicy['by'] })}>
            <Stack gap={8} mt={6}><Radio value="least_open" disabled={!mayEdit} label={t('routing.least_open')} /><Radio value="random" disabled={!mayEdit} label={t('routing.random')} /></Stack>
          </Radio.Group>
          {teams ? <Switch label={t('routing.extra_members')} description={t('routing.extra_members_text')} disabled={!mayEdit} checked={!!value.extra_members} onChange={(e) => set({ extra_members: e.currentTarget.checked })} /> : null}
          <Switch label={t('routing.own_contact')} description={t('routing.own_contact_text')} disabled={!mayEdit} checked={!!value.own_contact} onChange={(e) => set({ own_contact: e.currentTarget.checked })} />
          <HoursPick value={value.hours ?? ''} onChange={(hours) => set({ hours })} none={t('routing.any_time')} label={t('routing.hours')} hint={t('routing.hours_text')} disabled={!mayEdit} />
          <Switch label={t('routing.queue')} description={t('routing.queue_text')} disabled={!mayEdit} checked={!value.no_queue} onChange={(e) => set({ no_queue: !e.currentTarget.checked })} />
          <NativeSelect label={t('routing.reopened')} disabled={!mayEdit} value={value.reopened || 'keep_available'} onChange={(e) => set({ reopened: e.currentTarget.value as 'keep' })}
            data={(['keep_available', 'keep', 'again'] as const).map((x) => ({ value: x, label: t(`routing.reopened_${x}` as Key) }))} />
        </section>
      ) : null}
      <TryRule policy={value} account={account ?? null} inbox={inbox ?? null} />
      {account && can('routing.manage') ? <Suspense fallback={null}><Replay policy={value} account={account} /></Suspense> : null}
    </div>
  )
}

const steps = ['owner_team', 'users', 'teams', 'users_and_teams', 'no_one'] as const

/** RT-04, RT-05, RT-17: what happens when the contact has no owner, or the owner cannot have it. */
function OwnerFields({ value, set, access, mayEdit }: { value: AssignPolicy; set(part: Partial<AssignPolicy>): void; access?: Access; mayEdit: boolean }) {
  const heading = useId()
  const chain = value.fallback ?? []
  const put = (fallback: AssignStep[]) => set({ fallback })
  const name = (f: AssignStep, i: number) => t('routing.step', { n: i + 1, name: toLabel(f.to) })
  return (
    <div className={s.indent}>
      <Switch label={t('routing.mail_owner')} description={t('routing.mail_owner_text')} disabled={!mayEdit} checked={!!value.mail_owner} onChange={(e) => set({ mail_owner: e.currentTarget.checked })} />
      <NumberInput label={t('routing.hold')} description={t('routing.hold_text')} min={0} max={10080} disabled={!mayEdit} suffix={` ${t('routing.minutes')}`} value={Math.round((value.hold_seconds ?? 0) / 60)} onChange={(v) => set({ hold_seconds: (Number(v) || 0) * 60 })} />
      <Switch label={t('routing.tracked_only')} description={t('routing.tracked_only_text')} disabled={!mayEdit} checked={!!value.tracked_only} onChange={(e) => set({ tracked_only: e.currentTarget.checked })} />
      <section className={s.part} aria-labelledby={heading}>
        <h3 id={heading}>{t('routing.fallback')}</h3>
        <p className={s.hint}>{t(chain.length ? 'routing.fallback_text' : 'routing.fallback_none')}</p>
        <Sortable items={chain.map((f, i) => ({ f, i }))} idOf={(x) => `${x.i}`} nameOf={(x) => name(x.f, x.i)} disabled={!mayEdit} onChange={(xs) => put(xs.map((x) => x.f))}>
          {({ f }, i) => (
            <div className={s.step}>
              <div className={s.stepHead}>
                <NativeSelect aria-label={t('routing.step_to', { n: i + 1 })} disabled={!mayEdit} value={f.to} data={steps.map((x) => ({ value: x, label: toLabel(x) }))} onChange={(e) => put(chain.map((y, at) => (at === i ? { ...y, to: e.currentTarget.value as AssignStep['to'] } : y)))} />
                {mayEdit ? <Button variant="subtle" color="gray" size="compact-sm" aria-label={t('filter.remove', { text: name(f, i) })} onClick={() => put(chain.filter((_, at) => at !== i))}>{t('action.remove')}</Button> : null}
              </div>
              <WhomFields to={f.to} value={f} mayEdit={mayEdit} prefix={String(i + 1)} {...(access ? { access } : {})} onChange={(w) => put(chain.map((y, at) => (at === i ? { ...y, ...w } : y)))} />
            </div>
          )}
        </Sortable>
        {mayEdit ? <div><Button size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} onClick={() => put([...chain, freshStep()])}>{t('routing.add_step')}</Button></div> : null}
      </section>
    </div>
  )
}
