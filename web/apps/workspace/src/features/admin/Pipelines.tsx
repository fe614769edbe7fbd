import { ActionIcon, Button, Modal, Select, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch, post, type Page, type Pipeline, type Status } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { pipelinesQuery } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { Affects, SaveError, SettingsFrame, Sortable, UnsavedGuard, isStale, useAffects } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { slugOf } from './slug.ts'
import s from './admin.module.css'

const refresh = () => queries.invalidateQueries({ queryKey: pipelinesQuery.queryKey })
type Row = Status & { fresh?: boolean }

/** TK-07: pipelines with their ordered statuses, each open or closed. */
export function Pipelines() {
  const q = useQuery(pipelinesQuery)
  const edit = useCan()('settings.manage')
  const [adding, setAdding] = useState(false)
  const all = q.data ?? []
  const reorder = (list: Pipeline[]) => {
    queries.setQueryData(pipelinesQuery.queryKey, list)
    void Promise.all(list.map((p, position) => (all[position]?.id === p.id ? null : patch(`/api/pipelines/${p.id}`, { position })))).then(refresh).catch((err) => { toastError(err); void refresh() })
  }
  return (
    <SettingsFrame title={t('pipelines.title')} text={t('pipelines.text')} query={q} section="pipelines" action={edit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>{t('pipelines.add')}</Button> : null}>
      {all.length > 1 ? <><h2>{t('pipelines.order')}</h2><p className={s.text}>{t('pipelines.order_text')}</p><div data-setting="order"><Sortable items={all} idOf={(p) => p.id} nameOf={(p) => p.name} disabled={!edit} onChange={(list) => reorder(list)}>{(p, i) => <><span className={s.rowText}>{p.name}</span>{i === 0 ? <Tag tone="accent">{t('pipelines.default')}</Tag> : null}</>}</Sortable></div></> : null}
      <div data-setting="statuses" className={s.stack}>{all.map((p) => <PipelineCard key={`${p.id} ${p.statuses.map((x) => x.id).join()}`} pipeline={p} all={all} edit={edit} />)}</div>
      {adding ? <AddPipeline onClose={() => setAdding(false)} /> : null}
    </SettingsFrame>
  )
}

function PipelineCard({ pipeline, all, edit }: { pipeline: Pipeline; all: Pipeline[]; edit: boolean }) {
  const [seen, setSeen] = useState(pipeline)
  const [name, setName] = useState(pipeline.name)
  const [rows, setRows] = useState<Row[]>(pipeline.statuses)
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Pipeline | null>(null)
  const [busy, setBusy] = useState(false)
  const [removing, setRemoving] = useState<Status | 'all' | null>(null)
  const shape = (list: Row[]) => list.map((x) => `${x.name} (${t(x.state === 'closed' ? 'status.closed' : 'status.open')})`).join(' · ')
  const dirty = name !== seen.name || shape(rows) !== shape(seen.statuses) || rows.some((x) => x.fresh)
  const set = (i: number, part: Partial<Row>) => setRows((r) => r.map((x, j) => (j === i ? { ...x, ...part } : x)))
  const load = (p: Pipeline) => { setSeen(p); setName(p.name); setRows(p.statuses); setError(null); setTheirs(null) }
  const save = async (base: Pipeline) => {
    setBusy(true)
    setError(null)
    try {
      const statuses = rows.map((x) => (x.fresh ? { name: x.name, state: x.state, slug: slugOf(x.name).replaceAll('-', '_') } : { id: x.id, slug: x.slug, name: x.name, state: x.state }))
      load(await patch<Pipeline>(`/api/pipelines/${pipeline.id}`, { name, statuses, expect: { name: base.name, statuses: base.statuses } }))
      toast(t('toast.saved'))
      await refresh()
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(((await get<Page<Pipeline>>('/api/pipelines')).items ?? []).find((p) => p.id === pipeline.id) ?? null)
    } finally { setBusy(false) }
  }
  return (
    <section className={s.card} aria-label={pipeline.name}>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} {...(theirs ? { onTheirs: () => load(theirs), onMine: () => void save(theirs), differences: [
        { label: t('field.name'), theirs: theirs.name, mine: name }, { label: t('pipelines.statuses'), theirs: shape(theirs.statuses), mine: shape(rows) },
      ].filter((d) => d.theirs !== d.mine) } : {})} />
      <TextInput label={t('pipelines.name')} value={name} readOnly={!edit} onChange={(e) => setName(e.currentTarget.value)} className={s.narrow} />
      <Sortable items={rows} idOf={(x) => x.id} nameOf={(x) => x.name || t('pipelines.new_status')} disabled={!edit} onChange={(list) => setRows(list)}>
        {(x, i) => (
          <>
            <TextInput aria-label={t('pipelines.status_name')} value={x.name} readOnly={!edit} placeholder={t('pipelines.new_status')} onChange={(e) => set(i, { name: e.currentTarget.value })} className={s.grow} />
            <Select aria-label={t('pipelines.state', { name: x.name })} disabled={!edit} data={[{ value: 'open', label: t('status.open') }, { value: 'closed', label: t('status.closed') }]} value={x.state} allowDeselect={false} onChange={(v) => set(i, { state: v as Status['state'] })} w={120} />
            {edit ? <ActionIcon variant="subtle" aria-label={t('pipelines.remove_status', { name: x.name })} onClick={() => (x.fresh ? setRows((r) => r.filter((_, j) => j !== i)) : setRemoving(x))}><Icon name="trash" /></ActionIcon> : null}
          </>
        )}
      </Sortable>
      {edit ? (
        <div className={s.foot}>
          <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setRows((r) => [...r, { id: `new${r.length}${Math.random()}`, slug: '', name: '', state: 'open', fresh: true }])}>{t('pipelines.add_status')}</Button>
          {all.length > 1 ? <Button variant="subtle" color="red" onClick={() => setRemoving('all')}>{t('pipelines.archive')}</Button> : null}
          <span className={s.space} />
          {dirty ? <Button variant="default" onClick={() => load(seen)}>{t('action.cancel')}</Button> : null}
          <Button loading={busy} disabled={!dirty || !name.trim() || rows.some((x) => !x.name.trim())} onClick={() => void save(seen)}>{t('action.save')}</Button>
        </div>
      ) : null}
      {removing ? <Retire pipeline={seen} all={all} status={removing === 'all' ? null : removing} onClose={() => setRemoving(null)} /> : null}
    </section>
  )
}

