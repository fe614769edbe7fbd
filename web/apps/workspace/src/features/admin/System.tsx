import { TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, type ChannelAccount, type Page, type Time } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { ago, dateTime } from '@/shell/format.ts'
import s from './admin.module.css'

interface SystemState {
  version: string; now: Time; started_at: Time; database: string; nodes: number; disk_free: number; missing: Record<string, string>; set_aside: number; test_clock: boolean
  jobs: { ready: number; running: number; late_ms: number; dead: number; newest_dead: { id: string; kind: string; error: string; at: Time }[] }
  search: { behind: number; building: boolean }
}

const gigabytes = (n: number) => (n ? `${(n / 2 ** 30).toLocaleString(undefined, { maximumFractionDigits: 1 })} GB` : '–')

/** How the installation is: read every ten seconds while it is looked at. */
export function SystemPage() {
  const q = useQuery({ queryKey: ['system'], queryFn: () => get<SystemState>('/api/system'), refetchInterval: 10_000, staleTime: 0 })
  const accounts = useQuery({ queryKey: ['channel-accounts'], queryFn: async () => { const b = await get<Page<ChannelAccount> | ChannelAccount[]>('/api/channel-accounts', { limit: 200 }); return Array.isArray(b) ? b : (b.items ?? []) } })
  const d = q.data
  const ill = (accounts.data ?? []).filter((a) => a.active && (a.state === 'trouble' || a.state === 'reconnect' || !a.authorized))
  return (
    <SettingsFrame title={t('system.title')} text={t('system.text')} query={q}>
      {d ? (
        <>
          {Object.entries(d.missing).map(([part, why]) => <Banner key={part} tone="danger" icon="warn" role="alert">{part}: {why}</Banner>)}
          {d.test_clock ? <Banner tone="note" icon="clock">{t('system.test_clock')}</Banner> : null}
          <dl className={s.facts}>
            <Fact label={t('system.version')} value={d.version} />
            <Fact label={t('system.started')} value={ago(d.started_at)} />
            <Fact label={t('system.database')} value={d.database === 'postgres' ? 'PostgreSQL' : 'SQLite'} />
            <Fact label={t('system.nodes')} value={String(d.nodes)} />
            <Fact label={t('system.disk')} value={gigabytes(d.disk_free)} bad={d.disk_free > 0 && d.disk_free < 2 ** 30} />
            <Fact label={t('system.jobs')} value={`${d.jobs.ready.toLocaleString()} / ${d.jobs.running.toLocaleString()}`} />
            <Fact label={t('system.late')} value={t('prefs.seconds', { seconds: Math.round(d.jobs.late_ms / 1000) })} bad={d.jobs.late_ms > 600_000} />
            <Fact label={t('system.dead')} value={d.jobs.dead.toLocaleString()} bad={d.jobs.dead > 0} />
            <Fact label={t('system.search')} value={d.search.building ? t('system.building') : t('system.behind', { n: d.search.behind })} bad={d.search.behind > 10_000} />
            <Fact label={t('system.set_aside')} value={d.set_aside.toLocaleString()} bad={d.set_aside > 0} />
          </dl>
          <h2>{t('settings.channels')}</h2>
          {ill.length === 0 ? <p className={s.text}>{t('system.channels_well', { n: (accounts.data ?? []).filter((a) => a.active).length })}</p> : null}
          <ul className={s.rows}>{ill.map((a) => <li key={a.id} className={s.row}><Icon name="warn" size={20} /><span className={s.rowText}><Link to="/settings/$" params={{ _splat: `help-desk/channels/${a.id}` }} className={s.name}>{a.name}</Link><span className={s.why}>{a.state_reason}</span></span></li>)}</ul>
          {d.jobs.newest_dead.length ? (
            <>
              <h2>{t('system.dead')}</h2>
              <ul className={s.rows}>{d.jobs.newest_dead.map((j) => <li key={j.id} className={s.row}><span className={s.rowText}><span className={s.name}>{j.kind}</span><span className={s.sub}>{dateTime(j.at)}</span><span className={s.why}>{j.error}</span></span></li>)}</ul>
            </>
          ) : null}
        </>
      ) : null}
    </SettingsFrame>
  )
}

function Fact({ label, value, bad = false }: { label: string; value: string; bad?: boolean }) {
  return <div className={s.fact} data-bad={bad || undefined}><dt>{label}</dt><dd>{value}</dd></div>
}

interface WindowRow { env: string; value: string; default: string; set: boolean; help: string; later: boolean }

/** A Go duration as a person reads it: 720h0m0s is 30 days. */
function readableWindow(v: string): string {
  const ms = /^(\d+)ms$/.exec(v)
  if (ms) return `${ms[1]} ms`
  const m = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(v)
  if (!m) return v
  const h = Number(m[1] ?? 0)
  const out = [h >= 48 && h % 24 === 0 ? `${h / 24} d` : h ? `${h} h` : '', Number(m[2] ?? 0) ? `${m[2]} min` : '', Number(m[3] ?? 0) ? `${m[3]} s` : ''].filter(Boolean)
  return out.join(' ') || '0'
}

/** Every time window, what it is, and the environment name that sets it. */
export function Windows() {
  const q = useQuery({ queryKey: ['windows'], queryFn: async () => (await get<Page<WindowRow>>('/api/system/windows')).items ?? [] })
  const [find, setFind] = useState('')
  const rows = (q.data ?? []).filter((w) => !w.later && `${w.env} ${w.help}`.toLowerCase().includes(find.toLowerCase()))
  return (
    <SettingsFrame title={t('windows.title')} text={t('windows.text')} query={q}>
      <TextInput className={s.narrow} aria-label={t('windows.find')} placeholder={t('windows.find')} value={find} onChange={(e) => setFind(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} />
      <div className={s.scroll} tabIndex={0} role="region" aria-label={t('windows.title')}>
        <table className={s.table}>
          <thead><tr><th scope="col">{t('windows.what')}</th><th scope="col">{t('windows.value')}</th><th scope="col">{t('windows.default')}</th></tr></thead>
          <tbody>{rows.map((w) => (
            <tr key={w.env}><td><div className={s.what}>{w.help}</div><code className={s.mono}>{w.env}</code></td><td>{readableWindow(w.value)} {w.set ? <Tag tone="accent">{t('windows.set')}</Tag> : null}</td><td>{readableWindow(w.default)}</td></tr>
          ))}</tbody>
        </table>
      </div>
    </SettingsFrame>
  )
}
