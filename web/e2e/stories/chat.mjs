// The chat as visitors have it, with an agent on the other side. The frame runs as a page of its own (/widget/app): what is on other people's pages is the loader's story.
import { readFileSync } from 'node:fs'
import { ask, base, email, end, flaws, heard, launchMany, must, password, person, soon, story, told } from '../lib.mjs'
import { ownServer } from '../server.mjs'

const browser = await launchMany()
setTimeout(() => { console.log('FAIL  the chat takes longer than eight minutes'); process.exit(1) }, 480_000).unref()

// What an administrator has set up: a chat for apps.
function adminOf(api, url) {
  const send = (method, path, data) => api.fetch(url + path, { method, data, headers: { Origin: url } }).then(told)
  return { get: (path) => send('GET', path), post: (path, data) => send('POST', path, data), patch: (path, data) => send('PATCH', path, data), del: (path) => send('DELETE', path) }
}
const settings = (over = {}) => ({ surface: 'mobile', closed: 'new', availability: { mode: 'always', available: { reply_time: 'minutes' } }, heading: { mode: 'users', users: ['mette@nordlys.example', 'sofie@nordlys.example'], teams: [] }, ...over })
async function setUp(admin, { kind = 'live_chat', ...over } = {}) {
  // One chat at a time: no other of the company answers here.
  for (const a of (await admin.get('/api/channel-accounts')).items) if (a.channel === 'chat' && a.active) await admin.patch(`/api/channel-accounts/${a.id}`, { active: false })
  const inbox = (await admin.get('/api/inboxes')).items.find((x) => x.kind === 'helpdesk')
  const account = await admin.post('/api/channel-accounts', { inbox_id: inbox.id, channel: 'chat', name: `App ${Date.now()}`, settings: settings(over) })
  const flow = await admin.post('/api/chatflows', { account_id: account.id, name: 'App', kind, template: kind === 'bot' ? undefined : 'live_chat', ...(kind === 'bot' ? { definition: bot } : {}) })
  await admin.post(`/api/chatflows/${flow.id}/publish`, { note: '' })
  return { account, flow }
}
const step = (id, type, x, more) => ({ id, type, x, y: 0, ...more })
const bot = {
  texts: { en: { welcome: '', away: '' } }, start: 's1', session: { timeout_minutes: 30, delay_ms: 0, restart: true },
  steps: [
    step('s1', 'message', 0, { bubbles: [{ text: { en: 'I am the robot.' } }, { text: { en: 'What is it about?' } }], quick: [{ label: { en: 'My order' }, value: 'order', next: 's2' }, { label: { en: 'Something else' }, value: 'else', next: 's2' }] }),
    step('s2', 'question', 1, { text: { en: 'Where may we write to you?' }, answer: 'email', required: true, retries: 3, save: { object: 'answer', property: 'email' }, next: 's3' }),
    step('s3', 'question', 2, { text: { en: 'Is it urgent?' }, answer: 'yes_no', required: true, retries: 3, save: { object: 'answer', property: 'urgent' }, next: 's4' }),
    step('s4', 'handover', 3, { message: { en: 'Somebody takes over now.' } }),
  ],
}

/** A visitor: a browser of their own, with everything they asked of the server. */
async function visitor({ width = 420, height = 760, scheme = 'light', locale = 'en-GB', url = base, media = {} } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, hasTouch: width < 500, reducedMotion: 'reduce', ...media })
  await context.addInitScript(() => { delete window.PushManager }) // asking whether to be told is another story
  const asked = []
  const open = async (query = '') => {
    const page = heard(await context.newPage(), /Failed to load resource|ERR_/)
    page.on('request', (r) => { if (r.url().includes('/widget/') && !/\/widget\/(frame|app|assets)/.test(r.url())) asked.push({ method: r.method(), path: new URL(r.url()).pathname, body: r.postData() ?? '' }) })
    await page.goto(`${url}/widget/app?url=${encodeURIComponent('https://shop.example/lamps')}&title=Lamps${query}`)
    await page.locator('.frame').waitFor(soon)
    return page
  }
  return { context, asked, open }
}
const rows = (page) => page.locator('.rows')
const box = (page) => page.getByRole('textbox', { name: 'Write a message' })
async function write(page, text) { await box(page).fill(text); await box(page).press('Enter') }
const bubble = (page, text) => rows(page).locator('.bubble', { hasText: text })
const mineTwice = async (page, text) => (await bubble(page, text).count()) > 1
const allSent = (page, ms = 30_000) => rows(page).locator('.sending, .unsent').first().waitFor({ state: 'detached', timeout: ms })
const threadOf = (page) => page.evaluate(() => JSON.parse(Object.entries(sessionStorage).find(([k]) => k.startsWith('kanal.place.'))?.[1] ?? '{}').thread)

