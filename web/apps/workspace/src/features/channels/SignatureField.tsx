import { Button, Input, Menu, SegmentedControl, Textarea } from '@mantine/core'
import { useRef, useState } from 'react'
import { Icon } from '@kanal/ui'
import { Editor, type EditorHandle } from '@/features/editor/index.ts'
import { t, type Key } from '@/locales/index.ts'
import s from './channels.module.css'

const tokens = ['full_name', 'first_name', 'last_name', 'email', 'company'] as const
const form = (name: string) => `{{sender.${name}}}`

/** EM-22, EM-23: a signature in a rich editor or as HTML, with tokens that fill with the sender's names. */
export function SignatureField({ label, description, value, onChange }: { label: string; description: string | undefined; value: string; onChange(v: string): void }) {
  const [raw, setRaw] = useState(() => /<(table|div|span|style|font)\b/i.test(value))
  const editor = useRef<EditorHandle | null>(null)
  const area = useRef<HTMLTextAreaElement>(null)
  const insert = (name: string) => {
    if (!raw) return editor.current?.insertText(form(name))
    const el = area.current
    if (!el) return
    const at = el.selectionStart
    onChange(value.slice(0, at) + form(name) + value.slice(el.selectionEnd))
    requestAnimationFrame(() => { el.focus(); el.setSelectionRange(at + form(name).length, at + form(name).length) })
  }
  return (
    <Input.Wrapper label={label} description={description} labelElement="div">
      <div className={s.signatureBar}>
        <SegmentedControl size="xs" aria-label={label} value={raw ? 'html' : 'rich'} onChange={(v) => setRaw(v === 'html')} data={[{ value: 'rich', label: t('signature.rich') }, { value: 'html', label: t('signature.html') }]} />
        <Menu position="bottom-end">
          <Menu.Target><Button variant="default" size="xs" rightSection={<Icon name="down" size={12} />}>{t('signature.token')}</Button></Menu.Target>
          <Menu.Dropdown>{tokens.map((x) => <Menu.Item key={x} onClick={() => insert(x)}>{t(`token.${x}` as Key)}</Menu.Item>)}</Menu.Dropdown>
        </Menu>
      </div>
      {raw
        ? <Textarea ref={area} aria-label={`${label} (${t('signature.html')})`} value={value} onChange={(e) => onChange(e.currentTarget.value)} minRows={6} maxRows={16} classNames={{ input: s.code! }} spellCheck={false} />
        : <div className={s.editorBox}><Editor value={value} label={label} placeholder={t('signature.placeholder')} handle={editor} onChange={(v) => onChange(v.html)} minHeight={90} /></div>}
    </Input.Wrapper>
  )
}
