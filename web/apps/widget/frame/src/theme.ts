// What the document itself carries: colours by custom property (never a style element), language and direction, and the height that the keyboard leaves.

import { useEffect, useLayoutEffect } from 'preact/hooks'
import type { Chat } from './chat.ts'
import { palette } from './color.ts'
import type { State } from './state.ts'

export function useFrame(chat: Chat, s: State): void {
  const root = document.documentElement
  const { color, font } = s.hello?.account ?? { color: '', font: 'system' }
  useLayoutEffect(() => {
    for (const [k, v] of Object.entries(palette(color))) root.style.setProperty(k, v)
    root.dataset.font = font
  }, [color, font])
  useLayoutEffect(() => {
    if (!s.words) return
    root.lang = s.words.locale
    root.dir = s.words.dir
    document.title = s.words.t('title')
  }, [s.words])
  useLayoutEffect(() => { root.dataset.phone = String(s.phone); root.dataset.mode = s.inline ? 'inline' : s.mode }, [s.phone, s.inline, s.mode])
  useEffect(() => {
    const view = window.visualViewport
    if (!view) return
    // A keyboard on the screen makes the part that is seen smaller than the page; one that zooms in does too, and is left alone.
    const fit = () => { if (Math.abs(view.scale - 1) < 0.05 && view.height < innerHeight - 40) { root.style.setProperty('--seen', `${view.height}px`); scrollTo(0, 0) } else root.style.removeProperty('--seen') }
    view.addEventListener('resize', fit)
    return () => view.removeEventListener('resize', fit)
  }, [])
  useEffect(() => {
    const leave = () => chat.typing.stop()
    addEventListener('pagehide', leave)
    return () => removeEventListener('pagehide', leave)
  }, [chat])
}
