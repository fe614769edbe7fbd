import { SegmentedControl } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { FromPreview, PreviewAct, PreviewState } from '../../../../widget/shared/preview.ts'
import type { Hello } from '../../../../widget/shared/types.ts'
import type { ChannelAccount } from '@kanal/api'
import { t } from '@/locales/index.ts'
import type { Definition, Kind } from './types.ts'
import s from './simulator.module.css'

const rightToLeft = new Set(['ar', 'fa', 'he', 'ur', 'yi'])

/** What the server would tell a visitor's browser of this chatflow. */
export function helloOf(account: ChannelAccount | undefined, def: Definition, kind: Kind, lang: string, availability: string, known: boolean, welcome: string): Hello {
  const set = (account?.settings ?? {}) as { appearance?: { color?: string; font?: string; position?: string }; heading?: { name?: Record<string, string>; avatar?: string }; emoji?: boolean; files?: { enabled?: boolean; max_mb?: number } }
  return {
    visitor: known ? { id: 'v', token: '', expires_at: null, known: true, email_known: true } : null,
    account: { id: account?.id ?? '', color: set.appearance?.color || '#0b6660', font: (set.appearance?.font || 'system') as 'system', position: (set.appearance?.position || 'right') as 'right', sound: false },
    flow: {
      id: 'preview', number: 0, kind, language: lang, welcome, opening: [], consent: null, delay_ms: 0, survey: false,
      capture: { email: kind === 'bot' ? 'never' : ((def.capture?.email ?? 'never') as 'never'), name: !!def.capture?.name, required: !!def.capture?.required },
    },
    availability: { state: availability as 'available', text: '', reply_time: availability === 'available' ? 'minutes' : '', returns_at: null, position: null, show: true },
    heading: { name: set.heading?.name?.[lang] ?? set.heading?.name?.en ?? account?.name ?? '', avatar: set.heading?.avatar ?? '', people: [] },
    texts: { locale: lang, dir: rightToLeft.has(lang.split('-')[0]!) ? 'rtl' : 'ltr', overrides: {} },
    open: { threads: 0, unread: 0, latest: '' }, launcher: true, files: { enabled: set.files?.enabled ?? true, max_bytes: (set.files?.max_mb ?? 20) * 1_048_576 }, emoji: set.emoji ?? true, typing: false, read: false, transcript: 'never',
  }
}

/** The very frame that visitors get, fed with a state of ours. When it does not answer, the plain view stands in. */
export function FramePreview({ state, onAct, fallback, title }: { state: Omit<PreviewState, 'phone'>; onAct?: (act: PreviewAct) => void; fallback: React.ReactNode; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [ready, setReady] = useState<'waiting' | 'yes' | 'no'>('waiting')
  const [phone, setPhone] = useState(false)
  const act = useRef(onAct)
  act.current = onAct
  useEffect(() => {
    const on = (e: MessageEvent) => {
      if (e.source !== frame.current?.contentWindow || e.origin !== location.origin) return
      const m = e.data as FromPreview
      if (m?.type === 'preview-ready') setReady('yes')
      if (m?.type === 'preview-act') act.current?.(m.act)
    }
    addEventListener('message', on)
    const timer = setTimeout(() => setReady((was) => (was === 'waiting' ? 'no' : was)), 5000)
    return () => { removeEventListener('message', on); clearTimeout(timer) }
  }, [])
  useEffect(() => { if (ready === 'yes') frame.current?.contentWindow?.postMessage({ type: 'preview', state: { ...state, phone } }, location.origin) }, [ready, state, phone])
  if (ready === 'no') return <>{fallback}</>
  return (
    <div className={s.device}>
      <SegmentedControl size="xs" aria-label={t('sim.device')} value={phone ? 'phone' : 'desktop'} onChange={(v) => setPhone(v === 'phone')} data={[{ value: 'desktop', label: t('sim.desktop') }, { value: 'phone', label: t('sim.phone') }]} />
      <iframe ref={frame} src="/widget/frame#preview" title={title} className={s.iframe} data-phone={phone || undefined} data-ready={ready === 'yes' || undefined} />
    </div>
  )
}
