import { useState } from 'react'
import { useInboxes } from '@/features/lookups/index.ts'
import { useSession } from '@/features/session/index.ts'
import { useViews } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import s from './conversations.module.css'

export type Mode = 'conversations' | 'tickets'

/**
 * What the list of a view shows. null: it has tickets only. An inbox is threads first; a help desk shows its conversations when it has some without
 * a ticket (a channel of it makes none). What somebody picked is remembered for that inbox.
 */
export function useMode(view: string): { inboxId: string; mode: Mode; setMode(m: Mode): void } | null {
  const inboxId = view.startsWith('inbox:') ? view.slice(6) : ''
  const session = useSession()
  const inboxes = useInboxes()
  const here = useViews().find((v) => v.id === view)
  const key = `kanal.list.${inboxId || view}`
  const [picked, pick] = useState<Record<string, string | null>>({})
  const hidden = view === 'spam' || view === 'trash'
  const setMode = (m: Mode) => { localStorage.setItem(key, m); pick((p) => ({ ...p, [key]: m })) }
  if (view === 'bots') return { inboxId: view, mode: 'conversations', setMode }
  if (hidden) {
    if (!here || here.conversations === 0) return null
    return { inboxId: view, mode: picked[key] === 'conversations' || picked[key] === undefined && here.count === 0 ? 'conversations' : 'tickets', setMode }
  }
  if (!inboxId) return null
  const inbox = inboxes.find((x) => x.id === inboxId) ?? session.inboxes.find((x) => x.id === inboxId)
  if (inbox?.kind !== 'inbox' && !(here && here.conversations > 0)) return null
  const kept = picked[key] ?? localStorage.getItem(key)
  const mode: Mode = kept === 'conversations' || kept === 'tickets' ? kept : inbox?.kind === 'inbox' ? 'conversations' : 'tickets'
  return { inboxId, mode, setMode }
}

export function ModeSwitch({ mode, setMode }: { mode: Mode; setMode(m: Mode): void }) {
  return (
    <div className={s.modes} role="group" aria-label={t('conversations.show')}>
      <button type="button" aria-pressed={mode === 'conversations'} onClick={() => setMode('conversations')}>{t('conversations.title')}</button>
      <button type="button" aria-pressed={mode === 'tickets'} onClick={() => setMode('tickets')}>{t('conversations.tickets')}</button>
    </div>
  )
}
