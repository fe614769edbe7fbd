// A hostile mail in a real browser: nothing in it runs, nothing of it is fetched, and the workspace itself talks to nobody but its own server.
//   node web/e2e/frames.mjs http://127.0.0.1:8080        (KANAL_SMTP_PORT, KANAL_EMAIL, KANAL_PASSWORD and KANAL_TO as in the other stories)
import { createServer } from 'node:http'
import { base, email, failures, launchMany, must, password, person, problems, story } from './lib.mjs'
import { sendMail } from './smtp.mjs'

const to = process.env.KANAL_TO ?? 'support@nordlys.example'

// The spy counts whatever reaches it; a mail that got a request out of the browser or the server is caught here.
const seen = []
const spy = createServer((req, res) => { seen.push(req.url); res.writeHead(200, { 'access-control-allow-origin': '*' }); res.end('x') })
await new Promise((ok) => spy.listen(0, '127.0.0.1', ok))
const T = `http://127.0.0.1:${spy.address().port}`

const hostile = `
<script>fetch("${T}/script")</script><img src=x onerror="fetch('${T}/onerror')"><svg onload="fetch('${T}/svg')"><animate onbegin="fetch('${T}/begin')" attributeName=x dur=1s></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=fetch('${T}/mx1')&gt;"></table></mtext></math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=fetch('${T}/mx2')></style></form>
<noscript><p title="</noscript><img src=x onerror=fetch('${T}/mx3')>"></noscript><svg></p><style><a id="</style><img src=1 onerror=fetch('${T}/mx4')>"></style></svg>
<template><img src=x onerror=fetch('${T}/mx5')></template><select><option><style></option></select><img src=${T}/mx6></style>
<img src="${T}/img"><img srcset="${T}/srcset 1x"><picture><source srcset="${T}/source"></picture><video poster="${T}/poster" src="${T}/video" autoplay></video><audio src="${T}/audio" autoplay></audio>
<table background="${T}/table"><tr><td background="${T}/td">cell</td></tr></table><input type=image src="${T}/input"><object data="${T}/object"></object><embed src="${T}/embed"><iframe src="${T}/iframe"></iframe><iframe srcdoc="<script>fetch('${T}/srcdoc')</script>"></iframe>
<link rel=stylesheet href="${T}/css"><link rel=prefetch href="${T}/prefetch"><style>@import url(${T}/import);body{background:url(${T}/style)}@font-face{font-family:x;src:url(${T}/font)}*{font-family:x}a[href^=h]{background:url(${T}/exfil)}</style>
<div style="background:url(${T}/inline);list-style-image:url(${T}/list);cursor:url(${T}/cursor),auto;content:url(${T}/content);mask:url(${T}/mask);--x:url(${T}/var)">a</div><div style="background:u\\72l(${T}/escaped)">b</div><div style="background-image:image-set('${T}/set' 1x)">c</div>
<svg><image href="${T}/svgimage"/><use href="${T}/use#a"/></svg><img src="//127.0.0.1:${spy.address().port}/relative"><img src="http:127.0.0.1:${spy.address().port}/noslash"><img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='${T}/datasvg'/></svg>">
<meta http-equiv=refresh content="0;url=${T}/refresh"><base href="${T}/base/"><form action="${T}/form" id=f><input name=a autofocus onfocus="f.submit()"><button>go</button></form>
<a id=j1 href="javascript:fetch('${T}/js')">one</a><a href="java&#9;script:fetch('${T}/js')">two</a><a href="&#106;avascript&colon;fetch('${T}/js')">three</a><a href="data:text/html,<script>fetch('${T}/data')</script>">four</a><a href="http://link.example/" target=_top ping="${T}/ping">real link</a>
<div style="position:fixed;inset:0;z-index:99999;background:red" id=overlay>OVERLAY</div>${'<div>'.repeat(3000)}<p>the end of the letter</p>`

// The stream stays open, so a page is never idle: what it wants to load it has asked for a moment after it is loaded.
const settled = async (p) => { await p.waitForLoadState('load'); await p.waitForTimeout(700) }

const subject = `Hostile ${Date.now()}`
await sendMail({ from: 'eve@evil.example', name: 'Eve', to, subject, html: hostile })

const browser = await launchMany()
const { context, page } = await person(browser)
const foreign = []
context.on('request', (r) => { const u = r.url(); if (!u.startsWith(base) && !u.startsWith('data:') && !u.startsWith('blob:') && !u.startsWith('about:')) foreign.push(u) })
const api = async (path) => (await context.request.get(`${base}${path}`)).json()
let ticket, message
for (let i = 0; i < 100 && !ticket; i++) ticket = (await api('/api/tickets?view=open&limit=100')).items.find((t) => t.subject === subject)
must(ticket, 'the mail made no ticket')
message = (await api(`/api/tickets/${ticket.id}/timeline`)).items.find((i) => i.kind === 'message').message

