import { useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'

/** Opens the page at one field: /settings/…#field scrolls to the element marked data-setting="field", lights it up and puts the focus in it. */
export function useJump(ready: boolean): void {
  const { pathname, hash } = useLocation()
  useEffect(() => {
    if (!ready || !hash) return
    const selector = `[data-setting="${CSS.escape(hash)}"]`
    let light = 0
    const found = (): boolean => {
      const el = document.querySelector<HTMLElement>(selector)
      if (!el) return false
      el.scrollIntoView({ block: 'center', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' })
      el.dataset.found = ''
      const inside = el.matches('input, textarea, select, button, [tabindex]') ? el : el.querySelector<HTMLElement>('input:not([type="hidden"]), textarea, select, button, [contenteditable="true"]')
      inside?.focus({ preventScroll: true })
      light = window.setTimeout(() => delete el.dataset.found, 2600)
      return true
    }
    if (found()) return () => clearTimeout(light)
    const watch = new MutationObserver(() => { if (found()) watch.disconnect() })
    watch.observe(document.body, { childList: true, subtree: true })
    const stop = window.setTimeout(() => watch.disconnect(), 8000) // the field may not be there for this person
    return () => { watch.disconnect(); clearTimeout(stop); clearTimeout(light) }
  }, [pathname, hash, ready])
}
