import { Button, Drawer, Modal, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Banner, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { queries } from '@/shell/client.ts'
import { toast } from '@/shell/toast.tsx'
import { Changes } from './Changes.tsx'
import { useDesk } from './context.ts'
import { publishFlow, rollBack, versionQuery, versionsQuery } from './queries.ts'
import type { Chatflow, Version } from './types.ts'
import s from './chatflows.module.css'

/** CF-23: what visitors will get from now on, said before it is done. */
export function Publish({ onClose, onFault }: { onClose(): void; onFault(): void }) {
  const { editor } = useDesk()
  const { flow, def } = editor
  const live = useQuery({ ...versionQuery(flow.id, flow.published), enabled: flow.published > 0 })
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const errors = editor.faults.filter((f) => f.severity !== 'warning')
  const go = async (e: React.FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const kept = await editor.flush()
      if (!kept) { setBusy(false); onClose(); return }
      const f = await publishFlow(flow.id, note.trim(), kept.version)
      editor.adopt(f)
      void queries.invalidateQueries({ queryKey: ['chatflow', flow.id, 'versions'] })
      toast(t('flow.published_toast', { n: f.published }))
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{t('flow.publish_title', { name: flow.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => void go(e)}>
        {errors.length ? <Banner tone="danger" icon="warn" role="alert" action={t('flow.show_faults')} onAction={() => { onClose(); onFault() }}>{t('flow.cannot_publish', { n: errors.length })}</Banner> : <p className={s.text}>{t(flow.active ? 'flow.publish_text' : 'flow.publish_text_off')}</p>}
        <TextInput data-autofocus label={t('flow.note')} placeholder={t('flow.note_placeholder')} value={note} maxLength={500} onChange={(e) => setNote(e.currentTarget.value)} />
        <h3>{flow.published ? t('flow.changes_since', { n: flow.published }) : t('flow.first_version')}</h3>
        {flow.published ? (live.data?.definition ? <Changes from={live.data.definition} to={def} /> : live.isError ? <p className={s.hint}>{sentence(live.error)}</p> : <SkeletonLines lines={3} label={t('state.loading')} />) : null}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={errors.length > 0}>{t('flow.publish')}</Button></div>
      </form>
    </Modal>
  )
}

/** Every version there was, what it changed, and the way back to it. */
export function Versions({ onClose }: { onClose(): void }) {
  const { editor, mayEdit } = useDesk()
  const { flow } = editor
  const q = useQuery(versionsQuery(flow.id))
  const [open, setOpen] = useState<number | null>(null)
  const [back, setBack] = useState<Version | null>(null)
  const users = useUsers()
  const all = [...(q.data ?? [])].sort((a, b) => b.number - a.number)
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={<strong>{t('flow.versions_of', { name: flow.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <Banner tone="danger" icon="warn" role="alert" action={t('action.retry')} onAction={() => void q.refetch()}>{sentence(q.error)}</Banner> : null}
      {q.data && !all.length ? <EmptyState icon="clock" title={t('flow.no_versions')} text={t('flow.no_versions_text')} /> : null}
      <ol className={s.versions}>
        {all.map((v) => (
          <li key={v.number}>
            <div className={s.versionHead}>
              <strong>{t('flow.version', { n: v.number })}</strong>{v.number === flow.published ? <Tag tone="ok">{t('flow.live')}</Tag> : null}
              <span className={s.hint}>{dateTime(v.published_at)} · {v.published_by_name || users.find((u) => u.id === v.published_by)?.name || t('flow.somebody')}</span>
            </div>
            {v.note ? <p dir="auto">{v.note}</p> : null}
            <div className={s.versionTools}>
              <Button variant="default" size="compact-sm" aria-expanded={open === v.number} onClick={() => setOpen(open === v.number ? null : v.number)}>{t('flow.what_changed')}</Button>
              {mayEdit && v.number !== flow.published ? <Button variant="default" size="compact-sm" leftSection={<Icon name="undo" size={13} />} onClick={() => setBack(v)}>{t('flow.roll_back')}</Button> : null}
            </div>
            {open === v.number ? <VersionChanges id={flow.id} number={v.number} before={all.find((x) => x.number < v.number)?.number ?? 0} /> : null}
          </li>
        ))}
      </ol>
      {back ? <RollBack version={back} onClose={() => setBack(null)} onDone={(f) => { editor.adopt(f, true); void q.refetch(); setBack(null); toast(t('flow.rolled_back', { n: back.number })) }} /> : null}
    </Drawer>
  )
}

function VersionChanges({ id, number, before }: { id: string; number: number; before: number }) {
  const is = useQuery(versionQuery(id, number))
  const was = useQuery({ ...versionQuery(id, before), enabled: before > 0 })
  if (is.isError || was.isError) return <p className={s.hint}>{sentence(is.error ?? was.error)}</p>
  if (!is.data?.definition || (before > 0 && !was.data?.definition)) return <SkeletonLines lines={2} label={t('state.loading')} />
  return <Changes from={was.data?.definition ?? {}} to={is.data.definition} />
}

function RollBack({ version, onClose, onDone }: { version: Version; onClose(): void; onDone(f: Chatflow): void }) {
  const { editor } = useDesk()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const go = async () => {
    setBusy(true)
    try { await editor.flush(); onDone(await rollBack(editor.flow.id, version.number)) } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.roll_back_title', { n: version.number })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <p className={s.text}>{t('flow.roll_back_text')}</p>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div className={s.foot}><Button variant="default" data-autofocus onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} onClick={() => void go()}>{t('flow.roll_back')}</Button></div>
    </Modal>
  )
}
