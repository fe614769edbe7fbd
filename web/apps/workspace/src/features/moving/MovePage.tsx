import { Button, MultiSelect, Radio, Select, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { ChannelAccount, MoveNote, MovePlan } from '@kanal/api'
import { Banner, EmptyState, SkeletonLines, Tag, type Tone } from '@kanal/ui'
import { accountsQuery } from '@/features/channels/later.ts'
import { useInboxes, usePipelines } from '@/features/lookups/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { busy } from './model.ts'
import { Moves } from './Moves.tsx'
import { movesQuery, previewQuery, startMove } from './queries.ts'
import { ordered } from './model.ts'
import s from './moving.module.css'

/** MG-01 to MG-10: a channel moves to another inbox; a dry run comes first. */
export function MovePage({ params }: { params: Record<string, string> }) {
  const accounts = useQuery(accountsQuery)
  const account = accounts.data?.find((a) => a.id === params.accountId)
  if (accounts.isError) return <EmptyState icon="warn" title={t('error.channels')} text={sentence(accounts.error)}><Button variant="default" onClick={() => void accounts.refetch()}>{t('action.retry')}</Button></EmptyState>
  if (!accounts.data) return <SkeletonLines label={t('state.loading')} />
  if (!account) return <EmptyState icon="plug" title={t('channels.unknown')} text={t('channels.unknown_text')} />
  return <Moving key={account.id} account={account} />
}

function Moving({ account }: { account: ChannelAccount }) {
  const inboxes = useInboxes()
  const moves = useQuery(movesQuery(account.id))
  const others = inboxes.filter((i) => i.id !== account.inbox_id)
  const wanted = (useSearch({ strict: false }) as { to?: string | number }).to
  const first = others.find((i) => i.id === String(wanted)) ?? others.find((i) => i.kind === 'helpdesk') ?? others[0]
  const here = inboxes.find((i) => i.id === account.inbox_id)
  const running = moves.data?.find(busy)
  return (
    <div className={s.page}>
      <div><h1>{t('moves.heading', { name: account.name })}</h1><p className={s.text}>{t('moves.text', { inbox: here?.name ?? '' })}</p></div>
      <Moves account={account} moves={moves.data ?? []} />
      {running || !moves.data ? null : first ? <PlanForm key={account.inbox_id} account={account} first={first.id} /> : <EmptyState icon="inbox" title={t('moves.alone')} text={t('moves.alone_text')}><Button component={Link} to="/settings/inboxes">{t('inboxes.add')}</Button></EmptyState>}
    </div>
  )
}

function PlanForm({ account, first }: { account: ChannelAccount; first: string }) {
  const inboxes = useInboxes()
  const pipelines = usePipelines()
  const [to, setTo] = useState(first)
  const [history, setHistory] = useState<MovePlan['history']>('all')
  const [day, setDay] = useState('')
  const [statuses, setStatuses] = useState<string[]>([])
  const [bare, setBare] = useState<NonNullable<MovePlan['conversations']>>('none')
  const [ticketless, setTicketless] = useState<MovePlan['ticketless']>('as_is')
  const [error, setError] = useState<unknown>(null)
  const [starting, setStarting] = useState(false)
  const target = inboxes.find((i) => i.id === to)
  const since = day ? new Date(`${day}T00:00:00`) : null
  const ready = (history !== 'since' || (since !== null && !Number.isNaN(since.valueOf()))) && (history !== 'status' || statuses.length > 0 || bare !== 'none')
  const plan: MovePlan = { to, history, ticketless: target?.kind === 'helpdesk' ? ticketless : 'none', ...(history === 'since' && since && ready ? { since: since.toISOString() } : {}), ...(history === 'status' ? { statuses, conversations: bare } : {}) }
  const preview = useQuery({ ...previewQuery(account.id, plan), enabled: ready })
  const go = async () => {
    setStarting(true)
    setError(null)
    try { await startMove(account.id, plan) } catch (err) { setError(err) } finally { setStarting(false) }
  }
  return (
    <>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div className={s.form}>
        <Select label={t('moves.to')} data={inboxes.filter((i) => i.id !== account.inbox_id).map((i) => ({ value: i.id, label: i.name }))} value={to} onChange={(v) => v && setTo(v)} allowDeselect={false} />
        <Radio.Group label={t('moves.history')} value={history} onChange={(v) => setHistory(v as MovePlan['history'])}>
          <Stack gap={8} mt={6}>{(['all', 'open', 'since', 'status', 'none'] as const).map((h) => <Radio key={h} value={h} label={t(`moves.history.${h}` as Key)} description={t(`moves.history.${h}_text` as Key)} />)}</Stack>
        </Radio.Group>
        {history === 'since' ? <TextInput type="date" label={t('moves.since')} value={day} onChange={(e) => setDay(e.currentTarget.value)} /> : null}
        {history === 'status' ? (
          <>
            <MultiSelect label={t('moves.statuses')} data={pipelines.flatMap((p) => p.statuses.map((x) => ({ value: x.id, label: pipelines.length > 1 ? `${p.name}: ${x.name}` : x.name })))} value={statuses} onChange={setStatuses} />
            <Select label={t('moves.conversations')} data={(['none', 'open', 'closed', 'all'] as const).map((v) => ({ value: v, label: t(`moves.conversations.${v}` as Key) }))} value={bare} allowDeselect={false} onChange={(v) => setBare((v ?? 'none') as typeof bare)} />
          </>
        ) : null}
        {target?.kind === 'helpdesk' && history !== 'none' ? (
          <Select label={t('moves.ticketless')} description={t('moves.ticketless_text')} data={(['as_is', 'open', 'closed', 'none'] as const).map((v) => ({ value: v, label: t(`moves.ticketless.${v}` as Key) }))} value={ticketless} allowDeselect={false} onChange={(v) => setTicketless((v ?? 'as_is') as MovePlan['ticketless'])} />
        ) : null}
      </div>
      <section aria-label={t('moves.dry_run')} aria-live="polite" data-ready={preview.data ? true : undefined}>
        <h2>{t('moves.dry_run')}</h2>
        {!ready ? <p className={s.hint}>{t('moves.incomplete')}</p> : preview.isError ? <Banner tone="danger" icon="warn" role="alert">{sentence(preview.error)}</Banner> : !preview.data ? <SkeletonLines label={t('state.loading')} /> : (
          <Stack gap="md">
            <dl className={s.counts}>
              {(['selected', 'tickets', 'open_tickets', 'ticketless', 'make', 'stay', 'no_move'] as const).map((k) => <div key={k} data-count={k}><dt>{t(`moves.count.${k}` as Key)}</dt><dd>{preview.data.counts[k]}</dd></div>)}
            </dl>
            <Notes notes={preview.data.notes} />
          </Stack>
        )}
      </section>
      <div className={s.foot}>
        <Button variant="default" component={Link} to={`/settings/help-desk/channels/${account.id}`}>{t('action.cancel')}</Button>
        <Button disabled={!ready || !preview.data} loading={starting} onClick={() => void go()}>{t('moves.start')}</Button>
      </div>
    </>
  )
}

const tones: Record<MoveNote['level'], Tone> = { carries: 'ok', mapped: 'accent', stays: 'plain', loses: 'warn' }

function Notes({ notes }: { notes: readonly MoveNote[] }) {
  return (
    <ul className={s.notes}>
      {ordered(notes).map((n) => (
        <li key={n.kind}><Tag tone={tones[n.level]}>{t(`moves.level.${n.level}` as Key)}</Tag><span>{t(`moves.note.${n.kind}` as Key, { n: n.count, names: n.kind === 'create_mapped' ? '' : n.names.join(', ') })}</span></li>
      ))}
    </ul>
  )
}
