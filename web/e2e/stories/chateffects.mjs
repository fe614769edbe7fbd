// What settings of a chat do once people talk, and what a page may ask of the widget: sound and title, typing and reading, ended conversations, files, ratings,
// triggers; hsConversationsSettings key by key; a visitor whom a customer's server has vouched for, and the events that their page is told.
import { base, end, launchMany, must, person, problems, soon, story } from '../lib.mjs'
import { chat, website } from '../site.mjs'

const browser = await launchMany()
setTimeout(() => { console.log('FAIL  the effects take longer than eight minutes'); process.exit(1) }, 480_000).unref()
const ann = await person(browser)
const { account, flow, ask } = await chat(ann.api, base, { name: 'Effects', settings: { heading: { mode: 'custom', name: { en: 'Nordlys' } } } })
const site = await website(base)
const url = site.page('/shop', { body: `<main style="height:4000px"><h1>Lamps</h1></main>` })
const lay = (a, b) => Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((k) => [k, b[k] !== undefined && (typeof b[k] !== 'object' || Array.isArray(b[k]) || typeof a[k] !== 'object') ? b[k] : b[k] !== undefined ? lay(a[k] ?? {}, b[k]) : a[k]]))
const plain = { availability: { mode: 'always' }, heading: { mode: 'custom', name: { en: 'Nordlys' } }, email: { transcript: 'never' } }
const set = (over = {}) => ask('PATCH', `/api/channel-accounts/${account.id}`, { settings: lay(plain, over), ticket: { create: 'always' } }) // what is rated is a ticket
async function publish(change) {
  const { draft, version } = await ask('GET', `/api/chatflows/${flow.id}`)
  await ask('PUT', `/api/chatflows/${flow.id}/draft`, { version, definition: { ...draft, ...change } })
  await ask('POST', `/api/chatflows/${flow.id}/publish`, { note: '' })
}
const answer = (thread, text) => ask('POST', `/api/threads/${thread}/messages`, { type: 'reply', text, html: `<p>${text}</p>` })
const hangUp = (thread) => ask('POST', `/api/threads/${thread}/end`)

const listen = `
  window.told = []; window.beeps = 0; window.typed = []
  window.hsConversationsOnReady = [() => { for (const n of ['conversationStarted', 'conversationClosed', 'userSelectedThread', 'unreadConversationCountChanged', 'contactAssociated', 'userInteractedWithWidget', 'widgetLoaded', 'widgetClosed', 'quickReplyButtonClick']) window.HubSpotConversations.on(n, (p) => window.told.push([n, p])) }]
  Object.defineProperty(Document.prototype, 'hidden', { configurable: true, get: () => !!window.away })
  window.AudioContext = class extends window.AudioContext { constructor() { super(); window.beeps++ } }`
/** A visitor of the website: opens the chat and says something. */
async function visit({ before = '', at = url, phone = false, keep } = {}) {
  const context = keep ?? await browser.newContext({ viewport: phone ? { width: 390, height: 780 } : { width: 1200, height: 800 }, locale: 'en-GB' })
  const page = await context.newPage()
  await page.addInitScript(listen + ';' + before)
  page.on('pageerror', (e) => { problems.push(`${page.url()}: ${e.message}`) })
  const typed = []
  page.on('request', (r) => { if (r.url().endsWith('/widget/typing')) typed.push(JSON.parse(r.postData() ?? '{}')) })
  await page.goto(at)
  const v = { context, page, typed, button: page.locator('kanal-widget button[aria-expanded]'), frame: page.frameLocator('kanal-widget iframe'), thread: '' }
  v.box = v.frame.locator('.composer').getByRole('textbox') // what it is called changes with what it does
  v.open = async () => { await v.button.click(soon); await v.frame.locator('header h1').waitFor(soon) }
  v.say = async (text) => {
    const [sent] = await Promise.all([page.waitForResponse((r) => r.url().endsWith('/widget/messages'), soon), v.box.fill(text, soon).then(() => v.box.press('Enter', soon))])
    must(sent.status() < 300, `${text}: ${sent.status()} ${await sent.text()}`)
    v.thread = (await sent.json()).thread.id
  }
  v.heard = (name) => page.evaluate((n) => window.told.filter(([x]) => x === n).map(([, p]) => p), name)
  v.told = (name, n = 1) => page.waitForFunction(([x, k]) => window.told.filter(([y]) => y === x).length >= k, [name, n], soon)
  v.end = () => context.close()
  return v
}
/** The pointer leaves the page by the top, until that is noticed. */
const leave = async (page, shown) => { for (let i = 0; i < 100 && await shown.count() === 0; i++) { await page.evaluate(() => document.dispatchEvent(new MouseEvent('mouseout', { bubbles: true, clientY: -1 }))); await page.waitForTimeout(250) } }
const talk = async (how) => { const v = await visit(how); await v.open(); await v.say('Do you have lamps?'); return v }

