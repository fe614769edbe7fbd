// Pictures of the screens and their states, to be looked at: node e2e/shots.mjs http://127.0.0.1:8080 [screen …] [size=wide-dark …]
// They go to e2e/out/screens with a README that shows them; scripts/screens puts both into docs/screens.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { chatScreens } from './chatscreens.mjs'
import { base, launchMany, out, person, problems } from './lib.mjs'
import { patterns, samples } from './routes.mjs'
import { workScreens } from './workscreens.mjs'

const args = process.argv.slice(3)
const only = args.filter((a) => !a.startsWith('size='))
const onlySizes = args.filter((a) => a.startsWith('size=')).map((a) => a.slice(5))
const dir = `${out}screens/`
mkdirSync(dir, { recursive: true })
const browser = await launchMany()

const sizes = [
  { tag: 'wide-light', width: 1440, height: 900, scheme: 'light' },
  { tag: 'wide-dark', width: 1440, height: 900, scheme: 'dark' },
  { tag: 'phone-light', width: 390, height: 844, scheme: 'light' },
  { tag: 'phone-dark', width: 390, height: 844, scheme: 'dark', main: true },
  { tag: 'wide-contrast', width: 1440, height: 900, scheme: 'light', main: true, appearance: { contrast: 'more' } },
  { tag: 'wide-rtl', width: 1440, height: 900, scheme: 'light', main: true, appearance: { direction: 'rtl' } },
]
const soon = { timeout: 8000 }

/** Still: fonts and pictures are there, and two samples of the page are alike. */
async function still(page) {
  await page.evaluate(() => document.fonts.ready)
  let last = ''
  for (let i = 0; i < 20; i++) {
    await page.waitForTimeout(150)
    const now = await page.evaluate(() => `${document.body.innerText.length} ${document.body.scrollHeight} ${document.querySelectorAll('*').length} ${[...document.images].every((x) => x.complete)}`)
    if (now === last) return
    last = now
  }
}
const failing = { status: 503, contentType: 'application/problem+json', body: '{"status":503,"title":"Service Unavailable"}' }
const long = 'Lastenfahrradanhängerkupplungsverlängerung with a name nobody would give a bicycle but somebody did — '.repeat(3)

