import { NumberInput, PasswordInput, Radio, Select, Stack, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import type { Field } from '@kanal/api'
import { maybe, t } from '@/locales/index.ts'
import { read, write, type Settings } from './model.ts'
import { SignatureField } from './SignatureField.tsx'

interface Props {
  channel: string
  fields: Field[]
  settings: Settings
  secrets: Settings
  /** paths of the secrets that the server keeps already: asked for only to replace them */
  stored: string[]
  error?: { field: string; message: string } | undefined
  onSettings(s: Settings): void
  onSecrets(s: Settings): void
}

/** A form drawn from Spec.Fields. Labels in the reader's language where we have them, else the adapter's own. */
export function SpecForm(p: Props) {
  return <Stack gap="md">{p.fields.map((f) => <One key={f.path} field={f} {...p} />)}</Stack>
}

function One({ field: f, channel, settings, secrets, stored: kept, error, onSettings, onSecrets }: Props & { field: Field }) {
  const stored = kept.includes(f.path)
  const label = maybe(`spec.${channel}.${f.path}`, f.label)
  const description = f.help ? maybe(`spec.${channel}.${f.path}.help`, f.help) : undefined
  const wrong = error && (error.field === f.path || error.field === `settings.${f.path}` || error.field === `secrets.${f.path}`) ? error.message : undefined
  const common = { label, description, required: f.required && !(f.secret && stored), error: wrong, name: f.path }
  const value = read(f.secret ? secrets : settings, f.path)
  const set = (v: unknown) => (f.secret ? onSecrets(write(secrets, f.path, v)) : onSettings(write(settings, f.path, v)))
  const options = (f.options ?? []).map((o) => ({ value: o.value, label: maybe(`spec.${channel}.${f.path}.${o.value}`, o.label) }))
  switch (f.type) {
    case 'boolean':
      return <Switch label={label} description={description} checked={(value ?? f.default) === true} onChange={(e) => set(e.currentTarget.checked)} name={f.path} />
    case 'number':
      return <NumberInput {...common} value={(value as number | undefined) ?? ''} onChange={(v) => set(v === '' ? undefined : Number(v))} maw={160} />
    case 'password':
      return <PasswordInput {...common} autoComplete="new-password" value={String(value ?? '')} placeholder={stored ? t('channels.secret_kept') : ''} onChange={(e) => set(e.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }} />
    case 'choice':
      return options.length <= 3
        ? <Radio.Group {...common} value={String(value ?? f.default ?? '')} onChange={set}><Stack gap={6} mt={6}>{options.map((o) => <Radio key={o.value} value={o.value} label={o.label} />)}</Stack></Radio.Group>
        : <Select {...common} data={options} value={String(value ?? f.default ?? '')} onChange={(v) => set(v ?? '')} allowDeselect={!f.required} />
    case 'list':
      return <TagsInput {...common} value={Array.isArray(value) ? (value as string[]) : []} onChange={set} />
    case 'html':
      return <SignatureField label={label} description={description} value={String(value ?? '')} onChange={set} />
    default:
      if (f.secret) return <PasswordInput {...common} autoComplete="off" value={String(value ?? '')} placeholder={stored ? t('channels.secret_kept') : ''} onChange={(e) => set(e.currentTarget.value)} />
      return f.path.endsWith('_text')
        ? <Textarea {...common} value={String(value ?? '')} onChange={(e) => set(e.currentTarget.value)} />
        : <TextInput {...common} type={f.type === 'email' ? 'email' : 'text'} autoComplete="off" spellCheck={false} value={String(value ?? '')} onChange={(e) => set(e.currentTarget.value)} />
  }
}
