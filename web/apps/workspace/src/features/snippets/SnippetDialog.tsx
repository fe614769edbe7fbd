import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { del, get, patch, post, type Page, type Rendered, type Snippet, type SnippetActions } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { Editor, type EditorHandle } from '@/features/editor/index.ts'
import { usePipelines, useTeams, useUsers } from '@/features/lookups/index.ts'
import { useCan, useSession } from '@/features/session/index.ts'
import { snippetsQuery } from '@/features/writing/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import s from './snippets.module.css'

/** One text: written on the left, as it will look on the right. */
export function SnippetDialog({ snippet, onClose }: { snippet: Partial<Snippet>; onClose(): void }) {
  const cache = useQueryClient()
  const session = useSession()
  const can = useCan()
  const teams = useTeams()
  const [x, setX] = useState(snippet)
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const [sure, setSure] = useState(false)
  const editor = useRef<EditorHandle | null>(null)
  const mayEdit = !snippet.id || !!snippet.may_edit
  const set = (part: Partial<Snippet>) => { setError(''); setX((old) => ({ ...old, ...part })) }
  const tokens = useQuery({ queryKey: ['tokens-of-texts'], queryFn: async () => (await get<Page<string>>('/api/snippets/tokens')).items ?? [], staleTime: Infinity })
  const template = x.kind === 'template'
  const done = async (fn: () => Promise<unknown>, said: string) => {
    setBusy(true)
    try { await fn(); await cache.invalidateQueries({ queryKey: snippetsQuery.queryKey }); toast(said); onClose() } catch (err) { setError(sentence(err)); setBusy(false) }
  }
  const body = () => ({ kind: x.kind, name: x.name, shortcut: x.shortcut ?? '', subject: template ? (x.subject ?? '') : '', html: x.html ?? '', visibility: x.visibility, team_id: x.visibility === 'team' ? x.team_id : null, actions: template ? clean(x.actions ?? {}) : {} })
  const save = () => done(() => (x.id ? patch(`/api/snippets/${x.id}`, body()) : post('/api/snippets', body())), t('snippets.saved'))
  const mine = can('settings.manage') ? teams : teams.filter((y) => (session.user.teams ?? []).includes(y.id))
  return (
    <Modal opened onClose={onClose} size={940} title={<strong>{t(!x.id ? (template ? 'snippets.new_template' : 'snippets.new_snippet') : template ? 'snippet.template' : 'snippet.snippet')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <div className={s.dialog}>
        <div className={s.form}>
          {!mayEdit ? <Banner icon="info">{t('snippets.not_yours')}</Banner> : null}
          <div className={s.two}>
            <TextInput size="xs" required data-autofocus label={t('snippets.name')} value={x.name ?? ''} disabled={!mayEdit} onChange={(e) => set({ name: e.currentTarget.value })} />
            <TextInput size="xs" label={t('snippets.shortcut')} leftSection="/" value={x.shortcut ?? ''} disabled={!mayEdit} onChange={(e) => set({ shortcut: e.currentTarget.value })} />
          </div>
          {template ? <TextInput size="xs" label={t('message.subject')} value={x.subject ?? ''} disabled={!mayEdit} onChange={(e) => set({ subject: e.currentTarget.value })} /> : null}
          <div className={s.editor}><Editor value={x.html ?? ''} label={t('snippets.text')} placeholder={t('snippets.text_hint')} handle={editor} minHeight={140} emoji toolbar onChange={(v) => set({ html: v.html, text: v.text })} onSubmit={() => void save()} /></div>
          {mayEdit ? <Select size="xs" searchable placeholder={t('snippets.token')} aria-label={t('snippets.token')} value={null} data={tokens.data ?? []} onChange={(v) => { if (v) editor.current?.insertText(`{{${v}|}}`.replace('|}}', v.startsWith('contact.') ? '|}}' : '}}')) }} /> : null}
          <div className={s.two}>
            <Select size="xs" label={t('snippets.visibility')} allowDeselect={false} disabled={!mayEdit} value={x.visibility ?? 'private'} onChange={(v) => set({ visibility: v as Snippet['visibility'] })} data={[{ value: 'private', label: t('snippets.private') }, ...(mine.length ? [{ value: 'team', label: t('snippets.team') }] : []), { value: 'everyone', label: t('snippets.everyone') }]} />
            {x.visibility === 'team' ? <Select size="xs" required label={t('property.team')} disabled={!mayEdit} value={x.team_id ?? null} onChange={(v) => set({ team_id: v })} data={mine.map((y) => ({ value: y.id, label: y.name }))} /> : null}
          </div>
          {template ? <ActionFields actions={x.actions ?? {}} disabled={!mayEdit} onChange={(a) => set({ actions: { ...x.actions, ...a } })} /> : null}
        </div>
        <Preview subject={template ? (x.subject ?? '') : ''} html={x.html ?? ''} />
      </div>
      {error ? <Banner tone="danger" icon="warn" role="alert">{error}</Banner> : null}
      <div className={s.dialogFoot}>
        {x.id && mayEdit ? (sure
          ? <Button size="xs" color="red" loading={busy} onClick={() => void done(() => del(`/api/snippets/${x.id}`), t('snippets.deleted'))}>{t('snippets.really_delete', { n: x.uses ?? 0 })}</Button>
          : <Button size="xs" variant="subtle" color="red" onClick={() => setSure(true)}>{t('snippets.delete')}</Button>) : null}
        <span className={s.grow} />
        {x.id && !mayEdit ? <Button size="xs" variant="default" onClick={() => setX({ ...x, id: undefined as never, may_edit: true, visibility: 'private', team_id: null })}>{t('snippets.copy')}</Button> : null}
        {mayEdit || !x.id ? <Button size="xs" loading={busy} onClick={() => void save()}>{t('action.save')}</Button> : null}
      </div>
    </Modal>
  )
}

const clean = (a: SnippetActions): SnippetActions => Object.fromEntries(Object.entries(a).filter(([, v]) => v !== '' && v !== null && v !== undefined))

function ActionFields({ actions: a, disabled, onChange }: { actions: SnippetActions; disabled: boolean; onChange(a: Partial<SnippetActions>): void }) {
  const pipelines = usePipelines()
  const users = useUsers()
  const teams = useTeams()
  const statuses = [...new Map(pipelines.flatMap((p) => p.statuses).map((st) => [st.slug, st.name])).entries()]
  const field = (label: Key, key: keyof SnippetActions, data: { value: string; label: string }[]) => (
    <Select size="xs" label={t(label)} placeholder={t('macro.nothing')} clearable searchable={data.length > 8} disabled={disabled} value={(a[key] as string | undefined) || null} data={data} onChange={(v) => onChange({ [key]: v ?? '' })} />
  )
  return (
    <fieldset className={s.actions}>
      <legend>{t('macro.title')}</legend>
      <div className={s.three}>
        {field('property.status', 'status', statuses.map(([value, label]) => ({ value, label })))}
        {field('property.priority', 'priority', ['low', 'medium', 'high', 'urgent'].map((value) => ({ value, label: maybe(`priority.${value}`, value) })))}
        {field('macro.snooze', 'snooze', ['reply', '1h', '4h', 'tomorrow', 'next_week'].map((value) => ({ value, label: t(`macro.snooze.${value}` as Key) })))}
        {field('property.owner', 'owner', [{ value: 'me', label: t('macro.me') }, { value: 'none', label: t('macro.nobody') }, ...users.filter((u) => u.active).map((u) => ({ value: u.email, label: u.name }))])}
        {field('property.team', 'team', [{ value: 'none', label: t('macro.nobody') }, ...teams.map((x) => ({ value: x.slug, label: x.name }))])}
        <TextInput size="xs" label={t('property.category')} disabled={disabled} value={a.category ?? ''} onChange={(e) => onChange({ category: e.currentTarget.value })} />
      </div>
    </fieldset>
  )
}

/** As it will look, filled with an example; what has no value stands out. */
function Preview({ subject, html }: { subject: string; html: string }) {
  const [asked, ask] = useState({ subject, html })
  useEffect(() => { const timer = setTimeout(() => ask({ subject, html }), 400); return () => clearTimeout(timer) }, [subject, html])
  const q = useQuery({ queryKey: ['snippet-preview', asked], queryFn: () => post<Rendered>('/api/snippets/preview', asked), enabled: asked.html !== '' || asked.subject !== '', placeholderData: (old) => old, retry: false })
  const page = `<!doctype html><meta charset="utf-8"><style>body{font:14px/1.5 system-ui,sans-serif;margin:0;color:#1f2328;overflow-wrap:anywhere}img{max-width:100%}p{margin:0}</style>${q.data?.html ?? ''}`
  return (
    <section className={s.preview} aria-label={t('snippets.preview')}>
      <h3>{t('snippets.preview')}</h3>
      {q.data?.subject ? <p className={s.previewSubject}>{q.data.subject}</p> : null}
      {q.data?.html ? <iframe title={t('snippets.preview')} sandbox="" srcDoc={page} /> : <p className={s.sub}>{t('snippets.preview_empty')}</p>}
      {q.data?.missing?.length ? <p className={s.missing}>{t('snippets.missing', { tokens: q.data.missing.join(', ') })}</p> : null}
    </section>
  )
}
