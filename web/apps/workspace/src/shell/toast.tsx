// Short notices in a corner, spoken by screen readers. They hold what just happened and at most one way back.

import { useSyncExternalStore } from 'react'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './toast.module.css'

interface Toast { id: number; text: string; tone: 'plain' | 'danger'; action?: { label: string; run(): void } }

let toasts: Toast[] = []
let n = 0
const listeners = new Set<() => void>()
const tell = () => { for (const fn of listeners) fn() }

export function toast(text: string, opts: { tone?: 'plain' | 'danger'; action?: { label: string; run(): void } } = {}): void {
  const id = ++n
  toasts = [...toasts.slice(-2), { id, text, tone: opts.tone ?? 'plain', ...(opts.action ? { action: opts.action } : {}) }]
  tell()
  setTimeout(() => drop(id), opts.tone === 'danger' || opts.action ? 10_000 : 4_000)
}

function drop(id: number): void { toasts = toasts.filter((x) => x.id !== id); tell() }

export function Toasts() {
  const all = useSyncExternalStore((fn) => { listeners.add(fn); return () => { listeners.delete(fn) } }, () => toasts)
  return (
    <div className={s.stack} role="status" aria-live="polite">
      {all.map((x) => (
        <div key={x.id} className={s.toast} data-tone={x.tone}>
          <span>{x.text}</span>
          {x.action ? <button type="button" onClick={() => { x.action!.run(); drop(x.id) }}>{x.action.label}</button> : null}
          <button type="button" aria-label={t('action.dismiss')} onClick={() => drop(x.id)}><Icon name="x" size={12} /></button>
        </div>
      ))}
    </div>
  )
}