/** A status or pipeline goes only with a place for its tickets. */
function Retire({ pipeline, all, status, onClose }: { pipeline: Pipeline; all: Pipeline[]; status: Status | null; onClose: () => void }) {
  const going = status ? [status] : pipeline.statuses
  const affected = useAffects(status ? 'status' : 'pipeline', status?.id ?? pipeline.id)
  const targets = all.flatMap((p) => (p.id === pipeline.id && !status ? [] : p.statuses.filter((x) => !going.some((g) => g.id === x.id)).map((x) => ({ ...x, pipe: p }))))
  const fit = (x: Status) => (targets.find((y) => y.pipe.id === pipeline.id && y.state === x.state) ?? targets.find((y) => y.state === x.state) ?? targets[0])?.id ?? null
  const [moves, setMoves] = useState<Record<string, string | null>>(() => Object.fromEntries(going.map((x) => [x.id, fit(x)])))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const tickets = affected.data?.find((e) => e.kind === 'tickets')?.count ?? 0
  const run = async () => {
    setBusy(true)
    try {
      await post(`/api/pipelines/${pipeline.id}/retire`, { ...(status ? { statuses: [status.id] } : {}), moves: tickets ? going.flatMap((x) => (moves[x.id] ? [{ from: x.id, to: moves[x.id] }] : [])) : [] })
      await refresh()
      toast(t('toast.saved'))
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  const name = status?.name ?? pipeline.name
  return (
    <Modal opened onClose={onClose} title={<strong>{t('pipelines.retire_title', { name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <Affects object={status ? 'status' : 'pipeline'} id={status?.id ?? pipeline.id} />
        {tickets ? going.map((x) => (
          <Select key={x.id} label={t('pipelines.move_to', { name: x.name })} allowDeselect={false} value={moves[x.id] ?? null} onChange={(v) => setMoves((m) => ({ ...m, [x.id]: v }))}
            data={targets.map((y) => ({ value: y.id, label: all.length > 1 ? `${y.pipe.name}: ${y.name}` : y.name }))} />
        )) : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button color="red" loading={busy} disabled={affected.isPending} onClick={() => void run()}>{t('pipelines.retire')}</Button></div>
      </Stack>
    </Modal>
  )
}

function AddPipeline({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>(null)
  const add = async () => {
    try {
      await post('/api/pipelines', { name, slug: slugOf(name), statuses: [{ slug: 'new', name: t('pipelines.first'), state: 'open' }, { slug: 'closed', name: t('status.closed'), state: 'closed' }] })
      await refresh()
      onClose()
    } catch (err) { setError(err) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('pipelines.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form onSubmit={(e) => { e.preventDefault(); void add() }}>
        <Stack gap="md">
          {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
          <TextInput label={t('pipelines.name')} description={t('pipelines.add_text')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
          <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" disabled={!name.trim()}>{t('pipelines.add')}</Button></div>
        </Stack>
      </form>
    </Modal>
  )
}
