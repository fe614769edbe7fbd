import { Button, Modal, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Contact } from '@kanal/api'
import { Avatar, Banner, Icon, Tag } from '@kanal/ui'
import { useProperties, useUsers } from '@/features/lookups/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { nameOf } from './Duplicates.tsx'
import { differences } from './model.ts'
import { contactsQuery, merge, part } from './queries.ts'
import s from './contacts.module.css'

/** Two contacts side by side: which remains, and whose value stays where they differ. */
export function MergeDialog({ first, second, onClose, onMerged }: { first: Contact; second: Contact | null; onClose(): void; onMerged?: () => void }) {
  const [other, setOther] = useState(second)
  return (
    <Modal opened onClose={onClose} size={760} title={<strong>{t('contact.merge_title')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {other ? <Compare a={first} b={other} onClose={onClose} {...(onMerged ? { onMerged } : {})} /> : <Pick except={first.id} onPick={setOther} />}
    </Modal>
  )
}

function Pick({ except, onPick }: { except: string; onPick(c: Contact): void }) {
  const [q, setQ] = useState('')
  const found = useInfiniteQuery({ ...contactsQuery({ q: q.trim() }), enabled: q.trim() !== '' })
  const list = q.trim() ? (found.data?.pages[0]?.items ?? []).filter((c) => c.id !== except).slice(0, 8) : []
  return (
    <div className={s.form}>
      <TextInput type="search" data-autofocus label={t('contact.merge_pick')} value={q} onChange={(e) => setQ(e.currentTarget.value)} leftSection={<Icon name="search" size={14} />} />
      <ul className={s.picks}>{list.map((c) => <li key={c.id}><button type="button" className={s.pick} onClick={() => onPick(c)}><Avatar name={nameOf(c)} size={24} /><span className={s.rowText}><span className={s.name}>{nameOf(c)}</span><span className={s.sub}>{c.email || c.phone}</span></span></button></li>)}</ul>
    </div>
  )
}

function Compare({ a, b, onClose, onMerged }: { a: Contact; b: Contact; onClose(): void; onMerged?: () => void }) {
  const navigate = useNavigate()
  const users = useUsers()
  const props = useProperties('contact')
  const [swapped, setSwapped] = useState(false)
  const [keep, setKeep] = useState<Record<string, 'into' | 'from'>>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const into = swapped ? b : a
  const from = swapped ? a : b
  const label = (field: string) => (field.startsWith('property.') ? props.find((p) => `property.${p.name}` === field)?.label ?? field.slice(9)
    : ({ name: t('field.name'), email: t('field.email'), phone: t('contact.phone'), language: t('contact.language'), owner_id: t('property.owner') })[field] ?? field)
  const rows = differences(into, from, { owner: (id) => users.find((u) => u.id === id)?.name ?? id, label })
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      const done = await merge(into.id, from.id, keep)
      toast(t('contact.merged', { name: nameOf(done.contact) }), { action: { label: t('action.undo'), run: () => void part(done.merge_id).then(() => toast(t('contact.parted'))).catch(toastError) } })
      onClose()
      if (onMerged) onMerged()
      else void navigate({ to: '/contacts/$contactId', params: { contactId: into.id } })
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <div className={s.form}>
      <p>{t('contact.merge_text')}</p>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div className={s.sides}><Side c={into} remains /><Side c={from} /></div>
      {rows.map((r) => (
        <fieldset key={r.field} className={s.choice}>
          <legend>{t('contact.merge_choose', { field: r.label })}</legend>
          {(['into', 'from'] as const).map((side) => (
            <label key={side} className={s.option} data-on={(keep[r.field] ?? 'into') === side || undefined}><input type="radio" name={r.field} checked={(keep[r.field] ?? 'into') === side} onChange={() => setKeep((k) => ({ ...k, [r.field]: side }))} /><span>{r[side]}</span></label>
          ))}
        </fieldset>
      ))}
      <div className={s.foot}>
        <Button variant="subtle" leftSection={<Icon name="refresh" size={14} />} onClick={() => { setSwapped(!swapped); setKeep({}) }}>{t('contact.merge_swap')}</Button>
        <span className={s.grow} />
        <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
        <Button loading={busy} data-autofocus onClick={() => void run()}>{t('contact.merge')}</Button>
      </div>
    </div>
  )
}

function Side({ c, remains = false }: { c: Contact; remains?: boolean }) {
  return (
    <section className={s.side} data-remains={remains || undefined} aria-label={`${nameOf(c)}: ${t(remains ? 'contact.merge_remains' : 'contact.merge_joins')}`}>
      <div className={s.sideHead}><Avatar name={nameOf(c)} size={28} /><span className={s.rowText}><strong>{nameOf(c)}</strong><Tag tone={remains ? 'accent' : 'plain'}>{t(remains ? 'contact.merge_remains' : 'contact.merge_joins')}</Tag></span></div>
      <ul className={s.sideList}>
        {(c.addresses ?? []).map((x) => <li key={x.id}>{x.value}</li>)}
        {Object.entries(c.properties ?? {}).filter(([, v]) => v !== '' && v !== null).map(([k, v]) => <li key={k}><span className={s.dim}>{maybe(`property.${k}`, k)}</span> {String(v)}</li>)}
        <li className={s.dim}>{t('contacts.known', { date: dateTime(c.created_at) })}</li>
      </ul>
    </section>
  )
}
