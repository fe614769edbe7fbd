import { Button, Modal, MultiSelect, NumberInput, Radio, Stack, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch, put, type Capacity, type CapacityList, type CapacitySettings, type PersonCapacity } from '@kanal/api'
import { Banner, Tag } from '@kanal/ui'
import { usePipelines } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { SaveError, SettingsFrame, UnsavedGuard } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { fieldsOf, full, kinds, limited, typed, type Kind } from './model.ts'
import s from './capacity.module.css'

const key = ['capacity']
const kindName = (k: Kind) => t(`capacity.kind.${k}` as Key)

/** CP-03, CP-06, CP-07: limits, and everybody's load against them as it changes. */
export function CapacityPage() {
  const q = useQuery({ queryKey: key, queryFn: () => get<CapacityList>('/api/capacity') })
  const can = useCan()
  const [editing, setEditing] = useState<PersonCapacity | null>(null)
  const mayOne = can('routing.manage') || can('users.manage')
  return (
    <SettingsFrame title={t('capacity.title')} text={t('capacity.text')} query={q} section="work">
      {q.data ? <Limits key={JSON.stringify(q.data.settings)} settings={q.data.settings} mayEdit={can('routing.manage')} /> : null}
      <section className={s.part} aria-label={t('capacity.people')} data-setting="capacity.people">
        <div><h2>{t('capacity.people')}</h2><p className={s.hint}>{t('capacity.people_text')}</p></div>
        <ul className={s.rows}>{(q.data?.items ?? []).map((p) => <Person key={p.user_id} p={p} onEdit={mayOne ? () => setEditing(p) : undefined} />)}</ul>
      </section>
      {editing ? <PersonLimits p={editing} onClose={() => setEditing(null)} /> : null}
    </SettingsFrame>
  )
}

function Person({ p, onEdit }: { p: PersonCapacity; onEdit: (() => void) | undefined }) {
  const at = full(p.limit, p.load)
  const shown = limited(p.limit)
  return (
    <li className={s.row} data-person={p.name}>
      <span className={s.name}>{p.name}<span className={s.hint}>{[p.own ? t('capacity.own') : '', p.takes_work ? '' : t('capacity.takes_no_work')].filter(Boolean).join(' · ')}</span></span>
      <span className={s.loads}>
        {(shown.length ? shown : (['total'] as const)).map((k) => {
          const max = p.limit[k]
          const now = p.load[k]
          return (
            <span key={k} className={s.load} data-kind={k}>
              <span className={s.kind}>{kindName(k)}</span>
              {max === null || max === undefined ? <strong>{now}</strong> : (
                <>
                  <span className={s.bar} role="meter" aria-valuemin={0} aria-valuemax={max} aria-valuenow={Math.min(now, max)} aria-label={t('capacity.load_of', { name: p.name, kind: kindName(k), load: now, limit: max })}><span data-full={now >= max || undefined} style={{ inlineSize: `${max ? Math.min(100, (now / max) * 100) : 100}%` }} /></span>
                  <strong>{t('capacity.load', { load: now, limit: max })}</strong>
                </>
              )}
              {at.includes(k) ? <Tag tone="warn">{t('capacity.full')}</Tag> : null}
            </span>
          )
        })}
      </span>
      {onEdit ? <Button variant="default" size="compact-sm" aria-label={t('users.edit', { name: p.name })} onClick={onEdit}>{t('action.edit')}</Button> : null}
    </li>
  )
}

function LimitInputs({ value, onChange, disabled }: { value: Record<Kind, string | number>; onChange(v: Record<Kind, string | number>): void; disabled?: boolean }) {
  return <div className={s.grid}>{kinds.map((k) => <NumberInput key={k} label={kindName(k)} min={0} max={10000} allowDecimal={false} disabled={disabled ?? false} placeholder={t('capacity.no_limit')} value={value[k]} onChange={(v) => onChange({ ...value, [k]: v })} />)}</div>
}

const weighed = ['calls', 'messages', 'email', 'urgent', 'high', 'medium', 'low'] as const

