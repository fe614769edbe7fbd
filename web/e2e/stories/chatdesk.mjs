// Chats from the team's side: a visitor who speaks as the widget does, and two agents. node e2e/stories/chatdesk.mjs http://127.0.0.1:8080 against the demo
// company, with KANAL_SMTP_PORT and KANAL_MAILBOX_URL.
import { ask, base, clean, email, end, launchMany, mailbox, must, out, person, secondEmail, soon, story, unique, until } from '../lib.mjs'
import { chat } from '../site.mjs'
import { sendMail } from '../smtp.mjs'

const browser = await launchMany()
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const get = (path) => ask(ann, 'GET', path)
const settled = (fn, what) => until(what, fn)
const shot = (p, name) => (process.env.SHOTS ? p.page.screenshot({ path: `${out}chat-${name}.png` }) : null)

// The channel stands in the help desk, so that its conversations are tickets and mail goes out by the help desk's mailbox.
const helpdesk = (await get('/api/inboxes')).items.find((i) => i.kind === 'helpdesk')
const headers = { Origin: base }
const post = (path, data, who = ann) => ask(who, 'POST', path, data)
// The demo company's own chatflows would win on every page.
for (const f of (await get('/api/chatflows')).items) must((await ann.api.patch(`${base}/api/chatflows/${f.id}`, { headers, data: { active: false } })).ok(), 'a chatflow stays on')
const made = await chat({ fetch: (url, o) => ann.api.fetch(url, { ...o, data: o.method === 'POST' && url.endsWith('/api/channel-accounts') ? { ...o.data, new_inbox: undefined, inbox_id: helpdesk.id, assign: { to: 'no_one' } } : o.data }) }, base, { name: 'Shop chat', settings: { email: { unseen_after_seconds: 5, transcript: 'offer', account: '' } } })

/** A browser on the website, as the widget's frame speaks for it. */
class Visitor {
  token = ''; thread = ''; frames = []; stop = null
  async ask(method, path, data) {
    const res = await fetch(base + path, { method, headers: { 'Content-Type': 'application/json', Origin: base, ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}) }, ...(data ? { body: JSON.stringify(data) } : {}) })
    const text = await res.text()
    return { status: res.status, body: text ? JSON.parse(text) : null }
  }
  async ok(method, path, data) { const r = await this.ask(method, path, data); must(r.status < 300, `${method} ${path}: ${r.status} ${JSON.stringify(r.body)}`); return r.body }
  async hello(url, title, more = {}) {
    const h = await this.ok('POST', '/widget/hello', { url, title, referrer: 'https://search.example/?q=tents', locale: 'en-GB', timezone: 'Europe/Copenhagen', reason: this.token ? 'navigate' : 'load', track: true, device: 'desktop', token: this.token || undefined, ...more })
    if (h.visitor?.token) this.token = h.visitor.token
    this.flow ??= h.flow
    if (!this.token) { const v = await this.ok('POST', '/widget/visitor', { url, title, referrer: '', locale: 'en-GB', timezone: 'Europe/Copenhagen', reason: 'load', track: true, account: made.account.id }); this.token = v.visitor.token }
    return h
  }
  async arrive() { // its page is open
    const gone = new AbortController()
    const res = await fetch(`${base}/widget/stream?account=${made.account.id}`, { headers: { Authorization: `Bearer ${this.token}`, Accept: 'text/event-stream' }, signal: gone.signal })
    must(res.ok, `stream: ${res.status} ${res.ok ? '' : await res.text()}`)
    this.stop = () => { gone.abort(); this.stop = null }
    void (async () => { let rest = ''; for await (const part of res.body.pipeThrough(new TextDecoderStream())) { rest += part; const all = rest.split('\n\n'); rest = all.pop(); for (const f of all) { const e = /event: ?(.*)/.exec(f)?.[1]; const d = /data: ?(.*)/.exec(f)?.[1]; if (e && d) try { this.frames.push({ event: e, data: JSON.parse(d) }) } catch { /* not JSON */ } } } })().catch(() => {})
  }
  leave() { this.stop?.() }
  async say(text) {
    const r = await this.ok('POST', '/widget/messages', { ...(this.thread ? { thread: this.thread } : { flow: this.flow ? { id: this.flow.id, number: this.flow.number } : undefined, account: made.account.id }), id: crypto.randomUUID(), text, files: [], page: { url: 'https://shop.example/tents?utm_source=news', title: 'Tents' } })
    this.thread = r.thread.id
    return r
  }
  type(text, on = true) { return this.ok('POST', '/widget/typing', { thread: this.thread, text, on }) }
  heard(fn) { return settled(() => this.frames.find((f) => fn(f)), `the visitor did not hear it: ${JSON.stringify(this.frames.slice(-6))}`) }
}
const ticketOf = (v) => settled(async () => (await get(`/api/threads/${v.thread}`)).ticket_id, 'the chat has no ticket')
const open = async (p, id) => { await p.page.goto(`${base}/tickets/open/${id}`); await p.page.locator('[data-chat]').waitFor(soon) }
const mails = async (address) => {
  const list = await (await fetch(`${mailbox}/?to=${encodeURIComponent(address)}`)).text()
  return Promise.all([...new Set(list.match(/\/mail\/\d+/g) ?? [])].map(async (p) => ({ source: (await (await fetch(`${mailbox}${p}/source`)).text()), html: await (await fetch(`${mailbox}${p}/html`)).text() })))
}

