import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Person } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { ContactFields, Held } from '@/features/panel/index.ts'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { changeContact, duplicatesQuery, personQuery } from './queries.ts'
import s from './contacts.module.css'

/** What the side panel lets one see and change of a person, beside their ticket (WS-20). */
export function PersonPanel({ contactId, limited = false }: { contactId: string; limited?: boolean }) {
  const q = useQuery(personQuery(contactId))
  const found = useQuery(duplicatesQuery(contactId)).data ?? []
  const users = useUsers()
  const editable = useCan()('contacts.edit')
  const c = q.data
  const note = limited ? <p className={s.hint}><Icon name="warn" size={13} />{t('event.ticket.contact_limited')}</p> : null
  if (!c) return <div className={s.panelRoom}>{note}</div>
  const save = (change: Record<string, unknown>, shown?: Partial<Person>) => void changeContact(c, change, shown).catch(toastError)
  return (
    <div className={s.panelRoom}>
      {note}
      {found.length ? <Link to="/contacts/$contactId" params={{ contactId: c.id }} className={s.hint}><Icon name="copy" size={13} />{t('panel.maybe_same', { n: found.length })}</Link> : null}
      {c.company ? <p className={s.companyLine}><Icon name="team" size={13} /><span>{c.company.name || c.company.domain}</span></p> : null}
      <Held label={t('field.name')} value={c.name} disabled={!editable} onSave={(v) => save({ name: v })} />
      <NativeSelect size="xs" label={t('panel.contact_owner')} disabled={!editable} value={c.owner_id ?? ''} onChange={(e) => save({ owner_id: e.currentTarget.value || null }, { owner_id: e.currentTarget.value || null })}
        data={[{ value: '', label: t('contact.no_owner') }, ...users.filter((u) => u.active || u.id === c.owner_id).map((u) => ({ value: u.id, label: u.name || u.email }))]} />
      <Held label={t('contact.language')} value={c.language} disabled={!editable} onSave={(v) => save({ language: v })} />
      <ContactFields contact={c} disabled={!editable} onSave={(properties) => save({ properties }, { properties: { ...c.properties, ...properties } })} />
    </div>
  )
}
