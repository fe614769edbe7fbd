import { ActionIcon, Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Problem } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { unwatchRun } from '@/features/running/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import { FailureList } from './FailureList.tsx'
import { doingKey, isOver, share, type Run } from './model.ts'
import { cancel, runQuery, undo } from './queries.ts'
import s from './bulk.module.css'

/** The runs that are watched, in a corner: they stay there while one works on elsewhere, and after a reload. */
export function Runs({ ids }: { ids: readonly string[] }) {
  return <section className={s.runs} aria-label={t('bulk.title')}>{ids.map((id) => <RunCard key={id} id={id} />)}</section>
}

/** A run that went well goes away by itself, once it could be read and nobody points at it. */
const staysFor = 15_000

function RunCard({ id }: { id: string }) {
  const q = useQuery(runQuery(id))
  const run = q.data
  const [busy, setBusy] = useState(false)
  const [open, setOpen] = useState(false)
  const card = useRef<HTMLDivElement>(null)
  const gone = q.error instanceof Problem && q.error.status === 404
  useEffect(() => { if (gone) unwatchRun(id) }, [gone, id])
  const fine = !!run && isOver(run) && run.failed === 0 && run.state !== 'failed'
  useEffect(() => {
    if (!fine) return
    const timer = setInterval(() => { if (!card.current?.matches(':hover, :focus-within')) unwatchRun(id) }, staysFor)
    return () => clearInterval(timer)
  }, [fine, id])
  if (!run) return null
  const act = (fn: () => Promise<unknown>) => { setBusy(true); void fn().catch(toastError).finally(() => setBusy(false)) }
  return (
    <div className={s.run} ref={card} data-bad={run.state === 'failed' || undefined}>
      <div className={s.runHead}>
        <Icon name={isOver(run) ? (run.failed || run.state !== 'done' ? 'warn' : 'check') : 'refresh'} size={15} />
        <strong className="k-cut">{t(run.undo_of ? (isOver(run) ? 'bulk.was_undone' : 'bulk.undoing') : doingKey(run))}</strong>
        {isOver(run) ? <ActionIcon size={24} aria-label={t('action.dismiss')} onClick={() => unwatchRun(id)}><Icon name="x" size={13} /></ActionIcon> : null}
      </div>
      {isOver(run) ? null : <Progress run={run} />}
      <p className={s.runText} role="status">{saying(run)}</p>
      <div className={s.runFoot}>
        {isOver(run) ? null : <Button size="xs" variant="default" loading={busy} onClick={() => act(() => cancel(id))}>{t('action.cancel')}</Button>}
        {run.undoable ? <Button size="xs" variant="default" loading={busy} leftSection={<Icon name="undo" size={13} />} onClick={() => act(async () => { await undo(id); unwatchRun(id) })}>{t('action.undo')}</Button> : null}
        {run.failed ? <Button size="xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>{t('bulk.show_failures', { n: run.failed, count: count(run.failed) })}</Button> : null}
      </div>
      {open ? <FailureList id={id} /> : null}
    </div>
  )
}

function Progress({ run }: { run: Run }) {
  const done = share(run)
  return <div className={s.bar} role="progressbar" aria-label={t('bulk.title')} aria-valuemin={0} aria-valuemax={100} {...(done === null ? {} : { 'aria-valuenow': Math.round(done * 100) })}><i style={{ inlineSize: `${done === null ? 8 : Math.max(2, done * 100)}%` }} /></div>
}

/** One sentence of how it stands. */
export function saying(run: Run): string {
  if (run.state === 'collecting') return t('bulk.collecting', { total: count(run.total) })
  if (run.state === 'running') return t('bulk.progress', { done: count(run.done + run.same + run.failed), total: count(run.total) })
  const many = (n: number) => ({ n, count: count(n) })
  const parts = [t(run.undo_of ? 'bulk.undone' : 'bulk.done', many(run.done))]
  if (run.same) parts.push(t('bulk.same', many(run.same)))
  if (run.failed) parts.push(t('bulk.failed', many(run.failed)))
  if (run.state === 'cancelled') parts.unshift(t('bulk.cancelled'))
  if (run.state === 'failed') parts.unshift(run.error)
  return parts.join(' ')
}
