import { Button, NumberInput, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Banner, Tag } from '@kanal/ui'
import { SaveError, SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { ago, fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { cancelRun, holdsQuery, keepingQuery, previewTerms, runsQuery, saveTerms, startRun, termsOf, type Count, type Keeping, type Run, type Terms } from './queries.ts'
import s from './privacy.module.css'

/** CO-10: how long what was said, files, pages, spam and trash are kept. */
export function KeepingPage() {
  const q = useQuery(keepingQuery)
  return <SettingsFrame title={t('keeping.title')} text={t('keeping.text')} query={q} section="privacy">{q.data ? <><Form now={q.data} /><Runs /><HoldList /></> : null}</SettingsFrame>
}

const whole = (v: number | string) => Math.max(0, Math.round(Number(v) || 0))

function Form({ now }: { now: Keeping }) {
  const [terms, setTerms] = useState<Terms>(termsOf(now))
  const [error, setError] = useState<unknown>(null)
  const [counts, setCounts] = useState<{ of: string; items: Count[]; holds: number } | null>(null)
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<Terms>) => setTerms((x) => ({ ...x, ...part }))
  const text = JSON.stringify(terms)
  const dirty = text !== JSON.stringify(termsOf(now))
  const shown = counts?.of === text ? counts : null
  const go = async (fn: () => Promise<void>) => { setBusy(true); setError(null); try { await fn() } catch (err) { setError(err) } finally { setBusy(false) } }
  const look = () => go(async () => { const p = await previewTerms(terms); setCounts({ of: text, items: p.items, holds: p.holds }) })
  const save = () => go(async () => { setTerms(termsOf(await saveTerms(terms))); toast(t('toast.saved')) })
  const label = (c: Keeping['channels'][number]) => maybe(`channel.${c.name}`, c.label)
  return (
    <div className={s.form}>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} />
      <section data-setting="keeping.messages">
        <h2>{t('keeping.said')}</h2>
        <p className={s.hint}>{t('keeping.said_text')}</p>
        <div className={s.scroll} role="region" tabIndex={0} aria-label={t('keeping.said')}>
          <table className={s.table}>
            <thead><tr><th>{t('keeping.channel')}</th><th>{t('keeping.messages')}</th><th>{t('keeping.files')}</th></tr></thead>
            <tbody>{now.channels.map((c) => (
              <tr key={c.name}>
                <th scope="row">{label(c)}</th>
                <td><Days label={t('keeping.messages_of', { channel: label(c) })} value={terms.messages[c.name] ?? 0} onChange={(n) => set({ messages: put(terms.messages, c.name, n) })} /></td>
                <td><Days label={t('keeping.files_of', { channel: label(c) })} value={terms.files[c.name] ?? 0} onChange={(n) => set({ files: put(terms.files, c.name, n) })} /></td>
              </tr>
            ))}</tbody>
          </table>
        </div>
        <Switch label={t('keeping.open')} description={t('keeping.open_text')} checked={terms.open} onChange={(e) => set({ open: e.currentTarget.checked })} />
      </section>
      <section data-setting="keeping.rest">
        <h2>{t('keeping.rest')}</h2>
        <div className={s.rest}>
          <div><span className={s.label}>{t('keeping.page_views')}</span><Days label={t('keeping.page_views')} value={terms.page_views} onChange={(page_views) => set({ page_views })} /></div>
          <div><span className={s.label}>{t('keeping.spam')}</span><Days label={t('keeping.spam')} value={terms.spam} window={now.spam_window} onChange={(spam) => set({ spam })} /></div>
          <div><span className={s.label}>{t('keeping.trash')}</span><Days label={t('keeping.trash')} value={terms.trash} window={now.trash_window} onChange={(trash) => set({ trash })} /></div>
        </div>
        <Switch label={t('keeping.erased')} description={t('keeping.erased_text')} checked={terms.remember_erased} onChange={(e) => set({ remember_erased: e.currentTarget.checked })} />
      </section>
      {shown ? <Preview items={shown.items} holds={shown.holds} channels={now.channels} /> : null}
      <div className={s.foot}>
        <span className={s.hint}>{dirty ? t('state.unsaved') : ''}</span><span className={s.grow} />
        <Button variant="default" loading={busy && !dirty} onClick={() => void look()}>{t('keeping.preview')}</Button>
        <Button disabled={!dirty} loading={busy && dirty} onClick={() => void (shown ? save() : look())}>{shown || !dirty ? t('action.save') : t('keeping.preview_first')}</Button>
      </div>
    </div>
  )
}