/** What is shown: [name, address, main?, what is done before, what is done there]. */
function screens(v) {
  const t = (p) => `/tickets/open${p}`
  const key = (k) => async (p) => { await p.keyboard.press(k); await p.waitForTimeout(250) }
  const refuse = (glob) => async (p) => { await p.route(glob, (r) => r.fulfill(failing)) }
  const delay = (glob) => async (p) => { await p.route(glob, () => {}) }
  const stretch = (glob) => async (p) => { await p.route(glob, async (r) => {
    const res = await r.fetch()
    const body = (await res.text()).replace(/"(name|subject)":"[^"]+"/g, (_, k) => `"${k}":"${long.trim()}"`)
    await r.fulfill({ response: res, body })
  }) }
  const click = (role, name) => async (p) => { await p.getByRole(role, { name }).first().click(soon); await p.waitForTimeout(250) }
  const again = async (p) => { await p.getByRole('button', { name: 'Try again' }).first().waitFor({ timeout: 15_000 }) }
  const dialog = (name) => async (p) => { await click('button', name)(p); await p.getByRole('dialog').first().waitFor(soon) }
  const reply = async (p) => { await p.locator('[role=log]').waitFor(soon); await p.keyboard.press('r'); await p.locator('[contenteditable=true]').first().waitFor(soon) }
  const settings = patterns().filter((x) => x.startsWith('/settings/') && !x.includes('$')).map((x) => [`settings-${x.slice(10).replace(/\//g, '-')}`, x])
  return [
    ['signin-default', '/signin', 'out'], ['signin-error', '/signin', 'out', null, async (p) => { await p.locator('input[name=email]').fill('nobody@nordlys.example'); await p.locator('input[name=password]').fill('wrong-password'); await p.keyboard.press('Enter'); await p.getByRole('alert').first().waitFor(soon) }],
    ['setup-error', '/setup?token=none', 'out'], ['rate-gone', '/rate/none', 'out'], ['file-gone', '/f/none', 'out'],
    ['list-default', t(''), 'main'], ['list-empty', '/tickets/trash'], ['list-error', t(''), '', refuse('**/api/tickets?*'), again],
    ['list-loading', t(''), '', delay('**/api/tickets?*')], ['list-overfull', t(''), '', stretch('**/api/tickets?*')], ['list-selected', t(''), '', null, key('*')], ['list-filter', t(''), '', null, key('Shift+F')], ['list-display', t(''), '', null, key('Shift+D')],
    ['ticket-default', t(`/${v.ticketId}`), 'main'], ['ticket-loading', t(`/${v.ticketId}`), '', delay('**/timeline?*')], ['ticket-error', t(`/${v.ticketId}`), '', refuse('**/timeline?*'), again],
    ['ticket-overfull', t(`/${v.ticketId}`), '', stretch(`**/api/tickets/${v.ticketId}`)], ['ticket-reply', t(`/${v.ticketId}`), 'main', null, reply],
    ['ticket-comment', t(`/${v.ticketId}`), '', null, async (p) => { await p.locator('[role=log]').waitFor(soon); await p.keyboard.press('c'); await p.locator('[contenteditable=true]').first().waitFor(soon); await p.keyboard.type('What do you think, @'); await p.waitForTimeout(500) }],
    ['ticket-snooze', t(`/${v.ticketId}`), '', null, async (p) => { await p.locator('[role=log]').waitFor(soon); await p.keyboard.press('h'); await p.waitForTimeout(400) }],
    ['conversation-default', `/tickets/open/conversation/${v.threadId}`], ['compose-default', '/compose'], ['scheduled-empty', '/scheduled'],
    ['palette-default', t(''), 'main', null, key('Control+k')], ['shortcuts-default', t(''), '', null, key('?')], ['notifications-default', t(''), '', null, click('button', /^Notifications/)],
    ['search-default', '/search'], ['search-hits', '/search?q=bike', 'main'], ['search-empty', '/search?q=%22zzyzx%22'], ['search-mistake', '/search?q=is:opne'], ['search-error', '/search?q=bike', '', refuse('**/api/search?*'), again],
    ['contacts-default', '/contacts', 'main'], ['contacts-empty', '/contacts?q=zzzzqq'], ['contacts-error', '/contacts', '', refuse('**/api/contacts?*'), again], ['contacts-loading', '/contacts', '', delay('**/api/contacts?*')], ['contacts-overfull', '/contacts', '', stretch('**/api/contacts?*')], ['contacts-new', '/contacts', '', null, dialog('New contact')],
    ['contact-default', `/contacts/${v.contactId}`, 'main'], ['contact-missing', '/contacts/1'], ['contact-overfull', `/contacts/${v.contactId}`, '', stretch(`**/api/contacts/${v.contactId}`)], ['duplicates-empty', '/contacts/duplicates'],
    ['settings-default', '/settings', 'main'], ['settings-missing', '/settings/nowhere'], ['settings-search', '/settings/company', '', null, async (p) => { const box = p.getByRole('combobox', { name: 'Search settings' }); if (await box.isVisible()) { await box.fill('undo'); await p.waitForTimeout(250) } }],
    ...settings.map(([name, path]) => [`${name}-default`, path]),
    ['settings-chatflow-bot', `/settings/help-desk/chatflows/${v.flowId}`], ['settings-chatflow-trial', `/settings/help-desk/chatflows/${v.flowId}`, '', null, async (p) => { await p.getByRole('button', { name: 'Try it' }).click(); await p.waitForTimeout(2500) }], ['settings-chatflows-new', '/settings/help-desk/chatflows', '', null, dialog('New chatflow')], ['settings-chatflows-which', '/settings/help-desk/chatflows', '', null, dialog('Which one shows here?')],
    ['settings-channel-default', `/settings/help-desk/channels/${v.accountId}`], ['settings-connect-default', '/settings/help-desk/channels/connect/email'],
    ['settings-users-astext', '/settings/users', '', null, dialog('As text')], ['settings-users-add', '/settings/users', '', null, dialog('Add user')], ['settings-users-overfull', '/settings/users', '', stretch('**/api/users*')], ['settings-users-error', '/settings/users', '', refuse('**/api/users*'), again], ['settings-users-loading', '/settings/users', '', delay('**/api/users*')],
    ['settings-snippets-new', '/settings/snippets', '', null, dialog('New template')], ['settings-help-desk-senders-many', '/settings/help-desk/senders', '', null, dialog('Add many')], ['settings-inboxes-add', '/settings/inboxes', '', null, dialog('Add inbox')],
    ['nowhere-default', '/nowhere'],
  ]
}