function Limits({ settings, mayEdit }: { settings: CapacitySettings; mayEdit: boolean }) {
  const pipelines = usePipelines()
  const [limits, setLimits] = useState(fieldsOf(settings.default))
  const [exclude, setExclude] = useState({ statuses: settings.exclude.statuses ?? [], idle_days: settings.exclude.idle_days })
  const [weights, setWeights] = useState(settings.weights ?? {})
  const [blocks, setBlocks] = useState(settings.call_blocks)
  const [dirty, setDirty] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const touch = <A,>(fn: (v: A) => void) => (v: A) => { fn(v); setDirty(true) }
  const statuses = [...new Map(pipelines.flatMap((p) => p.statuses).map((x) => [x.slug, x.name])).entries()].map(([value, label]) => ({ value, label }))
  const known = [...statuses, ...exclude.statuses.filter((x) => !statuses.some((y) => y.value === x)).map((x) => ({ value: x, label: x }))]
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await patch('/api/capacity', { default: typed(limits), exclude, weights: Object.fromEntries(Object.entries(weights).filter(([, n]) => n > 1)), call_blocks: blocks })
      setDirty(false)
      await queries.invalidateQueries({ queryKey: key })
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <form className={s.part} onSubmit={(e) => { e.preventDefault(); void save() }}>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} />
      <section className={s.part} data-setting="capacity.default"><h2>{t('capacity.defaults')}</h2><LimitInputs value={limits} onChange={touch(setLimits)} disabled={!mayEdit} /></section>
      <section className={s.part} data-setting="capacity.exclude">
        <h2>{t('capacity.exclude')}</h2>
        <MultiSelect label={t('capacity.statuses')} searchable disabled={!mayEdit} data={known} value={exclude.statuses} onChange={(v) => touch(setExclude)({ ...exclude, statuses: v })} />
        <NumberInput label={t('capacity.idle')} description={t('capacity.idle_text')} min={0} max={3650} allowDecimal={false} disabled={!mayEdit} value={exclude.idle_days} onChange={(v) => touch(setExclude)({ ...exclude, idle_days: Number(v) || 0 })} />
      </section>
      <section className={s.part} data-setting="capacity.weights">
        <h2>{t('capacity.weights')}</h2><p className={s.hint}>{t('capacity.weights_text')}</p>
        <div className={s.grid}>{weighed.map((k) => { const name = t((kinds as readonly string[]).includes(k) ? `capacity.kind.${k}` as Key : `priority.${k}` as Key); return <NumberInput key={k} label={name} aria-label={t('capacity.weight', { name })} min={1} max={10} allowDecimal={false} disabled={!mayEdit} value={weights[k] ?? 1} onChange={(v) => touch(setWeights)({ ...weights, [k]: Number(v) || 1 })} /> })}</div>
        <Switch label={t('capacity.call_blocks')} disabled={!mayEdit} checked={blocks} onChange={(e) => touch(setBlocks)(e.currentTarget.checked)} />
      </section>
      {mayEdit ? <div className={s.foot}><span className={s.hint}>{dirty ? t('state.unsaved') : ''}</span><Button type="submit" loading={busy} disabled={!dirty}>{t('action.save')}</Button></div> : null}
    </form>
  )
}

function PersonLimits({ p, onClose }: { p: PersonCapacity; onClose(): void }) {
  const [own, setOwn] = useState(!!p.own)
  const [limits, setLimits] = useState(fieldsOf(p.own ?? p.limit))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const capacity: Capacity | null = own ? typed(limits) : null
      await put(`/api/users/${p.user_id}/capacity`, { capacity })
      await queries.invalidateQueries({ queryKey: key })
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{t('capacity.edit', { name: p.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <Radio.Group aria-label={t('capacity.edit', { name: p.name })} value={own ? 'own' : 'all'} onChange={(v) => setOwn(v === 'own')}><Stack gap={8}><Radio value="all" label={t('capacity.as_all')} data-autofocus /><Radio value="own" label={t('capacity.of_own')} /></Stack></Radio.Group>
        {own ? <LimitInputs value={limits} onChange={setLimits} /> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} onClick={() => void save()}>{t('action.save')}</Button></div>
      </Stack>
    </Modal>
  )
}
