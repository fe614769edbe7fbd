import { ActionIcon, Menu, Textarea, TextInput } from '@mantine/core'
import { useRef, type ReactNode } from 'react'
import { Icon } from '@kanal/ui'
import { useProperties } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { answerNames, useDesk } from './context.ts'
import { languageName, read } from './languages.ts'
import type { Texts } from './types.ts'
import s from './chatflows.module.css'

type Box = HTMLTextAreaElement | HTMLInputElement

/** CF-10: what may stand for a name, an answer or a page. It goes where the caret is. */
function Tokens({ box, onInsert }: { box: React.RefObject<Box | null>; onInsert(value: string): void }) {
  const { editor } = useDesk()
  const contact = useProperties('contact').filter((p) => p.type === 'text').slice(0, 30)
  const put = (token: string) => {
    const el = box.current
    const at = el?.selectionStart ?? el?.value.length ?? 0
    const to = el?.selectionEnd ?? at
    const was = el?.value ?? ''
    onInsert(`${was.slice(0, at)}{{${token}}}${was.slice(to)}`)
    requestAnimationFrame(() => { el?.focus(); el?.setSelectionRange(at + token.length + 4, at + token.length + 4) })
  }
  const fixed = ['contact.first_name', 'contact.last_name', 'contact.name', 'contact.email', 'contact.phone', 'company.name', 'page.url', 'page.title', 'ticket.number', 'visitor.language', 'visitor.country']
  const extra = contact.map((p) => `contact.property.${p.name}`).filter((x) => !fixed.includes(x))
  const answers = answerNames(editor.def.steps ?? []).map((n) => `answer.${n}`)
  return (
    <Menu position="bottom-end" returnFocus={false}>
      <Menu.Target><ActionIcon size={22} aria-label={t('flow.token')} title={t('flow.token')}><Icon name="code" size={13} /></ActionIcon></Menu.Target>
      <Menu.Dropdown className={s.tokenMenu}>
        {answers.length ? <Menu.Label>{t('flow.tokens_answers')}</Menu.Label> : null}
        {answers.map((x) => <Menu.Item key={x} onClick={() => put(x)}><code>{x}</code></Menu.Item>)}
        <Menu.Label>{t('flow.tokens_known')}</Menu.Label>
        {[...fixed, ...extra].map((x) => <Menu.Item key={x} onClick={() => put(x === 'contact.first_name' ? `${x}|${t('flow.token_there')}` : x)}><code>{x}</code></Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}

interface Shared { label: string; hint?: string; step?: string | undefined; field: string; long?: boolean; plain?: boolean; placeholder?: string }

/** A text in the language that is being written; what stands in for it is shown faintly. */
export function Words({ value, onChange, label, hint, step, field, long = true, plain = false }: Shared & { value: Texts | undefined; onChange(v: Texts): void }) {
  const { lang, base, fault, mayEdit } = useDesk()
  const set = (v: string) => { const { [lang]: _, ...rest } = value ?? {}; onChange(v ? { ...rest, [lang]: v } : rest) }
  const others = Object.keys(value ?? {}).filter((l) => l !== lang && value![l]).length
  return (
    <TokenBox
      label={<>{label} <span className={s.lang} title={languageName(lang)}>{lang}</span>{others ? <span className={s.others}>{t('flow.other_languages', { n: others })}</span> : null}</>}
      plainLabel={label} hint={hint} long={long} plain={plain} disabled={!mayEdit} value={value?.[lang] ?? ''} onChange={set} error={fault(step, field)} lang={lang}
      placeholder={value?.[lang] ? '' : read(value, lang, base)}
    />
  )
}

/** One text for every language. */
export function Line({ value, onChange, label, hint, step, field, long = false, plain = false, placeholder = '' }: Shared & { value: string | undefined; onChange(v: string): void }) {
  const { fault, mayEdit } = useDesk()
  return <TokenBox label={label} plainLabel={label} hint={hint} long={long} plain={plain} disabled={!mayEdit} value={value ?? ''} onChange={onChange} error={fault(step, field)} placeholder={placeholder} />
}

function TokenBox({ label, plainLabel, hint, long, plain, value, onChange, error, placeholder, disabled, lang }: {
  label: ReactNode; plainLabel: string; hint?: string | undefined; long: boolean; plain: boolean; value: string; onChange(v: string): void; error: string | undefined; placeholder: string; disabled: boolean; lang?: string
}) {
  const box = useRef<Box>(null)
  const tools = plain || disabled ? undefined : <Tokens box={box} onInsert={onChange} />
  const shared = { label, 'aria-label': plainLabel, description: hint, value, error, placeholder, disabled, rightSection: tools, rightSectionWidth: 30, rightSectionPointerEvents: 'all' as const, dir: 'auto', ...(lang ? { lang } : {}) }
  return long
    ? <Textarea {...shared} ref={box as React.RefObject<HTMLTextAreaElement>} minRows={2} maxRows={10} classNames={{ section: s.topSection! }} onChange={(e) => onChange(e.currentTarget.value)} />
    : <TextInput {...shared} ref={box as React.RefObject<HTMLInputElement>} onChange={(e) => onChange(e.currentTarget.value)} />
}

/** A part of a form with its heading. */
export function Part({ title, text, setting, children }: { title: string; text?: string; setting?: string; children: ReactNode }) {
  return <section className={s.part} data-setting={setting}><h2>{title}</h2>{text ? <p className={s.hint}>{text}</p> : null}{children}</section>
}
