// HTML that the server has cleaned, drawn again from a short list of elements: nothing of it is ever handed to innerHTML.

import type { ComponentChild } from 'preact'
import { linked } from './model.ts'

const allowed = new Set(['p', 'br', 'b', 'strong', 'i', 'em', 'u', 's', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a', 'img', 'h1', 'h2', 'h3', 'h4', 'div', 'span', 'hr', 'sub', 'sup', 'table', 'thead', 'tbody', 'tr', 'td', 'th'])
const dropped = new Set(['script', 'style', 'iframe', 'object', 'embed', 'form', 'input', 'button', 'textarea', 'select', 'svg', 'math', 'template', 'noscript', 'link', 'meta', 'title', 'head'])

export function safeHref(href: string): string {
  try { const u = new URL(href, 'https://invalid.invalid'); return /^(https?|mailto|tel):$/.test(u.protocol) && u.hostname !== 'invalid.invalid' ? href : '' } catch { return '' }
}

/** Pictures come from us: an attachment, or what the server passes on. */
export function safeImage(src: string): string {
  try { const u = new URL(src, location.origin); return u.origin === location.origin || /^data:image\/(png|jpeg|gif|webp);/.test(src) ? src : '' } catch { return '' }
}

function children(n: Node): ComponentChild[] { return [...n.childNodes].map(draw) }

function draw(n: Node, i: number): ComponentChild {
  if (n.nodeType === 3) return n.parentElement?.closest('a') ? n.nodeValue : <Linked text={n.nodeValue ?? ''} />
  if (n.nodeType !== 1) return null
  const e = n as Element
  const tag = e.localName
  if (dropped.has(tag)) return null
  if (!allowed.has(tag)) return children(e)
  if (tag === 'br' || tag === 'hr') return tag === 'br' ? <br /> : <hr />
  if (tag === 'img') {
    const src = safeImage(e.getAttribute('src') ?? '')
    return src ? <img src={src} alt={e.getAttribute('alt') ?? ''} loading="lazy" /> : null
  }
  if (tag === 'a') {
    const href = safeHref(e.getAttribute('href') ?? '')
    return href ? <a href={href} target="_blank" rel="noopener noreferrer nofollow">{children(e)}</a> : children(e)
  }
  const Tag = (/^h[1-4]$/.test(tag) ? 'strong' : tag) as 'p'
  return <Tag key={i} {...(/^h[1-4]$/.test(tag) ? { class: 'head' } : {})}>{children(e)}</Tag>
}

export function Rich({ html }: { html: string }) {
  return <div class="rich">{children(new DOMParser().parseFromString(html, 'text/html').body)}</div>
}

export function Linked({ text }: { text: string }) {
  return <>{linked(text).map((p) => (p.href ? <a href={p.href} target="_blank" rel="noopener noreferrer nofollow">{p.text}</a> : p.text))}</>
}
