import { Modal, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { FormDefinition } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { usePipelines, useProperties } from '@/features/lookups/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { typeIcons, typeName } from './describe.ts'
import { fieldLabels, priorityLabels } from './labels.ts'
import { fieldFrom, fieldsOf, insert, offers, type Offer } from './model.ts'
import { baseOf } from './words.ts'
import s from './forms.module.css'

const groups = ['contact', 'company', 'ticket', 'free'] as const

/** Which field: of the contact, the company or the ticket, of one's own properties, or free. Typing finds one, the arrows go through them. */
export function AddField({ def, after, onAdd, onClose }: { def: FormDefinition; after: string | null; onAdd(next: FormDefinition, name: string): void; onClose(): void }) {
  const contact = useProperties('contact')
  const ticket = useProperties('ticket')
  usePipelines()
  const [q, setQ] = useState('')
  const [on, setOn] = useState(0)
  const all = useMemo(() => offers([...contact, ...ticket], (key) => (key.startsWith('type.') ? typeName(key.slice(5) as never) : maybe(`forms.maps.${key}`, key))), [contact, ticket])
  const used = new Set(fieldsOf(def).map((f) => f.maps).filter(Boolean))
  const word = q.trim().toLowerCase()
  const open = all.filter((o) => !(o.once && used.has(o.maps)))
  const rank = (o: Offer) => (o.label.toLowerCase().startsWith(word) ? 0 : 1)
  const found = (word ? open.filter((o) => `${o.label} ${t(`forms.group.${o.group}` as Key)} ${o.name}`.toLowerCase().includes(word)).sort((a, b) => rank(a) - rank(b)) : open)
  const sections = groups.map((g) => ({ g, items: found.filter((o) => o.group === g) })).filter((x) => x.items.length)
  const flat = sections.flatMap((x) => x.items)
  const pick = (o: Offer | undefined) => {
    if (!o) return
    const words = fieldLabels[o.maps || `type.${o.type}`]
    const field = fieldFrom(def, o, words?.[baseOf(def)] ?? o.label)
    if (words) field.label = Object.fromEntries(Object.entries(words).filter(([l]) => l === baseOf(def) || def.languages?.includes(l)))
    if (o.maps === 'ticket.priority') field.options = Object.entries(priorityLabels).map(([value, label]) => ({ value, label }))
    onAdd(insert(def, field, after), field.name)
    onClose()
  }
  const keys = (e: React.KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      const next = Math.max(0, Math.min(flat.length - 1, on + (e.key === 'ArrowDown' ? 1 : -1)))
      setOn(next)
      document.getElementById(`form-offer-${next}`)?.scrollIntoView({ block: 'nearest' })
    }
    if (e.key === 'Enter') { e.preventDefault(); pick(flat[on]) }
  }
  return (
    <Modal opened onClose={onClose} size={620} title={<strong>{t('forms.add_field')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }} returnFocus={false}>
      <TextInput data-autofocus role="combobox" aria-expanded aria-controls="form-offers" aria-activedescendant={flat[on] ? `form-offer-${on}` : undefined} aria-label={t('forms.find_field')} placeholder={t('forms.find_field')} leftSection={<Icon name="search" size={14} />} value={q} onChange={(e) => { setQ(e.currentTarget.value); setOn(0) }} onKeyDown={keys} />
      <div id="form-offers" role="listbox" aria-label={t('forms.fields')} className={s.offers}>
        {sections.map(({ g, items }) => (
          <div key={g} role="group" aria-label={t(`forms.group.${g}` as Key)}>
            <p className={s.offerGroup} aria-hidden="true">{t(`forms.group.${g}` as Key)}</p>
            {items.map((o) => {
              const i = flat.indexOf(o)
              return (
                <div key={o.maps || o.type} id={`form-offer-${i}`} role="option" aria-selected={i === on} className={s.offer} onPointerMove={() => setOn(i)} onClick={() => pick(o)}>
                  <span className={s.fieldIcon} aria-hidden="true"><Icon name={typeIcons[o.type]} size={15} /></span>{o.label}
                </div>
              )
            })}
          </div>
        ))}
      </div>
      {flat.length === 0 ? <p className={s.hint}>{t('state.nothing_found')}</p> : null}
    </Modal>
  )
}
