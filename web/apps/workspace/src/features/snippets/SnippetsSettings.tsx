import { Button, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch, type Snippet } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useNames, useTeams } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { deeds, snippetsQuery } from '@/features/writing/index.ts'
import { t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago } from '@/shell/format.ts'
import { SnippetDialog } from './SnippetDialog.tsx'
import s from './snippets.module.css'

const undoChoices = [0, 5, 10, 20, 30]

/** WS-12, WS-24: snippets, templates and what they do, and one's own time for undoing a send. */
export function SnippetsSettings() {
  const q = useQuery(snippetsQuery)
  const can = useCan()
  const names = useNames()
  const teams = useTeams()
  const [kind, setKind] = useState('')
  const [text, setText] = useState('')
  const [edited, edit] = useState<Partial<Snippet> | null>(null)
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const all = q.data ?? []
  const shown = all.filter((x) => (!kind || x.kind === kind) && words.every((w) => `${x.name} ${x.shortcut} ${x.text}`.toLowerCase().includes(w)))
  const mayMake = can('tickets.reply')
  const make = (k: Snippet['kind']) => edit({ kind: k, visibility: 'private', name: '', shortcut: '', subject: '', html: '', actions: {} })
  return (
    <>
      <div className={s.head}>
        <div><h1>{t('settings.snippets')}</h1><p className={s.sub}>{t('snippets.intro')}</p></div>
        {mayMake ? <div className={s.buttons}><Button size="xs" variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => make('snippet')}>{t('snippets.new_snippet')}</Button><Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={() => make('template')}>{t('snippets.new_template')}</Button></div> : null}
      </div>
      <UndoTime />
      <div className={s.tools}>
        <TextInput size="xs" className={s.grow} aria-label={t('snippet.search')} placeholder={t('snippet.search')} value={text} onChange={(e) => setText(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} />
        <SegmentedControl size="xs" aria-label={t('snippets.kind')} value={kind} onChange={setKind} data={[{ value: '', label: t('snippets.all') }, { value: 'snippet', label: t('snippets.snippets') }, { value: 'template', label: t('snippets.templates') }]} />
      </div>
      {q.isPending ? <SkeletonLines lines={6} label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.snippets')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && shown.length === 0 ? <EmptyState icon="bolt" title={all.length ? t('snippet.none_found') : t('snippet.none')} text={t('snippets.empty_text')} /> : null}
      <ul className={s.list}>
        {shown.map((x) => {
          const does = deeds(x.actions, names)
          return (
            <li key={x.id}>
              <button type="button" className={s.row} onClick={() => edit(x)}>
                <span className={s.name}><strong className="k-cut">{x.name}</strong>{x.shortcut ? <code>/{x.shortcut}</code> : null}{x.kind === 'template' ? <Tag>{t('snippet.template')}</Tag> : null}</span>
                <span className={`${s.text} k-cut`}>{x.text || x.subject}</span>
                {does ? <span className={`${s.does} k-cut`}><Icon name="bolt" size={12} /> {does}</span> : null}
                <span className={s.facts}>
                  <span>{x.visibility === 'everyone' ? t('snippets.everyone') : x.visibility === 'team' ? (teams.find((y) => y.id === x.team_id)?.name ?? t('property.team')) : t('snippets.private')}</span>
                  <span>{x.uses ? t('snippets.used', { n: x.uses }) : t('snippets.unused')}{x.last_used_at ? ` · ${ago(x.last_used_at)}` : ''}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      {edited ? <SnippetDialog key={edited.id ?? 'new'} snippet={edited} onClose={() => edit(null)} /> : null}
    </>
  )
}

function UndoTime() {
  const cache = useQueryClient()
  const q = useQuery({ queryKey: ['preferences'], queryFn: () => get<Record<string, unknown>>('/api/me/preferences') })
  const set = (v: string | null) => {
    const n = Number(v ?? 10)
    cache.setQueryData(['preferences'], (old: Record<string, unknown> | undefined) => ({ ...old, undo_send_seconds: n }))
    patch('/api/me', { preferences: { undo_send_seconds: n } }).catch((err: unknown) => { toastError(err); void q.refetch() })
  }
  const now = typeof q.data?.undo_send_seconds === 'number' ? q.data.undo_send_seconds : 10
  return (
    <div className={s.undo} data-setting="undo">
      <div><strong>{t('snippets.undo')}</strong><p className={s.sub}>{t('snippets.undo_text')}</p></div>
      <Select size="xs" w={150} aria-label={t('snippets.undo')} allowDeselect={false} disabled={!q.data} value={String(now)} onChange={set} data={undoChoices.map((n) => ({ value: String(n), label: n ? t('snippets.seconds', { n }) : t('snippets.at_once') }))} />
    </div>
  )
}
