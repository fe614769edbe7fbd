import { ActionIcon, Button, Checkbox, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import type { AssignPolicy } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { RoutingFields } from '@/features/routing/index.ts'
import { usePipelines, useProperties } from '@/features/lookups/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { one, stepIcons, typeName } from './describe.ts'
import { Line, Words } from './fields.tsx'
import { changeStep } from './model.ts'
import { Conditions, Options, Pairs, Rows, StepPick } from './pickers.tsx'
import type { Bubble, Case, Step } from './types.ts'
import s from './chatflows.module.css'

interface Of { step: Step; set(part: Partial<Step>): void }

/** Everything that can be set on the chosen step. */
export function Inspector({ step, onClose, onDelete, onDuplicate }: { step: Step; onClose?: () => void; onDelete(): void; onDuplicate(): void }) {
  const { editor, mayEdit } = useDesk()
  const set = (part: Partial<Step>) => editor.edit((d) => changeStep(d, step.id, (was) => ({ ...was, ...part })), `${step.id} ${Object.keys(part).join()}`)
  const faults = editor.faults.filter((f) => f.step === step.id)
  return (
    <section className={s.inspector} aria-label={t('flow.inspector', { name: typeName(step.type), id: step.id })} data-inspector>
      <header className={s.sideHead}>
        <Icon name={stepIcons[step.type]} />
        <h2>{typeName(step.type)} <span className={s.id}>{step.id}</span></h2>
        {mayEdit ? <><ActionIcon aria-label={t('flow.duplicate')} title={t('flow.duplicate')} onClick={onDuplicate}><Icon name="copy" size={14} /></ActionIcon><ActionIcon aria-label={t('flow.delete')} title={t('flow.delete')} onClick={onDelete}><Icon name="trash" size={14} /></ActionIcon></> : null}
        {onClose ? <ActionIcon aria-label={t('flow.close_inspector')} onClick={onClose}><Icon name="x" size={14} /></ActionIcon> : null}
      </header>
      {faults.length ? <ul className={s.faults}>{faults.map((f, i) => <li key={i}><Banner tone={f.severity === 'warning' ? 'warn' : 'danger'} icon="warn">{f.message}</Banner></li>)}</ul> : null}
      <p className={s.hint}>{t(`flow.type_text.${step.type}` as Key)}</p>
      <TextInput label={t('flow.step_title')} placeholder={typeName(step.type)} value={step.title ?? ''} disabled={!mayEdit} onChange={(e) => set({ title: e.currentTarget.value })} />
      <Fields step={step} set={set} />
      {mayEdit && editor.def.start !== step.id ? <Button variant="default" leftSection={<Icon name="flag" size={14} />} onClick={() => editor.edit((d) => ({ ...d, start: step.id }))}>{t('flow.start_here')}</Button> : null}
    </section>
  )
}

function Fields({ step, set }: Of) {
  switch (step.type) {
    case 'message': return <MessageFields step={step} set={set} />
    case 'question': return <QuestionFields step={step} set={set} />
    case 'branch': return <BranchFields step={step} set={set} />
    case 'set': return <SetFields step={step} set={set} />
    case 'ticket': return <TicketFields step={step} set={set} />
    case 'assign': return <AssignFields step={step} set={set} />
    case 'handover': return <><Words label={t('flow.handover_message')} step={step.id} field="message" value={step.message} onChange={(message) => set({ message })} /><Words label={t('flow.nobody')} hint={t('flow.nobody_text')} step={step.id} field="nobody" value={step.nobody} onChange={(nobody) => set({ nobody })} /></>
    case 'email': return <EmailFields step={step} set={set} />
    case 'webhook': return <WebhookFields step={step} set={set} />
    case 'wait': return <WaitFields step={step} set={set} />
    case 'jump': return <StepPick step={step} port="to" to={typeof step.to === 'string' ? step.to : ''} label={t('flow.port_jump')} none={t('flow.choose_step')} />
    case 'end': return <EndFields step={step} set={set} />
  }
}

const Next = ({ step, label }: { step: Step; label?: string }) => <StepPick step={step} port="next" to={step.next ?? ''} label={label ?? t('flow.port_next')} none={t('flow.ends_here')} />

function MessageFields({ step, set }: Of) {
  const { mayEdit, fault } = useDesk()
  return (
    <>
      <Rows title={t('flow.bubbles')} items={step.bubbles ?? []} onChange={(bubbles) => set({ bubbles })} make={(): Bubble => ({ text: {} })} add={t('flow.add_bubble')} name={(i) => t('flow.bubble', { n: i + 1 })}>
        {(b, put, i) => (
          <>
            <Words label={t('flow.text')} step={step.id} field={`bubbles.${i}.text`} value={b.text} onChange={(text) => put({ text })} />
            <TextInput label={t('flow.image_url')} type="url" value={b.image ?? ''} disabled={!mayEdit} error={fault(step.id, `bubbles.${i}.image`)} onChange={(e) => put({ image: e.currentTarget.value })} />
            <TextInput label={t('flow.link_url')} type="url" value={b.link?.url ?? ''} disabled={!mayEdit} error={fault(step.id, `bubbles.${i}.link`)} onChange={(e) => put({ link: e.currentTarget.value ? { ...b.link, url: e.currentTarget.value } : null })} />
            {b.link?.url ? <TextInput label={t('flow.link_label')} value={b.link.label ?? ''} disabled={!mayEdit} onChange={(e) => put({ link: { url: b.link!.url, label: e.currentTarget.value } })} /> : null}
          </>
        )}
      </Rows>
      <Options step={step} field="quick" title={t('flow.quick')} onChange={(quick) => set({ quick })} />
      <Next step={step} label={step.quick?.length ? t('flow.port_else') : t('flow.port_next')} />
    </>
  )
}

const answers = ['text', 'email', 'phone', 'number', 'date', 'url', 'choice', 'yes_no', 'file'] as const

function QuestionFields({ step, set }: Of) {
  const { mayEdit } = useDesk()
  const choosing = step.answer === 'choice' || step.answer === 'yes_no'
  const answer = (v: string | null) => {
    const next = (v ?? 'text') as (typeof answers)[number]
    const yes = (value: string) => ({ label: { en: value === 'yes' ? 'Yes' : 'No', da: value === 'yes' ? 'Ja' : 'Nej', de: value === 'yes' ? 'Ja' : 'Nein', sv: value === 'yes' ? 'Ja' : 'Nej', fi: value === 'yes' ? 'Kyllä' : 'Ei' }, value })
    set({ answer: next, ...(next === 'yes_no' && !step.choices?.length ? { choices: [yes('yes'), yes('no')] } : next === 'choice' && !step.choices?.length ? { choices: [{ label: {}, value: '' }] } : {}) })
  }
  return (
    <>
      <Words label={t('flow.question')} step={step.id} field="text" value={step.text} onChange={(text) => set({ text })} />
      <Select label={t('flow.answer')} data={answers.map((v) => ({ value: v, label: t(`flow.answer.${v}` as Key) }))} value={step.answer ?? 'text'} disabled={!mayEdit} allowDeselect={false} onChange={answer} />
      {choosing ? <Options step={step} field="choices" title={t('flow.choices')} onChange={(choices) => set({ choices })} /> : null}
      <Saving step={step} set={set} />
      <Checkbox label={t('flow.required')} checked={!!step.required} disabled={!mayEdit} onChange={(e) => set({ required: e.currentTarget.checked })} />
      <NumberInput label={t('flow.retries')} description={t('flow.retries_text')} min={0} max={10} value={step.retries ?? 0} disabled={!mayEdit} onChange={(v) => set({ retries: Number(v) || 0 })} />
      {(step.retries ?? 0) > 0 ? <Words label={t('flow.retry')} hint={t('flow.retry_text')} step={step.id} field="retry" value={step.retry} onChange={(retry) => set({ retry })} /> : null}
      <Next step={step} label={choosing ? t('flow.port_else') : t('flow.port_next')} />
      <StepPick step={step} port="on_fail" to={step.on_fail ?? ''} label={t('flow.port_fail')} none={t('flow.fail_hands_over')} />
    </>
  )
}

const keeps = ['contact', 'company', 'ticket', 'visitor', 'answer', 'consent'] as const

/** CF-08, CF-09: where the answer is kept. */
function Saving({ step, set }: Of) {
  const { mayEdit, fault } = useDesk()
  const object = (step.save?.object ?? '') as '' | (typeof keeps)[number]
  return (
    <div className={s.pair2}>
      <Select label={t('flow.save_to')} data={[{ value: '', label: t('flow.save_nowhere') }, ...keeps.filter((v) => v !== 'consent' || step.answer === 'yes_no' || object === v).map((v) => ({ value: v, label: t(`flow.object.${v}` as Key) }))]} value={object} allowDeselect={false} disabled={!mayEdit} onChange={(v) => set({ save: v ? { object: v, property: v === object ? step.save?.property ?? '' : '' } : {} })} />
      {object ? <PropertyPick object={object} label={t(object === 'consent' ? 'flow.consent_topic' : 'flow.property')} value={step.save?.property ?? ''} error={fault(step.id, 'save')} onChange={(property) => set({ save: { object, property } })} /> : null}
    </div>
  )
}

const standing: Record<string, string[]> = { contact: ['email', 'phone', 'first_name', 'last_name', 'language'], company: ['name'], ticket: ['subject', 'priority', 'category'] }

function PropertyPick({ object, label, value, error, onChange }: { object: string; label: string; value: string; error: string | undefined; onChange(v: string): void }) {
  const { mayEdit } = useDesk()
  const contact = useProperties('contact')
  const ticket = useProperties('ticket')
  if (object !== 'contact' && object !== 'ticket' && object !== 'company') return <TextInput label={label} value={value} error={error} disabled={!mayEdit} onChange={(e) => onChange(e.currentTarget.value)} />
  const own = object === 'contact' ? contact : object === 'ticket' ? ticket : []
  const data = [...standing[object]!.filter((n) => !own.some((p) => p.name === n)).map((n) => ({ value: n, label: n })), ...own.map((p) => ({ value: p.name, label: `${p.label} (${p.name})` }))]
  if (value && !data.some((x) => x.value === value)) data.push({ value, label: value })
  return <Select label={label} searchable data={data} value={value || null} error={error} disabled={!mayEdit} nothingFoundMessage={t('state.nothing_found')} onChange={(v) => onChange(v ?? '')} />
}

function BranchFields({ step, set }: Of) {
  return (
    <>
      <Rows title={t('flow.cases')} items={step.cases ?? []} onChange={(cases) => set({ cases })} make={(): Case => ({ when: [{ on: 'answer', name: '', op: 'is', value: '' }] })} add={t('flow.add_case')} name={(i) => t('flow.case', { n: i + 1 })}>
        {(c, put, i) => (
          <>
            <Conditions step={step} at={i} value={c.when} onChange={(when) => put({ when })} />
            <StepPick step={step} port={`case.${i}`} to={c.next ?? ''} label={t('flow.leads_to')} none={t('flow.ends_here')} />
          </>
        )}
      </Rows>
      <Next step={step} label={t('flow.port_else')} />
    </>
  )
}

function SetFields({ step, set }: Of) {
  const { mayEdit, fault } = useDesk()
  return (
    <>
      <Select label={t('flow.object')} data={(['contact', 'company', 'ticket', 'visitor', 'answer'] as const).map((v) => ({ value: v, label: t(`flow.object.${v}` as Key) }))} value={step.object ?? 'contact'} allowDeselect={false} disabled={!mayEdit} onChange={(v) => set({ object: v ?? 'contact', property: '' })} />
      <PropertyPick object={step.object ?? 'contact'} label={t('flow.property')} value={step.property ?? ''} error={fault(step.id, 'property')} onChange={(property) => set({ property })} />
      <Line label={t('flow.value')} step={step.id} field="value" value={step.value} onChange={(value) => set({ value })} />
      <Next step={step} />
    </>
  )
}

function TicketFields({ step, set }: Of) {
  const { mayEdit, lang, base } = useDesk()
  const pipelines = usePipelines()
  const pipeline = pipelines.find((p) => p.slug === step.pipeline) ?? pipelines[0]
  return (
    <>
      <Line label={t('flow.subject')} step={step.id} field="subject" value={one(step.subject, lang, base)} onChange={(subject) => set({ subject })} />
      <Line label={t('flow.description')} step={step.id} field="description" long value={step.description} onChange={(description) => set({ description })} />
      {pipelines.length > 1 ? <Select label={t('flow.pipeline')} clearable placeholder={t('flow.as_channel')} data={pipelines.map((p) => ({ value: p.slug, label: p.name }))} value={step.pipeline || null} disabled={!mayEdit} onChange={(v) => set({ pipeline: v ?? '', status: '' })} /> : null}
      <Select label={t('flow.status')} clearable placeholder={t('flow.as_channel')} data={(pipeline?.statuses ?? []).map((x) => ({ value: x.slug, label: x.name }))} value={step.status || null} disabled={!mayEdit} onChange={(v) => set({ status: v ?? '' })} />
      <Select label={t('flow.priority')} clearable placeholder={t('flow.as_channel')} data={(['low', 'medium', 'high', 'urgent'] as const).map((v) => ({ value: v, label: t(`priority.${v}` as Key) }))} value={step.priority || null} disabled={!mayEdit} onChange={(v) => set({ priority: v ?? '' })} />
      <Pairs title={t('flow.properties')} value={step.properties ?? {}} onChange={(properties) => set({ properties })} nameLabel={t('flow.property')} valueLabel={t('flow.value')} add={t('flow.add_property')} />
      <Next step={step} />
    </>
  )
}

const nobody: AssignPolicy = { to: 'users', users: [], teams: [], available_only: true, by: 'least_open' }

function AssignFields({ step, set }: Of) {
  const { mayEdit, account } = useDesk()
  const own = !!step.to && typeof step.to === 'object'
  return (
    <>
      <SegmentedControl fullWidth disabled={!mayEdit} aria-label={t('flow.assign_to')} value={own ? 'own' : 'account'} data={[{ value: 'account', label: t('flow.assign_account') }, { value: 'own', label: t('flow.assign_own') }]} onChange={(v) => set({ to: v === 'own' ? nobody : 'account' })} />
      {own ? <RoutingFields narrow mayEdit={mayEdit} account={account?.id ?? null} inbox={account?.inbox_id ?? null} value={step.to as AssignPolicy} onChange={(to) => set({ to })} /> : null}
      <Next step={step} />
    </>
  )
}

function EmailFields({ step, set }: Of) {
  const { mayEdit } = useDesk()
  const words = (v: Step['subject']) => (typeof v === 'object' ? v : v ? { en: v } : {})
  return (
    <>
      <SegmentedControl fullWidth disabled={!mayEdit} aria-label={t('flow.email_to')} value={step.to === 'address' ? 'address' : 'visitor'} data={[{ value: 'visitor', label: t('flow.email_visitor') }, { value: 'address', label: t('flow.email_address') }]} onChange={(to) => set({ to })} />
      {step.to === 'address' ? <Line label={t('flow.address')} step={step.id} field="address" value={step.address} onChange={(address) => set({ address })} /> : null}
      <Words label={t('flow.subject')} long={false} step={step.id} field="subject" value={words(step.subject)} onChange={(subject) => set({ subject })} />
      <Words label={t('flow.body')} step={step.id} field="body" value={words(step.body)} onChange={(body) => set({ body })} />
      <Next step={step} />
    </>
  )
}

function WebhookFields({ step, set }: Of) {
  const { mayEdit } = useDesk()
  return (
    <>
      <Select label={t('flow.method')} data={['POST', 'GET', 'PUT', 'PATCH', 'DELETE']} value={step.method ?? 'POST'} allowDeselect={false} disabled={!mayEdit} onChange={(v) => set({ method: v ?? 'POST' })} />
      <Line label={t('flow.url')} step={step.id} field="url" value={step.url} onChange={(url) => set({ url })} />
      {step.method === 'GET' ? null : <Line label={t('flow.webhook_body')} hint={t('flow.webhook_body_text')} step={step.id} field="body" long value={typeof step.body === 'string' ? step.body : ''} onChange={(v) => { if (v) set({ body: v }); else set({ body: undefined } as unknown as Partial<Step>) }} />}
      <Pairs title={t('flow.headers')} value={step.headers ?? {}} onChange={(headers) => set({ headers })} nameLabel={t('flow.header')} valueLabel={t('flow.value')} add={t('flow.add_header')} />
      <Pairs title={t('flow.webhook_save')} hint={t('flow.webhook_save_text')} value={step.save ?? {}} onChange={(save) => set({ save })} nameLabel={t('flow.answer_name')} valueLabel={t('flow.json_path')} add={t('flow.add_value')} />
      <Next step={step} />
      <StepPick step={step} port="on_fail" to={step.on_fail ?? ''} label={t('flow.port_fail')} none={t('flow.fail_hands_over')} />
    </>
  )
}

function WaitFields({ step, set }: Of) {
  const { mayEdit, fault } = useDesk()
  return <><NumberInput label={t('flow.wait_seconds')} min={1} max={86400} value={step.seconds ?? 1} error={fault(step.id, 'seconds')} disabled={!mayEdit} onChange={(v) => set({ seconds: Number(v) || 0 })} /><Next step={step} /></>
}

function EndFields({ step, set }: Of) {
  const { mayEdit } = useDesk()
  return <><Words label={t('flow.end_message')} step={step.id} field="message" value={step.message} onChange={(message) => set({ message })} /><Checkbox label={t('flow.close')} description={t('flow.close_text')} checked={!!step.close} disabled={!mayEdit} onChange={(e) => set({ close: e.currentTarget.checked })} /></>
}
