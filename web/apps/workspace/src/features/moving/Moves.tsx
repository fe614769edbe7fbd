import { Button, Modal, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ChannelAccount, Move } from '@kanal/api'
import { Tag, type Tone } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { busy, daysLeft, share } from './model.ts'
import { cancelMove, failuresQuery, undoMove } from './queries.ts'
import s from './moving.module.css'

/** What is under way, and what was done: with its end, its undoing and what stayed. */
export function Moves({ account, moves }: { account: ChannelAccount; moves: readonly Move[] }) {
  const [undoing, setUndoing] = useState<Move | null>(null)
  if (moves.length === 0) return null
  return (
    <section aria-label={t('moves.list')}>
      <Stack gap="sm">{moves.map((m) => <One key={m.id} move={m} onUndo={() => setUndoing(m)} />)}</Stack>
      {undoing ? <UndoDialog move={undoing} name={account.name} onClose={() => setUndoing(null)} /> : null}
    </section>
  )
}

const tones: Record<Move['state'], Tone> = { running: 'accent', done: 'ok', cancelled: 'warn', failed: 'danger', undoing: 'accent', undone: 'plain' }

function One({ move: m, onUndo }: { move: Move; onUndo: () => void }) {
  const inboxes = useInboxes()
  const name = (id: string) => inboxes.find((i) => i.id === id)?.name ?? t('moves.gone_inbox')
  const stop = () => void cancelMove(m.id).catch(toastError)
  const left = daysLeft(m)
  return (
    <article className={s.move} data-move={m.id} data-state={m.state}>
      <div className={s.moveHead}>
        <strong>{t('moves.from_to', { from: name(m.from_inbox_id), to: name(m.to_inbox_id) })}</strong>
        <Tag tone={tones[m.state]}>{t(`moves.state.${m.state}` as Key)}</Tag>
        <span className={s.hint}>{dateTime(m.created_at)}</span>
      </div>
      {busy(m) ? (
        <>
          <div className={s.bar} role="progressbar" aria-valuemin={0} aria-valuemax={m.total} aria-valuenow={m.done} aria-label={t('moves.progress')}><div style={{ width: `${share(m)}%` }} /></div>
          <span className={s.hint} aria-live="off">{t('moves.of', { done: m.done, total: m.total })}</span>
        </>
      ) : <p className={s.text}>{m.state === 'undone' ? t('moves.undone_text', { back: m.report.back, arrived: m.report.arrived, gone: m.report.gone, kept: m.report.kept }) : t('moves.done_text', { moved: m.report.moved, made: m.made })}</p>}
      {m.error ? <p className={s.text}>{m.error}</p> : null}
      {m.failed > 0 || m.report.kept > 0 ? <Stayed move={m} /> : null}
      <div className={s.foot}>
        {left > 0 ? <span className={s.hint}>{t(left === 1 ? 'moves.days_one' : 'moves.days_other', { n: left })}</span> : null}
        {m.state === 'running' ? <Button variant="default" onClick={stop}>{t('moves.cancel')}</Button> : null}
        {m.undoable ? <Button variant="default" onClick={onUndo}>{t('moves.undo')}</Button> : null}
      </div>
    </article>
  )
}

function Stayed({ move }: { move: Move }) {
  const q = useQuery(failuresQuery(move.id))
  if (!q.data?.length) return null
  return (
    <details>
      <summary>{t('moves.stayed', { n: q.data.length })}</summary>
      <ul>{q.data.map((f) => <li key={f.thread_id}><Link to="/conversation/$threadId" params={{ threadId: f.thread_id }}>{t('moves.conversation')}</Link> · {maybe(`moves.reason.${f.reason}` as Key, f.reason)}</li>)}</ul>
    </details>
  )
}

function UndoDialog({ move, name, onClose }: { move: Move; name: string; onClose: () => void }) {
  const [working, setWorking] = useState(false)
  const go = async () => {
    setWorking(true)
    try { await undoMove(move.id) } catch (err) { toastError(err) } finally { onClose() }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('moves.undo_title', { name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        <p>{t('moves.undo_text')}</p>
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={working} onClick={() => void go()}>{t('moves.undo')}</Button></div>
      </Stack>
    </Modal>
  )
}
