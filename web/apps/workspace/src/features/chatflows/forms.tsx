import { ActionIcon, Button, Checkbox, MultiSelect, NativeSelect, NumberInput, Radio, SegmentedControl, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core'
import type { AssignPolicy } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { ConditionsEditor, useRoutingFields } from '@/features/conditions/index.ts'
import { HoursPick } from '@/features/hours/index.ts'
import { RoutingFields } from '@/features/routing/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { Part, Words } from './fields.tsx'
import { countryName, example, languageName, languagesOf, widgetLanguages } from './languages.ts'
import type { Definition, Rule, RulePart, Targeting, Texts } from './types.ts'
import s from './chatflows.module.css'

const useSet = () => {
  const { editor } = useDesk()
  return <K extends keyof Definition>(key: K, part: Definition[K]) => editor.edit((d) => ({ ...d, [key]: part !== null && typeof part === 'object' && !Array.isArray(part) ? { ...(d[key] as object), ...part } : part }), key)
}

/** One of the chatflow's own texts: by language first, as the settings file has them. */
function OwnText({ name, label, hint }: { name: 'welcome' | 'away'; label: string; hint: string }) {
  const { editor } = useDesk()
  const texts = editor.def.texts ?? {}
  const value: Texts = Object.fromEntries(Object.entries(texts).map(([l, v]) => [l, v[name] ?? '']))
  const set = (next: Texts) => editor.edit((d) => {
    const out: Record<string, Texts> = {}
    for (const l of new Set([...Object.keys(d.texts ?? {}), ...Object.keys(next)])) {
      const { [name]: _, ...rest } = d.texts?.[l] ?? {}
      const mine = next[l] ? { ...rest, [name]: next[l] } : rest
      if (Object.keys(mine).length) out[l] = mine
    }
    return { ...d, texts: out }
  }, `text ${name}`)
  return <Words label={label} hint={hint} field={`texts.${name}`} value={value} onChange={set} />
}

/** Build, of a live chat: what it says and asks, and who gets it. */
export function LiveChatForm() {
  const { editor, mayEdit, account } = useDesk()
  const { def } = editor
  const set = useSet()
  const own = !!def.handover?.assign
  return (
    <div className={s.form}>
      <Part title={t('flow.says')} setting="welcome">
        <OwnText name="welcome" label={t('flow.welcome')} hint={t('flow.welcome_text')} />
        <OwnText name="away" label={t('flow.away')} hint={t('flow.away_text')} />
      </Part>
      <CaptureForm />
      <Part title={t('flow.handover')} text={t('flow.handover_text')} setting="handover">
        <SegmentedControl disabled={!mayEdit} aria-label={t('flow.assign_to')} value={own ? 'own' : 'account'} data={[{ value: 'account', label: t('flow.assign_account') }, { value: 'own', label: t('flow.assign_own') }]} onChange={(v) => set('handover', { assign: v === 'own' ? { to: 'users', users: [], teams: [], available_only: true, by: 'least_open' } : null })} />
        {own ? <RoutingFields mayEdit={mayEdit} account={account?.id ?? null} inbox={account?.inbox_id ?? null} value={def.handover!.assign as AssignPolicy} onChange={(assign) => set('handover', { assign })} /> : null}
        <Words label={t('flow.nobody')} hint={t('flow.nobody_text')} field="handover.nobody" value={def.handover?.nobody} onChange={(nobody) => editor.edit((d) => ({ ...d, handover: { ...d.handover, nobody } }), 'nobody')} />
      </Part>
    </div>
  )
}

function CaptureForm() {
  const { editor, mayEdit } = useDesk()
  const c = editor.def.capture ?? {}
  const set = useSet()
  return (
    <Part title={t('flow.capture')} text={t('flow.capture_text')} setting="capture">
      <Radio.Group label={t('flow.capture_when')} value={c.email || 'never'} onChange={(email) => set('capture', { email })}>
        <Stack gap={8} mt={6}>{(['never', 'immediately', 'after_first', 'away'] as const).map((v) => <Radio key={v} value={v} disabled={!mayEdit} label={t(`flow.capture.${v}` as Key)} />)}</Stack>
      </Radio.Group>
      {c.email && c.email !== 'never' ? (
        <>
          <Checkbox label={t('flow.capture_name')} checked={!!c.name} disabled={!mayEdit} onChange={(e) => set('capture', { name: e.currentTarget.checked })} />
          <Checkbox label={t('flow.capture_required')} checked={!!c.required} disabled={!mayEdit} onChange={(e) => set('capture', { required: e.currentTarget.checked })} />
        </>
      ) : null}
      <p className={s.hint}>{t('flow.consent_hint')}</p>
    </Part>
  )
}

const parts = ['url', 'path', 'host', 'query'] as const
const ops = ['is', 'is_not', 'contains', 'not_contains', 'begins', 'ends', 'wildcard'] as const

function RuleRow({ part, field, onChange, onRemove, n, source }: { part: RulePart; field: string; onChange(p: RulePart): void; onRemove(): void; n: number; source: boolean }) {
  const { mayEdit, fault } = useDesk()
  const list = part.part === 'query' || (source && part.part === 'url') ? [...ops, 'exists' as const] : ops
  return (
    <div className={s.rule} role="group" aria-label={t('flow.condition', { n })}>
      <NativeSelect aria-label={t('flow.page_part')} disabled={!mayEdit} value={part.part} data={parts.map((v) => ({ value: v, label: t(`flow.page.${v}` as Key) }))} onChange={(e) => onChange({ ...part, part: e.currentTarget.value as 'url', ...(part.op === 'exists' ? { op: 'is' } : {}) })} />
      {part.part === 'query' ? <TextInput aria-label={t('flow.parameter')} placeholder={example.parameter} disabled={!mayEdit} value={part.name ?? ''} error={fault(undefined, `${field}.name`)} onChange={(e) => onChange({ ...part, name: e.currentTarget.value })} /> : null}
      <NativeSelect aria-label={t('flow.how')} disabled={!mayEdit} value={part.op} error={fault(undefined, `${field}.op`)} data={list.map((v) => ({ value: v, label: t(`flow.op.${v}` as Key) }))} onChange={(e) => onChange({ ...part, op: e.currentTarget.value })} />
      {part.op === 'exists' ? null : <TextInput aria-label={t('flow.value')} disabled={!mayEdit} value={part.value ?? ''} error={fault(undefined, `${field}.value`)} placeholder={part.op === 'wildcard' ? '/shop/*' : part.part === 'path' ? '/pricing' : part.part === 'url' ? 'example.com/pricing' : ''} onChange={(e) => onChange({ ...part, value: e.currentTarget.value })} />}
      {mayEdit ? <ActionIcon size={26} aria-label={t('flow.condition_remove', { n })} onClick={onRemove}><Icon name="x" size={13} /></ActionIcon> : null}
    </div>
  )
}

const adds = { include: 'flow.only_some', exclude: 'flow.not_some', 'visitor.referrers': 'flow.from_some' } as const

/** CF-14, CF-15, CF-16: one rule must fit; all conditions of it must hold. Of the page, or of the one that the visitor came from. */
function Rules({ side }: { side: keyof typeof adds }) {
  const { editor, mayEdit, fault } = useDesk()
  const source = side === 'visitor.referrers'
  const rules = (source ? editor.def.targeting?.visitor?.referrers : editor.def.targeting?.[side]) ?? []
  const set = (next: Rule[]) => editor.edit((d) => ({ ...d, targeting: source ? { ...d.targeting, visitor: { ...d.targeting?.visitor, referrers: next } } : { ...d.targeting, [side]: next } }), `rules ${side}`)
  const fresh = (): RulePart => (source ? { part: 'host', op: 'ends', value: '' } : { part: 'path', op: 'begins', value: '' })
  return (
    <div className={s.rules}>
      {rules.map((r, i) => {
        const place = `targeting.${side}.${i}`
        const bad = r.all.length ? undefined : fault(undefined, place)
        return (
          <div key={i} className={s.ruleBox} role="group" aria-label={t('flow.rule', { n: i + 1 })}>
            {i > 0 ? <span className={s.or}>{t('flow.or')}</span> : null}
            {r.all.map((p, j) => <RuleRow key={j} n={j + 1} source={source} part={p} field={`${place}.all.${j}`} onChange={(v) => set(rules.map((x, k) => (k === i ? { all: x.all.map((y, l) => (l === j ? v : y)) } : x)))} onRemove={() => set(r.all.length === 1 ? rules.filter((_, k) => k !== i) : rules.map((x, k) => (k === i ? { all: x.all.filter((_, l) => l !== j) } : x)))} />)}
            {bad ? <p className={s.bad}>{bad}</p> : null}
            {mayEdit ? <Button variant="subtle" size="compact-sm" leftSection={<Icon name="plus" size={12} />} onClick={() => set(rules.map((x, k) => (k === i ? { all: [...x.all, fresh()] } : x)))}>{t('flow.and_condition')}</Button> : null}
          </div>
        )
      })}
      {mayEdit ? <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => set([...rules, { all: [fresh()] }])}>{t(rules.length ? 'flow.or_rule' : adds[side])}</Button> : null}
    </div>
  )
}