const agent = await person(browser)
async function publish(flow, change) {
  const { draft } = await admin.get(`/api/chatflows/${flow}`)
  await ask(agent, 'PUT', `/api/chatflows/${flow}/draft`, { definition: { ...draft, ...change } })
  await admin.post(`/api/chatflows/${flow}/publish`, { note: '' })
}
const admin = adminOf(agent.api, base)
const first = await setUp(admin)
await publish(first.flow.id, { survey: true })
const said = async (thread) => (await admin.get(`/api/threads/${thread}/timeline`)).items
const texts = async (thread) => (await said(thread)).map((i) => i.message?.text ?? i.text ?? '').filter(Boolean)
const ida = await visitor()
let page = await ida.open()
let thread = ''

await story('CH-02, CH-16: a visitor is welcomed, writes, and is answered without a reload', async () => {
  await bubble(page, 'How can we help?').waitFor(soon)
  await write(page, 'Where is my order 10442?')
  await bubble(page, 'Where is my order').waitFor(soon)
  await rows(page).getByText('Sent', { exact: true }).or(rows(page).getByText('Delivered')).first().waitFor(soon)
  thread = await threadOf(page)
  must(thread, 'the conversation has no number')
  await admin.post(`/api/threads/${thread}/messages`, { type: 'reply', html: '<p>It left us <b>this morning</b>.</p>', text: 'It left us this morning.' })
  await bubble(page, 'It left us this morning.').waitFor(soon)
  must(await bubble(page, 'It left').locator('b').count() === 1, 'the letters are not bold')
})

await story('CH-30: each sees that the other is typing, and the visitor that the message was read', async () => {
  const t = await admin.get(`/api/threads/${thread}`)
  await admin.post('/api/presence', { ticket_id: t.ticket_id, state: 'typing' })
  await rows(page).locator('.dots').waitFor(soon)
  await box(page).pressSequentially('I am wri', { delay: 20 })
  await page.waitForRequest((r) => r.url().includes('/widget/typing') && JSON.parse(r.postData()).on, soon).catch(() => {})
  must(ida.asked.some((a) => a.path === '/widget/typing' && /I am/.test(a.body)), 'nobody was told of the typing')
  await box(page).fill('')
  const last = (await said(thread)).map((i) => i.message ?? i).filter((m) => m.direction === 'in' || m.direction === 'incoming').at(-1)
  await admin.post(`/api/threads/${thread}/seen`, { message_id: last?.id }).catch((e) => { throw new Error(`seen: ${e.message}`) })
  await rows(page).getByText('Read', { exact: true }).waitFor(soon)
})

