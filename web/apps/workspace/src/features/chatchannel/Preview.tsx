import { SegmentedControl, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { FromPreview, PreviewState } from '../../../../widget/shared/preview.ts'
import type { Hello } from '../../../../widget/shared/types.ts'
import { useTeams, useUsers } from '@/features/lookups/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { flat, inLanguage, readable, shown, type ChatSettings, type State } from './model.ts'
import { companyQuery } from './queries.ts'
import s from './chatchannel.module.css'

const states: State[] = ['available', 'away', 'offline', 'capacity']
const rightToLeft = new Set(['ar', 'fa', 'he', 'ur', 'yi'])
const shapes = { chat: 'M4 4h16v12H9l-5 4z', question: 'M9 9a3 3 0 1 1 4 3l-1 2m0 3v1', close: 'M5 5l14 14M19 5L5 19' }

/** CH-24: what visitors get, on either device and in each state, from the very frame that they get, before anything is saved. */
export function Preview() {
  const c = useChat()
  const [device, setDevice] = useState<'desktop' | 'phone'>('desktop')
  const [state, setState] = useState<State>('available')
  const [scheme, setScheme] = useState<'light' | 'dark'>('light')
  const [open, setOpen] = useState(true)
  const hello = useHello(c.s, state, c.lang)
  const a = c.s.appearance
  const color = hello.account.color
  const visible = hello.launcher
  const word = a.launcher === 'text' ? inLanguage(a.launcher_text, c.lang, c.company) || t('chatset.launcher_word') : ''
  const hidden = device === 'phone' && a.phone === 'hide'
  return (
    <aside className={s.preview} aria-label={t('chatset.preview')}>
      <div className={s.previewBar}>
        <SegmentedControl size="xs" aria-label={t('chatset.preview_device')} value={device} onChange={(v) => setDevice(v as 'desktop')} data={[{ value: 'desktop', label: t('chatset.preview_desktop') }, { value: 'phone', label: t('chatset.preview_phone') }]} />
        <SegmentedControl size="xs" aria-label={t('chatset.preview_scheme')} value={scheme} onChange={(v) => setScheme(v as 'light')} data={[{ value: 'light', label: t('chatset.preview_light') }, { value: 'dark', label: t('chatset.preview_dark') }]} />
        <Select size="xs" aria-label={t('chatset.preview_state')} data={states.map((x) => ({ value: x, label: t(`chatset.state.${x}` as Key) }))} value={state} allowDeselect={false} onChange={(v) => v && setState(v as State)} />
      </div>
      <div className={s.stage} data-device={device} data-dark={scheme === 'dark' || undefined} data-open={(open && visible && !hidden) || false} data-preview>
        <div className={s.fake} aria-hidden="true">{[60, 90, 80, 85, 40, 88, 72, 90, 64].map((w, i) => <i key={i} style={{ width: `${w}%` }} />)}</div>
        <Frame state={{ hello, view: 'chat', threads: [], messages: [], typing: null, scheme, phone: device === 'phone' }} style={device === 'phone' ? {} : { [a.position]: Math.min(a.offset_x, 24) }} />
        {visible && !hidden ? (
          <button type="button" className={s.launcher} style={{ background: color, color: readable(color).ink, [a.position]: Math.min(a.offset_x, 260), bottom: Math.min(a.offset_y, 500) }} aria-label={t(open ? 'chatset.preview_close' : 'chatset.preview_open')} onClick={() => setOpen(!open)} data-launcher={a.launcher}>
            {a.launcher === 'text' && !open ? word : <svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true"><path d={shapes[open ? 'close' : a.launcher === 'question' ? 'question' : 'chat']} /></svg>}
          </button>
        ) : <p className={s.gone} role="status">{t(hidden ? 'chatset.preview_no_phone' : 'chatset.preview_gone')}</p>}
      </div>
    </aside>
  )
}

function Frame({ state, style }: { state: PreviewState; style: React.CSSProperties }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [ready, setReady] = useState(0)
  useEffect(() => {
    const on = (e: MessageEvent) => { if (e.source === frame.current?.contentWindow && e.origin === location.origin && (e.data as FromPreview)?.type === 'preview-ready') setReady((n) => n + 1) }
    addEventListener('message', on)
    return () => removeEventListener('message', on)
  }, [])
  const text = JSON.stringify(state)
  useEffect(() => { if (ready) frame.current?.contentWindow?.postMessage({ type: 'preview', state: JSON.parse(text) as PreviewState }, location.origin) }, [ready, text])
  return <iframe ref={frame} src="/widget/frame#preview" title={t('chatset.preview')} className={s.window} style={style} data-ready={ready > 0 || undefined} />
}

/** What the server would tell a visitor's browser. */
function useHello(set: ChatSettings, state: State, lang: string): Hello {
  const users = useUsers()
  const teams = useTeams()
  const company = useQuery(companyQuery).data
  return useMemo(() => {
    const local = company?.locale ?? 'en'
    const h = set.heading
    const back = new Date()
    back.setDate(back.getDate() + 1)
    back.setHours(9, 0, 0, 0)
    const a = shown(set, state, lang, local, back.toISOString())
    const from = h.mode === 'owner' ? h.fallback : h
    const members = new Set(teams.filter((x) => from.teams.includes(x.slug)).flatMap((x) => [...(x.members ?? []), ...(x.extra_members ?? [])]))
    const people = users.filter((u) => u.active && (from.users.includes(u.email) || members.has(u.id)))
    if (h.prefer_available) people.sort((x, y) => Number(y.available) - Number(x.available))
    const custom = h.mode === 'custom' || (h.mode === 'owner' && !people.length)
    const shownPeople = custom ? [] : people.slice(0, h.show).map((u) => ({ name: u.first_name || u.name, avatar: '', available: u.available }))
    const name = custom ? inLanguage(from.name, lang, local) : shownPeople.map((p) => p.name).join(', ')
    const p = set.privacy
    return {
      visitor: null,
      account: { id: '', color: set.appearance.color || company?.color || '#1f6feb', font: set.appearance.font, position: set.appearance.position, sound: false, typing_preview: set.typing_preview, closed: set.closed },
      flow: { id: 'preview', number: 0, kind: 'live_chat', language: lang, capture: { email: 'never', name: false, required: false }, welcome: t('chatset.preview_welcome'), opening: [], delay_ms: 0,
        consent: p.consent === 'none' ? null : { kind: p.consent, text: inLanguage(p.text, lang, local) || t(p.consent === 'explicit' ? 'chatset.consent_explicit' : 'chatset.consent_implicit'), declined: inLanguage(p.declined, lang, local), version: 'preview', state: '' } },
      availability: a,
      heading: { name: name || company?.name || '', avatar: custom ? from.avatar : '', people: shownPeople },
      texts: { locale: lang, dir: rightToLeft.has(lang.split('-')[0]!) ? 'rtl' : 'ltr', overrides: { ...flat(set.texts[lang.split('-')[0]!]), ...flat(set.texts[lang]) } },
      open: { threads: 0, unread: 0, latest: '' }, launcher: a.show, files: { enabled: set.files.enabled, max_bytes: set.files.max_mb << 20 }, emoji: set.emoji, typing: set.typing, read: set.read, transcript: set.email.transcript,
    }
  }, [set, state, lang, users, teams, company])
}