await story('sound and title tell of an answer to a page in the background, where they are on', async () => {
  for (const on of [true, false]) {
    await set({ appearance: { sound: on, title_flash: on } })
    const v = await talk()
    const title = await v.page.title()
    await v.page.evaluate(() => { window.Kanal.widget.close(); window.away = true })
    await answer(v.thread, 'Yes, three.')
    await v.told('unreadConversationCountChanged')
    if (on) {
      await v.page.waitForFunction(() => window.beeps > 0, null, soon)
      await v.page.waitForFunction((t) => document.title !== t && /^\(1\)/.test(document.title), title, soon)
    } else {
      await v.page.waitForTimeout(2500) // the title would change after one and a half
      must(await v.page.evaluate(() => window.beeps) === 0 && await v.page.title() === title, `beeps and “${await v.page.title()}” though both are off`)
    }
    await v.end()
  }
})

await story('typing, what is typed, and reading are told as they are set', async () => {
  for (const [settings, check] of [
    [{ typing: true, typing_preview: true, read: true }, (v) => v.typed.some((t) => t.on && /wonder/.test(t.text))],
    [{ typing: true, typing_preview: false, read: false }, (v) => v.typed.some((t) => t.on && t.text === '') && !v.typed.some((t) => t.text)],
    [{ typing: false, typing_preview: true }, (v) => v.typed.length === 0],
  ]) {
    await set(settings)
    const v = await talk()
    const items = (await ask('GET', `/api/threads/${v.thread}/timeline`)).items.map((i) => i.message ?? i)
    await ask('POST', `/api/threads/${v.thread}/seen`, { message_id: items.find((m) => /lamps/.test(m.text ?? '')).id })
    await answer(v.thread, 'We do.')
    await v.frame.getByText('We do.', { exact: true }).waitFor(soon)
    await v.box.pressSequentially('I wonder whether', { delay: 30 })
    await v.page.waitForTimeout(1200)
    for (let i = 0; i < 100 && !check(v); i++) await v.page.waitForTimeout(250)
    must(check(v), `${JSON.stringify(settings)}: ${JSON.stringify(v.typed)}`)
    if (settings.read) await v.frame.getByText('Read', { exact: true }).first().waitFor(soon)
    if (settings.read !== undefined) must((await v.frame.getByText('Read', { exact: true }).count() > 0) === settings.read, `read is ${settings.read}`)
    await v.end()
  }
})

await story('CH-33: what was ended goes on or begins anew, and a rating is asked for, as it is set; the page hears that a person has closed it', async () => {
  for (const [closed, survey] of [['reopen', true], ['new', false]]) {
    await set({ closed })
    await publish({ survey })
    const v = await talk()
    await v.page.evaluate(() => window.Kanal.widget.close())
    await v.told('widgetClosed')
    must((await v.heard('conversationClosed')).length === 0, 'collapsing is not closing')
    await v.page.evaluate(() => window.Kanal.widget.open())
    await answer(v.thread, 'Anything else?')
    await v.frame.getByText('Anything else?', { exact: true }).waitFor(soon)
    await hangUp(v.thread)
    await v.told('conversationClosed')
    must((await v.heard('conversationClosed'))[0].conversation.conversationId === Number(v.thread), 'another conversation is named')
    if (survey) await v.frame.getByText('How did we do?').waitFor(soon)
    else must(await v.frame.getByText('How did we do?').count() === 0, 'a rating is asked for')
    if (closed === 'reopen') {
      const before = v.thread
      await v.say('One more thing')
      must(v.thread === before, 'another conversation has begun')
    } else {
      await v.frame.getByRole('button', { name: 'New conversation' }).click(soon)
      const before = v.thread
      await v.say('Something new')
      must(v.thread !== before, 'the old one goes on')
    }
    await v.end()
  }
})