await story('CH-30: a file is attached with its progress, cancelled, attached again and sent', async () => {
  await page.route('**/widget/files?*', async (route) => { await new Promise((r) => setTimeout(r, 400)); await route.continue().catch(() => {}) }, { times: 1 })
  await page.locator('.composer input[type=file]').setInputFiles({ name: 'invoice.txt', mimeType: 'text/plain', buffer: Buffer.from('x'.repeat(5000)) })
  await page.getByRole('progressbar', { name: 'Uploading invoice.txt' }).waitFor(soon)
  await page.getByRole('button', { name: 'Cancel invoice.txt' }).click()
  await page.getByText('invoice.txt').waitFor({ state: 'detached', ...soon })
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  await page.locator('.composer input[type=file]').setInputFiles([{ name: 'lamp.png', mimeType: 'image/png', buffer: png }, { name: 'invoice.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }])
  await page.getByRole('button', { name: 'Remove lamp.png' }).waitFor(soon)
  await page.getByRole('button', { name: 'Remove invoice.txt' }).waitFor(soon)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await rows(page).getByRole('button', { name: 'View lamp.png' }).waitFor(soon)
  const link = rows(page).getByRole('link', { name: /invoice\.txt/ })
  await link.waitFor(soon)
  must((await page.evaluate(async (u) => (await fetch(u)).text(), await link.getAttribute('href'))) === 'hello', 'the file is another')
  await rows(page).getByRole('button', { name: 'View lamp.png' }).click()
  await page.getByRole('dialog', { name: 'lamp.png' }).waitFor(soon)
  await page.getByRole('button', { name: 'Close picture' }).click()
  await page.getByRole('dialog', { name: 'lamp.png' }).waitFor({ state: 'hidden', ...soon })
})

await story('CH-30: without a connection what is written waits, over a reload too, and is sent once', async () => {
  await page.context().setOffline(true)
  await page.getByText('No connection.').waitFor(soon)
  await write(page, 'written without a network')
  await rows(page).getByText('Not sent yet').waitFor(soon)
  await page.context().setOffline(false)
  await allSent(page)
  await page.getByText('No connection.').waitFor({ state: 'detached', ...soon })
  // The page is reloaded while the message has no server to go to.
  await page.context().route('**/widget/messages', (r) => r.abort())
  await write(page, 'written before the reload')
  await rows(page).getByText('Not sent yet').waitFor(soon)
  await page.reload()
  await rows(page).getByText('written before the reload').waitFor(soon)
  await page.context().unroute('**/widget/messages')
  await allSent(page)
  await bubble(page, 'It left us this morning.').waitFor(soon)
  const all = await texts(thread)
  for (const x of ['written without a network', 'written before the reload']) must(all.filter((y) => y.includes(x)).length === 1 && !(await mineTwice(page, x)), `${x}: ${all.join(' | ')}`)
})

await story('CH-34: two tabs are one conversation and read one stream', async () => {
  const before = ida.asked.filter((a) => a.path === '/widget/stream').length
  const second = await ida.open()
  await second.evaluate((t) => { const k = Object.keys(sessionStorage).find((x) => x.startsWith('kanal.place.')); if (k) sessionStorage.setItem(k, JSON.stringify({ view: 'chat', thread: t })) }, thread)
  await second.reload()
  await bubble(second, 'It left us this morning.').waitFor(soon)
  await admin.post(`/api/threads/${thread}/messages`, { type: 'reply', html: '<p>Seen in both.</p>', text: 'Seen in both.' })
  await bubble(page, 'Seen in both.').waitFor(soon)
  await bubble(second, 'Seen in both.').waitFor(soon)
  must(ida.asked.filter((a) => a.path === '/widget/stream').length === before, 'the second tab has a stream of its own')
  await write(second, 'from the second tab')
  await bubble(page, 'from the second tab').waitFor(soon)
  // Who read the stream goes; the other takes over and misses nothing.
  await page.close()
  await admin.post(`/api/threads/${thread}/messages`, { type: 'reply', html: '<p>To who is left.</p>', text: 'To who is left.' })
  await bubble(second, 'To who is left.').waitFor(soon)
  must(!(await mineTwice(second, 'Seen in both.')) && !(await mineTwice(second, 'from the second tab')), 'something is shown twice')
  page = second
})

await story('CH-30: emoji are found by word and by key; a conversation is ended, rated and mailed', async () => {
  await page.getByRole('button', { name: 'Emoji' }).click()
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('tak')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await box(page).press('Enter')
  await bubble(page, '🙏').waitFor(soon)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Send me this conversation' }).click()
  await page.getByRole('textbox', { name: 'Email address' }).fill('not an address')
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click()
  await page.getByText('This does not look like an email address').waitFor(soon)
  await page.getByRole('textbox', { name: 'Email address' }).fill('ida@lamps.example')
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click()
  await page.getByText('It is on its way to ida@lamps.example.').waitFor(soon)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'End conversation' }).click()
  await page.getByRole('button', { name: 'End it' }).click()
  await page.getByText(/conversation (has|was) ended/).first().waitFor(soon)
  await page.getByRole('radio', { name: 'Not good' }).focus()
  await page.keyboard.press('ArrowLeft')
  must(await page.getByRole('radio', { name: 'Good', exact: true }).getAttribute('aria-checked') === 'true', 'the arrows do not choose')
  await page.getByRole('textbox', { name: 'Anything you would like to add?' }).fill('Quick and kind')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('Thank you for telling us.').waitFor(soon)
  await page.getByRole('button', { name: 'New conversation' }).click()
  await bubble(page, 'How can we help?').waitFor(soon)
  await page.getByRole('button', { name: /All conversations/ }).click()
  await page.getByRole('heading', { name: 'Your conversations' }).waitFor(soon)
  await page.getByRole('listitem').first().getByText('Ended').waitFor(soon)
  await ida.context.close()
})

await story('CH-32: a bot’s quick replies and questions, checked before they leave', async () => {
  await setUp(admin, { kind: 'bot' })
  const v = await visitor()
  const p = await v.open()
  await bubble(p, 'What is it about?').waitFor(soon)
  await p.getByRole('button', { name: 'My order' }).click()
  await bubble(p, 'My order').waitFor(soon)
  await bubble(p, 'Where may we write to you?').waitFor(soon)
  const address = p.getByRole('textbox', { name: 'Your email address' })
  await address.fill('ida@lamps')
  await address.press('Enter')
  await p.getByText('This does not look like an email address').waitFor(soon)
  must(await address.getAttribute('aria-invalid') === 'true', 'the field does not say that it is wrong')
  await address.fill('ida@lamps.example')
  await address.press('Enter')
  await bubble(p, 'Is it urgent?').waitFor(soon)
  await p.getByRole('button', { name: 'Yes', exact: true }).click()
  await bubble(p, 'Somebody takes over now.').waitFor(soon)
  must(await p.getByRole('button', { name: 'My order' }).count() === 0, 'an answered question can be answered again')
  await v.context.close()
})

await story('CO-04, CO-09: nothing leaves before consent; who declines is left in peace; who agrees is heard', async () => {
  await setUp(admin, { privacy: { consent: 'explicit', text: { en: 'May we keep what you write?' }, declined: { en: 'Then call us instead.' }, tracking: 'after_consent', ip: 'drop', respect_gpc: true } })
  const no = await visitor()
  let p = await no.open()
  await p.getByText('May we keep what you write?').waitFor(soon)
  must(await box(p).count() === 0, 'one can write before')
  await p.getByRole('button', { name: 'No, thanks' }).click()
  await p.getByText('Then call us instead.').waitFor(soon)
  await p.reload()
  await p.getByText('Then call us instead.').waitFor(soon)
  must(no.asked.every((a) => a.path === '/widget/hello'), `asked: ${no.asked.map((a) => a.path)}`)
  await no.context.close()
  const yes = await visitor()
  p = await yes.open()
  await p.getByRole('button', { name: 'I agree' }).click()
  await write(p, 'I have agreed')
  await bubble(p, 'I have agreed').waitFor(soon)
  await rows(p).locator('.mark').waitFor(soon)
  const order = yes.asked.map((a) => a.path).filter((x) => ['/widget/consent', '/widget/messages'].includes(x))
  must(order[0] === '/widget/consent' && order.includes('/widget/messages'), `order: ${order}`)
  // A copy of what was agreed to is theirs to keep (CO-06).
  await p.getByRole('button', { name: 'More' }).click()
  const [copy] = await Promise.all([p.waitForEvent('download'), p.getByRole('menuitem', { name: 'Save what I agreed to' }).click()])
  const kept = JSON.parse(readFileSync(await copy.path(), 'utf8')).items
  must(kept.some((x) => x.action === 'given' && x.wording === 'May we keep what you write?'), JSON.stringify(kept))
  await p.getByRole('button', { name: 'More' }).click()
  await p.getByRole('menuitem', { name: 'Withdraw my consent' }).click()
  await p.getByText('May we keep what you write?').waitFor(soon)
  await yes.context.close()
})

await story('CH-35: where the browser keeps nothing for us, the chat works as long as the page', async () => {
  await setUp(admin)
  const v = await visitor()
  await v.context.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError') } })
    Object.defineProperty(window, 'BroadcastChannel', { value: class { constructor() { throw new DOMException('blocked', 'SecurityError') } } })
    navigator.locks.request = () => Promise.reject(new DOMException('blocked', 'SecurityError'))
  })
  const p = await v.open()
  await bubble(p, 'How can we help?').waitFor(soon)
  await write(p, 'without any storage')
  await rows(p).locator('.me .mark').waitFor(soon)
  await p.context().setOffline(true)
  await write(p, 'and without a network')
  await rows(p).getByText('Not sent yet').waitFor(soon)
  await p.context().setOffline(false)
  await allSent(p)
  must(await rows(p).locator('.me .bubble').count() === 2, 'something is there twice')
  await v.context.close()
})

