import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState } from 'react'
import type { SearchSuggestion } from '@kanal/api'
import { Icon, type IconName } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { chips, without } from './model.ts'
import { remember, useRecent, useSuggestions } from './queries.ts'
import s from './search.module.css'

interface Choice { id: string; icon: IconName; label: string; detail?: string; run(): void }

/** The one box: what is typed, how it may go on, and its operators as chips. */
export function SearchBox({ text, setText, commit, toResults }: { text: string; setText: (q: string) => void; commit: (q: string) => void; toResults: () => void }) {
  const navigate = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const [asked, setAsked] = useState('')
  const listId = useId()
  const recent = useRecent()
  useEffect(() => { const timer = setTimeout(() => setAsked(text), 120); return () => clearTimeout(timer) }, [text])
  const suggested = useSuggestions(asked, open && asked === text)
  useEffect(() => setAt(-1), [text])
  useEffect(() => {
    const focus = (e: Event) => { e.preventDefault(); input.current?.focus(); input.current?.select() }
    addEventListener('kanal:search', focus)
    return () => removeEventListener('kanal:search', focus)
  }, [])

  const take = (q: string) => { setText(q); input.current?.focus(); if (!q.endsWith(':')) { setOpen(false); commit(q.trim()) } }
  const choices: Choice[] = text.trim() === ''
    ? recent.map((r) => ({ id: `r${r}`, icon: 'clock', label: r, run: () => take(r) }))
    : suggested.map((x) => ({ id: `${x.kind}${x.query}${x.ticket_id ?? ''}${x.contact_id ?? ''}`, ...look(x), run: () => {
      if (x.query) return take(x.kind === 'value' || x.kind === 'contact' ? `${x.query} ` : x.query)
      remember(text)
      if (x.kind === 'ticket') void navigate({ to: '/ticket/$number', params: { number: String(x.number) } })
      else void navigate({ to: `/contacts/${x.contact_id}` } as never)
    } }))
  const shown = open && choices.length > 0
  const operators = chips(text)
  return (
    <div className={s.box} onBlur={(e) => { if (!e.currentTarget.contains(e.relatedTarget)) setOpen(false) }}>
      <div className={s.field}>
        <Icon name="search" />
        <input
          ref={input} type="search" className={s.input} autoFocus autoComplete="off" spellCheck={false} value={text} aria-label={t('search.title')} placeholder={t('search.placeholder')}
          role="combobox" aria-expanded={shown} aria-controls={listId} aria-autocomplete="list" aria-activedescendant={shown && at >= 0 ? `${listId}-${at}` : undefined}
          onChange={(e) => { setText(e.currentTarget.value); setOpen(true) }} onClick={() => setOpen(true)}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown') { e.preventDefault(); if (shown) setAt((i) => (i + 1) % choices.length); else if (text.trim() === '') setOpen(true); else toResults() }
            else if (e.key === 'ArrowUp' && shown) { e.preventDefault(); setAt((i) => (i <= 0 ? choices.length : i) - 1) }
            else if (e.key === 'Tab' && shown && !e.shiftKey && at < 0 && suggested[0]?.query) { e.preventDefault(); choices[0]!.run() }
            else if (e.key === 'Enter') { e.preventDefault(); if (shown && at >= 0) choices[at]!.run(); else { setOpen(false); commit(text.trim()); remember(text) } }
            else if (e.key === 'Escape') { e.preventDefault(); if (shown) { e.stopPropagation(); setOpen(false) } else input.current?.blur() }
          }}
        />
      </div>
      <ul id={listId} role="listbox" aria-label={t(text.trim() === '' ? 'search.recent' : 'search.suggestions')} className={s.suggestions} hidden={!shown}>
        {shown ? choices.map((c, i) => (
          <li key={c.id} id={`${listId}-${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => e.preventDefault()} onMouseMove={() => setAt(i)} onClick={c.run}>
            <Icon name={c.icon} size={14} /><span className="k-cut">{c.label}</span>{c.detail ? <span className={`${s.dim} k-cut`}>{c.detail}</span> : null}
          </li>
        )) : null}
      </ul>
      {operators.length > 0 ? (
        <ul className={s.chips} aria-label={t('search.filters')}>
          {operators.map((c) => (
            <li key={c.start} className={s.chip} data-not={c.not || undefined}>
              <span className={s.chipOp}>{c.not ? '−' : ''}{c.op}</span><span className="k-cut">{c.value}</span>
              <button type="button" aria-label={t('search.remove', { filter: c.text })} onClick={() => { const q = without(text, c); setText(q); commit(q) }}><Icon name="x" size={12} /></button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

function look(x: SearchSuggestion): { icon: IconName; label: string; detail?: string } {
  if (x.kind === 'ticket') return { icon: 'inbox', label: x.label || t('ticket.no_subject'), detail: `#${x.number}` }
  if (x.kind === 'contact') return { icon: 'user', label: x.label, detail: x.detail }
  return { icon: x.kind === 'operator' ? 'right' : 'flag', label: x.label }
}