const mo = new Visitor()
let ticket = ''
await story('CH-30, TR-09, TR-10: a visitor types and the agent reads along; the card shows the page, the trail as it grows, and what is claimed', async () => {
  await mo.hello('https://shop.example/tents', 'Tents')
  await mo.arrive()
  await mo.say(unique('Is the Aurora tent in stock?'))
  ticket = await ticketOf(mo)
  await open(ann, ticket)
  const bar = ann.page.locator('[data-chat]')
  await bar.getByText('Online').waitFor(soon)
  await mo.type('I also need pe')
  await bar.locator('[data-typing]', { hasText: 'I also need pe' }).waitFor(soon)
  await mo.type('', false)
  await bar.locator('[data-typing]').waitFor({ state: 'detached', ...soon })
  const card = ann.page.locator('[data-visitor]')
  await card.getByText('Unknown').waitFor(soon)
  await card.getByText('Tents').first().waitFor(soon)
  await mo.hello('https://shop.example/pegs', 'Pegs and cords')
  await card.getByRole('listitem').filter({ hasText: 'Pegs and cords' }).waitFor(soon)
  const somebody = (await get('/api/contacts?limit=20')).items.find((c) => c.email)
  await mo.ok('POST', '/widget/profile', { name: 'Mo Berg', email: somebody.email, thread: mo.thread })
  await card.getByText('Claimed', { exact: true }).waitFor(soon)
  await card.getByText('not proven').waitFor(soon)
  must((await get(`/api/threads/${mo.thread}`)).contact_id === null, 'a claim was believed')
  await clean(ann, 'a chat')
  await shot(ann, 'card')
})

await story('CH-32: an answer with quick replies goes by Enter; the visitor has it at once, and that it was read is seen', async () => {
  await ann.page.keyboard.press('r')
  const field = ann.page.locator('[contenteditable=true]').first()
  await field.waitFor(soon)
  await ann.page.getByRole('button', { name: 'Add quick replies' }).click()
  const quick = ann.page.getByRole('textbox', { name: 'A button’s text, then Enter' }).or(ann.page.getByPlaceholder("A button's text, then Enter"))
  await quick.first().fill('Reserve it')
  await quick.first().press('Enter')
  await field.click()
  await ann.page.keyboard.type('Two are left.')
  await shot(ann, 'composer')
  await clean(ann, 'the composer of a chat')
  await ann.page.keyboard.press('Enter')
  const f = await mo.heard((x) => x.event === 'message' && x.data.message?.text === 'Two are left.')
  must(f.data.message.quick?.[0]?.label === 'Reserve it', JSON.stringify(f.data.message))
  must(!JSON.stringify(f.data).includes(email), 'the agent’s address is in it')
  await mo.ok('POST', `/widget/threads/${mo.thread}/seen`, { message: f.data.message.id })
  const own = ann.page.locator('[data-message][data-kind="outgoing"]').last()
  await own.getByText('Read', { exact: true }).waitFor(soon)
  must(await field.evaluate((el) => el.textContent.trim() === ''), 'the field is not empty after sending')
})

await story('WS-26: handed over, the visitor is told whom they talk to', async () => {
  const sofie = (await get('/api/users?limit=200')).items.find((u) => u.email === secondEmail)
  await post(`/api/tickets/${ticket}/transfer`, { owner_id: sofie.id, note: 'Knows tents' })
  const f = await mo.heard((x) => x.event === 'message' && x.data.message?.kind === 'system' && JSON.stringify(x.data.message).includes(sofie.name.split(' ')[0]))
  must(!JSON.stringify(mo.frames).includes('Knows tents'), 'the note reached the visitor')
  must(f, 'nobody told the visitor')
})