await story('CH-28: the address is asked for at once, and the answer is shown', async () => {
  const flow = await setUp(admin)
  await publish(flow.flow.id, { capture: { email: 'immediately', name: true, required: true } })
  const v = await visitor()
  const p = await v.open()
  await p.getByRole('heading', { name: 'How can we reach you?' }).waitFor(soon)
  must(await box(p).count() === 0, 'it is required, and one can write without')
  await p.getByRole('button', { name: 'Save' }).click()
  await p.getByText('Please fill this in.').waitFor(soon)
  await p.getByRole('textbox', { name: 'Email address' }).fill('kim@lamps.example')
  await p.getByRole('button', { name: 'Save' }).click()
  await p.getByText('If you leave, our answer goes to kim@lamps.example.').waitFor(soon)
  await write(p, 'Now you know me')
  await bubble(p, 'Now you know me').waitFor(soon)
  await v.context.close()
})

await story('CH-34, XC-07: in every state axe finds nothing: light, dark, more contrast, phone, 320 px, from the right', async () => {
  await setUp(admin)
  const found = []
  for (const [name, o, q, dir] of [['light', {}, '', 'ltr'], ['dark', { scheme: 'dark' }, '', 'ltr'], ['contrast', { media: { contrast: 'more' } }, '', 'ltr'], ['phone', { width: 390, height: 844 }, '', 'ltr'], ['320 px', { width: 320, height: 480 }, '', 'ltr'], ['zoomed', { width: 210, height: 380 }, '', 'ltr'], ['arabic', { locale: 'ar' }, '&locale=ar', 'rtl'], ['colours forced', { media: { forcedColors: 'active' } }, '', 'ltr']]) {
    const v = await visitor(o)
    const p = await v.open(q)
    await rows(p).locator('.bubble').first().waitFor(soon)
    must(await p.evaluate(() => document.documentElement.dir) === dir, `${name}: direction`)
    found.push(...await flaws(p, `${name}, welcome`, { part: '.frame' }))
    const area = p.locator('.composer textarea')
    await area.fill('Averyveryveryveryverylongwordthatdoesnotfitanywhere https://lamps.example/a/very/long/address/that/goes/on/and/on')
    await area.press('Enter')
    await rows(p).locator('.me .mark').waitFor(soon)
    found.push(...await flaws(p, `${name}, conversation`, { part: '.frame' }))
    if (dir === 'rtl') {
      const [me, them] = [await rows(p).locator('.me .bubble').boundingBox(), await rows(p).locator('.them .bubble').first().boundingBox()]
      must(me.x < them.x, 'the visitor’s own words are not on the left')
    }
    if (name === 'light' || name === 'dark') {
      await p.getByRole('button', { name: 'Emoji' }).click()
      await p.getByRole('searchbox').waitFor(soon)
      found.push(...await flaws(p, `${name}, emoji`, { part: '.frame' }))
      await p.keyboard.press('Escape')
      await p.getByRole('button', { name: 'More' }).click()
      found.push(...await flaws(p, `${name}, menu`, { part: '.frame' }))
      await p.getByRole('menuitem', { name: 'End conversation' }).click()
      found.push(...await flaws(p, `${name}, dialog`, { part: '.frame' }))
      await p.getByRole('button', { name: 'Cancel' }).click()
      await v.context.setOffline(true)
      await p.getByText('No connection.').waitFor(soon)
      await area.fill('later')
      await area.press('Enter')
      await rows(p).getByText('Not sent yet').waitFor(soon)
      found.push(...await flaws(p, `${name}, offline`, { part: '.frame' }))
    }
    await v.context.close()
  }
  must(found.length === 0, found.join('\n'))
})

