// Small things every screen uses. They hold no words: texts are handed in.

import { useEffect, useState, type ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'
import s from './primitives.module.css'

export type Tone = 'plain' | 'accent' | 'ok' | 'warn' | 'danger' | 'note'

/** Two letters on a colour that stays with the name. */
export function Avatar({ name, size = 24 }: { name: string; size?: number }) {
  const hue = hueOf(name)
  return (
    <span className={s.avatar} aria-hidden="true" data-initials={initials(name)} style={{ width: size, height: size, fontSize: Math.round(size * 0.4), background: `light-dark(hsl(${hue} 42% 86%), hsl(${hue} 26% 26%))`, color: `light-dark(hsl(${hue} 55% 24%), hsl(${hue} 48% 82%))` }} />
  )
}

export function initials(name: string): string {
  const words = name.replace(/[<>"'()]/g, '').trim().split(/[\s.@_-]+/).filter(Boolean)
  // whole signs, not halves of one: an emoji is two units
  const [first = '?', second = ''] = words[0] ?? ''
  const last = words.length > 1 && !name.includes('@') ? [...words[words.length - 1]!][0]! : second
  return (first + last).toUpperCase()
}

function hueOf(name: string): number {
  let h = 7
  for (const c of name) h = (h * 31 + c.codePointAt(0)!) >>> 0
  return h % 360
}

/** Nothing for 300 ms, then the children: what is fast shows no placeholder at all. */
export function Delayed({ children, ms = 300 }: { children: ReactNode; ms?: number }) {
  const [shown, show] = useState(false)
  useEffect(() => { const t = setTimeout(() => show(true), ms); return () => clearTimeout(t) }, [ms])
  return shown ? <>{children}</> : null
}

export function SkeletonLines({ lines = 6, label }: { lines?: number; label: string }) {
  return (
    <Delayed>
      <div className={s.skeleton} role="status" aria-label={label}>
        {Array.from({ length: lines }, (_, i) => <div key={i} className={s.bar} style={{ width: `${[92, 64, 78, 48, 86, 58][i % 6]}%` }} />)}
      </div>
    </Delayed>
  )
}

/** What stands where nothing is: it says what to do next. */
/** What stands where nothing does. As a whole page it is the page's heading (main). */
export function EmptyState({ icon, title, text, main, children }: { icon: IconName; title: string; text?: string; main?: boolean; children?: ReactNode }) {
  const Title = main ? 'h1' : 'h2'
  return (
    <div className={s.state}>
      <span className={s.stateIcon}><Icon name={icon} size={28} /></span>
      <Title>{title}</Title>
      {text ? <p>{text}</p> : null}
      {children ? <div className={s.stateActions}>{children}</div> : null}
    </div>
  )
}

export function Tag({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return <span className={s.tag} data-tone={tone} title={title}>{children}</span>
}

export function Banner({ tone = 'plain', icon, children, action, onAction, busy = false, role }: {
  tone?: Tone; icon?: IconName; children: ReactNode; action?: string | undefined; onAction?: (() => void) | undefined; busy?: boolean; role?: 'status' | 'alert'
}) {
  return (
    <div className={s.banner} data-tone={tone} role={role}>
      {icon ? <Icon name={icon} /> : null}
      <span className={s.bannerText}>{children}</span>
      {action && onAction ? <button type="button" className={s.bannerButton} disabled={busy} onClick={onAction}>{action}</button> : null}
    </div>
  )
}

export function Keys({ keys }: { keys: string[] }) {
  return <span>{keys.map((k, i) => <kbd key={i} className={s.kbd}>{k}</kbd>)}</span>
}
