import '@mantine/core/styles/Avatar.layer.css'
import { Avatar, Button, FileButton, Group, Stack } from '@mantine/core'
import { useState } from 'react'
import { t } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { Choice, Count, People, Toggle, WordsField } from './fields.tsx'
import s from './chatchannel.module.css'

/** CH-12 to CH-15: who is shown at the top. */
export function HeadingTab() {
  const c = useChat()
  const { mode } = c.s.heading
  return (
    <Stack gap="lg">
      <section className={s.card} aria-label={t('chatset.heading.mode')}>
        <Choice path="heading.mode" of={['users', 'owner', 'custom']} />
      </section>
      {mode === 'users' ? (
        <section className={s.card} aria-label={t('chatset.heading_people')}>
          <h2>{t('chatset.heading_people')}</h2>
          <People path="heading.users" teams="heading.teams" />
          <Count path="heading.show" min={1} max={5} />
          <Toggle path="heading.prefer_available" />
        </section>
      ) : null}
      {mode === 'owner' ? (
        <section className={s.card} aria-label={t('chatset.heading_fallback')}>
          <h2>{t('chatset.heading_fallback')}</h2>
          <p className={s.text}>{t('chatset.heading_fallback_text')}</p>
          <People path="heading.fallback.users" teams="heading.fallback.teams" />
          <WordsField path="heading.fallback.name" placeholder="" />
          <Picture path="heading.fallback.avatar" value={c.s.heading.fallback.avatar} />
          <Count path="heading.show" min={1} max={5} />
          <Toggle path="heading.prefer_available" />
        </section>
      ) : null}
      {mode === 'custom' ? (
        <section className={s.card} aria-label={t('chatset.heading.mode.custom')}>
          <h2>{t('chatset.heading.mode.custom')}</h2>
          <WordsField path="heading.name" placeholder="" />
          <Picture path="heading.avatar" value={c.s.heading.avatar} />
        </section>
      ) : null}
    </Stack>
  )
}

const side = 96

/** Makes a small square of a picture, so that it can stand in the settings. */
async function square(file: File): Promise<string> {
  const image = await createImageBitmap(file)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side
  const cut = Math.min(image.width, image.height)
  canvas.getContext('2d')?.drawImage(image, (image.width - cut) / 2, (image.height - cut) / 2, cut, cut, 0, 0, side, side)
  image.close()
  return canvas.toDataURL('image/png')
}

function Picture({ path, value }: { path: string; value: string }) {
  const c = useChat()
  const [error, setError] = useState('')
  const take = async (f: File | null) => {
    if (!f) return
    try { c.set(path, await square(f)); setError('') } catch { setError(t('chatset.picture_bad')) }
  }
  return (
    <div data-setting={path} className={s.picture}>
      <span className={s.pictureLabel}>{t('chatset.picture')}</span>
      <Group gap="sm">
        <Avatar src={value || null} alt="" size={44} />
        <FileButton accept="image/png,image/jpeg,image/webp" onChange={(f) => void take(f)}>{(p) => <Button {...p} variant="default" size="xs">{t('chatset.picture_choose')}</Button>}</FileButton>
        {value ? <Button variant="subtle" size="xs" onClick={() => c.set(path, '')}>{t('chatset.picture_remove')}</Button> : null}
      </Group>
      <span className={s.hint}>{t('chatset.picture_text')}</span>
      {error || c.wrong(path) ? <span className={s.error} role="alert">{error || c.wrong(path)}</span> : null}
    </div>
  )
}
