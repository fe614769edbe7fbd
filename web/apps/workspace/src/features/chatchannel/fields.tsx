import { Group, MultiSelect, NumberInput, Radio, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { read, type Settings } from '@/features/channels/later.ts'
import { useTeams, useUsers } from '@/features/lookups/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { inLanguage, type Words } from './model.ts'
import s from './chatchannel.module.css'

// Fields of the form by the path of their setting. Their words are chatset.<path>, what is said below them chatset.<path>_text, choices chatset.<path>.<value>.

const label = (path: string) => t(`chatset.${path}` as Key)
const help = (path: string) => maybe(`chatset.${path}_text`, '') || undefined
const value = <A,>(c: { s: unknown }, path: string) => read(c.s as Settings, path) as A

export function Toggle({ path }: { path: string }) {
  const c = useChat()
  return <div data-setting={path}><Switch label={label(path)} description={help(path)} checked={value<boolean>(c, path)} onChange={(e) => c.set(path, e.currentTarget.checked)} /></div>
}

export function Choice({ path, of }: { path: string; of: readonly string[] }) {
  const c = useChat()
  return (
    <div data-setting={path}>
      <Radio.Group label={label(path)} description={help(path)} value={value<string>(c, path)} onChange={(v) => c.set(path, v)} error={c.wrong(path)}>
        <Stack gap={8} mt={6}>{of.map((v) => <Radio key={v} value={v} label={t(`chatset.${path}.${v}` as Key)} description={maybe(`chatset.${path}.${v}_text`, '') || undefined} />)}</Stack>
      </Radio.Group>
    </div>
  )
}

export function Pick({ path, of }: { path: string; of: readonly string[] }) {
  const c = useChat()
  return <div data-setting={path}><Select label={label(path)} description={help(path)} value={value<string>(c, path)} allowDeselect={false} data={of.map((v) => ({ value: v, label: t(`chatset.${path}.${v}` as Key) }))} onChange={(v) => v && c.set(path, v)} error={c.wrong(path)} maw={320} /></div>
}

export function Count({ path, min, max, suffix }: { path: string; min: number; max: number; suffix?: string }) {
  const c = useChat()
  return <div data-setting={path}><NumberInput label={label(path)} description={help(path)} min={min} max={max} clampBehavior="strict" allowDecimal={false} value={value<number>(c, path)} {...(suffix ? { suffix } : {})} onChange={(v) => typeof v === 'number' && c.set(path, v)} error={c.wrong(path)} maw={220} /></div>
}

/** CO-11: one text in each language; the field shows that of the language which is being written. */
export function WordsField({ path, lines = 1, placeholder }: { path: string; lines?: number; placeholder?: string }) {
  const c = useChat()
  const w = value<Words>(c, path) ?? {}
  const others = c.langs.filter((l) => l !== c.lang && w[l]?.trim())
  const fallback = inLanguage(w, c.lang, c.company) || (placeholder ?? t('chatset.own_words'))
  const common = {
    value: w[c.lang] ?? '', placeholder: w[c.lang] ? '' : fallback, error: c.wrong(path), lang: c.lang, dir: 'auto' as const,
    label: label(path), description: <>{help(path)}{others.length ? <span className={s.others}>{t('chatset.also_in', { languages: others.map(languageName).join(', ') })}</span> : null}</>,
    onChange: (e: { currentTarget: { value: string } }) => { const v = e.currentTarget.value; const next = { ...w }; if (v) next[c.lang] = v; else delete next[c.lang]; c.set(path, next) },
  }
  return (
    <div data-setting={path} className={s.words}>
      {lines > 1 ? <Textarea {...common} autosize minRows={lines} maxRows={8} /> : <TextInput {...common} />}
      <LanguagePick />
    </div>
  )
}

export function LanguagePick({ wide }: { wide?: boolean }) {
  const c = useChat()
  return <Select size="xs" className={wide ? undefined : s.language} aria-label={t('chatset.writing_in')} label={wide ? t('chatset.writing_in') : undefined} data={c.langs.map((l) => ({ value: l, label: languageName(l) }))} value={c.lang} allowDeselect={false} onChange={(v) => v && c.setLang(v)} comboboxProps={{ width: 160, position: 'bottom-end' }} />
}

export function languageName(code: string): string {
  try { return new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code } catch { return code }
}

export function People({ path, teams }: { path: string; teams: string }) {
  const c = useChat()
  const users = useUsers()
  const all = useTeams()
  return (
    <Group grow align="start" gap="md" preventGrowOverflow={false} className={s.people}>
      <div data-setting={path}><MultiSelect label={label(path)} searchable data={users.filter((u) => u.active).map((u) => ({ value: u.email, label: u.name || u.email }))} value={value<string[]>(c, path) ?? []} onChange={(v) => c.set(path, v)} error={c.wrong(path)} nothingFoundMessage={t('state.nothing_found')} /></div>
      <div data-setting={teams}><MultiSelect label={label(teams)} searchable data={all.map((x) => ({ value: x.slug, label: x.name }))} value={value<string[]>(c, teams) ?? []} onChange={(v) => c.set(teams, v)} error={c.wrong(teams)} nothingFoundMessage={t('state.nothing_found')} /></div>
    </Group>
  )
}
