import { Button, MultiSelect, NumberInput, Switch } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, put, type Inbox, type Page } from '@kanal/api'
import { Banner, EmptyState, SkeletonLines } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { ago, fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import s from './survey.module.css'

type Settings = { on: boolean; delay_minutes: number; every_days: number; inboxes: string[] }
type Summary = { asked: number; satisfied: number; neutral: number; dissatisfied: number }
type Answer = { ticket_id: string; number: number; subject: string; contact: string; score: number; comment: string; answered_at: string }

const faces: Record<number, string> = { 1: '🙁', 2: '😐', 3: '🙂' }
const scores = ['', 'dissatisfied', 'neutral', 'satisfied'] as const

/** WS-25: whom customers' satisfaction is asked of, and what they said. */
export function SurveyPage() {
  return (
    <SettingsFrame title={t('survey.title')} text={t('survey.text')} section="survey">
      <div className={s.page}>
        <Form />
        <Figures />
        <Answers />
      </div>
    </SettingsFrame>
  )
}

function Form() {
  const mayEdit = useCan()('settings.manage')
  const q = useQuery({ queryKey: ['survey', 'settings'], queryFn: () => get<Settings>('/api/settings/survey') })
  const inboxes = useQuery({ queryKey: ['inboxes'], queryFn: async () => (await get<Page<Inbox>>('/api/inboxes')).items ?? [] })
  const [edit, setEdit] = useState<Partial<Settings>>({})
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  if (!q.data) return q.isError ? <Banner tone="danger" icon="warn" role="alert" action={t('action.retry')} onAction={() => void q.refetch()}>{sentence(q.error)}</Banner> : <SkeletonLines lines={4} label={t('state.loading')} />
  const now = { ...q.data, ...edit }
  const dirty = JSON.stringify(now) !== JSON.stringify(q.data)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      queries.setQueryData(['survey', 'settings'], await put<Settings>('/api/settings/survey', { on: now.on, delay_minutes: now.delay_minutes, every_days: now.every_days, inboxes: now.inboxes }))
      setEdit({})
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <form className={s.form} onSubmit={(e) => { e.preventDefault(); void save() }}>
      <UnsavedGuard dirty={dirty} />
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div data-setting="survey.on"><Switch label={t('survey.on')} description={t('survey.on_text')} checked={now.on} disabled={!mayEdit} onChange={(e) => setEdit({ ...edit, on: e.currentTarget.checked })} /></div>
      <div className={s.pair}>
        <div data-setting="survey.delay"><NumberInput label={t('survey.delay')} description={t('survey.delay_text')} min={0} max={43200} value={now.delay_minutes} disabled={!mayEdit} onChange={(v) => setEdit({ ...edit, delay_minutes: Number(v) || 0 })} /></div>
        <div data-setting="survey.every"><NumberInput label={t('survey.every')} description={t('survey.every_text')} min={0} max={365} value={now.every_days} disabled={!mayEdit} onChange={(v) => setEdit({ ...edit, every_days: Number(v) || 0 })} /></div>
      </div>
      <div data-setting="survey.inboxes"><MultiSelect label={t('survey.inboxes')} placeholder={now.inboxes.length ? undefined : t('survey.inboxes_all')} data={(inboxes.data ?? []).map((i) => ({ value: i.id, label: i.name }))} value={now.inboxes} disabled={!mayEdit} onChange={(v) => setEdit({ ...edit, inboxes: v })} /></div>
      {mayEdit ? <div className={s.foot}><Button type="submit" loading={busy} disabled={!dirty}>{t('action.save')}</Button></div> : null}
    </form>
  )
}

function Figures() {
  const q = useQuery({ queryKey: ['survey', 'summary'], queryFn: () => get<Summary>('/api/surveys/summary?days=30') })
  if (!q.data || q.data.asked === 0) return null
  const said = q.data.satisfied + q.data.neutral + q.data.dissatisfied
  return (
    <section className={s.figures} aria-label={t('survey.figures')}>
      <h2>{t('survey.figures')}</h2>
      <dl>
        <div><dt>{t('survey.asked')}</dt><dd className="k-num">{q.data.asked}</dd></div>
        <div><dt>{t('survey.answered')}</dt><dd className="k-num">{said}</dd></div>
        {([3, 2, 1] as const).map((n) => {
          const count = q.data[scores[n] as 'satisfied']
          return <div key={n}><dt><span aria-hidden="true">{faces[n]}</span> {t(`survey.score.${scores[n] as 'satisfied'}`)}</dt><dd className="k-num">{said ? `${count} (${Math.round((count / said) * 100)} %)` : count}</dd></div>
        })}
      </dl>
    </section>
  )
}

function Answers() {
  const q = useInfiniteQuery({
    queryKey: ['survey', 'answers'], initialPageParam: '',
    queryFn: ({ pageParam }) => get<Page<Answer>>(`/api/surveys?limit=30&cursor=${encodeURIComponent(pageParam)}`),
    getNextPageParam: (last) => last.next || undefined,
  })
  const all = q.data?.pages.flatMap((p) => p.items ?? []) ?? []
  if (q.isPending) return <SkeletonLines lines={5} label={t('state.loading')} />
  if (q.isError && all.length === 0) return <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  if (all.length === 0) return <EmptyState icon="sun" title={t('survey.empty')} text={t('survey.empty_text')} />
  return (
    <section className={s.answers}>
      <h2>{t('survey.answers')}</h2>
      <ul>
        {all.map((a) => (
          <li key={`${a.ticket_id} ${a.answered_at}`}>
            <span className={s.face} role="img" aria-label={t(`survey.score.${scores[a.score] as 'satisfied'}`)}>{faces[a.score]}</span>
            <div className={s.said}>
              <Link to="/ticket/$number" params={{ number: String(a.number) }}>{`#${a.number} ${a.subject}`}</Link>
              {a.comment ? <p>{a.comment}</p> : null}
              <span className={s.sub}>{a.contact} · <time dateTime={a.answered_at} title={fullTime(a.answered_at)}>{ago(a.answered_at)}</time></span>
            </div>
          </li>
        ))}
      </ul>
      {q.hasNextPage ? <Button variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('survey.more')}</Button> : null}
    </section>
  )
}