const countries = 'AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'.split(' ')

/** Target: on which pages and to whom it shows. */
export function TargetForm() {
  const { editor, mayEdit, fault } = useDesk()
  const fields = useRoutingFields().filter((f) => (f.group === 'contact' || f.group === 'company') && f.field !== 'contact.known')
  const v = editor.def.targeting?.visitor ?? {}
  const set = (part: Partial<NonNullable<Targeting['visitor']>>) => editor.edit((d) => ({ ...d, targeting: { ...d.targeting, visitor: { ...d.targeting?.visitor, ...part } } }), 'visitor')
  return (
    <div className={s.form}>
      <Part title={t('flow.pages')} text={editor.def.targeting?.include?.length ? t('flow.pages_text') : t('flow.pages_all')} setting="pages"><Rules side="include" /></Part>
      <Part title={t('flow.not_pages')} text={t('flow.not_pages_text')} setting="exclude"><Rules side="exclude" /></Part>
      <Part title={t('flow.visitors')} text={t('flow.visitors_text')} setting="visitors">
        <Select label={t('flow.known_visitor')} allowDeselect={false} disabled={!mayEdit} data={(['any', 'known', 'unknown'] as const).map((x) => ({ value: x, label: t(`flow.visitor.${x}` as Key) }))} value={v.known || 'any'} onChange={(known) => set({ known: known ?? 'any' })} />
        <Select label={t('flow.visits')} allowDeselect={false} disabled={!mayEdit} data={(['any', 'first', 'returning'] as const).map((x) => ({ value: x, label: t(`flow.visits.${x}` as Key) }))} value={v.returning || 'any'} onChange={(returning) => set({ returning: returning ?? 'any' })} />
        <Checkbox.Group label={t('flow.devices')} description={t('flow.devices_text')} value={v.devices ?? []} onChange={(devices) => set({ devices })}><div className={s.inline}>{(['desktop', 'mobile'] as const).map((x) => <Checkbox key={x} value={x} disabled={!mayEdit} label={t(`flow.device.${x}` as Key)} />)}</div></Checkbox.Group>
        <TagsInput label={t('flow.visitor_languages')} description={t('flow.visitor_languages_text')} disabled={!mayEdit} data={widgetLanguages} value={v.languages ?? []} onChange={(languages) => set({ languages: languages.map((x) => x.trim().toLowerCase()).filter(Boolean) })} />
        <MultiSelect label={t('flow.countries')} description={t('flow.countries_text')} searchable limit={60} disabled={!mayEdit} data={countries.map((c) => ({ value: c, label: countryName(c) })).sort((a, b) => a.label.localeCompare(b.label))} value={(v.countries ?? []).map((x) => x.toUpperCase())} onChange={(c) => set({ countries: c })} nothingFoundMessage={t('state.nothing_found')} />
        <div className={s.pair2}>
          <NumberInput label={t('flow.min_visits')} min={0} max={10000} disabled={!mayEdit} value={v.min_visits || ''} placeholder={t('flow.visits.any')} error={fault(undefined, 'targeting.visitor.min_visits')} onChange={(n) => set({ min_visits: Number(n) || 0 })} />
          <NumberInput label={t('flow.max_visits')} min={0} max={10000} disabled={!mayEdit} value={v.max_visits || ''} placeholder={t('flow.visits.any')} error={fault(undefined, 'targeting.visitor.max_visits')} onChange={(n) => set({ max_visits: Number(n) || 0 })} />
        </div>
      </Part>
      <Part title={t('flow.from')} text={t('flow.from_text')} setting="referrers"><Rules side="visitor.referrers" /></Part>
      <Part title={t('flow.of_contact')} text={t('flow.of_contact_text')} setting="contact">
        <ConditionsEditor fields={fields} value={v.contact} onChange={(contact) => set({ contact: contact.when?.length ? contact : null })} mayEdit={mayEdit} label={t('flow.of_contact')} empty={t('flow.of_contact_any')} />
        {fault(undefined, 'targeting.visitor.contact') ? <p className={s.bad}>{fault(undefined, 'targeting.visitor.contact')}</p> : null}
      </Part>
    </div>
  )
}

