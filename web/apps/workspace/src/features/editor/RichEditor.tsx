import Image from '@tiptap/extension-image'
import Mention from '@tiptap/extension-mention'
import Placeholder from '@tiptap/extension-placeholder'
import { EditorContent, useEditor, type Editor as Tiptap } from '@tiptap/react'
import StarterKit from '@tiptap/starter-kit'
import { useEffect, useRef, useState } from 'react'
import { MentionList, type MentionState } from './MentionList.tsx'
import { Toolbar } from './Toolbar.tsx'
import { slashOf, Tokens } from './slash.ts'
import type { EditorProps, Person } from './types.ts'
import s from './editor.module.css'

export function RichEditor({ value, label, placeholder, autoFocus, mentionable, onChange, onSubmit, enterSends, onEscape, onFiles, findPeople, onPerson, snippets, emoji, handle, toolbar = true, minHeight, caret }: EditorProps & { caret: { current: number | null } }) {
  const [mention, setMention] = useState<MentionState | null>(null)
  const [slash, setSlash] = useState<MentionState | null>(null)
  const now = useRef({ onChange, onSubmit, onEscape, onFiles, findPeople, onPerson, snippets, mentionable, mention, slash, enterSends })
  now.current = { onChange, onSubmit, onEscape, onFiles, findPeople, onPerson, snippets, mentionable, mention, slash, enterSends }
  const keys = useRef<((e: KeyboardEvent) => boolean) | null>(null)

  const editor = useEditor({
    injectCSS: false,
    content: value,
    extensions: [
      StarterKit.configure({ heading: false, horizontalRule: false, link: { openOnClick: false, autolink: true, HTMLAttributes: { rel: 'noopener noreferrer nofollow' } } }),
      Image.configure({ inline: true, allowBase64: false }),
      Placeholder.configure({ placeholder }),
      Tokens,
      slashOf(() => now.current.snippets, setSlash, (e) => keys.current?.(e) ?? false),
      Mention.configure({
        HTMLAttributes: { class: 'mention' },
        suggestion: {
          items: ({ query }) => now.current.findPeople?.(query).catch(() => []) ?? (now.current.mentionable ?? []).filter((u) => u.name.toLowerCase().includes(query.toLowerCase())).slice(0, 7),
          allow: () => !!now.current.findPeople || (now.current.mentionable?.length ?? 0) > 0,
          render: () => {
            const show = (p: { items: unknown[]; command: (x: never) => void; clientRect?: (() => DOMRect | null) | null }) =>
              setMention({ items: p.items as Person[], pick: (u) => { p.command({ id: u.id, label: u.name } as never); now.current.onPerson?.(u) }, rect: p.clientRect?.() ?? null })
            return {
              onStart: show as never, onUpdate: show as never, onExit: () => setMention(null),
              onKeyDown: ({ event }: { event: KeyboardEvent }) => { if (event.key === 'Escape') { setMention(null); return true } return keys.current?.(event) ?? false },
            }
          },
        },
      }),
    ],
    editorProps: {
      attributes: { class: s.area!, role: 'textbox', 'aria-multiline': 'true', 'aria-label': label, ...(minHeight ? { style: `min-height:${minHeight}px` } : {}) },
      handleKeyDown: (_, e) => {
        const open = !!(now.current.mention?.items.length || now.current.slash?.items.length)
        if (e.key === 'Enter' && (e.ctrlKey || e.metaKey || (now.current.enterSends && !e.shiftKey && !e.isComposing && !open))) { now.current.onSubmit?.(); return true }
        if (e.key === 'Escape' && !now.current.mention && !now.current.slash) { now.current.onEscape?.(); return true }
        return false
      },
      handlePaste: (_, e) => takeFiles(e.clipboardData?.files, e),
      handleDrop: (_, e) => takeFiles((e as DragEvent).dataTransfer?.files, e),
    },
    onUpdate: ({ editor: ed }) => tell(ed),
  })

  function takeFiles(list: FileList | undefined, e: Event): boolean {
    if (!list?.length || !now.current.onFiles) return false
    e.preventDefault()
    now.current.onFiles([...list])
    return true
  }
  function tell(ed: Tiptap) {
    const mentions: string[] = []
    ed.state.doc.descendants((n) => { if (n.type.name === 'mention' && n.attrs.id) mentions.push(String(n.attrs.id)) })
    now.current.onChange({ html: ed.isEmpty ? '' : ed.getHTML(), text: ed.getText({ blockSeparator: '\n' }), mentions: [...new Set(mentions)] })
  }

  useEffect(() => {
    // An editor made for a render that was thrown away is already destroyed; the next one brings us here again.
    if (!editor || editor.isDestroyed) return
    if (handle) {
      handle.current = {
        focus: () => { if (!editor.isDestroyed) editor.commands.focus('end') },
        insertText: (x) => { if (!editor.isDestroyed) editor.chain().focus().insertContent(x).run() },
        insertHtml: (x) => { if (!editor.isDestroyed) editor.chain().focus().insertContent(x).run() },
        insertImage: (src, alt) => { if (!editor.isDestroyed) editor.chain().focus().setImage({ src, alt }).run() },
        isEmpty: () => editor.isDestroyed || editor.isEmpty,
        clear: () => { if (!editor.isDestroyed) editor.commands.clearContent() },
      }
    }
    // The plain field had the focus: go on at the same place.
    const at = caret.current
    if (at !== null) {
      const before = editor.getText({ blockSeparator: '\n' }).slice(0, at)
      editor.commands.focus(1 + at + (before.match(/\n/g)?.length ?? 0))
    } else if (autoFocus) editor.commands.focus('end')
  }, [editor])

  // A value set from outside (a restored draft, a token) replaces the text; typing does not come back this way.
  useEffect(() => {
    if (editor && !editor.isDestroyed && !editor.isFocused && value !== editor.getHTML() && !(value === '' && editor.isEmpty)) editor.commands.setContent(value, { emitUpdate: false })
  }, [value, editor])

  return (
    <div className={s.editor}>
      <EditorContent editor={editor} className={s.content} />
      {mention && mention.items.length > 0 ? <MentionList state={mention} keys={keys} /> : null}
      {slash && slash.items.length > 0 ? <MentionList state={slash} keys={keys} snippets /> : null}
      {toolbar && editor ? <Toolbar editor={editor} emoji={emoji} /> : null}
    </div>
  )
}