for (const size of sizes) {
  if (onlySizes.length && !onlySizes.includes(size.tag)) continue
  const { page: first, api, context } = await person(browser, size)
  await first.close()
  const look = JSON.stringify(size.appearance ?? {})
  await context.addInitScript((x) => { try { localStorage.setItem('kanal.appearance', x) } catch { /* a page without storage */ } }, look)
  const away = await browser.newContext({ viewport: { width: size.width, height: size.height }, colorScheme: size.scheme, locale: 'en-GB', hasTouch: size.width < 500, baseURL: base })
  const values = await samples(api, base)
  for (const [name, path, kind = '', before, act] of [...screens(values), ...chatScreens(values, api, base), ...workScreens(values, api, base)]) {
    if (size.main && !kind.includes('main') || size.appearance && kind.includes('site')) continue // the widget has no appearance of its own
    if (only.length && !only.some((o) => name.startsWith(o))) continue
    const own = kind.includes('site') ? await browser.newContext({ viewport: { width: size.width, height: size.height }, colorScheme: size.scheme, locale: 'en-GB', hasTouch: size.width < 500 }) : null
    const page = await (own ?? (kind === 'out' ? away : context)).newPage()
    page.setDefaultTimeout(8000)
    page.on('pageerror', (e) => problems.push(`${name}: ${e.message}`))
    try {
      await before?.(page)
      await page.goto(kind.includes('site') ? path : base + path)
      if (!/^\/(rate|f)\//.test(path)) { await page.locator('h1:visible, h2:visible, [role=log]:visible, [role=status]:visible').first().waitFor(soon); await still(page) }
      const after = await act?.(page)
      if (!/^\/(rate|f)\//.test(path)) await still(page)
      await page.screenshot({ path: `${dir}${name}-${size.tag}.jpg`, type: 'jpeg', quality: 45 })
      await after?.()
      console.log(`${name}-${size.tag}`)
    } catch (err) { process.exitCode = 1; console.log(`FAIL ${name}-${size.tag}: ${String(err.message).split('\n')[0]}`) }
    await page.close()
    await own?.close()
  }
  await context.close()
  await away.close()
}
await browser.close()

// The gallery: one table a screen, a row for each state, its sizes beside each other.
const shown = readdirSync(dir).filter((f) => f.endsWith('.jpg')).map((f) => ({ f, size: sizes.find((s) => f.endsWith(`-${s.tag}.jpg`))?.tag })).filter((x) => x.size).map((x) => ({ ...x, name: x.f.slice(0, -x.size.length - 5) }))
const names = [...new Set(shown.map((x) => x.name))].sort()
const lines = ['# Screens', '', 'Every screen of the workspace, and the chat on a website, in their states, from the demo company. Made by `make screens`, this page too; to be looked at before a release.', '']
for (const group of [...new Set(names.map((n) => n.split('-')[0]))]) {
  lines.push(`## ${group}`, '')
  for (const name of names.filter((n) => n.split('-')[0] === group)) {
    lines.push(`### ${name}`, '', sizes.flatMap((s) => shown.filter((x) => x.name === name && x.size === s.tag).map((x) => `<a href="${x.f}"><img src="${x.f}" alt="${name}, ${s.tag}" height="260"></a>`)).join(' '), '')
  }
}
writeFileSync(`${dir}README.md`, lines.join('\n'))
for (const p of new Set(problems)) console.log('problem:', p)
