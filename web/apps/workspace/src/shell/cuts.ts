// Text that does not fit is cut with an ellipsis; its whole is then in the title, for pointer and focus, wherever it stands.

export function watchCuts(): () => void {
  const look = (e: Event) => {
    let el = e.target instanceof Element ? e.target : null
    for (let up = 0; el && up < 3; up++, el = el.parentElement) {
      if (!(el instanceof HTMLElement) || (el.title && el.dataset.cut !== el.title)) continue
      if (getComputedStyle(el).textOverflow !== 'ellipsis') continue
      const cut = el.scrollWidth > el.clientWidth
      const whole = el instanceof HTMLInputElement ? el.value : (el.textContent ?? '').slice(0, 1000)
      if (cut) { el.title = whole; el.dataset.cut = whole } else if (el.dataset.cut) { el.removeAttribute('title'); delete el.dataset.cut }
      return
    }
  }
  document.addEventListener('pointerover', look, { passive: true })
  return () => document.removeEventListener('pointerover', look)
}
