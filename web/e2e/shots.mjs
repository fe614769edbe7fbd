// Pictures of the screens, to be looked at: node e2e/shots.mjs http://127.0.0.1:8080 [name …]
import { base, launchMany, out, person, problems } from './lib.mjs'

const only = process.argv.slice(3)
const browser = await launchMany()
const settle = (page, ms = 700) => page.waitForLoadState('networkidle', { timeout: 1500 }).catch(() => {}).then(() => page.waitForTimeout(ms))
const shot = async (page, name) => { await page.screenshot({ path: `${out}${name}.png` }); console.log(name) }
const wanted = (name) => only.length === 0 || only.some((o) => name.startsWith(o))

const sizes = [{ tag: 'wide-light', width: 1440, height: 900, scheme: 'light' }, { tag: 'wide-dark', width: 1440, height: 900, scheme: 'dark' }, { tag: 'phone-light', width: 390, height: 844, scheme: 'light' }, { tag: 'phone-dark', width: 390, height: 844, scheme: 'dark' }]
for (const size of sizes) {
  if (only.some((o) => o.startsWith('size=')) && !only.includes(`size=${size.tag}`)) continue
  const { page, api, context } = await person(browser, size)
  const first = async (view) => (await (await api.get(`${base}/api/tickets?view=${view}&limit=30`)).json()).items ?? []
  const screens = {
    signin: async () => { const c = await browser.newContext({ viewport: { width: size.width, height: size.height }, colorScheme: size.scheme, locale: 'en-GB' }); const p = await c.newPage(); await p.goto(`${base}/signin`); await settle(p); await shot(p, `signin-${size.tag}`); await c.close() },
    list: async () => { await page.goto(`${base}/tickets/open`); await settle(page); await shot(page, `list-${size.tag}`) },
    ticket: async () => { const t = (await first('open')).find((x) => x.message_count > 2) ?? (await first('open'))[0]; await page.goto(`${base}/tickets/open/${t.id}`); await settle(page); await shot(page, `ticket-${size.tag}`) },
    reply: async () => { const t = (await first('unassigned'))[0] ?? (await first('open'))[0]; await page.goto(`${base}/tickets/unassigned/${t.id}`); await settle(page); await page.keyboard.press('r'); await settle(page); await shot(page, `reply-${size.tag}`) },
    comment: async () => { const t = (await first('mine'))[0] ?? (await first('open'))[0]; await page.goto(`${base}/tickets/mine/${t.id}`); await settle(page); await page.keyboard.press('c'); await settle(page); await page.keyboard.type('What do you think, @'); await settle(page, 300); await shot(page, `comment-${size.tag}`); await page.keyboard.press('Escape') },
    empty: async () => { await page.goto(`${base}/tickets/spam`); await settle(page); await shot(page, `empty-${size.tag}`) },
    palette: async () => { await page.goto(`${base}/tickets/open`); await settle(page); await page.keyboard.press('Control+k'); await settle(page, 300); await shot(page, `palette-${size.tag}`) },
    sheet: async () => { await page.goto(`${base}/tickets/open`); await settle(page); await page.keyboard.press('?'); await settle(page, 300); await shot(page, `sheet-${size.tag}`) },
    search: async () => { await page.goto(`${base}/search?q=bike`); await settle(page); await shot(page, `search-${size.tag}`) },
    compose: async () => { await page.goto(`${base}/compose`); await settle(page); await shot(page, `compose-${size.tag}`) },
    channels: async () => { await page.goto(`${base}/settings`); await settle(page); await shot(page, `channels-${size.tag}`) },
    channel: async () => { const a = (await (await api.get(`${base}/api/channel-accounts`)).json()).items[0]; await page.goto(`${base}/settings/help-desk/channels/${a.id}`); await settle(page); await shot(page, `channel-${size.tag}`) },
    wizard: async () => { await page.goto(`${base}/settings/help-desk/channels/connect/email`); await settle(page); await shot(page, `wizard-${size.tag}`) },
    users: async () => { await page.goto(`${base}/settings/users`); await settle(page); await shot(page, `users-${size.tag}`) },
    tokens: async () => { await page.goto(`${base}/settings/tokens`); await settle(page); await shot(page, `tokens-${size.tag}`) },
    inbound: async () => { await page.goto(`${base}/settings/inbound`); await settle(page); await shot(page, `inbound-${size.tag}`) },
    error: async () => { await page.route('**/api/tickets?*', (r) => r.fulfill({ status: 503, contentType: 'application/problem+json', body: '{}' })); await page.goto(`${base}/tickets/mine`); await page.waitForTimeout(9000); await shot(page, `error-${size.tag}`); await page.unroute('**/api/tickets?*') },
    loading: async () => { await page.route('**/timeline?*', async (r) => { await new Promise((s) => setTimeout(s, 3000)); await r.continue().catch(() => {}) }); const t = (await first('open'))[0]; await page.goto(`${base}/tickets/open/${t.id}`); await page.waitForTimeout(1500); await shot(page, `loading-${size.tag}`); await page.unroute('**/timeline?*') },
  }
  const names = only.filter((o) => !o.startsWith('size='))
  for (const [name, run] of Object.entries(screens)) {
    if (names.length && !names.includes(name)) continue
    try { await run() } catch (err) { console.log(`FAIL ${name}-${size.tag}: ${String(err.message).split('\n')[0]}`) }
  }
  await context.close()
}
void wanted
await browser.close()
for (const p of new Set(problems)) console.log('problem:', p)
