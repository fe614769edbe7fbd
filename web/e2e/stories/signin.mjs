// PM-13: a second factor, passkeys, sign-in at a provider, and what an administrator asks of everybody. Told to a company of its own at a name, which passkeys need.
import { createHmac, generateKeyPairSync, createSign } from 'node:crypto'
import { createServer } from 'node:http'
import { clean, end, heard, launchMany, must, soon, story, until } from '../lib.mjs'
import { freePort, ownServer } from '../server.mjs'

const idp = await freePort()
const server = await ownServer({ host: 'localhost' })
const base = server.url
await server.start()

// RFC 6238, by hand: an app of another maker.
const base32 = (s) => { let bits = ''; for (const c of s.replace(/\s/g, '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'); return Buffer.from(bits.match(/.{8}/g).map((b) => Number.parseInt(b, 2))) }
const codeOf = (secret, step = 0) => {
  const at = Buffer.alloc(8)
  at.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step))
  const h = createHmac('sha1', base32(secret)).update(at).digest()
  const o = h[19] & 15
  return String((h.readUInt32BE(o) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const browser = await launchMany()
const visit = async (width = 1280) => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'en-GB', baseURL: base })
  return { context, page: heard(await context.newPage()) }
}
const password = 'nordlys-demo'
const signIn = async (page, who, to = '/') => {
  await page.goto(to === '/' ? '/signin' : `/signin?next=${encodeURIComponent(to)}`)
  await page.locator('input[name=email]').fill(who)
  await page.locator('input[name=password]').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
const inside = (page) => page.getByRole('navigation').first().waitFor(soon)

const mette = await visit()
let secret = '', recovery = []

await story('PM-13: a second factor is set up with an app, and asked for; a recovery code opens once', async () => {
  const p = mette.page
  await signIn(p, 'mette@nordlys.example')
  await inside(p)
  await p.goto('/settings/my-sign-in')
  await p.getByRole('button', { name: 'Set up a second factor' }).click()
  const dialog = p.getByRole('dialog')
  secret = (await dialog.locator('code').innerText(soon)).trim()
  await dialog.getByRole('img', { name: /authenticator|counts codes/ }).waitFor(soon)
  await clean(p, 'setting up')
  await dialog.getByLabel('Code from the app').fill('000000')
  await dialog.getByRole('button', { name: 'Switch it on' }).click()
  await dialog.getByText('That code is not right').waitFor(soon)
  await dialog.getByLabel('Code from the app').fill(codeOf(secret, -1))
  await dialog.getByRole('button', { name: 'Switch it on' }).click()
  await dialog.getByRole('list', { name: 'Recovery codes' }).waitFor(soon)
  recovery = await dialog.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts()
  must(recovery.length === 10, `${recovery.length} recovery codes`)
  await dialog.getByRole('button', { name: 'I have kept them' }).click()
  await p.getByText('10 recovery codes are left').waitFor(soon)

  const other = await visit(390)
  await signIn(other.page, 'mette@nordlys.example', '/tickets/mine')
  await other.page.getByLabel('Code from the app').waitFor(soon)
  await clean(other.page, 'the code')
  must((await other.context.request.get('/api/session')).status() === 401, 'a password alone opened a session')
  await other.page.getByLabel('Code from the app').fill(codeOf(secret))
  await other.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.page.waitForURL('**/tickets/mine', soon)
  const third = await visit()
  await signIn(third.page, 'mette@nordlys.example')
  await third.page.getByRole('button', { name: 'I do not have the app' }).click()
  await third.page.getByLabel('Recovery code').fill(recovery[0])
  await third.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await inside(third.page)
  await third.page.goto('/settings/my-sign-in')
  await third.page.getByText('9 recovery codes are left').waitFor(soon)
  await other.context.close()
  await third.context.close()
})

await story('PM-13: a passkey is made and signs in by itself', async () => {
  const p = mette.page
  const cdp = await mette.context.newCDPSession(p)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } })
  await p.goto('/settings/my-sign-in')
  await p.getByRole('button', { name: 'Add a passkey' }).click()
  await p.getByLabel('Name of the passkey').fill('Work laptop')
  await p.getByRole('button', { name: 'Make the passkey' }).click()
  await p.getByText('Work laptop').waitFor(soon)
  await clean(p, 'passkeys')
  await mette.context.request.delete('/api/session', { headers: { Origin: base } })
  await p.goto('/signin')
  await p.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await inside(p)
  const sessions = (await (await mette.context.request.get('/api/sessions')).json()).items
  must(sessions.some((x) => x.current && x.method === 'passkey' && x.second_factor), 'the session does not say that a passkey opened it')
})