/** Display: when and how it shows itself. */
export function DisplayForm() {
  const { editor, mayEdit, fault } = useDesk()
  const { def } = editor
  const tr = def.trigger ?? {}
  const set = useSet()
  return (
    <div className={s.form}>
      <Part title={t('flow.trigger')} setting="trigger">
        <Select label={t('flow.trigger_on')} allowDeselect={false} disabled={!mayEdit} data={(['load', 'seconds', 'scroll', 'exit'] as const).map((x) => ({ value: x, label: t(`flow.trigger.${x}` as Key) }))} value={tr.on || 'load'} onChange={(on) => set('trigger', { on: on ?? 'load', ...(on === 'seconds' ? { value: 5 } : on === 'scroll' ? { value: 50 } : {}) })} />
        {tr.on === 'seconds' || tr.on === 'scroll' ? <NumberInput label={t(tr.on === 'seconds' ? 'flow.trigger_seconds' : 'flow.trigger_percent')} min={1} max={tr.on === 'scroll' ? 100 : 3600} disabled={!mayEdit} value={tr.value ?? 0} error={fault(undefined, 'trigger.value')} onChange={(value) => set('trigger', { value: Number(value) || 0 })} /> : null}
        <Radio.Group label={t('flow.trigger_then')} value={tr.then || 'button'} onChange={(then) => set('trigger', { then })}><Stack gap={8} mt={6}>{(['button', 'prompt', 'open'] as const).map((x) => <Radio key={x} value={x} disabled={!mayEdit} label={t(`flow.then.${x}` as Key)} description={t(`flow.then_text.${x}` as Key)} />)}</Stack></Radio.Group>
        <Switch label={t('flow.phone_button')} description={t('flow.phone_button_text')} disabled={!mayEdit} checked={tr.phone === 'button'} onChange={(e) => set('trigger', { phone: e.currentTarget.checked ? 'button' : 'same' })} />
      </Part>
      <Part title={t('flow.hours')} setting="hours">
        <Radio.Group label={t('flow.hours_label')} value={def.hours || 'always'} onChange={(v) => set('hours', v)}><Stack gap={8} mt={6}>{(['always', 'business_hours'] as const).map((x) => <Radio key={x} value={x} disabled={!mayEdit} label={t(`flow.hours.${x}` as Key)} />)}</Stack></Radio.Group>
        {def.hours === 'business_hours' ? <HoursPick value={def.business_hours ?? ''} onChange={(v) => set('business_hours', v)} none={t('flow.hours_channel')} label={t('flow.hours_which')} error={fault(undefined, 'business_hours')} disabled={!mayEdit} /> : null}
        <p className={s.hint}>{t('flow.hours_text')}</p>
      </Part>
      <Part title={t('flow.language')} setting="language">
        <Select label={t('flow.language_label')} description={t('flow.language_text')} allowDeselect={false} disabled={!mayEdit} data={[{ value: 'auto', label: t('flow.language_auto') }, ...[...new Set([...widgetLanguages, ...languagesOf(def), ...(def.language && def.language !== 'auto' ? [def.language] : [])])].map((l) => ({ value: l, label: languageName(l) }))]} value={def.language || 'auto'} onChange={(v) => set('language', v ?? 'auto')} />
      </Part>
    </div>
  )
}

