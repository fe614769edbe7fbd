// The service worker of the full page: shows what was told of while the page is closed, and brings the page up when it is touched.

interface Note { title: string; body: string; thread: string; message: string; url: string }
interface Client { url: string; focus(): Promise<unknown>; postMessage(m: unknown): void }
interface Scope {
  registration: { showNotification(title: string, o: Record<string, unknown>): Promise<void> }
  clients: { matchAll(o: Record<string, unknown>): Promise<Client[]>; openWindow(url: string): Promise<unknown>; claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: string, on: (e: { waitUntil(p: Promise<unknown>): void; data?: { json(): Note }; notification: { close(): void; data: Note } }) => void): void
}
const self_ = self as unknown as Scope

self_.addEventListener('install', () => void self_.skipWaiting())
self_.addEventListener('activate', (e) => e.waitUntil(self_.clients.claim()))
self_.addEventListener('push', (e) => {
  const note = e.data?.json()
  if (note) e.waitUntil(self_.registration.showNotification(note.title, { body: note.body, tag: note.message, data: note, icon: '/icon.svg' }))
})
self_.addEventListener('notificationclick', (e) => {
  const note = e.notification.data
  e.notification.close()
  e.waitUntil(self_.clients.matchAll({ type: 'window' }).then((all) => {
    for (const c of all) if (new URL(c.url).pathname === '/widget/app') return c.focus()
    return self_.clients.openWindow(note.url)
  }))
})
