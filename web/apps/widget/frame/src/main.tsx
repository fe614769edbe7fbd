import { render } from 'preact'
import './frame.css'
import { App } from './app.tsx'
import { Chat } from './chat.ts'
import { alone, framed } from './host.ts'
import { startPreview } from './preview.ts'
import { lasting } from './storage.ts'

function boot(): Chat {
  if (location.hash === '#preview' && parent !== window) {
    const chat = new Chat('preview')
    startPreview(chat)
    return chat
  }
  const framedHere = parent !== window && !location.pathname.endsWith('/app')
  const chat = new Chat(framedHere ? 'frame' : 'page')
  if (framedHere) {
    chat.host = framed(chat.take)
    chat.host.say({ type: 'ready' })
    return chat
  }
  chat.host = alone(chat.take)
  const q = new URLSearchParams(location.search)
  const page = { url: q.get('url') ?? location.href.split('#')[0]!, title: q.get('title') ?? '', referrer: '' }
  const email = q.get('email') ?? ''
  const nav = navigator as Navigator & { globalPrivacyControl?: boolean }
  chat.host.say({ type: 'ready' })
  void chat.start({
    surface: location.pathname.endsWith('/app') ? 'mobile' : 'web',
    locale: q.get('locale') ?? navigator.language, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, gpc: nav.globalPrivacyControl === true, dnt: false, track: true,
    device: matchMedia('(max-width: 600px)').matches ? 'mobile' : 'desktop', preview: q.get('preview') ?? '', returning: lasting.get('kanal.app') !== '',
    ...(email ? { identity: { email, token: q.get('token') ?? '' } } : {}),
  }, lasting.get('kanal.app'), page)
  return chat
}

render(<App chat={boot()} />, document.getElementById('app')!)