await story('CH-24, CH-30: a conversation of 2,000 messages is a window; a preview shows what it is told and asks the server nothing', async () => {
  const p = agent.page
  const asked = []
  p.on('request', (r) => { if (/\/widget\/(?!frame)/.test(new URL(r.url()).pathname)) asked.push(r.url()) })
  await p.goto(`${base}/settings`)
  const state = await p.evaluate(() => {
    const person = { name: 'Sofie', avatar: '' }
    const message = (n) => ({ id: String(1000 + n), thread_id: '7', kind: 'message', from: n % 3 ? 'visitor' : 'agent', author: n % 3 ? null : person, text: `message ${n}`, html: '', files: [], quick: [], input: null, at: new Date(Date.UTC(2026, 0, 1) + n * 600_000).toISOString(), client_id: '', status: 'read' })
    const hello = { visitor: null, account: { id: '1', color: '#7a1fa2', font: 'serif', position: 'right' }, flow: { id: '1', number: 1, kind: 'live_chat', language: 'en', capture: { email: 'never', name: false, required: false }, welcome: 'Hi', opening: [], consent: null, delay_ms: 0 }, availability: { state: 'away', text: 'Back after lunch', reply_time: '', returns_at: null, position: null, show: true }, heading: { name: 'Lamps', avatar: '', people: [person] }, texts: { locale: 'da', dir: 'ltr', overrides: { write: 'Hvad drejer det sig om?' } }, open: { threads: 0, unread: 0, latest: '' }, launcher: true, files: { enabled: true, max_bytes: 1e6 }, emoji: true, typing: true, read: true, transcript: 'offer' }
    const state = { hello, view: 'chat', threads: [], messages: Array.from({ length: 2000 }, (_, n) => message(n)), typing: null, scheme: 'dark', phone: false }
    const f = document.createElement('iframe')
    f.id = 'preview'
    f.style.cssText = 'position:fixed;inset:0;width:400px;height:640px;z-index:9999;border:0'
    globalThis.acts = []
    addEventListener('message', (e) => {
      if (e.data?.type === 'preview-ready') f.contentWindow.postMessage({ type: 'preview', state }, location.origin)
      if (e.data?.type === 'preview-act') globalThis.acts.push(e.data.act)
    })
    f.src = '/widget/frame#preview'
    document.body.append(f)
    return state
  })
  must(state.messages.length === 2000, 'no messages')
  const f = p.frameLocator('#preview')
  await f.getByText('message 1999').waitFor(soon)
  await f.getByText('Back after lunch').waitFor(soon)
  const drawn = await f.locator('.bubble').count()
  must(drawn < 150, `${drawn} messages are drawn at once`)
  await f.locator('.scroll').evaluate((b) => { b.scrollTop = 100 })
  await f.getByText('message 1900', { exact: true }).waitFor({ state: 'attached', ...soon })
  await f.getByRole('textbox', { name: 'Hvad drejer det sig om?' }).fill('from the preview')
  await f.getByRole('button', { name: 'Send', exact: true }).click()
  const acts = await p.waitForFunction(() => globalThis.acts.length > 0 && globalThis.acts).then((x) => x.jsonValue())
  must(acts[0].kind === 'send' && acts[0].text === 'from the preview', JSON.stringify(acts))
  must(asked.length === 0, `the preview has asked ${asked}`)
})

