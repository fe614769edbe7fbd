import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Contact, Person, Reason } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { calledOf } from './model.ts'
import { MergeDialog } from './MergeDialog.tsx'
import { dismiss, duplicatesQuery } from './queries.ts'
import s from './contacts.module.css'

export const Reasons = ({ list }: { list: Reason[] | null }) => <ul className={s.reasons}>{(list ?? []).map((r) => <li key={r.kind + r.value}>{maybe(`contact.reason.${r.kind}`, r.value, { value: r.value })}</li>)}</ul>

export const nameOf = (c: Contact): string => calledOf(c) || t('contact.unknown')

/** Says that two contacts are two people, with a way back. */
export function notTheSame(a: Contact, b: Contact): void {
  dismiss(a.id, b.id).then(() => toast(t('contact.not_same_done', { a: nameOf(a), b: nameOf(b) }), { action: { label: t('action.undo'), run: () => void dismiss(a.id, b.id, false).catch(toastError) } }), toastError)
}

/** Who may be the same person, with the evidence; nothing is merged by itself. */
export function DuplicateBanner({ person }: { person: Person }) {
  const found = useQuery(duplicatesQuery(person.id)).data ?? []
  const can = useCan()
  const [comparing, setComparing] = useState<Contact | null>(null)
  return (
    <>
      {found.length > 0 ? <ul className={s.duplicates}>
        {found.slice(0, 3).map((d) => (
          <li key={d.contact.id} className={s.duplicate} data-duplicate={d.contact.id}>
            <Icon name="copy" />
            <div className={s.duplicateText}><strong>{t('contact.maybe_same', { name: nameOf(d.contact) })}</strong> <Tag tone="note">{t('duplicates.sure', { n: d.score })}</Tag><Reasons list={d.reasons} /></div>
            {can('contacts.edit') ? <><Button variant="default" onClick={() => setComparing(d.contact)}>{t('contact.compare')}</Button><Button variant="subtle" onClick={() => notTheSame(person, d.contact)}>{t('contact.not_same')}</Button></> : null}
          </li>
        ))}
      </ul> : null}
      {comparing ? <MergeDialog first={person} second={comparing} onClose={() => setComparing(null)} /> : null}
    </>
  )
}
