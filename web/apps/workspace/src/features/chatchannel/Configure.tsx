import '@mantine/core/styles/ColorInput.layer.css'
import '@mantine/core/styles/ColorPicker.layer.css'
import '@mantine/core/styles/ColorSwatch.layer.css'
import { Button, ColorInput, ColorSwatch, Group, Select, Stack, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Banner, Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { Choice, Count, LanguagePick, Pick, Toggle, WordsField, languageName } from './fields.tsx'
import { presets, readable, rgb } from './model.ts'
import { companyQuery } from './queries.ts'
import s from './chatchannel.module.css'

/** CH-05, CH-06, CH-10, CH-11: where it is, how it looks, how it behaves. */
export function Configure() {
  const c = useChat()
  const a = c.s.appearance
  return (
    <Stack gap="lg">
      <section className={s.card} aria-label={t('chatset.where')}>
        <h2>{t('chatset.where')}</h2>
        <Choice path="surface" of={['web', 'mobile', 'both']} />
        <div data-setting="domains"><TagsInput label={t('chatset.domains')} description={t('chatset.domains_text')} value={c.s.domains} onChange={(v) => c.set('domains', v)} error={c.wrong('domains')} splitChars={[',', ' ']} /></div>
      </section>
      <section className={s.card} aria-label={t('chatset.look')}>
        <h2>{t('chatset.look')}</h2>
        <Color />
        <Pick path="appearance.font" of={['system', 'serif', 'rounded', 'mono']} />
        <Choice path="appearance.position" of={['right', 'left']} />
        <Group gap="md" align="end"><Count path="appearance.offset_x" min={0} max={400} suffix=" px" /><Count path="appearance.offset_y" min={0} max={400} suffix=" px" /></Group>
        <Choice path="appearance.launcher" of={['chat', 'question', 'text']} />
        {a.launcher === 'text' ? <WordsField path="appearance.launcher_text" placeholder={t('chatset.launcher_word')} /> : null}
        <Choice path="appearance.phone" of={['same', 'hide']} />
      </section>
      <section className={s.card} aria-label={t('chatset.behaviour')}>
        <h2>{t('chatset.behaviour')}</h2>
        <Toggle path="appearance.sound" />
        <Toggle path="appearance.title_flash" />
        <Toggle path="files.enabled" />
        {c.s.files.enabled ? <Count path="files.max_mb" min={1} max={100} suffix=" MB" /> : null}
        <Toggle path="emoji" />
        <Toggle path="typing" />
        <Toggle path="typing_preview" />
        <Toggle path="read" />
        <Choice path="closed" of={['reopen', 'new']} />
        <div data-setting="language"><Select label={t('chatset.language')} description={t('chatset.language_text')} maw={320} allowDeselect={false} value={c.s.language} onChange={(v) => v && c.set('language', v)}
          data={[{ value: 'auto', label: t('chatset.language.auto') }, ...c.langs.map((l) => ({ value: l, label: languageName(l) }))]} /></div>
        <div data-setting="languages"><TagsInput label={t('chatset.languages')} description={t('chatset.languages_text')} value={c.s.languages} onChange={(v) => c.set('languages', v)} error={c.wrong('language')} splitChars={[',', ' ']} maw={420} /></div>
        <LanguagePick wide />
      </section>
    </Stack>
  )
}

/** CH-11: the company's colour, ours, a typed one, or one that is picked; a colour that cannot be seen is told. */
function Color() {
  const c = useChat()
  const company = useQuery(companyQuery).data?.color ?? '#1f6feb'
  const own = c.s.appearance.color
  const now = own || company
  const r = readable(now)
  const choose = (color: string, preset: string) => { c.set('appearance.color', color); c.set('appearance.preset', preset) }
  return (
    <div data-setting="appearance.color" className={s.color}>
      <ColorInput label={t('chatset.color')} description={t('chatset.color_text')} value={now} format="hex" maw={320} withEyeDropper={false} swatches={[...presets]} swatchesPerRow={8} error={c.wrong('appearance.color')}
        onChange={(v) => { if (rgb(v)) choose(v.toLowerCase(), '') }} />
      <Group gap={6} role="group" aria-label={t('chatset.presets')}>
        <Button size="xs" variant={own ? 'default' : 'light'} aria-pressed={!own} leftSection={<ColorSwatch color={company} size={14} component="span" />} onClick={() => choose('', '')}>{t('chatset.color_company')}</Button>
        {presets.map((p) => <button key={p} type="button" className={s.swatch} style={{ background: p, color: readable(p).ink }} aria-label={t('chatset.color_preset', { color: p })} aria-pressed={own === p} onClick={() => choose(p, p)}>{own === p ? <Icon name="check" size={12} /> : null}</button>)}
      </Group>
      {r.page < 3 ? <Banner tone="warn" icon="warn" role="status">{t('chatset.color_weak', { ratio: r.page.toFixed(1) })}</Banner> : null}
    </div>
  )
}