/** Signs in to another server. */
async function signIn(url) {
  const team = await browser.newContext()
  await team.request.post(`${url}/api/session`, { data: { email, password }, headers: { Origin: url } })
  await team.request.patch(`${url}/api/me`, { data: { preferences: { undo_send_seconds: 0 } }, headers: { Origin: url } })
  return team
}

await story('CH-02: the server is killed while both are typing, and nothing is lost or said twice', async () => {
  const server = await ownServer()
  const { url } = server
  await server.start()
  try {
    const team = await signIn(url)
    const there = adminOf(team.request, url)
    await setUp(there)
    const v = await visitor({ url })
    const p = await v.open()
    await bubble(p, 'How can we help?').waitFor(soon)
    await write(p, 'before the power cut')
    await rows(p).locator('.mark').waitFor(soon)
    const th = await threadOf(p)
    await box(p).pressSequentially('half a sen')
    await server.kill()
    await box(p).pressSequentially('tence')
    await box(p).press('Enter')
    await rows(p).getByText('Not sent yet').waitFor(soon)
    await write(p, 'and one more')
    await box(p).pressSequentially('still typing')
    await server.start()
    await allSent(p, 40_000)
    await there.post(`/api/threads/${th}/messages`, { type: 'reply', html: '<p>We are back.</p>', text: 'We are back.' })
    await bubble(p, 'We are back.').waitFor({ timeout: 40_000 })
    must(await box(p).inputValue() === 'still typing', 'what was being typed is gone')
    const said = await rows(p).locator('.me .bubble').allInnerTexts()
    must(JSON.stringify(said.map((x) => x.trim())) === JSON.stringify(['before the power cut', 'half a sentence', 'and one more']), `said: ${said}`)
    const stored = (await there.get(`/api/threads/${th}/timeline`)).items.map((i) => i.message?.text ?? i.text ?? '')
    for (const x of ['before the power cut', 'half a sentence', 'and one more']) must(stored.filter((y) => y === x).length === 1, `${x}: ${stored.length}`)
    await v.context.close()
    await team.close()
  } finally { await server.close() }
})