if (mailbox) await story('CH-29, GEN-24: an answer nobody saw goes out as one mail; the reply joins the chat, and the next answer goes by mail', async () => {
  const zoe = new Visitor()
  const address = `zoe.${Date.now().toString(36)}@customers.example`
  await zoe.hello('https://shop.example/lamps', 'Lamps')
  await zoe.arrive()
  await zoe.say(unique('Do the lamps float?'))
  await zoe.ok('POST', '/widget/profile', { name: 'Zoe', email: address, thread: zoe.thread })
  const id = await ticketOf(zoe)
  zoe.leave()
  await open(bo, id)
  await bo.page.locator('[data-chat]').getByText('Has left').waitFor(soon)
  await post(`/api/threads/${zoe.thread}/messages`, { type: 'comment', text: 'Secret among us.' }, bo)
  await post(`/api/threads/${zoe.thread}/messages`, { type: 'reply', text: 'They do float.' }, bo)
  await post(`/api/threads/${zoe.thread}/messages`, { type: 'reply', text: 'And shine under water.' }, bo)
  const [first, ...more] = await settled(async () => { const all = await mails(address); return all.length ? all : null }, 'no mail came')
  must(more.length === 0, `${more.length + 1} mails came`)
  must(/They do float/.test(first.html) && /shine under water/.test(first.html) && /Do the lamps float/.test(first.html), first.html)
  must(!/Secret among us/.test(first.source + first.html), 'a comment left the house')
  await shot(bo, 'mailed')
  const messageId = /^message-id:\s*<([^>]+)>/im.exec(first.source)[1]
  const to = /^(?:reply-to|from):.*?([\w.+=-]+@[\w.-]+)/im.exec(first.source)[1]
  await sendMail({ from: address, name: 'Zoe', to, subject: 'Re: Your chat', text: 'Then I take two.', headers: `In-Reply-To: <${messageId}>\r\nReferences: <${messageId}>` })
  await settled(async () => (await get(`/api/tickets/${id}/timeline?limit=60`)).items.some((i) => i.message?.text?.includes('Then I take two.')), 'the reply did not join the chat')
  const th = await get(`/api/threads/${zoe.thread}`)
  must(th.ways[0].channel === 'email' && th.ways[0].to[0].address === address && th.ways.length > 1, JSON.stringify(th.ways))
  // seen in the browser: nothing is mailed
  await zoe.arrive()
  await zoe.say('Also here now.')
  must((await get(`/api/threads/${zoe.thread}`)).ways[0].channel === 'chat', 'the next answer does not go by chat')
  zoe.leave()
})

if (mailbox) await story('CH-06: the visitor takes the transcript along, without comments', async () => {
  await post(`/api/threads/${mo.thread}/messages`, { type: 'comment', text: 'Never tell them this.' })
  await mo.ok('POST', `/widget/threads/${mo.thread}/transcript`, { email: 'transcripts@customers.example' })
  const [m] = await settled(async () => { const all = await mails('transcripts@customers.example'); return all.length ? all : null }, 'no transcript came')
  must(/Two are left/.test(m.html) && !/Never tell them this|Knows tents/.test(m.source + m.html), 'the transcript is wrong')
})

await story('CF-04, CF-21: a bot’s conversation stands in a list of its own; an agent joins it, and it becomes a ticket of theirs', async () => {
  const bot = await post('/api/chatflows', { account_id: made.account.id, kind: 'bot', name: unique('Helper') })
  const full = await get(`/api/chatflows/${bot.id}`)
  const definition = { ...full.draft, targeting: { include: [{ all: [{ part: 'path', name: '', op: 'begins', value: '/bot' }] }], exclude: [], visitor: full.draft.targeting?.visitor }, start: 's1',
    steps: [{ id: 's1', type: 'message', x: 0, y: 0, title: 'Hi', bubbles: [{ text: { en: 'I am a machine.' } }], next: 's2' }, { id: 's2', type: 'question', x: 0, y: 100, title: 'Ask', text: { en: 'What is it about?' }, answer: 'text', save: { object: 'answer', property: 'topic' }, required: true, next: 's3' }, { id: 's3', type: 'question', x: 0, y: 200, title: 'More', text: { en: 'Anything else?' }, answer: 'text', save: { object: 'answer', property: 'more' }, next: '' }] }
  must((await ann.api.fetch(`${base}/api/chatflows/${bot.id}/draft`, { method: 'PUT', headers, data: { version: full.version, definition } })).ok(), 'the draft was not kept')
  await post(`/api/chatflows/${bot.id}/publish`, { note: 'story' })
  await post('/api/chatflows/order', { account_id: made.account.id, ids: [bot.id, made.flow.id] })
  const kim = new Visitor()
  await kim.hello('https://shop.example/bot', 'Bot')
  await kim.arrive()
  await kim.say('Hello machine')
  await settled(async () => (await get('/api/threads?bot=true')).items.some((t) => t.id === kim.thread), 'it is not in the list of bots')
  must((await get(`/api/threads/${kim.thread}`)).ticket_id === null, 'a bot’s conversation has a ticket')
  await ann.page.goto(`${base}/tickets/bots`)
  await ann.page.locator(`[data-thread="${kim.thread}"]`).click(soon)
  await ann.page.locator('[data-chat]').waitFor(soon)
  await shot(ann, 'bot')
  await clean(ann, 'a bot’s conversation')
  await ann.page.getByRole('button', { name: 'Join the bot' }).first().click(soon)
  await ann.page.waitForURL(/\/tickets\/mine\/\d+/, soon)
  const t = await get(`/api/tickets/${await ticketOf(kim)}`)
  must(t.owner?.id === (await get('/api/session')).user.id, JSON.stringify(t.owner))
  await kim.say('Are you human?')
  await settled(async () => (await get('/api/threads?bot=true')).items.every((x) => x.id !== kim.thread), 'it is still a bot’s')
  kim.leave()
})

