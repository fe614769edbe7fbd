import { Fragment, type ReactNode } from 'react'
import s from './message.module.css'

const link = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g

/** Text as it was written, with addresses made clickable. */
export function PlainText({ text }: { text: string }) {
  const out: ReactNode[] = []
  let at = 0
  for (const m of text.matchAll(link)) {
    out.push(text.slice(at, m.index))
    const url = m[0]
    out.push(url.startsWith('http')
      ? <a key={m.index} href={url} target="_blank" rel="noopener noreferrer nofollow">{url}</a>
      : <a key={m.index} href={`mailto:${url}`}>{url}</a>)
    at = m.index + url.length
  }
  out.push(text.slice(at))
  return <div className={s.text} dir="auto">{out.map((x, i) => <Fragment key={i}>{x}</Fragment>)}</div>
}
