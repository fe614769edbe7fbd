// The chat on customers' websites: the loader on plain, strict and hostile pages, on a phone, on pages that navigate, without JavaScript; its API for the page.
import { base, clean, end, launchMany, must, person, problems, story } from '../lib.mjs'
import { chat, website } from '../site.mjs'

const browser = await launchMany()
const admin = await person(browser)
const { account, flow, ask } = await chat(admin.api, base, { definition: {
  texts: { en: { welcome: 'Hello! What can we do for you?' }, da: { welcome: 'Hej! Hvad kan vi hjælpe med?' } },
  targeting: { include: [], exclude: [{ all: [{ part: 'path', op: 'is', value: '/quiet' }] }], visitor: { known: 'any', languages: [], countries: [], returning: 'any', devices: [] } },
} })
const site = await website(base)

const shift = `window.shifts = 0; new PerformanceObserver((l) => { for (const e of l.getEntries()) window.shifts += e.value }).observe({ type: 'layout-shift', buffered: true })`
async function visit(url, { before = '', keep, ...options } = {}) {
  const context = keep ?? await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: 'en-GB', ...options })
  const page = await context.newPage()
  await page.addInitScript(shift + ';' + before)
  page.on('pageerror', (e) => { if (!/on purpose/.test(e.message)) problems.push(`${url}: ${e.message}`) })
  await page.goto(url)
  return { context, page, button: page.locator('kanal-widget button[aria-haspopup],kanal-widget button[aria-expanded]').first(), frame: page.frameLocator('kanal-widget iframe') }
}
const composer = (frame) => frame.getByRole('textbox').last()

await story('CH-25 CH-34: on a plain page there is one element, a button, and a frame only when somebody means it', async () => {
  const v = await visit(site.page('/plain'))
  await v.button.waitFor()
  must(await v.page.locator('kanal-widget').count() === 1, 'there is not one element')
  must(await v.page.locator('iframe').count() === 0, 'the frame is there before anybody means it')
  must(await v.button.getAttribute('aria-label') === 'Open chat' && await v.button.getAttribute('aria-expanded') === 'false', 'the button does not say what it does')
  await clean(v, 'the button', { part: { include: [['kanal-widget']] } })
  await v.button.focus()
  await v.page.locator('kanal-widget iframe').waitFor({ state: 'attached' })
  await v.page.keyboard.press('Enter')
  await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
  must(await v.button.getAttribute('aria-expanded') === 'true', 'open is not told')
  await v.page.waitForTimeout(1500) // nobody reads the greeting and types within a second
  await composer(v.frame).fill('Do you have it in blue?')
  await composer(v.frame).press('Enter')
  await v.frame.getByText('Do you have it in blue?').waitFor()
  must(await v.page.evaluate(() => window.shifts) === 0, 'the page has shifted')
  await composer(v.frame).press('Escape')
  await v.page.waitForFunction(() => document.querySelector('kanal-widget').shadowRoot.querySelector('iframe').hidden)
  must(await v.page.evaluate(() => document.querySelector('kanal-widget').shadowRoot.activeElement?.tagName) === 'BUTTON', 'Escape does not give the focus back')
  await v.context.close()
})

await story('CH-27 CH-33 CH-35: the visitor is kept first party, and an open conversation stays whatever the page shows', async () => {
  const v = await visit(site.page('/keep'))
  await v.button.click()
  await composer(v.frame).fill('I shall be back')
  await composer(v.frame).press('Enter')
  await v.frame.getByText('I shall be back').waitFor()
  await v.page.waitForFunction(() => /messagesUtk=/.test(document.cookie) && /hs-messages-is-open=true/.test(document.cookie))
  const kept = (await v.context.cookies(site.origin)).find((c) => c.name === 'messagesUtk')
  must(kept && !kept.httpOnly && kept.expires > Date.now() / 1000 + 300 * 86400, `the cookie ends at ${kept?.expires}`)
  must((await v.context.cookies(base)).length === 0, 'Kanal has set a cookie of its own')
  await v.page.goto(site.page('/quiet')) // no chatflow shows here
  await v.frame.getByText('I shall be back').waitFor()
  await v.page.evaluate(() => { localStorage.clear(); sessionStorage.clear() }) // what the customer's server keeps in the cookie is enough
  await v.page.reload()
  await v.frame.getByText('I shall be back').waitFor()
  const stranger = await visit(site.origin + '/quiet')
  await stranger.page.waitForFunction(() => window.Kanal?.widget.status().loaded)
  must(await stranger.page.locator('kanal-widget').count() === 0, 'something shows on a page without a chatflow')
  await stranger.context.close()
  await v.context.close()
})

