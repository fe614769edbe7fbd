import { ActionIcon, Button, NativeSelect, Radio, Select, Stack } from '@mantine/core'
import type { FormField } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { ConditionsEditor } from '@/features/conditions/index.ts'
import { usePipelines } from '@/features/lookups/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { change, conditionFields, fieldsOf, fromEditor, toEditor } from './model.ts'
import s from './forms.module.css'

const modes = ['hidden', 'read_only', 'rules'] as const

/** FM-06: pipeline and status are decided by the team: hidden, shown without a choice, or set by rules from other answers. Never by what a visitor sends (FM-08). */
export function Decision({ field: f }: { field: FormField }) {
  const { editor, lang, mayEdit } = useDesk()
  const pipelines = usePipelines()
  const isPipeline = f.maps === 'ticket.pipeline'
  const pipeline = pipelines.find((p) => p.slug === editor.def.ticket?.pipeline) ?? pipelines[0]
  const values = isPipeline ? pipelines.map((p) => ({ value: p.slug, label: p.name })) : (pipeline?.statuses ?? []).map((x) => ({ value: x.slug, label: x.name }))
  const key = isPipeline ? 'pipeline' : 'status'
  const mode = f.mode || 'hidden'
  const rules = f.set_by ?? []
  const set = (part: Partial<FormField>) => editor.edit((d) => change(d, f.name, part), `${f.name} ${Object.keys(part).join()}`)
  const pick = (m: (typeof modes)[number]) => set({ mode: m, hidden: m !== 'read_only', read_only: m === 'read_only', ...(m === 'rules' && !rules.length ? { set_by: [{ if: null, value: values[0]?.value ?? '' }] } : {}) })
  const move = (i: number, by: number) => { const out = [...rules]; [out[i], out[i + by]] = [out[i + by]!, out[i]!]; set({ set_by: out }) }
  return (
    <div className={s.group} data-at={`fields.${f.name}.set_by`}>
      <Select label={t(isPipeline ? 'property.pipeline' : 'property.status')} description={t('forms.decided_default')} disabled={!mayEdit} data={values} value={editor.def.ticket?.[key] || null} placeholder={values[0]?.label ?? ''} clearable clearButtonProps={{ 'aria-label': t('property.clear') }}
        onChange={(v) => editor.edit((d) => ({ ...d, ticket: { ...d.ticket, [key]: v ?? '', ...(isPipeline ? { status: '' } : {}) } }))} />
      <Radio.Group label={t('forms.mode')} value={mode} onChange={(v) => pick(v as (typeof modes)[number])}>
        <Stack gap={8} mt={6}>{modes.map((m) => <Radio key={m} value={m} disabled={!mayEdit} label={t(`forms.mode.${m}` as Key)} description={t(`forms.mode_text.${m}` as Key)} />)}</Stack>
      </Radio.Group>
      {mode === 'rules' ? (
        <div className={s.rules}>
          {rules.map((r, i) => (
            <div key={i} className={s.rule} role="group" aria-label={t('forms.rule', { n: i + 1 })}>
              <div className={s.ruleHead}>
                <strong>{t('forms.rule', { n: i + 1 })}</strong>
                {mayEdit ? (
                  <span className={s.tools}>
                    <ActionIcon size={26} disabled={i === 0} aria-label={t('forms.rule_up', { n: i + 1 })} onClick={() => move(i, -1)}><Icon name="up" size={13} /></ActionIcon>
                    <ActionIcon size={26} disabled={i === rules.length - 1} aria-label={t('forms.rule_down', { n: i + 1 })} onClick={() => move(i, 1)}><Icon name="down" size={13} /></ActionIcon>
                    <ActionIcon size={26} aria-label={t('forms.rule_remove', { n: i + 1 })} onClick={() => set({ set_by: rules.filter((_, n) => n !== i) })}><Icon name="trash" size={13} /></ActionIcon>
                  </span>
                ) : null}
              </div>
              <ConditionsEditor label={t('forms.rule_when', { n: i + 1 })} empty={t('forms.rule_any')} mayEdit={mayEdit} fields={conditionFields(editor.def, f.name, lang)} value={toEditor(r.if)} onChange={(v) => set({ set_by: rules.map((x, n) => (n === i ? { ...x, if: fromEditor(v) } : x)) })} />
              <NativeSelect label={t('forms.rule_value')} disabled={!mayEdit} value={r.value} data={values.some((v) => v.value === r.value) || !r.value ? values : [{ value: r.value, label: r.value }, ...values]} onChange={(e) => set({ set_by: rules.map((x, n) => (n === i ? { ...x, value: e.currentTarget.value } : x)) })} />
            </div>
          ))}
          {mayEdit ? <div><Button size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} onClick={() => set({ set_by: [...rules, { if: null, value: values[0]?.value ?? '' }] })}>{t('forms.rule_add')}</Button></div> : null}
          <p className={s.hint}>{t('forms.rules_text')}</p>
        </div>
      ) : null}
    </div>
  )
}

/** The field of the form that decides pipeline or status, if it has one. */
export const decider = (def: { fields?: FormField[] | null }, what: 'pipeline' | 'status'): FormField | undefined => fieldsOf(def).find((f) => f.maps === `ticket.${what}`)