await story('CH-30: a file that is larger than allowed is refused before it leaves', async () => {
  await set({ files: { enabled: true, max_mb: 1 } })
  const v = await talk()
  let sent = 0
  v.page.on('request', (r) => { if (r.url().includes('/widget/files?')) sent++ })
  const input = v.frame.locator('.composer input[type=file]')
  await input.setInputFiles({ name: 'big.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(1200 * 1024) })
  await v.frame.getByText('Too large: at most', { exact: false }).first().waitFor(soon)
  must(sent === 0, 'it has left')
  await Promise.all([v.page.waitForResponse((r) => r.url().includes('/widget/files?') && r.status() === 201, soon), input.setInputFiles({ name: 'small.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(800 * 1024) })])
  await v.end()
})

await story('CF-16: a trigger by scrolling, on leaving, and by phone does what it is to do', async () => {
  await set()
  await publish({ trigger: { on: 'scroll', value: 50, then: 'open', phone: 'button' }, survey: false })
  const v = await visit()
  await v.page.waitForFunction(() => window.Kanal.widget.status().loaded)
  await v.page.waitForTimeout(300)
  must(await v.button.getAttribute('aria-expanded') === 'false', 'it is open before')
  await v.page.evaluate(() => scrollTo(0, 2500))
  await v.frame.locator('header h1').waitFor(soon)
  await v.end()
  const small = await visit({ phone: true })
  await small.page.waitForFunction(() => window.Kanal.widget.status().loaded)
  await small.page.evaluate(() => scrollTo(0, 3000))
  await small.page.waitForTimeout(500)
  must(await small.button.getAttribute('aria-expanded') === 'false' && await small.button.isVisible(), 'on a phone it opens by itself')
  await small.end()
  await publish({ trigger: { on: 'exit', value: 0, then: 'prompt', phone: 'same' } })
  const e = await visit()
  await e.button.waitFor(soon)
  await e.page.waitForTimeout(500)
  must(await e.page.locator('kanal-widget p').count() === 0, 'the prompt is there before')
  await leave(e.page, e.page.locator('kanal-widget p'))
  await e.page.locator('kanal-widget p').getByText('Hello! What can we do for you?').waitFor(soon)
  await e.end()
  await publish({ trigger: { on: 'load', value: 0, then: 'button', phone: 'same' } })
})

await story('CH-31: hsConversationsSettings: attachments, new conversations, focus; undefined is absent, unknown is ignored, and a refresh reads them again', async () => {
  await set({ closed: 'new' })
  const v = await visit({ before: `window.hsConversationsSettings = { disableAttachment: true, hideNewThreadLink: true, loadImmediately: undefined, inlineEmbedSelector: undefined, ofTomorrow: 1 }` })
  await v.open()
  await v.say('Hello')
  must(await v.frame.getByRole('button', { name: 'Attach files' }).count() === 0, 'files can be attached')
  await hangUp(v.thread)
  await v.told('conversationClosed')
  await v.page.waitForTimeout(300)
  must(await v.frame.getByRole('button', { name: 'New conversation' }).count() === 0, 'another conversation can be begun')
  await v.page.evaluate(() => { window.hsConversationsSettings = {}; window.HubSpotConversations.widget.refresh() })
  await v.frame.getByRole('button', { name: 'New conversation' }).click(soon)
  await v.frame.getByRole('button', { name: 'Attach files' }).waitFor(soon)
  await v.page.evaluate(() => window.HubSpotConversations.debug())
  await v.end()
  const inline = site.page('/inline', { body: '<main><label>Search <input id="q" autofocus></label><div id="chat" style="height:560px"></div></main>' })
  const w = await visit({ at: inline, before: `window.hsConversationsSettings = { inlineEmbedSelector: '#chat', disableInitialInputFocus: true }` })
  await w.page.frameLocator('#hubspot-conversations-inline-iframe').getByRole('textbox', { name: 'Write a message' }).waitFor(soon)
  await w.page.waitForTimeout(400)
  must(await w.page.evaluate(() => document.activeElement?.id !== 'hubspot-conversations-inline-iframe'), 'the chat takes the focus')
  await w.end()
})

await story('CH-31, CH-27: enableWidgetCookieBanner asks at once or on leaving; a no ends with the session, a yes lasts', async () => {
  await set()
  for (const mode of ['true', `'ON_WIDGET_LOAD'`, `'ON_EXIT_INTENT'`]) {
    const v = await visit({ before: `window.hsConversationsSettings = { enableWidgetCookieBanner: ${mode} }` })
    const question = v.page.locator('kanal-widget p[role=group]')
    await v.button.waitFor(soon)
    if (/EXIT/.test(mode)) {
      await v.page.waitForTimeout(400)
      must(await question.count() === 0, 'it asks before')
      await leave(v.page, question)
    }
    const yes = !/LOAD/.test(mode)
    await question.getByRole('button', { name: yes ? 'Allow' : 'No, thanks' }).click(soon)
    await question.waitFor({ state: 'detached', ...soon })
    await v.open()
    await v.say('Hello')
    const lasts = await v.page.evaluate(() => /messagesUtk=\w/.test(document.cookie) || !!localStorage.getItem('kanal-token'))
    must(lasts === yes, `${mode}: ${lasts ? 'it lasts' : 'it ends with the session'}`)
    await v.end()
  }
})

await story('TR-06, TR-07, TR-09: whom the customer’s server vouches for is known on each device, by the public API’s own request; the page is told of it', async () => {
  await set()
  const token = await ask('POST', '/api/tokens', { name: 'Website', scopes: ['conversations.visitor_identification.tokens.create'] })
  const address = `kim.${Date.now().toString(36)}@customer.example`
  const create = async (data) => fetch(`${base}/visitor-identification/v3/tokens/create`, { method: 'POST', headers: { Authorization: `Bearer ${token.token}`, 'Content-Type': 'application/json', Accept: 'application/json', 'User-Agent': 'hubspot-api-client-nodejs; 14.0.1' }, body: JSON.stringify(data) })
  const res = await create({ email: address, firstName: 'Kim', lastName: 'Lind' })
  const made = await res.json()
  must(res.status === 200 && Object.keys(made).join() === 'token' && made.token.length > 40, JSON.stringify(made))
  must((await create({ firstName: 'Kim' })).status === 400, 'without an address there is a token')
  const signed = `window.hsConversationsSettings = { identificationEmail: ${JSON.stringify(address)}, identificationToken: ${JSON.stringify(made.token)} }`
  const v = await visit({ before: signed })
  await v.open()
  await v.told('contactAssociated')
  await v.say('This is Kim')
  must((await v.heard('contactAssociated'))[0].message && (await v.heard('conversationStarted'))[0].conversation.conversationId === Number(v.thread), JSON.stringify(await v.page.evaluate(() => window.told)))
  must(!await v.page.evaluate(() => /messagesUtk=\w/.test(document.cookie) || localStorage.getItem('kanal-token')), 'messagesUtk is used for a signed visitor')
  const other = await visit({ before: signed })
  await other.open()
  await other.frame.getByText('This is Kim').first().waitFor(soon)
  // Names only fill gaps.
  const renamed = await (await create({ email: address, firstName: 'Zebulon', lastName: 'Other' })).json()
  const third = await visit({ before: signed.replace(made.token, renamed.token) })
  await third.open()
  await third.frame.getByText('This is Kim').first().waitFor(soon)
  const thread = await ask('GET', `/api/threads/${v.thread}`)
  const contact = await ask('GET', `/api/contacts/${thread.contact_id ?? thread.contact?.id}`)
  must(contact.name === 'Kim Lind', `a name that was there is another now: ${contact.name}`)
  // The address without the token opens nothing.
  const claims = await visit({ before: `window.hsConversationsSettings = { identificationEmail: ${JSON.stringify(address)} }` })
  await claims.open()
  await claims.frame.getByText('Hello! What can we do for you?').first().waitFor(soon)
  must(await claims.frame.getByText('This is Kim').count() === 0 && (await claims.heard('contactAssociated')).length === 0, 'an address without a token is believed')
  await ask('POST', `/api/threads/${v.thread}/messages`, { type: 'reply', text: 'Which?', html: '<p>Which?</p>', quick: [{ label: 'Blue', value: 'blue', url: '' }, { label: 'Green', value: 'green', url: '' }] })
  await v.frame.getByRole('button', { name: 'Blue' }).click(soon)
  await v.told('quickReplyButtonClick')
  must((await v.heard('quickReplyButtonClick'))[0].value[0] === 'blue', JSON.stringify(await v.heard('quickReplyButtonClick')))
  for (const x of [v, other, third, claims]) await x.end()
})

await end(browser, site)
