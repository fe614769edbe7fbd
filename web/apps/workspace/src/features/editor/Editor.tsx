// An editor that is there at once: a plain field until the rich one has loaded, which then takes over text, caret and focus.

import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { htmlToText, textToHtml, type EditorHandle, type EditorProps } from './types.ts'
import s from './editor.module.css'

const load = () => import('./RichEditor.tsx')
const Rich = lazy(async () => ({ default: (await load()).RichEditor }))
/** Reads the rich editor ahead, when the browser has nothing else to do. */
export const preloadEditor = (): void => { void load() }

export function Editor(props: EditorProps) {
  const caret = useRef<number | null>(null)
  return <Suspense fallback={<PlainEditor {...props} caret={caret} />}><Rich {...props} caret={caret} /></Suspense>
}

function PlainEditor({ value, label, placeholder, autoFocus, onChange, onSubmit, enterSends, onEscape, onFiles, handle, caret, minHeight }: EditorProps & { caret: { current: number | null } }) {
  const [text, setText] = useState(() => htmlToText(value))
  const ref = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    const el = ref.current
    if (!el || !handle) return
    handle.current = {
      focus: () => el.focus(),
      insertText: (x) => { el.setRangeText(x); el.dispatchEvent(new Event('input', { bubbles: true })) },
      insertHtml: (x) => { el.setRangeText(htmlToText(x)); el.dispatchEvent(new Event('input', { bubbles: true })) },
      insertImage: () => {},
      isEmpty: () => el.value.trim() === '',
      clear: () => setText(''),
    } satisfies EditorHandle
    return () => { caret.current = document.activeElement === el ? el.selectionStart : null }
  }, [handle, caret])
  return (
    <textarea
      ref={ref} className={s.plain} aria-label={label} placeholder={placeholder} autoFocus={autoFocus} value={text} style={{ minHeight: minHeight ?? 110 }}
      onSelect={(e) => { caret.current = e.currentTarget.selectionStart }}
      onChange={(e) => { const v = e.currentTarget.value; caret.current = e.currentTarget.selectionStart; setText(v); onChange({ html: textToHtml(v), text: v, mentions: [] }) }}
      onPaste={(e) => { const files = [...e.clipboardData.files]; if (files.length) { e.preventDefault(); onFiles?.(files) } }}
      onKeyDown={(e) => {
        if (e.key === 'Enter' && (e.ctrlKey || e.metaKey || (enterSends && !e.shiftKey && !e.nativeEvent.isComposing))) { e.preventDefault(); onSubmit?.() }
        if (e.key === 'Escape') onEscape?.()
      }}
    />
  )
}
