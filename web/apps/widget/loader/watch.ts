// Pages that navigate without loading (single page applications), and pages that come back out of the browser's cache.

/** Calls moved after the address has changed, whoever changed it. Where the browser tells of it nothing of the page is touched. */
/** at is the address that was asked about: one that has changed since is another page already. */
export function watch(at: string, moved: () => void, back: () => void): void {
  let timer = 0
  const look = () => {
    if (at === location.href) return
    at = location.href
    clearTimeout(timer)
    timer = setTimeout(moved, 200) as unknown as number
  }
  const nav = (window as { navigation?: EventTarget }).navigation
  if (nav?.addEventListener) nav.addEventListener('currententrychange', look)
  else for (const name of ['pushState', 'replaceState'] as const) {
    const was = history[name]
    history[name] = function (this: History, ...args) {
      was.apply(this, args)
      setTimeout(look)
    }
  }
  addEventListener('popstate', look)
  addEventListener('hashchange', look)
  addEventListener('pageshow', (e) => { if (e.persisted) back() })
  look()
}
