import { ActionIcon, Button, Modal, NativeSelect, NumberInput, Radio, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import type { Access, SkillNeed, SkillRule } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { ConditionsEditor, useRoutingFields } from '@/features/conditions/index.ts'
import { Sortable } from '@/features/settings/index.ts'
import { skillName, skillOptions, useSkills } from '@/features/skills/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { freshRule, relaxOf, ruleFault, ruleText, withRelax } from './model.ts'
import { WhomFields } from './Whom.tsx'
import s from './routing.module.css'

/** SK-01, SK-05, SK-08: rules that ask for skills, in their order; the first that fits decides. */
export function Rules({ value, onChange, access, mayEdit }: { value: SkillRule[]; onChange(r: SkillRule[]): void; access?: Access; mayEdit: boolean }) {
  const heading = useId()
  const fields = useRoutingFields()
  const skills = useSkills()
  const [editing, setEditing] = useState<number | null>(null)
  const put = (i: number, r: SkillRule) => onChange(value.map((x, at) => (at === i ? r : x)))
  return (
    <section className={s.part} aria-labelledby={heading} data-setting="routing.rules">
      <h3 id={heading}>{t('routing.rules')}</h3>
      <p className={s.hint}>{t(value.length ? 'routing.rules_text' : 'routing.rules_none')}</p>
      <Sortable items={value.map((r, i) => ({ r, i }))} idOf={(x) => `${x.i}`} nameOf={(x) => x.r.name} disabled={!mayEdit} onChange={(xs) => onChange(xs.map((x) => x.r))}>
        {({ r }, i) => (
          <div className={s.rule}>
            <Switch aria-label={t('routing.rule_on', { name: r.name })} disabled={!mayEdit} checked={!r.off} onChange={(e) => put(i, { ...r, off: !e.currentTarget.checked })} />
            <span className={s.ruleText} data-off={r.off || undefined}><strong>{r.name}</strong><span className={s.ruleSub}>{ruleText(r, fields, (slug) => skillName(skills, slug))}</span></span>
            <Button variant="default" size="compact-sm" aria-label={mayEdit ? t('users.edit', { name: r.name }) : `${t('routing.look')}: ${r.name}`} onClick={() => setEditing(i)}>{t(mayEdit ? 'action.edit' : 'routing.look')}</Button>
            {mayEdit ? <ActionIcon aria-label={t('filter.remove', { text: r.name })} onClick={() => onChange(value.filter((_, at) => at !== i))}><Icon name="x" /></ActionIcon> : null}
          </div>
        )}
      </Sortable>
      {mayEdit ? <div><Button size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} onClick={() => setEditing(-1)}>{t('routing.rule_add')}</Button></div> : null}
      {editing !== null ? (
        <RuleModal rule={value[editing] ?? freshRule(value.length + 1)} fresh={editing < 0} mayEdit={mayEdit} {...(access ? { access } : {})} onClose={() => setEditing(null)}
          onDone={(r) => { if (editing < 0) onChange([...value, r]); else put(editing, r); setEditing(null) }} />
      ) : null}
    </section>
  )
}