await story('CH-30: ended by key; the visitor is told, says how it went, and the ticket is closed', async () => {
  await open(ann, ticket)
  await ann.page.getByRole('button', { name: 'End chat' }).first().waitFor(soon)
  await ann.page.keyboard.press('Shift+O')
  await mo.heard((x) => x.event === 'message' && x.data.message?.kind === 'system' && JSON.stringify(x.data.message).includes('ended'))
  must(!(await get(`/api/tickets/${ticket}`)).open, 'the ticket is open')
  await mo.ok('POST', `/widget/threads/${mo.thread}/rate`, { score: 3, comment: 'Quick!' }) // WS-25
  const rated = await settled(async () => (await get(`/api/tickets/${ticket}/timeline?limit=80`)).items.find((i) => i.event?.type === 'ticket.rated'), 'the rating is not in the story')
  must(rated.event.data.score === 3, JSON.stringify(rated))
})

await story('WS-08: the row of a live chat says that somebody is there and waits; answered, and gone, it says so too', async () => {
  const li = new Visitor()
  await li.hello('https://shop.example/row', 'Row')
  await li.arrive()
  await li.say(unique('Anybody there'))
  const id = await ticketOf(li)
  await ann.page.goto(`${base}/tickets/open`)
  const row = ann.page.locator(`[data-ticket="${id}"] [data-live]`)
  await row.getByText(/waits/).waitFor(soon)
  const height = await ann.page.locator(`[data-row="${id}"]`).evaluate((el) => el.getBoundingClientRect().height)
  await ann.api.post(`${base}/api/threads/${li.thread}/messages`, { headers: { Origin: base }, data: { type: 'reply', text: 'Here I am', html: '<p>Here I am</p>' } }).then(async (r) => must(r.ok(), `${r.status()} ${await r.text()}`))
  await row.getByText(/waits/).waitFor({ state: 'detached', ...soon })
  await row.waitFor(soon)
  must(height === await ann.page.locator(`[data-row="${id}"]`).evaluate((el) => el.getBoundingClientRect().height), 'the row has another height')
  li.leave()
  await row.waitFor({ state: 'detached', timeout: 40_000 })
})

await story('Banned with a reason: messages are refused, the card says why, and it is taken back', async () => {
  const pest = new Visitor()
  await pest.hello('https://shop.example/spam', 'Spam')
  await pest.arrive()
  await pest.say(unique('Buy my pills'))
  await open(bo, await ticketOf(pest))
  await bo.page.keyboard.press('Shift+B')
  const box = bo.page.getByRole('dialog')
  await box.getByLabel('Why').fill('Sells pills')
  await clean(bo, 'the question about a ban')
  await shot(bo, 'ban')
  await box.getByRole('button', { name: 'Ban visitor' }).click()
  await bo.page.locator('[data-visitor]').getByText('Sells pills').waitFor(soon)
  await bo.page.goto(`${base}/settings/help-desk/banned`)
  const barred = bo.page.locator('[data-banned]', { hasText: 'Sells pills' })
  await barred.getByText(/by Sofie Holm|by Mette Lindqvist|by /).waitFor(soon)
  await clean(bo, 'banned visitors')
  const r = await pest.ask('POST', '/widget/messages', { thread: pest.thread, id: crypto.randomUUID(), text: 'More pills', files: [], page: { url: '', title: '' } })
  must(r.status === 403, `${r.status} ${JSON.stringify(r.body)}`)
  await barred.getByRole('button', { name: /Let them write again/ }).click()
  await barred.waitFor({ state: 'detached', ...soon })
  await settled(async () => (await pest.ask('POST', '/widget/messages', { thread: pest.thread, id: crypto.randomUUID(), text: 'Sorry', files: [], page: { url: '', title: '' } })).status < 300, 'still refused')
  pest.leave()
})

await story('WS-28: a chat on a phone and in the dark', async () => {
  const p = await person(browser, { width: 390, height: 844, scheme: 'dark' })
  await open(p, ticket)
  await clean(p, 'a chat on a dark phone')
  await shot(p, 'phone')
  await p.context.close()
})

mo.leave()
await end(browser)
