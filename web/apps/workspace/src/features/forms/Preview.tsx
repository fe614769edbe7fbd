import { NativeSelect, SegmentedControl, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { FormDefinition } from '@kanal/api'
import { Banner, SkeletonLines } from '@kanal/ui'
import { languageName } from '@/features/conditions/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { fieldsOf } from './model.ts'
import { previewForm } from './queries.ts'
import { baseOf, languagesOf, read, seen } from './words.ts'
import s from './preview.module.css'

const widths = { desktop: 1100, tablet: 768, phone: 390 }
type Device = keyof typeof widths

const nonce = (): string => document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''
/** The frame lives under this page's policy, which lets in styles that carry its number. */
const allowed = (html: string): string => html.replace(/<style(?=[\s>])(?![^>]*\bnonce=)/g, `<style nonce="${nonce()}"`)

/** The form as visitors will see it, drawn by the server from what is on the screen: in every language, on every width, light and dark. Nothing runs in it. */
export function Preview({ def, lang, onLang }: { def: FormDefinition; lang: string; onLang?: (l: string) => void }) {
  const [device, setDevice] = useState<Device>('phone')
  const [scheme, setScheme] = useState<'light' | 'dark'>(document.documentElement.dataset.mantineColorScheme === 'dark' ? 'dark' : 'light')
  const [tried, setTried] = useState<Record<string, string>>({})
  const [html, setHtml] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const latest = useRef(0)
  const asks = useMemo(() => deciding(def), [def])
  const ask = useMemo(() => ({ definition: def, language: lang, scheme, answers: Object.fromEntries(Object.entries(tried).filter(([k, v]) => v && asks.some((f) => f.name === k))) }), [def, lang, scheme, tried, asks])
  useEffect(() => {
    const n = ++latest.current
    const timer = setTimeout(() => {
      previewForm(ask).then((h) => { if (latest.current === n) { setHtml(h); setError(null) } }, (err) => { if (latest.current === n) setError(err) })
    }, html === null ? 0 : 250)
    return () => clearTimeout(timer)
  }, [ask])
  const box = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const el = box.current
    if (!el) return
    const seeRoom = new ResizeObserver(() => setRoom({ width: el.clientWidth, height: el.clientHeight }))
    seeRoom.observe(el)
    return () => seeRoom.disconnect()
  }, [])
  const scale = room.width ? Math.min(1, room.width / widths[device]) : 1
  const base = baseOf(def)
  return (
    <section className={s.preview} aria-label={t('forms.preview')}>
      <div className={s.bar}>
        <SegmentedControl size="xs" aria-label={t('forms.device')} value={device} onChange={(v) => setDevice(v as Device)} data={(['phone', 'tablet', 'desktop'] as const).map((v) => ({ value: v, label: t(`forms.device.${v}` as Key) }))} />
        <SegmentedControl size="xs" aria-label={t('forms.scheme')} value={scheme} onChange={(v) => setScheme(v as 'light' | 'dark')} data={(['light', 'dark'] as const).map((v) => ({ value: v, label: t(`forms.scheme.${v}` as Key) }))} />
        {onLang && languagesOf(def).length > 1 ? <NativeSelect size="xs" aria-label={t('forms.preview_language')} value={lang} data={languagesOf(def).map((l) => ({ value: l, label: languageName(l) }))} onChange={(e) => onLang(e.currentTarget.value)} /> : null}
      </div>
      {asks.length ? (
        <fieldset className={s.tries}>
          <legend>{t('forms.try')}</legend>
          {asks.map((f) => {
            const label = read(f.label, lang, base) || f.name
            const set = (v: string) => setTried((was) => ({ ...was, [f.name]: v }))
            if (f.options?.length) return <NativeSelect key={f.name} size="xs" label={label} value={tried[f.name] ?? ''} data={[{ value: '', label: t('forms.try_none') }, ...f.options.map((o) => ({ value: o.value, label: read(o.label, lang, base) || o.value }))]} onChange={(e) => set(e.currentTarget.value)} />
            if (f.type === 'checkbox' || f.type === 'consent') return <NativeSelect key={f.name} size="xs" label={label} value={tried[f.name] ?? ''} data={[{ value: '', label: t('forms.try_none') }, { value: 'true', label: t('cond.yes') }]} onChange={(e) => set(e.currentTarget.value)} />
            return <TextInput key={f.name} size="xs" label={label} value={tried[f.name] ?? ''} onChange={(e) => set(e.currentTarget.value)} />
          })}
        </fieldset>
      ) : null}
      {error ? <Banner tone="warn" icon="warn" role="status">{t('forms.preview_failed', { why: sentence(error) })}</Banner> : null}
      <div className={s.room} ref={box} data-device={device}>
        {html === null ? error ? null : <SkeletonLines label={t('state.loading')} /> : (
          <iframe title={t('forms.preview_frame')} sandbox="" srcDoc={allowed(html)} className={s.frame} data-scheme={scheme} style={{ width: Math.min(widths[device], Math.max(room.width, widths[device])), height: scale ? room.height / scale : room.height, transform: `scale(${scale})`, colorScheme: scheme }} />
        )}
      </div>
    </section>
  )
}

/** The questions that other fields hang on: answering them here shows what would come. */
const deciding = (def: FormDefinition) => {
  const names = new Set(fieldsOf(def).flatMap((f) => f.show_if?.when ?? []).map((c) => c.field))
  return fieldsOf(def).filter((f) => names.has(f.name) && seen(f))
}
