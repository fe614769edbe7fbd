// On the full page (/widget/app) in a browser: offers to tell of answers while the page is closed (CH-36). In an app's web view the app has its own
// notifications: there this does nothing. Asked once, after the first message, and never again when declined.

type Loose = Record<string, unknown>
const w = window as unknown as Loose & typeof globalThis
const ANSWER = 'kanal.push'

const words: Record<string, [string, string, string]> = {
  en: ['Shall we tell you here when there is an answer, also while this page is closed?', 'Yes, please', 'No, thanks'],
  da: ['Skal vi give dig besked her, når der er svar – også når siden er lukket?', 'Ja tak', 'Nej tak'],
  de: ['Sollen wir Ihnen hier Bescheid geben, wenn eine Antwort da ist – auch wenn die Seite geschlossen ist?', 'Ja, bitte', 'Nein, danke'],
  sv: ['Ska vi meddela dig här när det finns ett svar, även när sidan är stängd?', 'Ja tack', 'Nej tack'],
  ar: ['هل نخبرك هنا عند وصول الرد، حتى عندما تكون هذه الصفحة مغلقة؟', 'نعم', 'لا، شكرًا'],
  fi: ['Ilmoitammeko sinulle tässä, kun vastaus on tullut, myös kun sivu on suljettu?', 'Kyllä kiitos', 'Ei kiitos'],
}

let token = ''
let asked = false

const stored = (key: string) => { try { return localStorage.getItem(key) ?? '' } catch { return '' } }
const store = (key: string, value: string) => { try { localStorage.setItem(key, value) } catch { /* not remembered */ } }

async function subscribe(): Promise<void> {
  const { key } = await (await fetch('/widget/push')).json() as { key: string }
  const worker = await navigator.serviceWorker.register('/widget/sw.js', { scope: '/widget/' })
  const raw = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const place = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: raw })
  await fetch('/widget/push', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }, body: JSON.stringify(place) })
}

function offer(): void {
  token ||= stored('kanal.app')
  if (asked || !token || stored(ANSWER)) return
  asked = true
  if (Notification.permission === 'granted') { void subscribe().catch(console.error); return }
  if (Notification.permission === 'denied') return
  const [text, yes, no] = words[(document.documentElement.lang || navigator.language).slice(0, 2)] ?? words.en!
  const bar = document.createElement('div'), say = document.createElement('p')
  bar.setAttribute('role', 'region')
  bar.setAttribute('aria-label', text)
  bar.style.cssText = 'position:fixed;inset:76px 12px auto;max-width:700px;margin-inline:auto;z-index:10;padding:14px 16px;border-radius:12px;background:canvas;color:canvastext;border:1px solid #8886;box-shadow:0 4px 20px #0004;font:15px/1.4 system-ui,sans-serif'
  say.textContent = text
  say.style.cssText = 'margin:0 0 10px'
  bar.append(say)
  for (const [name, ok] of [[yes, true], [no, false]] as const) {
    const b = document.createElement('button')
    b.type = 'button'
    b.textContent = name
    b.style.cssText = 'min-height:44px;padding:0 16px;margin-inline-end:8px;border-radius:8px;border:1px solid currentcolor;background:none;color:inherit;font:600 15px system-ui,sans-serif'
    b.addEventListener('click', () => {
      bar.remove()
      if (!ok) { store(ANSWER, 'no'); return }
      void Notification.requestPermission().then((p) => p === 'granted' ? subscribe() : store(ANSWER, 'no')).catch(console.error)
    })
    bar.append(b)
  }
  document.body.append(bar)
}

/** The frame speaks to an app by this; here it is the page itself that listens. */
function listen(json: string): void {
  const m = JSON.parse(json) as { type: string; token?: string; name?: string }
  if (m.type === 'token' && m.token) token = m.token
  if (m.type === 'event' && m.name === 'conversationStarted') offer()
}

const inApp = !!(w.ReactNativeWebView || w.KanalBridge || (w.webkit as { messageHandlers?: Loose } | undefined)?.messageHandlers?.kanal)
if (!inApp && window.top === window && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) {
  w.KanalBridge = { postMessage: listen }
  if (Notification.permission === 'granted') addEventListener('load', () => setTimeout(offer, 3000))
}
