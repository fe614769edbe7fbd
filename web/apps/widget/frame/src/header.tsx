import { useEffect, useRef, useState } from 'preact/hooks'
import type { State } from './state.ts'
import { threadOf } from './state.ts'
import { useChat, useNow } from './context.tsx'
import { availabilityLine } from './format.ts'
import { Avatar, Icon, type IconName } from './icons.tsx'

function Faces({ s, size }: { s: State; size: number }) {
  const h = s.hello!.heading
  const th = s.view === 'chat' ? threadOf(s) : null
  if (th?.with) return <Avatar name={th.with.name} url={th.with.avatar} size={size} bot={th.bot} />
  if (h.avatar || !h.people?.length) return <Avatar name={h.name} url={h.avatar} size={size} />
  return <span class="faces">{h.people.slice(0, 3).map((p) => <Avatar key={p.name} name={p.name} url={p.avatar} size={size - 4} />)}</span>
}

export function nameOf(s: State): string {
  const th = s.view === 'chat' ? threadOf(s) : null
  const h = s.hello!.heading
  return th?.with?.name || h.name || h.people?.map((p) => p.name.split(' ')[0]).slice(0, 3).join(', ') || ''
}

export function Header({ onDialog }: { onDialog: (d: 'end' | 'transcript') => void }) {
  const { chat, s, t, locale } = useChat()
  const now = useNow()
  const line = availabilityLine(s.availability, locale, t, new Date(now))
  const home = s.view === 'home'
  const back = !home && (s.threads.length > (s.thread ? 1 : 0))
  const unread = s.threads.filter((x) => x.unread > 0 && x.id !== s.thread).length
  return (
    <header class={home ? 'top wide' : 'top'}>
      {back && (
        <button type="button" class="tool" aria-label={unread ? t('back.unread', { n: unread }) : t('back')} onClick={() => chat.show('home')}>
          <Icon name="back" flip />{unread > 0 && <span class="dot" aria-hidden="true">{unread}</span>}
        </button>
      )}
      <Faces s={s} size={home ? 44 : 36} />
      <div class="who">
        <h1>{nameOf(s) || t('title')}</h1>
        {line && <p class="line" aria-live="polite"><span class={`state ${s.availability?.state ?? ''}`} aria-hidden="true" /> <span>{line}</span></p>}
      </div>
      <Menu onDialog={onDialog} />
      {!s.inline && s.mode !== 'page' && <button type="button" class="tool" aria-label={t('close')} onClick={chat.close}><Icon name={s.phone ? 'close' : 'down'} /></button>}
    </header>
  )
}

function Menu({ onDialog }: { onDialog: (d: 'end' | 'transcript') => void }) {
  const { chat, s, t } = useChat()
  const [open, set] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const th = threadOf(s)
  const inThread = s.view === 'chat' && th
  const items: { icon: IconName; label: string; run: () => void }[] = []
  if (inThread && s.hello!.transcript !== 'never') items.push({ icon: 'mail', label: t('menu.transcript'), run: () => onDialog('transcript') })
  if (s.hello!.account.sound !== false && s.mode !== 'page') items.push({ icon: s.muted ? 'sound' : 'mute', label: s.muted ? t('menu.unmute') : t('menu.mute'), run: chat.mute })
  if (s.hello!.flow?.consent && chat.api.token) items.push({ icon: 'save', label: t('menu.consent'), run: () => void chat.agreement.copy().catch(() => chat.announce(t('failed'))) })
  if (s.consent === 'given') items.push({ icon: 'shield', label: t('menu.withdraw'), run: chat.agreement.reconsider })
  if (inThread && th.open) items.push({ icon: 'end', label: t('menu.end'), run: () => onDialog('end') })

  useEffect(() => {
    if (!open) return
    box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus()
    const away = (e: Event) => { if (!box.current?.contains(e.target as Node)) set(false) }
    addEventListener('pointerdown', away)
    return () => removeEventListener('pointerdown', away)
  }, [open])
  if (!items.length) return null

  const close = () => { set(false); box.current?.querySelector<HTMLElement>('button')?.focus() }
  const onKey = (e: KeyboardEvent) => {
    const all = [...box.current!.querySelectorAll<HTMLElement>('[role=menuitem]')]
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to = e.key === 'ArrowDown' ? all[(at + 1) % all.length] : e.key === 'ArrowUp' ? all[(at - 1 + all.length) % all.length] : e.key === 'Home' ? all[0] : e.key === 'End' ? all[all.length - 1] : null
    if (to) { e.preventDefault(); to.focus() }
    if (e.key === 'Escape' && open) { e.stopPropagation(); close() }
    if (e.key === 'Tab') set(false)
  }
  return (
    <div class="menu" ref={box} onKeyDown={onKey}>
      <button type="button" class="tool" aria-haspopup="menu" aria-expanded={open} aria-label={t('menu')} onClick={() => set(!open)}><Icon name="more" /></button>
      {open && (
        <div role="menu" aria-label={t('menu')} class="pop">
          {items.map((i) => <button key={i.icon} type="button" role="menuitem" tabIndex={-1} onClick={() => { close(); i.run() }}><Icon name={i.icon} size={18} />{i.label}</button>)}
        </div>
      )}
    </div>
  )
}
