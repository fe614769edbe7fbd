import { Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { get, post } from '@kanal/api'
import { Banner, EmptyState, Icon, Tag } from '@kanal/ui'
import { SettingsFrame, UnsavedGuard, isStale, type SettingsText } from '@/features/settings/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import s from './admin.module.css'

interface Change { object: string; slug: string; action: 'create' | 'update' | 'remove'; fields: { field: string; before: unknown; after: unknown }[] }
interface Fault { line: number; path: string; text: string }
interface Plan { changes: Change[]; problems: Fault[]; revision: string }

/** The whole installation as one text: what would change is shown before it is applied. */
export function TextEditor() {
  const q = useQuery({ queryKey: ['settings-text', '', ''], queryFn: () => get<SettingsText>('/api/settings/text'), staleTime: 0, refetchOnWindowFocus: false })
  return (
    <SettingsFrame title={t('text.title')} text={t('text.text')} query={q}>
      {q.data ? <Editor key={q.data.revision} loaded={q.data} onReload={() => void q.refetch()} /> : null}
    </SettingsFrame>
  )
}

const shown = (v: unknown): string => (v === null || v === undefined ? '' : typeof v === 'object' ? JSON.stringify(v) : String(v))

function Editor({ loaded, onReload }: { loaded: SettingsText; onReload: () => void }) {
  const [text, setText] = useState(loaded.text)
  const [prune, setPrune] = useState(false)
  const [plan, setPlan] = useState<(Plan & { of: string }) | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState<'' | 'diff' | 'apply'>('')
  const area = useRef<HTMLTextAreaElement>(null)
  const result = useRef<HTMLElement>(null)
  const lines = text.split('\n')
  const wrong = new Set(plan?.of === `${prune} ${text}` ? plan.problems.map((p) => p.line) : [])
  const current = plan && plan.of === `${prune} ${text}` ? plan : null
  useEffect(() => { setPlan(null) }, [text, prune])
  const look = async () => {
    setBusy('diff')
    setError(null)
    try { setPlan({ ...(await post<Plan>('/api/settings/text/diff', { text, prune })), of: `${prune} ${text}` }); requestAnimationFrame(() => result.current?.focus()) } catch (err) { setError(err) } finally { setBusy('') }
  }
  const apply = async () => {
    setBusy('apply')
    setError(null)
    try {
      const done = await post<Plan>('/api/settings/text/apply', { text, prune, revision: loaded.revision })
      toast(t('text.applied', { n: done.changes.length }))
      setText(loaded.text)
      await queries.invalidateQueries()
    } catch (err) { setError(err) } finally { setBusy('') }
  }
  const jump = (line: number) => {
    const at = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
    area.current?.focus()
    area.current?.setSelectionRange(at, at + (lines[line - 1]?.length ?? 0))
    area.current?.parentElement?.scrollTo({ top: (line - 4) * 20 })
  }
  const download = () => {
    const a = document.createElement('a')
    a.href = URL.createObjectURL(new Blob([text], { type: 'text/yaml' }))
    a.download = 'kanal-settings.yaml'
    a.click()
    URL.revokeObjectURL(a.href)
  }
  return (
    <>
      <UnsavedGuard dirty={text !== loaded.text} />
      {error ? <Banner tone="danger" icon="warn" role="alert" {...(isStale(error) ? { action: t('text.reload'), onAction: onReload } : {})}>{sentence(error)}</Banner> : null}
      <div className={s.editor}>
        <div className={s.gutter} aria-hidden="true">{lines.map((_, i) => (wrong.has(i + 1) ? <b key={i}>{`${i + 1}\n`}</b> : `${i + 1}\n`))}</div>
        <textarea ref={area} aria-label={t('text.title')} spellCheck={false} wrap="off" rows={lines.length + 1} value={text} onChange={(e) => setText(e.currentTarget.value)}
          onKeyDown={(e) => { if ((e.ctrlKey || e.metaKey) && e.key === 'Enter') { e.preventDefault(); void look() } }} />
      </div>
      <Checkbox checked={prune} onChange={(e) => setPrune(e.currentTarget.checked)} label={t('text.prune')} description={t('text.prune_text')} />
      <div className={s.foot}>
        <Button variant="default" leftSection={<Icon name="download" size={14} />} onClick={download}>{t('text.download')}</Button>
        <Button variant="default" disabled={text === loaded.text} onClick={() => setText(loaded.text)}>{t('text.revert')}</Button>
        <span className={s.space} />
        <Button variant={current ? 'default' : 'filled'} loading={busy === 'diff'} onClick={() => void look()}>{t('text.look')}</Button>
        <Button loading={busy === 'apply'} disabled={!current || current.problems.length > 0 || current.changes.length === 0} onClick={() => void apply()}>{t('text.apply')}</Button>
      </div>
      {current ? (
        <section ref={result} tabIndex={-1} aria-label={t('text.plan')} className={s.stack}>
          {current.problems.length ? (
            <>
              <h2>{t('text.problems')}</h2>
              <ul className={s.rows}>{current.problems.map((p, i) => <li key={i} className={s.row}><Icon name="warn" /><span className={s.rowText}><span className={s.why}>{p.text}</span>{p.path ? <code className={s.slug}>{p.path}</code> : null}</span><Button variant="default" onClick={() => jump(p.line)}>{t('text.line', { line: p.line })}</Button></li>)}</ul>
            </>
          ) : current.changes.length === 0 ? <EmptyState icon="check" title={t('text.same')} text={t('text.same_text')} /> : (
            <>
              <h2>{t('text.changes', { n: current.changes.length })}</h2>
              <ul className={s.rows}>{current.changes.map((c) => (
                <li key={`${c.object} ${c.slug}`} className={s.row}>
                  <Tag tone={c.action === 'create' ? 'ok' : c.action === 'remove' ? 'danger' : 'note'}>{maybe(`text_action.${c.action}`, c.action)}</Tag>
                  <span className={s.rowText}><span className={s.name}>{maybe(`audit_object.${c.object === 'channel' ? 'channel_account' : c.object}`, c.object)} · {c.slug}</span>
                    <span className={s.diff}>{c.fields.map((f) => <span key={f.field}>{f.field}: {shown(f.before) ? <del>{shown(f.before)}</del> : null} {shown(f.after) ? <ins>{shown(f.after)}</ins> : null}</span>)}</span></span>
                </li>
              ))}</ul>
            </>
          )}
        </section>
      ) : null}
    </>
  )
}
