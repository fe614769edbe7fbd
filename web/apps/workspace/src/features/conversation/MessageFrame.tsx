// A mail's HTML never enters the app's own document. It is loaded from /api/messages/{id}/html into a frame whose sandbox has no
// allow-scripts: nothing in it can run, whatever the sanitiser missed. allow-same-origin is there only so that this page may
// read the height (without scripts inside, the origin is of no use to the content). Its own CSP forbids every fetch but images
// from us, and the server rewrites those to a proxy when the reader asks for them.

import { useCallback, useEffect, useRef, useState } from 'react'
import { t } from '@/locales/index.ts'
import { useComputedColorScheme } from '@mantine/core'
import s from './message.module.css'

const heights = new Map<string, number>()

export function MessageFrame({ messageId, images, quoted, plainLook, onBlocked, title }: {
  messageId: string; images: boolean; quoted: boolean; plainLook: boolean; onBlocked: (n: number) => void; title: string
}) {
  const src = `/api/messages/${messageId}/html?images=${images ? 1 : 0}&quoted=${quoted ? 1 : 0}`
  const frame = useRef<HTMLIFrameElement>(null)
  const scheme = useComputedColorScheme('light')
  const [height, setHeight] = useState(() => heights.get(src) ?? 96)
  const [failed, setFailed] = useState(false)

  const dress = useCallback(() => {
    const doc = frame.current?.contentDocument
    if (!doc?.body) return
    const root = getComputedStyle(document.documentElement)
    const onTheme = plainLook
    doc.documentElement.style.colorScheme = onTheme ? scheme : 'light'
    doc.body.style.color = onTheme ? root.getPropertyValue('--k-text') : '#16211f'
    doc.body.style.background = onTheme ? 'transparent' : '#ffffff'
    doc.body.style.margin = '0'
    doc.body.style.padding = onTheme ? '0' : '12px 14px'
    doc.body.style.fontFamily ||= root.getPropertyValue('--k-font')
    doc.body.style.fontSize ||= '14px'
    doc.body.style.lineHeight ||= '1.5'
    doc.body.style.overflowWrap = 'anywhere'
    // Margins stay inside, so that they count in the height; at both ends they would only be gaps.
    doc.body.style.display = 'flow-root'
    if (onTheme && doc.body.firstElementChild instanceof (doc.defaultView as unknown as { HTMLElement: typeof HTMLElement }).HTMLElement) doc.body.firstElementChild.style.marginTop = '0'
    if (onTheme && doc.body.lastElementChild instanceof (doc.defaultView as unknown as { HTMLElement: typeof HTMLElement }).HTMLElement) doc.body.lastElementChild.style.marginBottom = '0'
    doc.documentElement.style.overflowY = 'hidden'
    for (const a of doc.querySelectorAll('a')) if (onTheme) a.style.color = root.getPropertyValue('--k-accent')
  }, [scheme, plainLook])

  useEffect(dress, [dress])

  useEffect(() => {
    const el = frame.current
    if (!el) return
    let observer: ResizeObserver | null = null
    const onLoad = () => {
      const doc = el.contentDocument
      if (!doc?.body) { setFailed(true); return }
      // A refusal comes as JSON, not as a mail.
      if (doc.contentType.includes('json')) { setFailed(true); return }
      dress()
      onBlocked(Number(doc.documentElement.dataset.blockedImages ?? 0))
      const measure = () => {
        // What is too wide scrolls sideways; the bar for it must cover nothing.
        const bar = Math.max(0, el.clientHeight - doc.documentElement.clientHeight)
        const h = Math.min(20_000, Math.ceil(Math.max(doc.body.scrollHeight, doc.body.getBoundingClientRect().height)) + bar)
        if (h > 0) { heights.set(src, h); setHeight(h) }
      }
      measure()
      observer = new ResizeObserver(measure)
      observer.observe(doc.body)
      for (const img of doc.images) img.addEventListener('load', measure)
      // Keys pressed in the frame are meant for the app.
      doc.addEventListener('keydown', (e) => { if (!dispatchEvent(new KeyboardEvent('keydown', { key: e.key, ctrlKey: e.ctrlKey, metaKey: e.metaKey, shiftKey: e.shiftKey, altKey: e.altKey, cancelable: true }))) e.preventDefault() })
    }
    el.addEventListener('load', onLoad)
    if (el.contentDocument?.readyState === 'complete' && el.contentDocument.URL !== 'about:blank') onLoad()
    return () => { el.removeEventListener('load', onLoad); observer?.disconnect() }
  }, [src, dress, onBlocked])

  if (failed) return <p className={s.frameFailed}>{t('message.html_failed')}</p>
  return (
    <iframe
      ref={frame} className={s.frame} src={src} title={title} style={{ height, colorScheme: plainLook ? scheme : 'light' }} data-paper={plainLook ? undefined : true}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerPolicy="no-referrer" loading="lazy"
    />
  )
}

/** A mail without colours of its own may take ours; one with a design is shown on its own paper. */
export function looksPlain(html: string): boolean {
  return !/(\bbgcolor\s*=|background(-color|-image)?\s*:|[\s";]color\s*:|<font[^>]+color|<table|<style)/i.test(html)
}
