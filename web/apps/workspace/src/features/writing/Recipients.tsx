import { Combobox, Pill, PillsInput, useCombobox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, type Contact, type Page, type Party } from '@kanal/api'
import { t } from '@/locales/index.ts'
import s from './writing.module.css'

const email = /^[^\s@<>",;]+@[^\s@<>",;]+\.[^\s@<>",;]+$|^[^\s@<>",;]+@localhost$/

/** Reads "Ann Holm <ann@acme.example>, bo@x.example" as people. */
function parseParties(text: string): { parties: Party[]; rest: string } {
  const parties: Party[] = []
  const rest: string[] = []
  for (const part of text.split(/[,;\n]+/).map((x) => x.trim()).filter(Boolean)) {
    const m = /^(.*?)\s*<([^<>]+)>$/.exec(part)
    const address = (m ? m[2]! : part).trim()
    if (email.test(address)) parties.push({ address, ...(m?.[1] ? { name: m[1].replace(/^"|"$/g, '') } : {}) })
    else rest.push(part)
  }
  return { parties, rest: rest.join(', ') }
}

export function Recipients({ label, value, onChange, autoFocus, error }: { label: string; value: Party[]; onChange(v: Party[]): void; autoFocus?: boolean; error?: string | undefined }) {
  const [text, setText] = useState('')
  const combo = useCombobox({ onDropdownClose: () => combo.resetSelectedOption() })
  const q = text.trim()
  const found = useQuery({ queryKey: ['contacts', q], queryFn: ({ signal }) => get<Page<Contact>>('/api/contacts', { q, limit: 6 }, signal), enabled: q.length >= 2, staleTime: 30_000, retry: false })
  const options = (found.data?.items ?? []).filter((c) => c.email && !value.some((v) => v.address.toLowerCase() === c.email.toLowerCase()))
  const add = (more: Party[]) => {
    const have = new Set(value.map((v) => v.address.toLowerCase()))
    onChange([...value, ...more.filter((p) => !have.has(p.address.toLowerCase()))])
    setText('')
    combo.closeDropdown()
  }
  const commit = () => { const { parties, rest } = parseParties(text); if (parties.length) { add(parties); setText(rest) } }
  return (
    <Combobox store={combo} onOptionSubmit={(v) => { const c = options.find((o) => o.id === v); if (c) add([{ address: c.email, name: c.name }]) }} withinPortal>
      <Combobox.DropdownTarget>
        <div className={s.recipients}>
          <span className={s.fieldLabel} id={`r-${label}`}>{label}</span>
          <PillsInput variant="unstyled" size="xs" className={s.pills} error={error} onClick={() => combo.openDropdown()}>
            <Pill.Group>
              {value.map((p) => (
                <Pill key={p.address} withRemoveButton onRemove={() => onChange(value.filter((x) => x !== p))} removeButtonProps={{ 'aria-label': t('composer.remove', { name: p.address }), tabIndex: 0, 'aria-hidden': false }} title={p.address}>{p.name || p.address}</Pill>
              ))}
              <Combobox.EventsTarget>
                <PillsInput.Field
                  aria-label={label} value={text} autoFocus={autoFocus} inputMode="email" autoComplete="off"
                  onChange={(e) => { const v = e.currentTarget.value; if (/[,;\n]/.test(v)) { const { parties, rest } = parseParties(v); add(parties); setText(rest) } else { setText(v); combo.openDropdown() } }}
                  onBlur={() => { commit(); combo.closeDropdown() }}
                  onPaste={(e) => { const { parties, rest } = parseParties(e.clipboardData.getData('text')); if (parties.length) { e.preventDefault(); add(parties); setText(rest) } }}
                  onKeyDown={(e) => {
                    if (e.key === 'Backspace' && text === '' && value.length) { e.preventDefault(); onChange(value.slice(0, -1)) }
                    if ((e.key === 'Enter' || e.key === 'Tab') && q && combo.getSelectedOptionIndex() < 0) { const { parties } = parseParties(text); if (parties.length) { if (e.key === 'Enter') e.preventDefault(); commit() } }
                  }}
                />
              </Combobox.EventsTarget>
            </Pill.Group>
          </PillsInput>
        </div>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown hidden={options.length === 0}>
        <Combobox.Options aria-label={label}>
          {options.map((c) => <Combobox.Option key={c.id} value={c.id}><strong>{c.name || c.email}</strong> <span className={s.optionMail}>{c.email}</span></Combobox.Option>)}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}