const strict = (more) => `default-src 'none'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; ${more}`
await story('CH-34: it works under a strict policy by hosts, by nonce with strict-dynamic, and where the page may not connect', async () => {
  const host = site.page('/csp-host', { csp: strict(`script-src ${base}; frame-src ${base}; connect-src ${base}`) })
  const nonce = site.page('/csp-nonce', { nonce: 'r4nd0m', csp: strict(`script-src 'nonce-r4nd0m' 'strict-dynamic'; frame-src ${base}; connect-src ${base}`) })
  const silent = site.page('/csp-connect', { csp: strict(`script-src ${base}; frame-src ${base}`) })
  for (const url of [host, nonce, silent]) {
    const v = await visit(url, { before: 'window.refused = []; document.addEventListener("securitypolicyviolation", (e) => window.refused.push(e.effectiveDirective))' })
    await v.button.click()
    await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
    const refused = await v.page.evaluate(() => window.refused)
    must(refused.every((d) => url === silent && d === 'connect-src'), `${url}: ${refused}`)
    const box = await v.button.boundingBox()
    must(box && box.x > 1000 && box.y > 650, `${url}: the button is not styled: ${JSON.stringify(box)}`)
    await v.context.close()
  }
  const framed = await visit(site.page('/csp-frame', { csp: strict(`script-src ${base}; connect-src ${base}; frame-src 'none'`) }))
  await framed.button.hover()
  const [opened] = await Promise.all([framed.context.waitForEvent('page'), framed.page.waitForTimeout(300).then(() => framed.button.click())])
  await opened.waitForURL(`${base}/widget/app`)
  await framed.context.close()
})

await story('CH-35: with third-party cookies and storage blocked nothing is missing', async () => {
  const { chromium } = await import('playwright-core')
  const strictBrowser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu', '--test-third-party-cookie-phaseout', '--block-third-party-cookies'] })
  const context = await strictBrowser.newContext({ viewport: { width: 1200, height: 800 } })
  const page = await context.newPage()
  // Storage inside the frame throws, as it does where all third-party storage is blocked.
  await page.addInitScript(() => { if (window.top !== window) for (const s of ['localStorage', 'sessionStorage']) Object.defineProperty(window, s, { get() { throw new DOMException('blocked', 'SecurityError') } }) })
  await page.goto(site.page('/blocked'))
  const frame = page.frameLocator('kanal-widget iframe')
  await page.locator('kanal-widget button').first().click()
  await composer(frame).fill('No cookies here')
  await composer(frame).press('Enter')
  await frame.getByText('No cookies here').waitFor()
  await page.waitForFunction(() => /messagesUtk=/.test(document.cookie))
  await page.reload()
  await frame.getByText('No cookies here').waitFor()
  await strictBrowser.close()
})

await story('on a phone the chat is the whole screen, and closes again', async () => {
  const v = await visit(site.page('/phone'), { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })
  await v.button.tap()
  await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
  const box = await v.page.locator('kanal-widget iframe').boundingBox()
  must(box.x === 0 && box.y === 0 && box.width === 390 && box.height === 800, `the frame is ${JSON.stringify(box)}`)
  must(!await v.button.isVisible(), 'the button lies over the chat')
  await v.frame.getByRole('button', { name: /close|minimi/i }).first().tap()
  await v.button.waitFor()
  await v.context.close()
})

await story('CH-31: a page that navigates without loading is another page; what was written stays', async () => {
  const v = await visit(site.page('/app'))
  await v.button.waitFor()
  await v.page.evaluate(() => history.pushState({}, '', '/quiet'))
  await v.button.waitFor({ state: 'hidden' })
  await v.page.evaluate(() => history.pushState({}, '', '/app/two'))
  await v.button.waitFor()
  await v.button.click()
  await composer(v.frame).fill('half a sentence')
  await v.page.evaluate(() => history.replaceState({}, '', '/app/three'))
  await v.page.waitForResponse((r) => r.url().endsWith('/widget/hello'))
  must(await composer(v.frame).inputValue() === 'half a sentence', 'navigating lost what was written')
  must(await v.page.locator('kanal-widget iframe').count() === 1, 'navigating made another frame')
  await v.page.goBack()
  await v.context.close()
})