await story('PM-13, PM-10: a second factor asked of everybody ends the sessions that lack one, and is set up at the next sign-in', async () => {
  const sofie = await visit()
  await signIn(sofie.page, 'sofie@nordlys.example')
  await inside(sofie.page)
  const p = mette.page
  await p.goto('/settings/sign-in')
  await p.getByRole('radiogroup', { name: 'Of whom a second factor is asked' }).waitFor(soon)
  await clean(p, 'what is asked of everybody')
  const asked = p.getByRole('radiogroup', { name: 'Of whom a second factor is asked' })
  await asked.getByText('Everybody').click()
  await p.getByRole('button', { name: 'Save', exact: true }).click()
  await sofie.page.getByText('You have been signed out').waitFor(soon)
  must((await sofie.context.request.get('/api/session')).status() === 401, 'the session goes on')
  await signIn(sofie.page, 'sofie@nordlys.example')
  await sofie.page.getByText('A second factor is asked of you here').waitFor(soon)
  const hers = (await sofie.page.locator('code').innerText(soon)).trim()
  await sofie.page.getByLabel('Code from the app').fill(codeOf(hers))
  await sofie.page.getByRole('button', { name: 'Switch it on' }).click()
  await sofie.page.getByRole('button', { name: 'I have kept them' }).click()
  await inside(sofie.page)
  await p.goto('/settings/sign-in')
  await asked.getByText('Nobody').click()
  await p.getByRole('button', { name: 'Save', exact: true }).click()
  await until('the rule is not back', async () => (await (await mette.context.request.get('/api/sign-in/settings')).json()).second_factor === 'optional')
  // Networks: one's own address must stay inside.
  await p.getByRole('combobox', { name: 'Networks that may use the workspace' }).fill('10.99.0.0/16')
  await p.keyboard.press('Enter')
  await p.getByRole('button', { name: 'Save', exact: true }).click()
  await p.getByText('you would lock yourself out').first().waitFor(soon)
  await sofie.context.close()
})

// A provider of another maker: discovery, keys, a page that says yes at once, tokens signed by RS256.
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const issuer = `http://localhost:${idp}`
let says = { sub: 'u1', email: 'sofie@nordlys.example', email_verified: true }, nonce = ''
const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url')
const provider = createServer((req, res) => {
  const u = new URL(req.url, issuer)
  const json = (v) => { res.setHeader('Content-Type', 'application/json'); res.end(JSON.stringify(v)) }
  if (u.pathname === '/.well-known/openid-configuration') return json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: ['RS256'], response_types_supported: ['code'], subject_types_supported: ['public'] })
  if (u.pathname === '/keys') return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] })
  if (u.pathname === '/authorize') {
    nonce = u.searchParams.get('nonce')
    const back = new URL(u.searchParams.get('redirect_uri'))
    back.searchParams.set('code', 'yes')
    back.searchParams.set('state', u.searchParams.get('state'))
    res.writeHead(302, { Location: back.href })
    return res.end()
  }
  const now = Math.floor(Date.now() / 1000)
  const head = `${b64({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${b64({ iss: issuer, aud: 'kanal', iat: now, exp: now + 300, nonce, ...says })}`
  return json({ access_token: 'a', token_type: 'Bearer', expires_in: 300, id_token: `${head}.${createSign('RSA-SHA256').update(head).sign(privateKey).toString('base64url')}` })
})
await new Promise((done) => provider.listen(idp, '127.0.0.1', done))

await story('PM-13: a provider is set up, tested, and signs people in where they wanted to go; who is unknown there is told', async () => {
  const p = mette.page
  await p.goto('/settings/sign-in')
  await p.getByRole('button', { name: 'Add a provider' }).click()
  const dialog = p.getByRole('dialog')
  await dialog.getByLabel('Name on the button').fill('Nordlys account')
  await dialog.getByLabel('Issuer').fill(issuer)
  await dialog.getByLabel('Client ID').fill('kanal')
  await clean(p, 'a provider')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await p.getByRole('button', { name: 'Test Nordlys account' }).click()
  await p.getByText('Nordlys account answers as a provider should').waitFor(soon)
  const someone = await visit()
  // Sofie has a second factor of her own, which this provider does not replace.
  await someone.page.goto('/signin?next=%2Ftickets%2Fopen')
  await clean(someone.page, 'the door')
  await someone.page.getByRole('link', { name: 'Sign in with Nordlys account' }).click()
  await someone.page.getByLabel('Code from the app').waitFor(soon)
  says = { sub: 'u9', email: 'stranger@nordlys.example', email_verified: true }
  await someone.page.goto('/signin')
  await someone.page.getByRole('link', { name: 'Sign in with Nordlys account' }).click()
  await someone.page.getByText('Nobody here has the address stranger@nordlys.example').waitFor(soon)
  // It asks for a second factor itself now, and makes people users.
  await p.getByRole('button', { name: 'Edit Nordlys account' }).click()
  await dialog.getByRole('combobox', { name: 'Domains of addresses that come in' }).fill('nordlys.example')
  await p.keyboard.press('Enter')
  await dialog.getByRole('switch', { name: /Make people users/ }).click()
  await dialog.getByRole('switch', { name: /asks for a second factor itself/ }).click()
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await dialog.waitFor({ state: 'hidden', ...soon })
  await someone.page.goto('/signin?next=%2Ftickets%2Fopen')
  await someone.page.getByRole('link', { name: 'Sign in with Nordlys account' }).click()
  await someone.page.waitForURL('**/tickets/open', soon)
  const who = await (await someone.context.request.get('/api/session')).json()
  must(who.user.email === 'stranger@nordlys.example' && who.user.role === 'agent', `it is ${who.user.email}, ${who.user.role}`)
  await someone.context.close()
})

await end(browser, provider, server)
