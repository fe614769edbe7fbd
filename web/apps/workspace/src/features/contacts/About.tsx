import { ActionIcon, Button, Menu, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Address, Person } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { ContactFields, Held } from '@/features/panel/index.ts'
import { useCan } from '@/features/session/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { nameOf } from './Duplicates.tsx'
import { kindIcon, kindOf } from './model.ts'
import { addAddress, changeContact, colleaguesQuery, nameCompany, part, patchAddress, removeAddress } from './queries.ts'
import s from './contacts.module.css'

/** Who somebody is: fields that save when left, addresses with where they come from, the company, and what was merged. */
export function About({ c, editable }: { c: Person; editable: boolean }) {
  const users = useUsers()
  const save = (change: Record<string, unknown>, shown?: Partial<Person>) => void changeContact(c, change, shown).catch(toastError)
  return (
    <aside className={s.about} aria-label={t('contact.about')}>
      <section className={s.card}>
        <h2>{t('contact.about')}</h2>
        <Held label={t('field.name')} value={c.name} disabled={!editable} onSave={(v) => save({ name: v })} />
        <div className={s.pairFields}>
          <Held label={t('contact.first_name')} value={c.first_name} disabled={!editable} onSave={(v) => save({ first_name: v })} />
          <Held label={t('contact.last_name')} value={c.last_name} disabled={!editable} onSave={(v) => save({ last_name: v })} />
        </div>
        <NativeSelect size="xs" label={t('property.owner')} disabled={!editable} value={c.owner_id ?? ''} onChange={(e) => save({ owner_id: e.currentTarget.value || null }, { owner_id: e.currentTarget.value || null })}
          data={[{ value: '', label: t('contact.no_owner') }, ...users.filter((u) => u.active || u.id === c.owner_id).map((u) => ({ value: u.id, label: u.name || u.email }))]} />
        <Held label={t('contact.language')} value={c.language} disabled={!editable} onSave={(v) => save({ language: v })} />
        <ContactFields contact={c} disabled={!editable} onSave={(properties) => save({ properties }, { properties: { ...c.properties, ...properties } })} />
        <p className={s.dim}>{t('contacts.known', { date: dateTime(c.created_at) })}</p>
      </section>
      <Addresses c={c} editable={editable} />
      {c.company ? <Company c={c} editable={editable} /> : null}
      {c.merges?.length ? (
        <section className={s.card}>
          <h2>{t('contact.merges')}</h2>
          <ul className={s.plainList}>
            {c.merges.map((m) => (
              <li key={m.id} className={s.address}>
                <Icon name="copy" size={14} /><span className={s.rowText}><span>{m.from_name || t('contact.unknown')}</span><span className={s.sub}>{ago(m.created_at)}</span></span>
                {editable ? <Button variant="subtle" aria-label={`${t('contact.part')}: ${m.from_name || t('contact.unknown')}`} onClick={() => void part(m.id).then(() => toast(t('contact.parted'))).catch(toastError)}>{t('contact.part')}</Button> : null}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </aside>
  )
}

function Addresses({ c, editable }: { c: Person; editable: boolean }) {
  const [adding, setAdding] = useState<string | null>(null)
  const [error, setError] = useState('')
  const list = c.addresses ?? []
  const save = async () => {
    if (adding === null || !adding.trim()) { setAdding(null); return }
    try { await addAddress(c.id, kindOf(adding), adding.trim()); setAdding(null); setError('') } catch (err) { setError(sentence(err)) }
  }
  return (
    <section className={s.card}>
      <h2>{t('contact.addresses')}</h2>
      {list.length === 0 ? <p className={s.dim}>{t('contact.no_addresses')}</p> : null}
      <ul className={s.plainList}>{list.map((a) => <AddressRow key={a.id} c={c} a={a} editable={editable} />)}</ul>
      {adding !== null ? (
        <form className={s.adding} onSubmit={(e) => { e.preventDefault(); void save() }}>
          <TextInput size="xs" autoFocus label={t('contact.address_value')} value={adding} onChange={(e) => setAdding(e.currentTarget.value)} error={error} onKeyDown={(e) => { if (e.key === 'Escape') { setAdding(null); setError('') } }} />
          <Button type="submit">{t('action.save')}</Button>
        </form>
      ) : editable ? <Button variant="subtle" className={s.addButton} leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding('')}>{t('contact.add_address')}</Button> : null}
    </section>
  )
}

function AddressRow({ c, a, editable }: { c: Person; a: Address; editable: boolean }) {
  const primary = a.value === c.email && a.kind === 'email' || a.value === c.phone && a.kind === 'phone'
  const canBePrimary = !primary && (a.kind === 'email' || a.kind === 'phone')
  const learnt = [maybe(`contact.source.${a.source}`, a.source), a.last_seen_at ? t('contact.seen', { time: ago(a.last_seen_at) }) : ''].filter(Boolean).join(', ')
  return (
    <li className={s.address}>
      <Icon name={kindIcon(a.kind)} size={14} />
      <span className={s.rowText}>
        <span className={s.value}>{a.value}</span>
        <span className={s.sub}>{primary ? <Tag>{t('contact.primary')}</Tag> : null} {a.verified ? <Tag tone="ok">{t('panel.verified')}</Tag> : null} {learnt}</span>
      </span>
      {editable ? (
        <Menu>
          <Menu.Target><ActionIcon aria-label={t('contact.address_menu', { value: a.value })}><Icon name="more" /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            {canBePrimary ? <Menu.Item leftSection={<Icon name="up" />} onClick={() => void patchAddress(c.id, a.id, { primary: true }).catch(toastError)}>{t('contact.make_primary')}</Menu.Item> : null}
            <Menu.Item leftSection={<Icon name="check" />} onClick={() => void patchAddress(c.id, a.id, { verified: !a.verified }).catch(toastError)}>{t(a.verified ? 'contact.unverify' : 'contact.verify')}</Menu.Item>
            <Menu.Item leftSection={<Icon name="trash" />} onClick={() => void removeAddress(c.id, a.id).catch(toastError)}>{t('contact.remove_address')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </li>
  )
}

function Company({ c, editable }: { c: Person; editable: boolean }) {
  const company = c.company!
  const can = useCan()
  const others = (useQuery(colleaguesQuery(company.id)).data ?? []).filter((x) => x.id !== c.id).slice(0, 8)
  return (
    <section className={s.card}>
      <h2>{t('contact.company')}</h2>
      {can('contacts.edit') && editable ? <Held label={t('contact.company_name')} value={company.name || company.domain} disabled={false} onSave={(v) => void nameCompany(company.id, v).catch(toastError)} /> : <p>{company.name || company.domain}</p>}
      {others.length ? <>
        <h3>{t('contact.colleagues', { domain: company.domain || company.name })}</h3>
        <ul className={s.plainList}>{others.map((x) => <li key={x.id}><Link to="/contacts/$contactId" params={{ contactId: x.id }}>{nameOf(x)}</Link></li>)}</ul>
      </> : null}
    </section>
  )
}