function put(all: Record<string, number>, name: string, n: number): Record<string, number> {
  const out = { ...all, [name]: n }
  if (!n) delete out[name]
  return out
}

/** A term in days; nothing is kept for ever. With a window -1 is the server's own. */
function Days({ label, value, window, onChange }: { label: string; value: number; window?: number; onChange(n: number): void }) {
  const own = window !== undefined && value === -1
  return (
    <div className={s.days}>
      <NumberInput aria-label={label} min={0} max={36500} allowDecimal={false} hideControls w={112} suffix={` ${t('keeping.days')}`} placeholder={t('keeping.keep')} value={own ? window : value || ''} disabled={own} onChange={(v) => onChange(whole(v))} />
      {window !== undefined ? <Switch size="xs" label={t('keeping.own')} aria-label={t('keeping.own_named', { what: label })} checked={own} onChange={(e) => onChange(e.currentTarget.checked ? -1 : window)} /> : null}
    </div>
  )
}

function Preview({ items, holds, channels }: { items: Count[]; holds: number; channels: Keeping['channels'] }) {
  const some = items.filter((x) => x.conversations > 0)
  const name = (c: string) => maybe(`channel.${c}`, channels.find((x) => x.name === c)?.label ?? c)
  return (
    <div role="status" data-preview className={s.preview}>
      {some.length === 0 ? <Banner icon="check" tone="plain">{t('keeping.nothing_due')}</Banner> : (
        <Banner icon="warn" tone="warn">
          <strong>{t('keeping.would_go')}</strong>
          <ul className={s.plain}>{some.map((x) => <li key={`${x.channel}${x.files_only}`}>{t(x.files_only ? 'keeping.goes_files' : 'keeping.goes', { channel: name(x.channel), conversations: x.conversations, messages: x.messages, files: x.files, days: x.days })}</li>)}</ul>
          {holds > 0 ? <span>{t('keeping.but_holds', { n: holds })}</span> : null}
        </Banner>
      )}
    </div>
  )
}

function Runs() {
  const { data = [] } = useQuery(runsQuery)
  const running = data.find((r) => r.state === 'running')
  return (
    <section data-setting="keeping.runs" className={s.part}>
      <div className={s.line}><h2>{t('keeping.runs')}</h2><span className={s.grow} /><Button variant="default" disabled={!!running} onClick={() => void startRun().catch(toastError)}>{t('keeping.run_now')}</Button></div>
      <p className={s.hint}>{t('keeping.runs_text')}</p>
      {data.length ? <ul className={s.rows}>{data.slice(0, 8).map((r) => <RunRow key={r.id} r={r} />)}</ul> : <p className={s.none}>{t('keeping.no_runs')}</p>}
    </section>
  )
}

function RunRow({ r }: { r: Run }) {
  return (
    <li data-run={r.state}>
      <Tag tone={r.state === 'failed' ? 'danger' : r.state === 'done' ? 'ok' : 'plain'}>{t(`keeping.state.${r.state}` as Key)}</Tag>
      <span className={s.rowText}>{t('keeping.run_did', { conversations: r.conversations, messages: r.messages, files: r.files })}{r.held ? ` · ${t('keeping.run_held', { n: r.held })}` : ''}{r.error ? ` · ${r.error}` : ''}</span>
      {r.state === 'running' ? <><progress aria-label={t('keeping.runs')} max={Math.max(1, r.total)} value={r.conversations} /><Button size="xs" variant="default" onClick={() => void cancelRun(r.id).catch(toastError)}>{t('action.cancel')}</Button></> : <time dateTime={r.created_at} title={fullTime(r.created_at)}>{ago(r.created_at)}</time>}
    </li>
  )
}

function HoldList() {
  const { data } = useQuery(holdsQuery)
  return (
    <section data-setting="keeping.holds" className={s.part}>
      <h2>{t('hold.list')}</h2>
      <p className={s.hint}>{t('hold.list_text')}</p>
      {data?.items.length ? (
        <ul className={s.rows}>{data.items.map((h) => (
          <li key={`${h.object}${h.object_id}`}>
            {h.object === 'ticket' ? <Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: h.object_id }}>{t('hold.ticket', { number: h.name })}</Link> : <Link to="/contacts/$contactId" params={{ contactId: h.object_id }}>{h.name || t('hold.contact')}</Link>}
            <span className={s.rowText}>{h.reason}</span><time dateTime={h.created_at} title={fullTime(h.created_at)}>{ago(h.created_at)}</time>
          </li>
        ))}</ul>
      ) : <p className={s.none}>{t('hold.none')}</p>}
    </section>
  )
}
