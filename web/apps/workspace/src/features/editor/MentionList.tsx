import { useEffect, useState } from 'react'
import { createPortal } from 'react-dom'
import { Avatar } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import type { Person } from './types.ts'
import s from './editor.module.css'

export interface MentionState { items: (Person & { text?: string })[]; pick(u: Person): void; rect: DOMRect | null }

export function MentionList({ state, keys, snippets = false }: { state: MentionState; snippets?: boolean; keys: { current: ((e: KeyboardEvent) => boolean) | null } }) {
  const [at, setAt] = useState(0)
  const { items, pick, rect } = state
  useEffect(() => setAt(0), [items])
  useEffect(() => {
    keys.current = (e) => {
      if (e.key === 'ArrowDown') { setAt((i) => (i + 1) % items.length); return true }
      if (e.key === 'ArrowUp') { setAt((i) => (i + items.length - 1) % items.length); return true }
      if (e.key === 'Enter' || e.key === 'Tab') { const u = items[at]; if (u) pick(u); return true }
      return false
    }
    return () => { keys.current = null }
  }, [items, at, pick, keys])
  if (!rect) return null
  return createPortal(
    <ul className={s.mentions} role="listbox" aria-label={t(snippets ? 'snippet.insert' : 'editor.mention')} style={{ insetInlineStart: 'auto', left: Math.max(4, Math.min(rect.left, innerWidth - (snippets ? 380 : 260))), maxHeight: rect.top - 12, bottom: innerHeight - rect.top + 6 }}>
      {items.map((u, i) => (
        <li key={u.id} role="option" aria-selected={i === at} onMouseDown={(e) => { e.preventDefault(); pick(u) }}>{snippets ? null : <Avatar name={u.name} size={20} />}<span className={s.optionName}>{u.name}{u.hint ? <span className={s.optionHint}> {u.hint}</span> : null}{u.text ? <span className={`${s.optionText} k-cut`}>{u.text}</span> : null}</span></li>
      ))}
    </ul>, document.body)
}