await story('a hostile page cannot break it: style sheets, replaced methods, two codes', async () => {
  const v = await visit(site.page('/hostile', {
    head: `<style>*{display:none!important;all:unset!important;position:static!important;transform:rotate(9deg)!important;pointer-events:none!important;opacity:0!important;font-size:90px!important}
      kanal-widget,iframe,button{visibility:hidden!important;width:1px!important;height:1px!important;z-index:-1!important}html{transform:none!important}html,body{display:block!important;opacity:1!important;pointer-events:auto!important}</style>
      <script>Array.prototype.toJSON=function(){return 'broken'};Array.prototype.each=function(){};Object.prototype.extra=1;
      for (const m of ['push','map','filter','forEach','indexOf','splice','shift','includes','find']) Array.prototype[m]=function(){throw new Error('on purpose')};
      Object.prototype.hasOwnProperty=()=>{throw new Error('on purpose')}</script>`,
    code: site.tag() + site.tag() + `<script async src="${base}/4711.js"></script>`,
  }))
  await v.button.waitFor() // what looks at this page from outside must not use its methods either
  must(await v.page.locator('kanal-widget').count() === 1, 'two codes are two widgets')
  const box = await v.button.boundingBox()
  must(box.width === 56 && box.height === 56 && box.x > 1100 && box.y > 700, `the button is ${JSON.stringify(box)}`)
  await v.page.mouse.click(box.x + 28, box.y + 28)
  await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
  await composer(v.frame).fill('Still here')
  await composer(v.frame).press('Enter')
  await v.frame.getByText('Still here').waitFor()
  await v.context.close()
})

await story('CH-31: the JavaScript API of HubSpot, also under its own name', async () => {
  const v = await visit(site.page('/api'), { before: `
    window.hsConversationsSettings = { loadImmediately: false }
    window.ready = 0; window.told = []; window.posted = []
    window.hsConversationsOnReady = [() => { window.ready++ }, () => { throw new Error('on purpose') }, () => { window.ready++ }]
    addEventListener('message', (e) => { if (e.data?.type === 'external-api-event' || e.data?.type === 'open-change') window.posted.push(e.data) })` })
  await v.page.waitForFunction(() => window.ready === 2 && window.HubSpotConversations && window.HubSpotConversations === window.Kanal)
  must(await v.page.evaluate(() => JSON.stringify(window.HubSpotConversations.widget.status())) === '{"loaded":false,"pending":false}', 'it loads though it should wait')
  await v.page.evaluate(() => {
    window.hsConversationsOnReady.push(() => { window.ready++ })
    const api = window.HubSpotConversations, note = (name) => (p) => window.told.push([name, p])
    for (const name of ['widgetLoaded', 'widgetClosed', 'conversationStarted', 'unreadConversationCountChanged', 'userInteractedWithWidget']) api.on(name, note(name))
    window.gone = note('gone'); api.on('widgetLoaded', window.gone); api.off('widgetLoaded', window.gone)
    api.widget.load({ widgetOpen: true })
    api.widget.load()
  })
  await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
  must(await v.page.evaluate(() => window.ready) === 3 && await v.page.evaluate(() => window.Kanal.widget.status().loaded), 'not loaded')
  await composer(v.frame).fill('An order, please')
  await composer(v.frame).press('Enter')
  await v.page.waitForFunction(() => window.told.some(([n, p]) => n === 'conversationStarted' && p.conversation.conversationId))
  await v.page.evaluate(() => window.Kanal.widget.close())
  await v.page.waitForFunction(() => window.told.some(([n]) => n === 'widgetClosed') && window.posted.some((m) => m.type === 'open-change' && m.data === false))
  must(await v.page.evaluate(() => window.told.filter(([n]) => n === 'widgetLoaded').length === 1 && !window.told.some(([n]) => n === 'gone') && window.posted.some((m) => m.data?.eventType === 'conversationStarted')), 'the events are not as told')
  await v.page.evaluate(() => window.Kanal.widget.open())
  await v.frame.getByText('An order, please').waitFor()
  // Somebody else at the same browser starts clean (TR-08).
  const signedOut = v.page.waitForRequest((r) => r.url().endsWith('/widget/logout'))
  await v.page.evaluate(() => window.HubSpotConversations.clear({ resetWidget: true }))
  await signedOut
  await v.frame.getByText('An order, please').waitFor({ state: 'detached' })
  await v.page.waitForFunction(() => window.told.filter(([n]) => n === 'widgetLoaded').length === 2)
  await v.page.evaluate(() => window.Kanal.widget.open())
  await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
  await v.page.evaluate(() => window.Kanal.widget.remove())
  must(await v.page.locator('kanal-widget').count() === 0 && !await v.page.evaluate(() => window.Kanal.widget.status().loaded), 'remove leaves it')
  await v.page.evaluate(() => window.Kanal.widget.load())
  await v.button.waitFor()
  await v.context.close()
  const linked = await visit(site.page('/linked') + '#hs-chat-open')
  await linked.frame.getByText('Hello! What can we do for you?').first().waitFor()
  await linked.context.close()
})

