import { ActionIcon, Menu, Textarea, TextInput } from '@mantine/core'
import { useRef, type ReactNode } from 'react'
import type { Words } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { languageName } from '@/features/conditions/index.ts'
import { t } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { fieldsOf } from './model.ts'
import { own, read, write } from './words.ts'
import s from './forms.module.css'

/** Stands for the form's name. */
const formToken = 'form'

interface Shared { label: string; hint?: string | undefined; at: string; long?: boolean; placeholder?: string; bare?: boolean; required?: boolean }

/** A text in the language that is being written; what stands in for it is shown faintly. */
export function WordsInput({ value, onChange, label, hint, at, long = false, placeholder = '', bare = false, required = false }: Shared & { value: Words | undefined; onChange(v: Words): void }) {
  const { lang, base, fault, mayEdit } = useDesk()
  const text = own(value, lang, base)
  const shared = {
    'aria-label': label, description: hint, value: text, disabled: !mayEdit, error: fault(at), dir: 'auto' as const, lang, placeholder: text ? '' : read(value, lang, base) || placeholder, 'data-at': at, 'aria-required': required || undefined,
    onChange: (e: { currentTarget: { value: string } }) => onChange(write(value, lang, base, e.currentTarget.value)),
    ...(bare ? {} : { label: <>{label}{required ? <span className={s.star} aria-hidden="true"> *</span> : null} <span className={s.lang} title={languageName(lang)}>{lang}</span></> }),
  }
  return long ? <Textarea {...shared} autosize minRows={2} maxRows={10} /> : <TextInput {...shared} />
}

/** A line into which answers can be put by name. */
export function TokenLine({ value, onChange, label, hint, at, placeholder = '' }: Shared & { value: string; onChange(v: string): void }) {
  const { editor, lang, base, fault, mayEdit } = useDesk()
  const box = useRef<HTMLInputElement>(null)
  const put = (token: string) => {
    const el = box.current
    const from = el?.selectionStart ?? value.length
    const to = el?.selectionEnd ?? from
    onChange(`${value.slice(0, from)}{{${token}}}${value.slice(to)}`)
    requestAnimationFrame(() => { el?.focus(); el?.setSelectionRange(from + token.length + 4, from + token.length + 4) })
  }
  const names = fieldsOf(editor.def).filter((f) => !['heading', 'file', 'consent'].includes(f.type))
  return (
    <TextInput
      ref={box} label={label} description={hint} value={value} placeholder={placeholder} disabled={!mayEdit} error={fault(at)} data-at={at} dir="auto" onChange={(e) => onChange(e.currentTarget.value)}
      rightSectionPointerEvents="all" rightSectionWidth={32}
      rightSection={mayEdit ? (
        <Menu position="bottom-end" returnFocus={false}>
          <Menu.Target><ActionIcon size={24} aria-label={t('forms.insert_answer')} title={t('forms.insert_answer')}><Icon name="code" size={13} /></ActionIcon></Menu.Target>
          <Menu.Dropdown className={s.tall!}>
            <Menu.Item onClick={() => put(formToken)}><code>{formToken}</code></Menu.Item>
            {names.map((f) => <Menu.Item key={f.name} onClick={() => put(f.name)}><code>{f.name}</code> <span className={s.dim}>{read(f.label, lang, base)}</span></Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      ) : undefined}
    />
  )
}

/** A part of a page with its heading. */
export function Part({ title, text, setting, children }: { title: string; text?: string; setting?: string; children: ReactNode }) {
  return <section className={s.part} data-setting={setting}><h2>{title}</h2>{text ? <p className={s.hint}>{text}</p> : null}{children}</section>
}
