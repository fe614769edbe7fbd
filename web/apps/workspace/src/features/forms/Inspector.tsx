import { ActionIcon, Button, Checkbox, MultiSelect, NativeSelect, NumberInput, Select, TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import type { FormField, FormFieldType, FormOption } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { ConditionsEditor } from '@/features/conditions/index.ts'
import { useProperties } from '@/features/lookups/index.ts'
import { Sortable } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { Decision } from './Decision.tsx'
import { example, mapName, sourceOf, sources, typeIcons, typeName, type Source } from './describe.ts'
import { WordsInput } from './fields.tsx'
import { change, conditionFields, fieldsOf, fromEditor, offers, optionValue, rename, slug, toEditor, typesFor } from './model.ts'
import { decided, own, read, write } from './words.ts'
import s from './forms.module.css'

interface Of { f: FormField; set(part: Partial<FormField>): void }

/** Everything that can be set on the chosen field. */
export function Inspector({ field: f, onClose, onRemove, onDuplicate }: { field: FormField; onClose?: () => void; onRemove(): void; onDuplicate(): void }) {
  const { editor, lang, base, mayEdit } = useDesk()
  const set = (part: Partial<FormField>) => editor.edit((d) => change(d, f.name, part), `${f.name} ${Object.keys(part).join()}`)
  const title = read(f.label, lang, base) || f.name
  return (
    <section className={s.inspector} aria-label={t('forms.inspector', { name: title })} data-inspector>
      <header className={s.sideHead}>
        <Icon name={typeIcons[f.type] ?? 'compose'} />
        <h2 className="k-cut">{title}</h2>
        {mayEdit ? <><ActionIcon aria-label={t('forms.duplicate_field')} title={t('forms.duplicate_field')} onClick={onDuplicate}><Icon name="copy" size={14} /></ActionIcon><ActionIcon aria-label={t('forms.remove_field')} title={t('forms.remove_field')} onClick={onRemove}><Icon name="trash" size={14} /></ActionIcon></> : null}
        {onClose ? <ActionIcon aria-label={t('forms.close_inspector')} onClick={onClose}><Icon name="x" size={14} /></ActionIcon> : null}
      </header>
      <WordsInput label={t('forms.label')} at={`fields.${f.name}.label`} value={f.label} onChange={(label) => set({ label })} required={!f.hidden && f.type !== 'hidden'} />
      {decided(f) ? <Decision field={f} /> : <Common f={f} set={set} />}
    </section>
  )
}

function Common({ f, set }: Of) {
  const { editor, lang, mayEdit } = useDesk()
  const visible = f.type !== 'hidden' && !f.hidden
  const written = ['text', 'long_text', 'email', 'phone', 'number'].includes(f.type)
  return (
    <>
      {visible && f.type !== 'heading' ? <WordsInput label={t('forms.help')} at={`fields.${f.name}.help`} value={f.help} onChange={(help) => set({ help })} /> : null}
      {visible && f.type === 'heading' ? <WordsInput label={t('forms.heading_text')} long at={`fields.${f.name}.help`} value={f.help} onChange={(help) => set({ help })} /> : null}
      {visible && written ? <WordsInput label={t('forms.placeholder')} at={`fields.${f.name}.placeholder`} value={f.placeholder} onChange={(placeholder) => set({ placeholder })} /> : null}
      <div className={s.pair}>
        <TypePick f={f} set={set} />
        <MapPick f={f} set={set} />
      </div>
      {f.type === 'heading' ? null : (
        <fieldset className={s.checks} disabled={!mayEdit}>
          <legend className="k-hidden">{t('forms.how_shown')}</legend>
          {visible ? <Checkbox label={t('forms.required')} checked={!!f.required} onChange={(e) => set({ required: e.currentTarget.checked })} /> : null}
          {f.type === 'hidden' || f.type === 'file' || f.type === 'consent' ? null : <Checkbox label={t('forms.hidden')} description={t('forms.hidden_text')} checked={!!f.hidden} onChange={(e) => set({ hidden: e.currentTarget.checked, ...(e.currentTarget.checked ? { required: false } : {}) })} />}
          {visible && f.type !== 'file' && f.type !== 'consent' ? <Checkbox label={t('forms.read_only')} checked={!!f.read_only} onChange={(e) => set({ read_only: e.currentTarget.checked })} /> : null}
        </fieldset>
      )}
      {f.type === 'choice' || f.type === 'multi_choice' ? <Options f={f} set={set} /> : null}
      {f.hidden || f.type === 'hidden' ? <SourceFields f={f} set={set} /> : null}
      {['file', 'heading', 'consent'].includes(f.type) || ((f.hidden || f.type === 'hidden') && sourceOf(f).kind !== 'fixed') ? null : <Default f={f} set={set} />}
      {visible ? <Validation f={f} set={set} /> : null}
      {visible ? (
        <div className={s.group}>
          <h3>{t('forms.show_if')}</h3>
          <ConditionsEditor label={t('forms.show_if')} empty={t('forms.show_always')} mayEdit={mayEdit} fields={conditionFields(editor.def, f.name, lang)} value={toEditor(f.show_if)} onChange={(v) => set({ show_if: fromEditor(v) })} />
          <Wrong at={`fields.${f.name}.show_if`} />
        </div>
      ) : null}
      <details className={s.more}>
        <summary>{t('forms.advanced')}</summary>
        <NameInput f={f} />
      </details>
    </>
  )
}

function Wrong({ at }: { at: string }) {
  const { fault } = useDesk()
  const why = fault(at)
  return why ? <p className={s.bad} role="alert">{why}</p> : null
}

function TypePick({ f, set }: Of) {
  const { mayEdit } = useDesk()
  const types = typesFor(f)
  const pick = (type: FormFieldType) => set({
    type, hidden: type === 'hidden' || (!!f.hidden && f.type !== 'hidden'), ...(type === 'hidden' ? { required: false, ...(f.from ? {} : { from: 'page.url' }) } : {}),
    ...((type === 'choice' || type === 'multi_choice') && !f.options?.length ? { options: [{ value: 'option_1', label: {} }, { value: 'option_2', label: {} }] } : {}),
  })
  return <NativeSelect label={t('forms.type')} disabled={!mayEdit || types.length < 2} value={f.type} data={types.map((x) => ({ value: x, label: typeName(x) }))} onChange={(e) => pick(e.currentTarget.value as FormFieldType)} />
}

/** FM-16: what the answer becomes. */
function MapPick({ f, set }: Of) {
  const { editor, mayEdit } = useDesk()
  const properties = [...useProperties('contact'), ...useProperties('ticket')]
  if (f.type === 'heading' || f.type === 'file' || f.type === 'consent') return null
  const used = new Set(fieldsOf(editor.def).filter((x) => x.name !== f.name).map((x) => x.maps))
  const fits = offers(properties, (k) => k).filter((o) => o.maps && !used.has(o.maps) && (typesFor({ ...f, maps: o.maps, type: o.type }).includes(f.type) || f.type === 'hidden'))
  const data = [{ value: '', label: t('forms.maps_none') }, ...fits.map((o) => ({ value: o.maps, label: mapName(o.maps, properties) })), ...(f.maps && !fits.some((o) => o.maps === f.maps) ? [{ value: f.maps, label: mapName(f.maps, properties) }] : [])]
  return <Select label={t('forms.saved_as')} searchable disabled={!mayEdit} data={data} value={f.maps ?? ''} allowDeselect={false} nothingFoundMessage={t('state.nothing_found')} onChange={(v) => set({ maps: v ?? '' })} />
}

function Options({ f, set }: Of) {
  const { lang, base, mayEdit, fault } = useDesk()
  const list = f.options ?? []
  const put = (options: FormOption[]) => set({ options })
  const fixed = f.maps === 'ticket.priority'
  const at = `fields.${f.name}.options`
  return (
    <div className={s.group} data-at={at}>
      <h3>{t('forms.options')}</h3>
      <Sortable items={list.map((o, i) => ({ o, i }))} idOf={(x) => String(x.i)} nameOf={(x) => read(x.o.label, lang, base) || x.o.value} disabled={!mayEdit} onChange={(items) => put(items.map((x) => x.o))}>
        {({ o, i }) => (
          <div className={s.option}>
            <WordsInput bare label={t('forms.option_label', { n: i + 1 })} at={`${at}.${i}`} value={o.label} placeholder={o.value} onChange={(label) => {
              const auto = /^(option_)?\d+$/.test(o.value) || o.value === '' || o.value === optionValue(own(o.label, base, base), [])
              const value = !fixed && lang === base && auto ? optionValue(own(label, base, base), list.filter((_, x) => x !== i).map((x) => x.value)) : o.value
              put(list.map((x, n) => (n === i ? { value, label } : x)))
            }} />
            <TextInput aria-label={t('forms.option_value', { n: i + 1 })} value={o.value} disabled={!mayEdit || fixed} className={s.value!} onChange={(e) => put(list.map((x, n) => (n === i ? { ...x, value: e.currentTarget.value } : x)))} />
            {mayEdit ? <ActionIcon aria-label={t('forms.option_remove', { n: i + 1 })} onClick={() => put(list.filter((_, n) => n !== i))}><Icon name="x" size={13} /></ActionIcon> : null}
          </div>
        )}
      </Sortable>
      {fault(at) ? <p className={s.bad} role="alert">{fault(at)}</p> : <p className={s.hint}>{t('forms.options_text')}</p>}
      {mayEdit && !fixed ? <div><Button size="compact-sm" variant="light" leftSection={<Icon name="plus" size={13} />} onClick={() => put([...list, { value: optionValue(`option ${list.length + 1}`, list.map((x) => x.value)), label: write(undefined, lang, base, '') }])}>{t('forms.option_add')}</Button></div> : null}
    </div>
  )
}

/** Where a hidden field gets its value: the page, its address, a cookie, or always the same. */
function SourceFields({ f, set }: Of) {
  const { mayEdit, fault } = useDesk()
  const { kind, name } = sourceOf(f)
  const named = kind === 'query' || kind === 'cookie'
  const pick = (k: Source) => set({ from: k === 'fixed' ? '' : k === 'query' || k === 'cookie' ? `${k}:${name}` : k })
  return (
    <div className={s.pair}>
      <NativeSelect label={t('forms.source')} disabled={!mayEdit} value={kind} data={sources.map((x) => ({ value: x, label: t(`forms.source.${x}` as Key) }))} onChange={(e) => pick(e.currentTarget.value as Source)} />
      {named ? <TextInput label={t(kind === 'query' ? 'forms.parameter' : 'forms.cookie')} placeholder={kind === 'query' ? example.parameter : example.cookie} disabled={!mayEdit} value={name} error={fault(`fields.${f.name}.from`)} spellCheck={false} onChange={(e) => set({ from: `${kind}:${e.currentTarget.value.trim()}` })} /> : null}
    </div>
  )
}

function Default({ f, set }: Of) {
  const { lang, base, mayEdit } = useDesk()
  const label = t('forms.default')
  const value = f.default ?? ''
  if (f.type === 'checkbox') return <Checkbox label={t('forms.default_checked')} disabled={!mayEdit} checked={value === 'true'} onChange={(e) => set({ default: e.currentTarget.checked ? 'true' : '' })} />
  if (f.type === 'choice') return <Select label={label} clearable clearButtonProps={{ 'aria-label': t('property.clear') }} placeholder={t('property.none')} disabled={!mayEdit} data={[...new Map((f.options ?? []).filter((o) => o.value).map((o) => [o.value, { value: o.value, label: read(o.label, lang, base) || o.value }])).values()]} value={value || null} onChange={(v) => set({ default: v ?? '' })} />
  if (f.type === 'multi_choice') return <MultiSelect label={label} disabled={!mayEdit} data={[...new Map((f.options ?? []).filter((o) => o.value).map((o) => [o.value, { value: o.value, label: read(o.label, lang, base) || o.value }])).values()]} value={value ? value.split(',') : []} onChange={(v) => set({ default: v.join(',') })} />
  return <TextInput label={label} disabled={!mayEdit} type={f.type === 'date' ? 'date' : f.type === 'number' ? 'number' : 'text'} value={value} onChange={(e) => set({ default: e.currentTarget.value })} />
}

const kindsOfFile = ['image/*', 'application/pdf', 'text/plain', 'text/csv', '.docx', '.xlsx', '.odt', '.zip', 'video/*', 'audio/*']

function Validation({ f, set }: Of) {
  const { mayEdit, fault } = useDesk()
  if (f.type === 'file') {
    return (
      <div className={s.group}>
        <h3>{t('forms.files')}</h3>
        <div className={s.pair}>
          <NumberInput label={t('forms.max_files')} min={1} max={10} disabled={!mayEdit} value={f.max_files || 3} onChange={(v) => set({ max_files: Number(v) || 1 })} />
          <NumberInput label={t('forms.max_mb')} min={1} max={100} disabled={!mayEdit} value={f.max_mb || 10} onChange={(v) => set({ max_mb: Number(v) || 1 })} />
        </div>
        <MultiSelect label={t('forms.accept')} description={t('forms.accept_text')} searchable disabled={!mayEdit} data={[...new Set([...kindsOfFile, ...(f.accept ?? [])])].map((v) => ({ value: v, label: kindName(v) }))} value={f.accept ?? []} onChange={(accept) => set({ accept })} />
      </div>
    )
  }
  const length = f.type === 'text' || f.type === 'long_text'
  if (!length && f.type !== 'number' && f.type !== 'date') return null
  const kind = f.type === 'date' ? 'date' : 'number'
  const names = length ? (['forms.min_length', 'forms.max_length'] as const) : (['forms.min', 'forms.max'] as const)
  return (
    <div className={s.group}>
      <h3>{t('forms.validation')}</h3>
      <div className={s.pair}>
        <TextInput type={kind} label={t(names[0])} disabled={!mayEdit} value={f.min ?? ''} error={fault(`fields.${f.name}.min`)} onChange={(e) => set({ min: e.currentTarget.value })} />
        <TextInput type={kind} label={t(names[1])} disabled={!mayEdit} value={f.max ?? ''} onChange={(e) => set({ max: e.currentTarget.value })} />
      </div>
      {f.type === 'text' ? <TextInput label={t('forms.pattern')} description={t('forms.pattern_text')} placeholder={example.pattern} spellCheck={false} disabled={!mayEdit} value={f.pattern ?? ''} error={fault(`fields.${f.name}.pattern`)} onChange={(e) => set({ pattern: e.currentTarget.value })} /> : null}
    </div>
  )
}

const kindName = (v: string): string => (v.includes('/*') ? t(`forms.kind.${v.split('/')[0]}` as Key) : v.startsWith('.') ? v.slice(1).toUpperCase() : v.split('/')[1]!.toUpperCase())

/** The name that addresses, rules and files use. It changes everywhere at once, when the box is left. */
function NameInput({ f }: { f: FormField }) {
  const { editor, mayEdit, fault, choose } = useDesk()
  const [draft, setDraft] = useState<string | null>(null)
  const id = useId()
  const leave = () => {
    const to = slug(draft ?? '')
    if (to && to !== f.name && !fieldsOf(editor.def).some((x) => x.name === to)) { editor.edit((d) => rename(d, f.name, to)); choose(to) }
    setDraft(null)
  }
  return <TextInput id={id} label={t('forms.name')} description={t('forms.name_text')} spellCheck={false} disabled={!mayEdit} value={draft ?? f.name} error={fault(`fields.${f.name}.name`)} onChange={(e) => setDraft(e.currentTarget.value)} onBlur={leave} onKeyDown={(e) => { if (e.key === 'Enter') e.currentTarget.blur() }} />
}