await story('CH-31: embedded in the page, in the documented containers', async () => {
  const v = await visit(site.page('/inline', { body: '<main><h1>Contact</h1><div id="chat" style="height:600px"></div></main>' }), { before: `window.hsConversationsSettings = { inlineEmbedSelector: '#chat' }` })
  const frame = v.page.frameLocator('#chat > #hubspot-conversations-inline-parent > #hubspot-conversations-inline-iframe')
  await frame.getByText('Hello! What can we do for you?').first().waitFor()
  const box = await v.page.locator('#hubspot-conversations-inline-iframe').boundingBox()
  must(box.height >= 590, `the frame is ${JSON.stringify(box)}`)
  must(!await v.button.isVisible(), 'the button shows as well')
  await v.context.close()
})

await story('TR-04 TR-12: the tracking code keeps its cookies, and none when the browser says no', async () => {
  const v = await visit(site.page('/tracked'), { before: `window._hsq = [['setPath', '/first'], ['trackPageView']]` })
  await v.page.waitForFunction(() => /hubspotutk=[0-9a-f]{32}/.test(document.cookie) && /__hstc=/.test(document.cookie) && /__hssc=/.test(document.cookie) && /__hssrc=1/.test(document.cookie))
  const [told] = await Promise.all([
    v.page.waitForRequest((r) => r.url().endsWith('/widget/hello') && /"reason":"navigate"/.test(r.postData() ?? '')),
    v.page.evaluate(() => { window._hsq.push(['identify', { email: 'mira@customer.example' }]); window._hsq.push(['setPath', '/second']); window._hsq.push(['trackPageView']) }),
  ])
  const sent = JSON.parse(told.postData())
  must(new URL(sent.url).pathname === '/second' && sent.claims.email === 'mira@customer.example' && sent.identity === null, told.postData())
  await v.page.evaluate(() => window._hsq.push(['doNotTrack']))
  await v.page.waitForFunction(() => !/hubspotutk|__hstc/.test(document.cookie) && /__hs_do_not_track=yes/.test(document.cookie))
  await v.context.close()
  const quiet = await visit(site.origin + '/tracked', { before: `Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })` })
  await quiet.button.waitFor()
  await quiet.page.waitForTimeout(500)
  must(!await quiet.page.evaluate(() => /hubspotutk|__hs/.test(document.cookie)), 'cookies though the browser says no')
  await quiet.context.close()
})