await story('CH-02, CH-32: the server is killed in the middle of a bot’s question: it goes on where it was, and nothing is asked or answered twice', async () => {
  const server = await ownServer()
  const { url } = server
  await server.start()
  try {
    const team = await signIn(url)
    const there = adminOf(team.request, url)
    await setUp(there, { kind: 'bot' })
    const v = await visitor({ url, width: 700 })
    const p = await v.open()
    await bubble(p, 'What is it about?').waitFor(soon)
    await p.getByRole('button', { name: 'My order' }).focus()
    await p.keyboard.press('Enter')
    const address = p.getByRole('textbox', { name: 'Your email address' })
    await address.waitFor(soon)
    must(await address.evaluate((x) => x === document.activeElement), 'the focus did not go on to the question')
    const th = await threadOf(p)
    await address.pressSequentially('ida@lam')
    await server.kill() // it waits for an answer
    await address.pressSequentially('ps.example')
    await address.press('Enter')
    await rows(p).getByText('Not sent yet').waitFor(soon)
    await server.start()
    await bubble(p, 'Is it urgent?').waitFor({ timeout: 40_000 })
    // Once more, this time while the answer is on its way: the server is gone before it says that it has it.
    const cut = new Promise((done) => p.context().route('**/widget/messages', async (r) => { await r.fetch().catch(() => {}); await server.kill(); await r.abort(); done() }, { times: 1 }))
    await p.getByRole('button', { name: 'Yes', exact: true }).click()
    await cut
    await server.start()
    await bubble(p, 'Somebody takes over now.').waitFor({ timeout: 40_000 })
    await allSent(p, 40_000)
    const want = ['I am the robot.', 'What is it about?', 'My order', 'Where may we write to you?', 'ida@lamps.example', 'Is it urgent?', 'Yes', 'Somebody takes over now.']
    const seen = (await rows(p).locator('.bubble').allInnerTexts()).map((x) => x.trim())
    must(JSON.stringify(seen) === JSON.stringify(want), `shown: ${seen.join(' | ')}`)
    const stored = (await there.get(`/api/threads/${th}/timeline`)).items.map((i) => i.message?.text ?? i.text ?? '').filter((x) => want.includes(x))
    must(JSON.stringify([...stored].sort()) === JSON.stringify([...want].sort()), `stored: ${stored.join(' | ')}`)
    await v.context.close()
    await team.close()
  } finally { await server.close() }
})

await end(browser)
