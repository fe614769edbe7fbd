import { Checkbox, Select } from '@mantine/core'
import { useState } from 'react'
import type { QuickReply, Thread, Way } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './writing.module.css'

const key = 'kanal.enter_sends'
/** Whether Enter sends in a chat; Shift+Enter always begins a line. On, unless this browser's person said otherwise. */
export const enterSends = (): boolean => { try { return localStorage.getItem(key) !== '0' } catch { return true } }

/** By which channel an answer in a chat leaves (WS-21). */
export function WayChoice({ thread, ways, chosen, onPick }: { thread: Thread; ways: Way[]; chosen: Way; onPick(w: Way): void }) {
  const name = (w: Way) => (w.channel === thread.channel ? `${t('chat.way_chat')} · ${w.name}` : `${(w.to ?? []).map((p) => p.name || p.address).join(', ')} · ${t('composer.from', { address: w.address })}`)
  if (ways.length < 2) return null
  return (
    <div className={s.threadChoice}>
      <span className={s.fieldLabel}>{t('chat.way')}</span>
      <Select variant="unstyled" size="xs" aria-label={t('chat.way')} className={s.pills} allowDeselect={false} value={chosen.id} data={ways.map((w) => ({ value: w.id, label: name(w) }))} onChange={(id) => { const w = ways.find((x) => x.id === id); if (w) onPick(w) }} />
    </div>
  )
}

/** Buttons that go with a message (CH-32), and whether Enter sends. */
export function ChatFields({ quick, onQuick, enter, onEnter }: { quick: string[]; onQuick(q: string[]): void; enter: boolean; onEnter(on: boolean): void }) {
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const add = () => { const v = text.trim().slice(0, 80); if (v && !quick.includes(v) && quick.length < 10) { onQuick([...quick, v]); setText('') } }
  return (
    <div className={s.chatFields}>
      {quick.length > 0 || open ? (
        <div className={s.quick} role="group" aria-label={t('chat.quick')}>
          {quick.map((q) => <span key={q} className={s.quickOne}>{q}<button type="button" aria-label={t('chat.quick_remove', { label: q })} onClick={() => onQuick(quick.filter((x) => x !== q))}><Icon name="x" size={11} /></button></span>)}
          <input className={s.quickNew} autoFocus={open && quick.length === 0} aria-label={t('chat.quick_new')} placeholder={t('chat.quick_new')} value={text} maxLength={80} onChange={(e) => setText(e.currentTarget.value)} onBlur={add}
            onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); add() } if (e.key === 'Escape') { e.stopPropagation(); setOpen(false); setText('') } }} />
        </div>
      ) : <button type="button" className={s.quickAdd} onClick={() => setOpen(true)}><Icon name="plus" size={12} />{t('chat.quick_add')}</button>}
      <Checkbox size="xs" checked={enter} label={t('chat.enter_sends')} onChange={(e) => { const on = e.currentTarget.checked; try { localStorage.setItem(key, on ? '1' : '0') } catch { /* for now only */ } onEnter(on) }} />
    </div>
  )
}

export const asButtons = (labels: string[]): Partial<QuickReply>[] => labels.map((label) => ({ label }))