await story('CH-34: words from a foreign window or origin are not heard', async () => {
  const evil = site.page('/evil', { code: '', body: `<h1>Evil</h1><script>addEventListener('message', () => {}); parent.postMessage({ kanal: 1, type: 'open-change', open: true }, '*'); parent.postMessage({ kanal: 1, type: 'token', token: 'stolen', expires: 9e15, session: false }, '*')</script>` })
  const v = await visit(site.page('/listens', { body: `<main><h1>Page</h1><iframe src="${evil.replace('localhost', '127.0.0.1')}"></iframe></main>` }))
  await v.button.waitFor()
  await v.page.evaluate(() => { window.postMessage({ kanal: 1, type: 'open-change', open: true }, '*'); window.postMessage({ kanal: 1, type: 'token', token: 'stolen', expires: 9e15, session: false }, '*') })
  await v.page.waitForTimeout(300)
  must(await v.button.getAttribute('aria-expanded') === 'false' && !await v.page.evaluate(() => /stolen/.test(document.cookie + JSON.stringify(localStorage))), 'a stranger was obeyed')
  await v.button.click()
  await v.frame.getByText('Hello! What can we do for you?').first().waitFor()
  // The frame listens to the page that made it and to nobody else.
  const inner = v.page.frames().find((f) => f.url().startsWith(base))
  await inner.evaluate(() => { window.postMessage({ kanal: 1, type: 'close' }, '*'); window.postMessage({ kanal: 1, type: 'reset' }, '*') })
  await v.page.waitForTimeout(300)
  must(await v.button.getAttribute('aria-expanded') === 'true', 'the frame obeys itself')
  await v.context.close()
})

await story('CH-16 CF-18: a prompt after some seconds, dismissed for a day', async () => {
  const full = await ask('GET', `/api/chatflows/${flow.id}`)
  await ask('PUT', `/api/chatflows/${flow.id}/draft`, { version: full.version, definition: { ...full.draft, trigger: { on: 'seconds', value: 1, then: 'prompt', phone: 'button' } } })
  await ask('POST', `/api/chatflows/${flow.id}/publish`, { note: 'a prompt' })
  const v = await visit(site.origin + '/plain')
  const prompt = v.page.locator('kanal-widget p')
  await prompt.getByText('Hello! What can we do for you?').first().waitFor()
  must(await v.page.evaluate(() => window.shifts) === 0, 'the prompt shifts the page')
  await prompt.getByRole('button', { name: 'Dismiss' }).click()
  await prompt.waitFor({ state: 'detached' })
  const again = await visit(site.origin + '/plain', { keep: v.context })
  await again.button.waitFor()
  await again.page.waitForTimeout(1600)
  must(await again.page.locator('kanal-widget p').count() === 0, 'what was dismissed is back')
  await v.context.close()
  const phone = await visit(site.origin + '/plain', { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true })
  await phone.button.waitFor()
  await phone.page.waitForTimeout(1600)
  must(await phone.page.locator('kanal-widget p').count() === 0, 'the prompt shows on a phone though it should not')
  await phone.context.close()
})

await story('CH-34: without JavaScript there is a form in the visitor’s language', async () => {
  const code = (await ask('GET', '/api/tracking-code')).html
  const v = await visit(site.page('/noscript', { code }), { javaScriptEnabled: false, locale: 'da-DK' })
  await v.page.getByRole('link').last().click()
  await v.page.getByRole('heading', { name: 'Skriv til os' }).waitFor()
  await v.page.getByLabel('Dit navn').fill('Mira Bell')
  await v.page.getByLabel('Din e-mailadresse').fill('mira@customer.example')
  await v.page.getByLabel('Din besked').fill('Uden JavaScript')
  await v.page.getByLabel('Filer').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('three words') })
  await v.page.getByRole('button', { name: 'Send' }).click()
  await v.page.getByRole('status').getByText('Tak. Din besked er kommet frem').waitFor()
  await v.context.close()
})

await story('CH-25 CH-26: the check of a page says found, missing or blocked, and how to mend it', async () => {
  const look = (url) => ask('POST', `/api/channel-accounts/${account.id}/installation`, { url })
  const found = await look(site.origin + '/plain')
  must(found.state === 'found', JSON.stringify(found))
  const missing = await look(site.page('/without', { code: '' }))
  must(missing.state === 'missing' && missing.fix.includes('</body>'), JSON.stringify(missing))
  const blocked = await look(site.page('/blocking', { csp: "script-src 'self'" }))
  must(blocked.state === 'blocked_by_csp' && blocked.fix.includes(base), JSON.stringify(blocked))
  const away = await look('http://localhost:9/')
  must(away.state === 'unreachable', JSON.stringify(away))
})

await end(site, browser)
