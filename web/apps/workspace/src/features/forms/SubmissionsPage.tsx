import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import type { Form, Submission, SubmissionColumn } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag, type Tone } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import type { SettingsPageProps } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago, fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { formsQuery, release, submissionsFile, submissionsQuery, type SubmissionAsk } from './queries.ts'
import { SubmissionDrawer } from './SubmissionDrawer.tsx'
import s from './submissions.module.css'

export const stateTones: Record<string, Tone> = { filed: 'ok', held: 'warn', test: 'plain' }
const valueText = (v: unknown): string => (Array.isArray(v) ? v.join(', ') : v === null || v === undefined ? '' : typeof v === 'boolean' ? t(v ? 'cond.yes' : 'cond.no') : String(v))

/** RP-05: every submission of every form, hidden fields too. */
export function Submissions({ params }: SettingsPageProps) {
  const q = useQuery(formsQuery(true))
  const navigate = useNavigate()
  const can = useCan()
  const forms = q.data ?? []
  const form = forms.find((f) => f.id === params.formId) ?? (params.formId ? undefined : [...forms].sort((a, b) => (b.last_submission_at ?? '').localeCompare(a.last_submission_at ?? ''))[0])
  const pick = (id: string) => void navigate({ to: '/settings/$', params: { _splat: `help-desk/submissions/${id}` } })
  return (
    <>
      <div className={s.head}>
        <div><h1>{t('submissions.title')}</h1><p className={s.text}>{t('submissions.text')}</p></div>
        {forms.length ? <NativeSelect aria-label={t('submissions.form')} value={form?.id ?? ''} data={forms.map((f) => ({ value: f.id, label: f.archived_at ? t('submissions.archived_form', { name: f.name }) : f.name }))} onChange={(e) => pick(e.currentTarget.value)} /> : null}
      </div>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && !forms.length ? <EmptyState icon="rows" title={t('submissions.no_forms')} text={t('submissions.no_forms_text')}>{can('forms.manage') ? <Button component={Link} to="/settings/$" {...({ params: { _splat: 'help-desk/forms' } } as object)}>{t('forms.page')}</Button> : null}</EmptyState> : null}
      {form ? <OfForm key={form.id} form={form} /> : null}
    </>
  )
}

const none: SubmissionAsk = { state: '', q: '', from: '', to: '' }

