// When something shows by itself: at once, after some seconds, after scrolling so far, or when the pointer leaves for the tabs.

export interface Trigger { on: 'load' | 'seconds' | 'scroll' | 'exit'; value: number; then: 'button' | 'prompt' | 'open'; phone?: 'same' | 'button' }

/** Calls back once, and gives a way to call it off. */
export function arm(trigger: Trigger, fire: () => void): () => void {
  const stop = new AbortController(), end = () => stop.abort()
  const listen = (target: EventTarget, type: string, when: (e: Event) => boolean) =>
    target.addEventListener(type, (e) => { if (when(e)) { end(); fire() } }, { signal: stop.signal, passive: true })
  if (trigger.on === 'seconds') {
    const timer = setTimeout(() => { if (!stop.signal.aborted) fire() }, trigger.value * 1000)
    stop.signal.addEventListener('abort', () => clearTimeout(timer))
  } else if (trigger.on === 'scroll') {
    const page = document.documentElement
    listen(window, 'scroll', () => page.scrollTop >= (page.scrollHeight - innerHeight) * trigger.value / 100)
  } else if (trigger.on === 'exit') {
    listen(document, 'mouseout', (e) => !(e as MouseEvent).relatedTarget && (e as MouseEvent).clientY <= 0)
  } else {
    fire()
  }
  return end
}
