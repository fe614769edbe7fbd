import { ActionIcon } from '@mantine/core'
import { useRef, useState, type ReactNode } from 'react'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './settings.module.css'

/** Takes the item at one place to another. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const out = [...items]
  const [x] = out.splice(from, 1)
  if (x !== undefined) out.splice(Math.max(0, Math.min(out.length, to)), 0, x)
  return out
}

/** Rows in an order that a person sets: by dragging the handle, or with the arrow keys on it. */
export function Sortable<T>({ items, idOf, nameOf, onChange, disabled = false, children }: {
  items: readonly T[]; idOf(x: T): string; nameOf(x: T): string; onChange(items: T[], told: T): void; disabled?: boolean; children(x: T, i: number): ReactNode
}) {
  const [dragged, setDragged] = useState<string | null>(null)
  const [over, setOver] = useState<number | null>(null)
  const [said, setSaid] = useState('')
  const list = useRef<HTMLUListElement>(null)
  const move = (from: number, to: number) => {
    const x = items[from]
    if (!x || to < 0 || to >= items.length || to === from) return
    onChange(moved(items, from, to), x)
    setSaid(t('sort.moved', { name: nameOf(x), place: to + 1, of: items.length }))
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>('[data-handle]')[to]?.focus())
  }
  return (
    <>
      <ul className={s.sortable} ref={list}>
        {items.map((x, i) => (
          <li
            key={idOf(x)} data-over={over === i || undefined} data-dragged={dragged === idOf(x) || undefined} draggable={dragged === idOf(x)}
            onDragEnter={() => dragged && setOver(i)} onDragOver={(e) => { if (dragged) e.preventDefault() }} onDragEnd={() => { setDragged(null); setOver(null) }}
            onDrop={(e) => { e.preventDefault(); const from = items.findIndex((y) => idOf(y) === dragged); setDragged(null); setOver(null); if (from >= 0) move(from, i) }}
          >
            {disabled ? null : (
              <ActionIcon
                variant="subtle" data-handle className={s.handle} aria-label={t('sort.handle', { name: nameOf(x) })} title={t('sort.help')}
                onPointerDown={() => setDragged(idOf(x))} onPointerUp={() => setDragged(null)}
                onKeyDown={(e) => { if (e.key === 'ArrowUp') { e.preventDefault(); move(i, i - 1) } if (e.key === 'ArrowDown') { e.preventDefault(); move(i, i + 1) } }}
              ><Icon name="grip" /></ActionIcon>
            )}
            {children(x, i)}
          </li>
        ))}
      </ul>
      <p className="k-hidden" role="status">{said}</p>
    </>
  )
}