function OfForm({ form }: { form: Form }) {
  const can = useCan()
  const [ask, setAsk] = useState(none)
  const deferred = useDeferredValue(ask)
  const q = useInfiniteQuery(submissionsQuery(form.id, deferred))
  const [open, setOpen] = useState<string | null>(null)
  const rows = useMemo(() => q.data?.pages.flatMap((p) => p.items ?? []) ?? [], [q.data])
  const columns = useMemo(() => columnsOf(q.data?.pages[0]?.columns, rows), [q.data, rows])
  const set = (part: Partial<SubmissionAsk>) => setAsk((was) => ({ ...was, ...part }))
  const filtered = Object.values(ask).some(Boolean)
  return (
    <>
      <div className={s.filters} role="search" aria-label={t('submissions.filters')}>
        <TextInput aria-label={t('submissions.search')} placeholder={t('submissions.search')} leftSection={<Icon name="search" size={14} />} value={ask.q} onChange={(e) => set({ q: e.currentTarget.value })} />
        <NativeSelect aria-label={t('submissions.state')} value={ask.state} data={['', 'filed', 'held', 'test'].map((v) => ({ value: v, label: t(`submissions.state.${v || 'all'}` as Key) }))} onChange={(e) => set({ state: e.currentTarget.value })} />
        <TextInput type="date" aria-label={t('submissions.from')} title={t('submissions.from')} value={ask.from} max={ask.to || undefined} onChange={(e) => set({ from: e.currentTarget.value })} />
        <TextInput type="date" aria-label={t('submissions.to')} title={t('submissions.to')} value={ask.to} min={ask.from || undefined} onChange={(e) => set({ to: e.currentTarget.value })} />
        {filtered ? <Button variant="subtle" onClick={() => setAsk(none)}>{t('submissions.clear')}</Button> : null}
        <span className={s.grow} />
        <Button variant="default" component="a" href={submissionsFile(form.id, ask)} download leftSection={<Icon name="download" size={14} />}>{t('submissions.export')}</Button>
      </div>
      {q.isPending ? <SkeletonLines lines={8} label={t('state.loading')} /> : null}
      {q.isError && !q.data ? <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {q.data && !rows.length ? filtered
        ? <EmptyState icon="search" title={t('submissions.none_found')} text={t('submissions.none_found_text')}><Button variant="default" onClick={() => setAsk(none)}>{t('submissions.clear')}</Button></EmptyState>
        : <EmptyState icon="rows" title={t('submissions.none')} text={t('submissions.none_text')}>{can('forms.manage') ? <Button variant="default" component={Link} to="/settings/$" {...({ params: { _splat: `help-desk/forms/${form.id}` } } as object)}>{t('submissions.open_form')}</Button> : null}</EmptyState> : null}
      {rows.length ? <Table form={form} rows={rows} columns={columns} more={q.hasNextPage} busy={q.isFetchingNextPage} onMore={() => void q.fetchNextPage()} onOpen={setOpen} /> : null}
      {open ? <SubmissionDrawer id={open} onClose={() => setOpen(null)} onStep={(by) => { const i = rows.findIndex((r) => r.id === open); const to = rows[i + by]; if (to) setOpen(to.id) }} /> : null}
    </>
  )
}

/** The columns of the form as it is, and of what it asked before. */
function columnsOf(told: SubmissionColumn[] | null | undefined, rows: Submission[]): SubmissionColumn[] {
  if (told?.length) return told
  return [...new Set(rows.flatMap((r) => Object.keys(r.answers ?? {})))].map((name) => ({ name, label: name, type: 'text', hidden: false }))
}

function Table({ form, rows, columns, more, busy, onMore, onOpen }: { form: Form; rows: Submission[]; columns: SubmissionColumn[]; more: boolean; busy: boolean; onMore(): void; onOpen(id: string): void }) {
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => 42, overscan: 10, getItemKey: (i) => rows[i]!.id })
  const visible = virtual.getVirtualItems()
  const last = visible.at(-1)?.index ?? 0
  useEffect(() => { if (last >= rows.length - 10 && more && !busy) onMore() }, [last, rows.length, more, busy])
  const template = `104px 196px minmax(150px, 1fr) 84px ${columns.map((c) => (c.type === 'long_text' ? 'minmax(220px, 2fr)' : 'minmax(140px, 1fr)')).join(' ')}`
  return (
    <div className={s.scroller} ref={box} tabIndex={0} role="region" aria-label={t('submissions.table', { name: form.name })}>
      <div role="table" aria-label={t('submissions.table', { name: form.name })} aria-rowcount={more ? -1 : rows.length + 1} aria-colcount={columns.length + 4} aria-busy={busy} className={s.table} style={{ '--columns': template } as React.CSSProperties}>
        <div role="rowgroup" className={s.tableHead}>
          <div role="row" aria-rowindex={1} className={s.tr}>
            {['at', 'state', 'contact', 'ticket'].map((k) => <span key={k} role="columnheader">{t(`submissions.${k}` as Key)}</span>)}
            {columns.map((c) => <span key={c.name} role="columnheader" title={c.name} data-hidden={c.hidden || undefined}><span className="k-cut">{c.label || c.name}</span>{c.hidden ? <Tag>{t('forms.hidden_tag')}</Tag> : null}</span>)}
          </div>
        </div>
        <div role="rowgroup" className={s.body} style={{ height: virtual.getTotalSize() }}>
          {visible.map((v) => {
            const r = rows[v.index]!
            return (
              <div key={v.key} role="row" aria-rowindex={v.index + 2} data-submission={r.id} className={s.tr} style={{ transform: `translateY(${v.start}px)`, height: v.size }}>
                <span role="cell"><button type="button" className={s.open} onClick={() => onOpen(r.id)} aria-label={`${ago(r.created_at)}: ${t('submissions.open', { time: fullTime(r.created_at) })}`} title={fullTime(r.created_at)}>{ago(r.created_at)}</button></span>
                <span role="cell"><Tag tone={stateTones[r.state] ?? 'plain'} title={reasonText(r)}>{t(`submissions.state.${r.state}` as Key)}</Tag>{r.state === 'held' ? <Release id={r.id} /> : null}</span>
                <span role="cell" className="k-cut">{r.contact ? <Link to="/contacts/$contactId" params={{ contactId: r.contact.id }}>{r.contact.name || r.email}</Link> : r.email}</span>
                <span role="cell">{r.ticket ? <Link to="/tickets/$view/$ticketId" params={{ view: 'open', ticketId: r.ticket.id }}>{`#${r.ticket.number}`}</Link> : null}</span>
                {columns.map((c) => <span key={c.name} role="cell" className="k-cut" title={valueText(r.answers?.[c.name])}>{valueText(r.answers?.[c.name])}</span>)}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

export const reasonText = (r: { reason: string }): string => (r.reason ? maybe(`submissions.reason.${r.reason}`, r.reason.replaceAll('_', ' ')) : '')

/** What was held back goes the way of any other: to the contact, the ticket, the owner. */
export function Release({ id, big = false }: { id: string; big?: boolean }) {
  const [busy, setBusy] = useState(false)
  const go = () => { setBusy(true); release(id).then(() => toast(t('submissions.released')), toastError).finally(() => setBusy(false)) }
  return <Button size={big ? 'sm' : 'compact-xs'} variant={big ? 'filled' : 'subtle'} loading={busy} onClick={go}>{t('submissions.release')}</Button>
}