/** Options: how long it waits, how fast it speaks, what it says when it fails. */
export function OptionsForm() {
  const { editor, mayEdit, fault, account } = useDesk()
  const { def, flow } = { def: editor.def, flow: editor.flow }
  const se = def.session ?? {}
  const set = useSet()
  const bot = flow.kind === 'bot'
  return (
    <div className={s.form}>
      {bot ? <CaptureForm /> : null}
      <Part title={t('flow.session')} setting="session">
        <NumberInput label={t('flow.timeout')} description={t('flow.timeout_text')} min={0} max={43200} disabled={!mayEdit} value={se.timeout_minutes ?? 0} error={fault(undefined, 'session.timeout_minutes')} onChange={(v) => set('session', { timeout_minutes: Number(v) || 0 })} />
        {bot ? <NumberInput label={t('flow.delay')} description={t('flow.delay_text')} min={0} max={10000} step={100} disabled={!mayEdit} value={se.delay_ms ?? 0} error={fault(undefined, 'session.delay_ms')} onChange={(v) => set('session', { delay_ms: Number(v) || 0 })} /> : null}
        {bot ? <Switch label={t('flow.restart')} description={t('flow.restart_text')} disabled={!mayEdit} checked={!!se.restart} onChange={(e) => set('session', { restart: e.currentTarget.checked })} /> : null}
      </Part>
      {bot ? <Part title={t('flow.own_texts')} text={t('flow.own_texts_text')} setting="welcome"><OwnText name="welcome" label={t('flow.welcome')} hint={t('flow.welcome_bot')} /><OwnText name="away" label={t('flow.away')} hint={t('flow.away_text')} /></Part> : null}
      <Part title={t('flow.error')} text={t('flow.error_text')} setting="error">
        <Words label={t('flow.error_label')} field="error" value={def.error} onChange={(error) => editor.edit((d) => ({ ...d, error }), 'error')} />
      </Part>
      <Part title={t('flow.survey')} setting="survey"><Switch label={t('flow.survey_label')} description={t('flow.survey_text')} disabled={!mayEdit} checked={!!def.survey} onChange={(e) => set('survey', e.currentTarget.checked)} /></Part>
      {bot ? (
        <Part title={t('flow.handover')} text={t('flow.handover_bot')} setting="handover">
          <SegmentedControl disabled={!mayEdit} aria-label={t('flow.assign_to')} value={def.handover?.assign ? 'own' : 'account'} data={[{ value: 'account', label: t('flow.assign_account') }, { value: 'own', label: t('flow.assign_own') }]} onChange={(v) => set('handover', { assign: v === 'own' ? { to: 'users', users: [], teams: [], available_only: true, by: 'least_open' } : null })} />
          {def.handover?.assign ? <RoutingFields mayEdit={mayEdit} account={account?.id ?? null} inbox={account?.inbox_id ?? null} value={def.handover.assign} onChange={(assign) => set('handover', { assign })} /> : null}
          <Words label={t('flow.nobody')} hint={t('flow.nobody_text')} field="handover.nobody" value={def.handover?.nobody} onChange={(nobody) => editor.edit((d) => ({ ...d, handover: { ...d.handover, nobody } }), 'nobody')} />
        </Part>
      ) : null}
    </div>
  )
}
