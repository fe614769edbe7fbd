import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Snippet } from '@kanal/api'
import { EmptyState, Icon, Tag } from '@kanal/ui'
import { useNames, useTeams } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { deeds, snippetsQuery } from '@/features/writing/index.ts'
import { t } from '@/locales/index.ts'
import { ago } from '@/shell/format.ts'
import { SnippetDialog } from './SnippetDialog.tsx'
import s from './snippets.module.css'

/** WS-12, WS-24: snippets, templates and what they do. */
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
    <SettingsFrame title={t('settings.snippets')} text={t('snippets.intro')} query={q} section="snippets"
      action={mayMake ? <><Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => make('template')}>{t('snippets.new_template')}</Button><Button leftSection={<Icon name="plus" size={14} />} onClick={() => make('snippet')}>{t('snippets.new_snippet')}</Button></> : null}>
      <div className={s.tools}>
        <TextInput className={s.grow} aria-label={t('snippet.search')} placeholder={t('snippet.search')} value={text} onChange={(e) => setText(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} />
        <SegmentedControl aria-label={t('snippets.kind')} value={kind} onChange={setKind} data={[{ value: '', label: t('snippets.all') }, { value: 'snippet', label: t('snippets.snippets') }, { value: 'template', label: t('snippets.templates') }]} />
      </div>
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
    </SettingsFrame>
  )
}
