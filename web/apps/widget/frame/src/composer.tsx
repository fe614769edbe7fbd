import { lazy } from './lazy.tsx'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useChat } from './context.tsx'
import { Icon } from './icons.tsx'
import { bytes } from './model.ts'
import { threadOf } from './state.ts'

const Emoji = lazy(() => import('./emoji.tsx').then((m) => m.Emoji))

export function Composer() {
  const { chat, s, t } = useChat()
  const [text, set] = useState(() => chat.keep.draft(s.thread))
  const [emoji, setEmoji] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const smile = useRef<HTMLButtonElement>(null)
  const thread = useRef(s.thread)
  const files = s.hello!.files?.enabled && s.options.attachments
  const busy = s.uploads.some((u) => u.state === 'up')
  const ready = (text.trim() !== '' || s.uploads.some((u) => u.state === 'done')) && !busy

  useEffect(() => {
    // What is being written stays when the conversation has just come into being.
    if (thread.current !== '' || s.thread === '') set(chat.keep.draft(s.thread))
    thread.current = s.thread
  }, [s.thread, s.convo])
  useLayoutEffect(() => {
    const a = area.current
    if (!a) return
    a.style.height = 'auto'
    a.style.height = `${Math.min(a.scrollHeight, 140)}px`
  }, [text])
  useEffect(() => { if (s.open && s.focus > 0 && s.options.focus) area.current?.focus({ preventScroll: true }) }, [s.open, s.focus])

  const change = (v: string) => {
    set(v)
    if (!chat.preview) chat.keep.setDraft(s.thread, v)
    chat.typing.typed(v)
  }
  const send = () => {
    if (!ready) return
    chat.send(text)
    set('')
    setEmoji(false)
    area.current?.focus({ preventScroll: true })
  }
  const insert = (e: string) => {
    const a = area.current
    const at = a?.selectionStart ?? text.length
    change(text.slice(0, at) + e + text.slice(a?.selectionEnd ?? at))
    requestAnimationFrame(() => { area.current?.setSelectionRange(at + e.length, at + e.length) })
  }
  const th = threadOf(s)
  const label = th && !th.open ? t('write.again') : t('write')
  return (
    <form class="composer" onSubmit={(e) => { e.preventDefault(); send() }}>
      {s.uploads.length > 0 && <Uploading />}
      {emoji && <Emoji pick={insert} close={() => { setEmoji(false); smile.current?.focus() }} />}
      <div class="row">
        {files && (
          <>
            <button type="button" class="tool" aria-label={t('files.add')} onClick={() => picker.current?.click()}><Icon name="file" /></button>
            <input ref={picker} type="file" multiple hidden tabIndex={-1} aria-hidden="true" onChange={(e) => { chat.uploads.add(e.currentTarget.files ?? []); e.currentTarget.value = ''; area.current?.focus() }} />
          </>
        )}
        <textarea ref={area} rows={1} value={text} dir="auto" maxLength={10000} enterkeyhint="send" placeholder={label} aria-label={label}
          onInput={(e) => change(e.currentTarget.value)} onBlur={() => chat.typing.stop()}
          onKeyDown={(e) => { if (e.key === 'Enter' && !e.shiftKey && !e.altKey && !e.ctrlKey && !e.isComposing) { e.preventDefault(); send() } }}
          onPaste={(e) => { const list = [...(e.clipboardData?.files ?? [])]; if (list.length && files) { e.preventDefault(); chat.uploads.add(list) } }} />
        {s.hello!.emoji && <button type="button" ref={smile} class="tool emoji-button" aria-label={t('emoji')} aria-expanded={emoji} onClick={() => setEmoji(!emoji)}><Icon name="smile" /></button>}
        <button type="submit" class="send" aria-label={t('send')} aria-disabled={!ready}><Icon name="send" flip /></button>
      </div>
    </form>
  )
}

function Uploading() {
  const { chat, s, t, locale } = useChat()
  const limit = bytes(s.hello?.files.max_bytes ?? 0, locale)
  return (
    <ul class="uploads" aria-label={t('files')}>
      {s.uploads.map((u) => (
        <li key={u.id} class={u.state}>
          {u.picture ? <img src={u.picture} alt="" /> : <Icon name="doc" size={22} />}
          <span class="what">
            <span class="cut" dir="auto">{u.name}</span>
            {u.state === 'up' && <progress max={1} value={u.part} aria-label={t('files.progress', { name: u.name })} />}
            {u.state === 'done' && <small>{bytes(u.size, locale)}</small>}
            {u.state === 'failed' && <small class="fault" role="alert">{u.error === 'size' ? t('files.too_large', { limit }) : u.error === 'refused' ? u.why || t('files.refused') : t('files.failed')}</small>}
          </span>
          {u.state === 'failed' && u.error === 'offline' && <button type="button" class="tool" aria-label={t('files.retry', { name: u.name })} onClick={() => chat.uploads.retry(u.id)}><Icon name="retry" size={18} /></button>}
          <button type="button" class="tool" aria-label={u.state === 'up' ? t('files.cancel', { name: u.name }) : t('files.remove', { name: u.name })} onClick={() => chat.uploads.remove(u.id)}><Icon name="close" size={18} /></button>
        </li>
      ))}
    </ul>
  )
}
