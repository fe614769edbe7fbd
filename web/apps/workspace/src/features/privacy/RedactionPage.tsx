import { ActionIcon, Button, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { post, put } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { SaveError, SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { redactionQuery, type Mode, type Redaction } from './queries.ts'
import s from './privacy.module.css'

/** CO-12: what is blanked out of messages as they come in. */
export function RedactionPage() {
  const q = useQuery(redactionQuery)
  return <SettingsFrame title={t('redaction.title')} text={t('redaction.text')} query={q} section="privacy">{q.data ? <Form now={q.data} known={q.data.known} /> : null}</SettingsFrame>
}

const of = ({ kinds, own }: Redaction): Redaction => ({ kinds, own })

function Form({ now, known }: { now: Redaction; known: string[] }) {
  const [form, setForm] = useState<Redaction>(of(now))
  const [seen, setSeen] = useState(JSON.stringify(of(now)))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const dirty = JSON.stringify(form) !== seen
  const mode = (kind: string, v: Mode) => setForm((f) => { const kinds = { ...f.kinds, [kind]: v }; if (v === 'off') delete kinds[kind]; return { ...f, kinds } })
  const own = (i: number, part: Partial<Redaction['own'][number]>) => setForm((f) => ({ ...f, own: f.own.map((p, n) => (n === i ? { ...p, ...part } : p)) }))
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const r = await put<Redaction & { known: string[] }>('/api/settings/redaction', form)
      setForm(of(r))
      setSeen(JSON.stringify(of(r)))
      queries.setQueryData(redactionQuery.queryKey, r)
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <div className={s.form}>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} />
      <section data-setting="redaction.kinds">
        <h2>{t('redaction.kinds')}</h2>
        <p className={s.hint}>{t('redaction.modes')}</p>
        <ul className={s.kinds}>{known.map((k) => (
          <li key={k}>
            <span className={s.kindText}><strong>{t(`redaction.kind.${k}` as Key)}</strong><span className={s.hint}>{t(`redaction.kind.${k}_text` as Key)}</span></span>
            <ModeChoice label={t(`redaction.kind.${k}` as Key)} value={form.kinds[k] ?? 'off'} onChange={(v) => mode(k, v)} />
          </li>
        ))}</ul>
      </section>
      <section data-setting="redaction.own">
        <h2>{t('redaction.own')}</h2>
        <p className={s.hint}>{t('redaction.own_text')}</p>
        {form.own.map((p, i) => (
          <div key={i} className={s.own}>
            <TextInput label={t('redaction.name')} value={p.name} onChange={(e) => own(i, { name: e.currentTarget.value })} error={fieldOf(error, `own.${i}.name`)} />
            <TextInput label={t('redaction.pattern')} placeholder={String.raw`CASE-\d{6}`} spellCheck={false} value={p.pattern} onChange={(e) => own(i, { pattern: e.currentTarget.value })} error={fieldOf(error, `own.${i}.pattern`)} />
            <ModeChoice label={t('redaction.mode_of', { name: p.name || String(i + 1) })} value={p.mode} without onChange={(v) => own(i, { mode: v })} />
            <ActionIcon aria-label={t('redaction.remove', { name: p.name || String(i + 1) })} onClick={() => setForm((f) => ({ ...f, own: f.own.filter((_, n) => n !== i) }))}><Icon name="trash" /></ActionIcon>
          </div>
        ))}
        {form.own.length < 20 ? <div><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setForm((f) => ({ ...f, own: [...f.own, { name: '', pattern: '', mode: 'masked' }] }))}>{t('redaction.add')}</Button></div> : null}
      </section>
      <Try settings={form} />
      <div className={s.foot}><span className={s.hint}>{dirty ? t('state.unsaved') : ''}</span><span className={s.grow} /><Button loading={busy} disabled={!dirty} onClick={() => void save()}>{t('action.save')}</Button></div>
    </div>
  )
}

function ModeChoice({ label, value, without, onChange }: { label: string; value: Mode; without?: boolean; onChange(v: Mode): void }) {
  const modes: Mode[] = without ? ['masked', 'removed'] : ['off', 'masked', 'removed']
  return <SegmentedControl aria-label={label} value={value} onChange={(v) => onChange(v as Mode)} data={modes.map((m) => ({ value: m, label: t(`redaction.mode.${m}` as Key) }))} />
}

function Try({ settings }: { settings: Redaction }) {
  const [text, setText] = useState('')
  const [out, setOut] = useState<{ of: string; text: string; found: number } | null>(null)
  const [error, setError] = useState<unknown>(null)
  const now = JSON.stringify([settings, text])
  const go = async () => { setError(null); try { setOut({ of: now, ...(await post<{ text: string; found: number }>('/api/settings/redaction/try', { settings, text })) }) } catch (err) { setError(err) } }
  return (
    <section data-setting="redaction.try">
      <h2>{t('redaction.try')}</h2>
      <Textarea label={t('redaction.try_label')} autosize minRows={2} maxRows={8} value={text} onChange={(e) => setText(e.currentTarget.value)} />
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      {out?.of === now ? <div role="status" className={s.tried} data-tried><p className={s.hint}>{out.found ? t('redaction.found', { n: out.found }) : t('redaction.found_none')}</p><pre>{out.text}</pre></div> : null}
      <div><Button variant="default" disabled={!text.trim()} onClick={() => void go()}>{t('redaction.try_do')}</Button></div>
    </section>
  )
}
