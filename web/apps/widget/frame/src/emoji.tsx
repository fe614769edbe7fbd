// The emoji picker: a small set of our own, found by words in several languages. It is fetched when first opened.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useChat } from './context.tsx'
import { emojis, type Category } from './emojis.ts'
import { lasting, readJSON } from './storage.ts'

const key = 'kanal.emoji'

export function Emoji({ pick, close }: { pick: (e: string) => void; close: () => void }) {
  const { t } = useChat()
  const [q, set] = useState('')
  const [recent, keep] = useState(() => readJSON<string[]>(lasting.get(key), []))
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => { box.current?.querySelector('input')?.focus() }, [])
  const groups = useMemo(() => {
    const words = q.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const fits = (w: string) => words.every((x) => w.split(' ').some((y) => y.startsWith(x)))
    const found = (Object.entries(emojis) as [Category, [string, string][]][]).map(([c, all]) => ({ name: t(`emoji.${c}`), all: all.filter(([, w]) => fits(w)) })).filter((g) => g.all.length)
    return words.length || !recent.length ? found : [{ name: t('emoji.recent'), all: recent.map((e) => [e, ''] as [string, string]) }, ...found]
  }, [q, recent, t])
  const take = (e: string) => {
    const next = [e, ...recent.filter((x) => x !== e)].slice(0, 16)
    keep(next)
    lasting.set(key, JSON.stringify(next))
    pick(e)
  }
  const onKey = (e: KeyboardEvent) => {
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); return close() }
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 0, ArrowUp: 0 }[e.key]
    if (by === undefined) return
    const all = [...box.current!.querySelectorAll<HTMLElement>('.set button')]
    const at = all.indexOf(document.activeElement as HTMLElement)
    if (at < 0) { if (e.key === 'ArrowDown') { e.preventDefault(); all[0]?.focus() } return }
    e.preventDefault()
    if (by) return all[at + by * (document.documentElement.dir === 'rtl' ? -1 : 1)]?.focus()
    // Up and down by where it stands, because the groups end in rows that are not full.
    const here = all[at]!.getBoundingClientRect()
    const down = e.key === 'ArrowDown'
    const next = (down ? all.slice(at + 1) : all.slice(0, at).reverse()).find((b) => { const r = b.getBoundingClientRect(); return (down ? r.top > here.top + 4 : r.top < here.top - 4) && Math.abs(r.left - here.left) < here.width / 2 })
    if (next) next.focus()
    else if (!down) box.current!.querySelector('input')?.focus()
  }
  return (
    <div class="emojis" ref={box} onKeyDown={onKey} role="group" aria-label={t('emoji')}>
      <input type="search" value={q} placeholder={t('emoji.search')} aria-label={t('emoji.search')} onInput={(e) => set(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); const first = groups[0]?.all[0]; if (first && q) take(first[0]) } }} />
      <div class="grid" tabIndex={-1}>
        {groups.length === 0 && <p class="fine" role="status">{t('emoji.none')}</p>}
        {groups.map((g, n) => (
          <section key={g.name} aria-label={g.name}>
            <h2>{g.name}</h2>
            <div class="set">{g.all.map(([e, w], i) => <button key={e} type="button" tabIndex={n === 0 && i === 0 ? 0 : -1} aria-label={w ? `${e} ${w.split(' ')[0]}` : e} onClick={() => take(e)}>{e}</button>)}</div>
          </section>
        ))}
      </div>
    </div>
  )
}
