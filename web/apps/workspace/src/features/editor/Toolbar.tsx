import { Button, Popover, TextInput } from '@mantine/core'
import { useEditorState, type Editor } from '@tiptap/react'
import { useState } from 'react'
import { Icon, type IconName } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { EmojiButton } from './EmojiButton.tsx'
import s from './editor.module.css'

const marks: { name: string; icon: IconName; run(e: Editor): void }[] = [
  { name: 'bold', icon: 'bold', run: (e) => e.chain().focus().toggleBold().run() },
  { name: 'italic', icon: 'italic', run: (e) => e.chain().focus().toggleItalic().run() },
  { name: 'underline', icon: 'underline', run: (e) => e.chain().focus().toggleUnderline().run() },
  { name: 'bulletList', icon: 'bullets', run: (e) => e.chain().focus().toggleBulletList().run() },
  { name: 'orderedList', icon: 'numbers', run: (e) => e.chain().focus().toggleOrderedList().run() },
  { name: 'blockquote', icon: 'quote', run: (e) => e.chain().focus().toggleBlockquote().run() },
  { name: 'code', icon: 'code', run: (e) => (e.state.selection.empty || e.isActive('codeBlock') ? e.chain().focus().toggleCodeBlock().run() : e.chain().focus().toggleCode().run()) },
]

export function Toolbar({ editor, emoji = false }: { editor: Editor; emoji?: boolean | undefined }) {
  const on = useEditorState({ editor, selector: ({ editor: e }) => [...marks.map((m) => m.name), 'link'].filter((n) => e.isActive(n)) })
  return (
    <div className={s.toolbar} role="toolbar" aria-label={t('editor.toolbar')}>
      {marks.map((m) => (
        <button key={m.name} type="button" aria-pressed={on.includes(m.name)} aria-label={t(`editor.${m.name}` as Key)} title={t(`editor.${m.name}` as Key)} onMouseDown={(e) => e.preventDefault()} onClick={() => m.run(editor)}>
          <Icon name={m.icon} size={15} />
        </button>
      ))}
      <LinkButton editor={editor} active={on.includes('link')} />
      {emoji ? <EmojiButton editor={editor} /> : null}
    </div>
  )
}

function LinkButton({ editor, active }: { editor: Editor; active: boolean }) {
  const [open, setOpen] = useState(false)
  const [url, setUrl] = useState('')
  const apply = () => {
    const href = url.trim()
    setOpen(false)
    if (href === '') { editor.chain().focus().unsetLink().run(); return }
    const full = /^[a-z][a-z0-9+.-]*:/i.test(href) ? href : href.includes('@') ? `mailto:${href}` : `https://${href}`
    if (editor.state.selection.empty && !active) editor.chain().focus().insertContent({ type: 'text', text: href, marks: [{ type: 'link', attrs: { href: full } }] }).run()
    else editor.chain().focus().extendMarkRange('link').setLink({ href: full }).run()
  }
  return (
    <Popover opened={open} onChange={setOpen} trapFocus position="top-start" withinPortal>
      <Popover.Target>
        <button type="button" aria-pressed={active} aria-label={t('editor.link')} title={t('editor.link')} onClick={() => { setUrl(String(editor.getAttributes('link').href ?? '')); setOpen(!open) }}><Icon name="link" size={15} /></button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={s.linkForm}>
          <TextInput size="xs" aria-label={t('editor.link_url')} placeholder="https://" value={url} onChange={(e) => setUrl(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); apply() } }} data-autofocus />
          <Button size="xs" onClick={apply}>{t('action.apply')}</Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