await story('nothing of a hostile mail runs or is fetched, in the ticket', async () => {
  await page.goto(`${base}/tickets/open/${ticket.id}`)
  const frame = page.frameLocator('iframe').first()
  await frame.getByText('the end of the letter').waitFor({ timeout: 20_000 })
  await settled(page)
  must(seen.length === 0, `fetched: ${seen}`)
  must(foreign.length === 0, `asked of others: ${foreign}`)
  must(problems.filter((p) => /Content Security Policy/.test(p)).length === 0, `the policy had to step in: ${problems}`)
})

await story('the frame’s document is harmless as a page of its own', async () => {
  for (const query of ['', '?images=0&quoted=1']) {
    const own = await context.newPage()
    const dialogs = []
    own.on('dialog', (d) => { dialogs.push(d.message()); d.dismiss() })
    const res = await own.goto(`${base}/api/messages/${message.id}/html${query}`)
    const csp = res.headers()['content-security-policy']
    must(/(^|; )sandbox /.test(csp) && !/allow-scripts|allow-top-navigation|allow-forms/.test(csp), `policy: ${csp}`)
    await own.getByText('the end of the letter').waitFor()
    must(own.url().startsWith(`${base}/api/messages/`), `it went to ${own.url()}`)
    const found = await own.content()
    must(!/<(script|iframe|object|embed|form|input|link|svg|math|video|audio|meta http-equiv)/i.test(found.replace(/<meta charset[^>]*>/, '')), 'something that should not be there')
    must(!/(javascript|vbscript):|\son\w+=|position:|url\(/i.test(found.split('<body>')[1] ?? ''), `left over: ${found.slice(0, 400)}`)
    const links = await own.locator('a[href]').all()
    for (const a of links) {
      must((await a.getAttribute('target')) === '_blank' && /noopener/.test(await a.getAttribute('rel')), 'a link may reach its opener')
    }
    must(dialogs.length === 0 && seen.length === 0, `dialogs ${dialogs}, fetched ${seen}`)
    await own.close()
  }
})

await story('remote images come through the proxy only, and the proxy stays outside', async () => {
  const own = await context.newPage()
  await own.goto(`${base}/api/messages/${message.id}/html?images=1`)
  await settled(own)
  const sources = await own.locator('img[src]').evaluateAll((all) => all.map((i) => i.src)).catch(() => null)
  must(seen.length === 0, `the browser or the server fetched from a private address: ${seen}`)
  must(foreign.length === 0, `asked of others: ${foreign}`)
  if (sources) must(sources.every((s) => s.startsWith('data:') || s.startsWith(`${base}/api/proxy/image?`) || s.startsWith(`${base}/api/attachments/`)), `sources: ${sources}`)
  await own.close()
})

await story('a signed-in page talks to its own server only, under a strict policy', async () => {
  const res = await page.goto(`${base}/`)
  const csp = res.headers()['content-security-policy']
  must(/default-src 'none'/.test(csp) && /script-src 'self';/.test(csp) && !/unsafe-eval/.test(csp) && !/script-src[^;]*unsafe-inline/.test(csp) && /frame-ancestors 'none'/.test(csp) && /base-uri 'none'/.test(csp), `policy: ${csp}`)
  for (const path of ['/', '/tickets/open', '/settings/help-desk/channels', '/search?q=hello']) {
    await page.goto(`${base}${path}`)
    await settled(page)
  }
  const html = await (await context.request.get(`${base}/`)).text()
  must(!/<script(?![^>]*\ssrc=)/i.test(html) && !/\son\w+=/i.test(html), 'an inline script')
  must(foreign.length === 0, `asked of others: ${foreign}`)
  const cookies = await context.cookies()
  must(cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === 'Lax', `cookies: ${JSON.stringify(cookies.map((c) => c.name))}`)
  must(!(await page.evaluate(() => document.cookie)), 'a script can read the cookie')
})

await story('after signing in nobody is sent to another site', async () => {
  for (const next of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:document.title=1', '/tickets/open']) {
    const fresh = await browser.newContext()
    const p = await fresh.newPage()
    const left = []
    p.on('request', (r) => { if (r.isNavigationRequest() && !r.url().startsWith(base)) left.push(r.url()) })
    await p.goto(`${base}/signin?next=${encodeURIComponent(next)}`)
    await p.locator('input[type=email], input[name=email]').first().fill(email)
    await p.locator('input[type=password]').first().fill(password)
    await p.keyboard.press('Enter')
    await p.waitForURL((u) => u.pathname !== '/signin', { timeout: 30_000 })
    await settled(p)
    must(p.url().startsWith(`${base}/`) && left.length === 0, `${next} led to ${p.url()} ${left}`)
    await fresh.close()
  }
})

await browser.close()
spy.close()
process.exit(failures() ? 1 : 0)
