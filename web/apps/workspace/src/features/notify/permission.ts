// Whether this browser shows notifications: what the browser allows, and what was chosen here.

const key = 'kanal.desktop'
export type DesktopState = 'unsupported' | 'denied' | 'ask' | 'off' | 'on'

export function desktopState(): DesktopState {
  if (!('Notification' in globalThis)) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  if (Notification.permission !== 'granted') return 'ask'
  try { return localStorage.getItem(key) === 'off' ? 'off' : 'on' } catch { return 'on' }
}

export const desktopOn = (): boolean => desktopState() === 'on'

/** Asks the browser, which shows its own question: only ever by a click. */
export async function turnDesktop(on: boolean): Promise<DesktopState> {
  if (on && desktopState() === 'ask') await Notification.requestPermission()
  try { if (on) localStorage.removeItem(key); else localStorage.setItem(key, 'off') } catch { /* private mode: as the browser allows */ }
  return desktopState()
}