function RuleModal({ rule, fresh, access, mayEdit, onClose, onDone }: { rule: SkillRule; fresh: boolean; access?: Access; mayEdit: boolean; onClose(): void; onDone(r: SkillRule): void }) {
  const fields = useRoutingFields()
  const [r, setR] = useState(rule)
  const [asked, setAsked] = useState(false)
  const set = (part: Partial<SkillRule>) => setR((x) => ({ ...x, ...part }))
  const [whom, setWhom] = useState((rule.users ?? []).length + (rule.teams ?? []).length ? 'users_and_teams' : '')
  const fault = ruleFault(r)
  const done = () => { if (fault) setAsked(true); else onDone(whom ? r : { ...r, users: [], teams: [] }) }
  const relax = relaxOf(r)
  return (
    <Modal opened onClose={onClose} size="xl" title={<strong>{fresh ? t('routing.rule_add') : rule.name}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <div className={s.edit}>
        {asked && fault ? <Banner tone="danger" icon="warn" role="alert">{fault}</Banner> : null}
        <TextInput label={t('field.name')} required disabled={!mayEdit} value={r.name} onChange={(e) => set({ name: e.currentTarget.value })} data-autofocus />
        <section className={s.part}><h3>{t('routing.rule_when')}</h3><ConditionsEditor fields={fields} value={r.if} onChange={(v) => set({ if: v })} mayEdit={mayEdit} label={t('routing.rule_when')} empty={t('routing.rule_when_none')} /></section>
        <section className={s.part}><h3>{t('routing.needs')}</h3><p className={s.hint}>{t('routing.needs_text')}</p><Needs value={r.skills ?? []} onChange={(skills) => set({ skills })} mayEdit={mayEdit} /></section>
        <section className={s.part}>
          <Radio.Group label={t('routing.rule_whom')} value={whom} onChange={setWhom}><Stack gap={8} mt={6}><Radio value="" disabled={!mayEdit} label={t('routing.rule_whom_all')} /><Radio value="users_and_teams" disabled={!mayEdit} label={t('routing.rule_whom_some')} /></Stack></Radio.Group>
          {whom ? <WhomFields to="users_and_teams" value={r} onChange={set} mayEdit={mayEdit} {...(access ? { access } : {})} /> : null}
        </section>
        <section className={s.part}>
          <Radio.Group label={t('routing.relax')} value={relax} onChange={(v) => setR((x) => withRelax(x, v))}>
            <Stack gap={8} mt={6}>{(['at_once', 'after', 'strict'] as const).map((x) => <Radio key={x} value={x} disabled={!mayEdit} label={t(`routing.relax_${x}` as Key)} description={t(`routing.relax_${x}_text` as Key)} />)}</Stack>
          </Radio.Group>
          {relax === 'after' ? <NumberInput label={t('routing.relax_seconds')} min={1} max={604800} disabled={!mayEdit} suffix={` ${t('routing.seconds')}`} value={r.relax_seconds ?? 300} onChange={(v) => set({ relax_seconds: Math.max(1, Number(v) || 1) })} /> : null}
        </section>
        <Stack gap={0}><div className={s.stepHead} style={{ justifyContent: 'flex-end' }}><Button variant="default" onClick={onClose} style={{ flex: 'none' }}>{t('action.cancel')}</Button>{mayEdit ? <Button onClick={done}>{t(fresh ? 'routing.rule_done' : 'routing.rule_keep')}</Button> : null}</div></Stack>
      </div>
    </Modal>
  )
}

function Needs({ value, onChange, mayEdit }: { value: SkillNeed[]; onChange(v: SkillNeed[]): void; mayEdit: boolean }) {
  const skills = useSkills()
  const put = (i: number, part: Partial<SkillNeed>) => onChange(value.map((x, at) => (at === i ? { ...x, ...part } : x)))
  const options = skillOptions(skills, true)
  const free = options.flatMap((g) => g.items).find((o) => !value.some((v) => v.skill === o.value))
  return (
    <div className={s.needs}>
      {value.map((k, i) => {
        const name = skillName(skills, k.skill)
        return (
          <div key={i} className={s.need} role="group" aria-label={name}>
            <Select aria-label={t('routing.need', { n: i + 1 })} searchable allowDeselect={false} disabled={!mayEdit} value={k.skill} data={options.some((g) => g.items.some((o) => o.value === k.skill)) ? options : [{ group: k.skill, items: [{ value: k.skill, label: k.skill }] }, ...options]} onChange={(v) => v && put(i, { skill: v })} nothingFoundMessage={t('state.nothing_found')} />
            <NativeSelect aria-label={t('routing.need_level', { name })} disabled={!mayEdit} value={String(k.level ?? 0)} data={[{ value: '0', label: t('routing.any_level') }, ...[1, 2, 3, 4, 5].map((n) => ({ value: String(n), label: t('routing.at_least', { level: n }) }))]} onChange={(e) => put(i, { level: Number(e.currentTarget.value) })} />
            <NativeSelect aria-label={t('routing.need_how', { name })} disabled={!mayEdit} value={k.preferred ? 'preferred' : 'required'} data={[{ value: 'required', label: t('routing.required') }, { value: 'preferred', label: t('routing.preferred') }]} onChange={(e) => put(i, { preferred: e.currentTarget.value === 'preferred' })} />
            {mayEdit ? <ActionIcon aria-label={t('filter.remove', { text: name })} onClick={() => onChange(value.filter((_, at) => at !== i))}><Icon name="x" /></ActionIcon> : <span />}
          </div>
        )
      })}
      {mayEdit ? <div><Button size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} disabled={!free} onClick={() => onChange([...value, { skill: free!.value }])}>{t('routing.need_add')}</Button></div> : null}
    </div>
  )
}
