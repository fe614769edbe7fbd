import '@mantine/core/styles/ColorInput.layer.css'
import '@mantine/core/styles/ColorPicker.layer.css'
import '@mantine/core/styles/ColorSwatch.layer.css'
import { ActionIcon, Button, ColorInput, MultiSelect, NativeSelect, NumberInput, Radio, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core'
import type { FormAfter, FormConsent, FormOptions, FormStyle } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { languageName } from '@/features/conditions/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { example } from './describe.ts'
import { Part, WordsInput } from './fields.tsx'
import { slug } from './model.ts'
import { offered } from './words.ts'
import s from './forms.module.css'

/** What happens after sending, who is told, how robots are kept out, how it looks, in which languages. */
export function OptionsTab() {
  const { editor, base, mayEdit, fault } = useDesk()
  const { def } = editor
  const after = def.after ?? {}
  const options = def.options ?? {}
  const style = options.style ?? {}
  const setAfter = (part: Partial<FormAfter>) => editor.edit((d) => ({ ...d, after: { ...d.after, ...part } }), `after ${Object.keys(part).join()}`)
  const set = (part: Partial<FormOptions>) => editor.edit((d) => ({ ...d, options: { ...d.options, ...part } }), `options ${Object.keys(part).join()}`)
  const look = (part: Partial<FormStyle>) => set({ style: { ...style, ...part } })
  return (
    <div className={s.form}>
      <Part title={t('forms.after')} setting="forms.after">
        <Radio.Group value={after.do || 'message'} onChange={(v) => setAfter({ do: v as 'message' })} aria-label={t('forms.after')}>
          <Stack gap={8}>{(['message', 'redirect'] as const).map((v) => <Radio key={v} value={v} disabled={!mayEdit} label={t(`forms.after.${v}` as Key)} />)}</Stack>
        </Radio.Group>
        {after.do === 'redirect'
          ? <TextInput label={t('forms.after_url')} type="url" placeholder={example.url} disabled={!mayEdit} data-at="after.url" value={after.url ?? ''} error={fault('after.url')} onChange={(e) => setAfter({ url: e.currentTarget.value })} />
          : <WordsInput label={t('forms.after_text')} long at="after.text" value={after.text} onChange={(text) => setAfter({ text })} />}
      </Part>
      <Part title={t('forms.notify')} setting="forms.notify">
        <TagsInput label={t('forms.notify_to')} description={t('forms.notify_text')} disabled={!mayEdit} acceptValueOnBlur value={options.notify ?? []} onChange={(notify) => set({ notify })} error={fault('options.notify')} />
      </Part>
      <Part title={t('forms.spam')} text={t('forms.spam_text')} setting="forms.spam">
        <Radio.Group value={options.spam || 'standard'} onChange={(v) => set({ spam: v as 'standard' })} aria-label={t('forms.spam')}>
          <Stack gap={8}>{(['standard', 'strict', 'off'] as const).map((v) => <Radio key={v} value={v} disabled={!mayEdit} label={t(`forms.spam.${v}` as Key)} description={t(`forms.spam_text.${v}` as Key)} />)}</Stack>
        </Radio.Group>
        <Switch label={t('forms.captcha')} description={t('forms.captcha_text')} disabled={!mayEdit} checked={!!options.captcha} onChange={(e) => set({ captcha: e.currentTarget.checked })} />
        <div className={s.pair}>
          <NumberInput label={t('forms.once')} description={t('forms.once_text')} min={0} max={10080} disabled={!mayEdit} value={options.once_per_minutes ?? 0} onChange={(v) => set({ once_per_minutes: Number(v) || 0 })} />
          {options.spam === 'off' ? null : <NumberInput label={t('forms.work')} description={t('forms.work_text')} min={0} max={24} disabled={!mayEdit} value={options.work ?? 0} onChange={(v) => set({ work: Number(v) || 0 })} error={fault('options.work')} />}
        </div>
      </Part>
      <Part title={t('forms.where')} setting="forms.where">
        <TagsInput label={t('forms.domains')} description={t('forms.domains_text')} disabled={!mayEdit} acceptValueOnBlur value={options.domains ?? []} onChange={(domains) => set({ domains })} error={fault('options.domains')} />
        <NumberInput label={t('forms.keep')} description={t('forms.keep_text')} min={0} max={3650} disabled={!mayEdit} value={options.keep_days ?? 0} onChange={(v) => set({ keep_days: Number(v) || 0 })} />
      </Part>
      <Part title={t('forms.look')} setting="forms.look">
        <div className={s.pair}>
          <ColorInput label={t('forms.color')} format="hex" disabled={!mayEdit || !!style.css_off} value={style.color ?? ''} error={fault('options.style.color')} onChange={(color) => look({ color })} eyeDropperButtonProps={{ 'aria-label': t('forms.eye_dropper') }} />
          <NativeSelect label={t('forms.font')} disabled={!mayEdit || !!style.css_off} value={style.font ?? ''} data={[...['', 'sans-serif', 'serif', 'monospace', 'inherit'].map((v) => ({ value: v, label: t(`forms.font.${v || 'system'}` as Key) })), ...(style.font && !['sans-serif', 'serif', 'monospace', 'inherit'].includes(style.font) ? [{ value: style.font, label: style.font }] : [])]} onChange={(e) => look({ font: e.currentTarget.value })} />
          <NumberInput label={t('forms.radius')} min={0} max={24} disabled={!mayEdit || !!style.css_off} value={style.radius ? parseInt(style.radius, 10) : ''} onChange={(v) => look({ radius: v === '' ? '' : String(Number(v) || 0) })} />
        </div>
        <Switch label={t('forms.css_off')} description={t('forms.css_off_text')} disabled={!mayEdit} checked={!!style.css_off} onChange={(e) => look({ css_off: e.currentTarget.checked })} />
      </Part>
      <Part title={t('forms.languages')} text={t('forms.languages_text')} setting="forms.languages">
        <div className={s.pair}>
          <Select label={t('forms.language')} searchable allowDeselect={false} disabled={!mayEdit} data={[...new Set([...offered, base])].map((l) => ({ value: l, label: languageName(l) }))} value={base} onChange={(v) => { if (v) editor.edit((d) => ({ ...d, language: v, languages: [...new Set([...(d.languages ?? []), base])].filter((l) => l !== v) })) }} />
          <MultiSelect label={t('forms.more_languages')} searchable disabled={!mayEdit} data={[...new Set([...offered, ...(def.languages ?? [])])].filter((l) => l !== base).map((l) => ({ value: l, label: languageName(l) }))} value={(def.languages ?? []).filter((l) => l !== base)} onChange={(languages) => editor.edit((d) => ({ ...d, languages }))} />
        </div>
      </Part>
    </div>
  )
}

/** FM-20: a notice, and what people agree to, kept with its wording and time. */
export function ConsentTab() {
  const { editor, mayEdit, fault } = useDesk()
  const c = editor.def.consent ?? {}
  const list = c.communication ?? []
  const set = (part: Partial<FormConsent>) => editor.edit((d) => ({ ...d, consent: { ...d.consent, ...part } }), `consent ${Object.keys(part).join()}`)
  return (
    <div className={s.form}>
      <Part title={t('forms.consent_notice')} text={t('forms.consent_notice_text')} setting="forms.consent">
        <WordsInput label={t('forms.notice')} long at="consent.notice" value={c.notice} onChange={(notice) => set({ notice })} />
      </Part>
      <Part title={t('forms.processing')} text={t('forms.processing_text')}>
        <Switch label={t('forms.processing_ask')} disabled={!mayEdit} checked={!!c.processing} onChange={(e) => set({ processing: e.currentTarget.checked ? { text: {}, required: true } : null })} />
        {c.processing ? (
          <>
            <WordsInput label={t('forms.consent_words')} long required at="consent.processing.text" value={c.processing.text} onChange={(text) => set({ processing: { ...c.processing, text } })} />
            <Switch label={t('forms.consent_required')} disabled={!mayEdit} checked={c.processing.required !== false} onChange={(e) => set({ processing: { ...c.processing, required: e.currentTarget.checked } })} />
          </>
        ) : null}
      </Part>
      <Part title={t('forms.communication')} text={t('forms.communication_text')}>
        {list.map((x, i) => (
          <div key={i} className={s.rule} role="group" aria-label={t('forms.consent_n', { n: i + 1 })}>
            <div className={s.ruleHead}><strong>{t('forms.consent_n', { n: i + 1 })}</strong>{mayEdit ? <ActionIcon size={26} aria-label={t('forms.consent_remove', { n: i + 1 })} onClick={() => set({ communication: list.filter((_, n) => n !== i) })}><Icon name="trash" size={13} /></ActionIcon> : null}</div>
            <TextInput label={t('forms.subscription')} description={t('forms.subscription_text')} disabled={!mayEdit} spellCheck={false} value={x.slug} error={fault(`consent.communication.${i}.slug`)} onChange={(e) => set({ communication: list.map((y, n) => (n === i ? { ...y, slug: slug(e.currentTarget.value) } : y)) })} />
            <WordsInput label={t('forms.consent_words')} required at={`consent.communication.${i}.text`} value={x.text} onChange={(text) => set({ communication: list.map((y, n) => (n === i ? { ...y, text } : y)) })} />
          </div>
        ))}
        {mayEdit ? <div><Button variant="light" size="compact-sm" leftSection={<Icon name="plus" size={13} />} onClick={() => set({ communication: [...list, { slug: list.length ? `news_${list.length + 1}` : 'news', text: {} }] })}>{t('forms.consent_add')}</Button></div> : null}
      </Part>
    </div>
  )
}
