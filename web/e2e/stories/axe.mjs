// WS-28: every page of the workspace, light, dark and with more contrast, wide and on a phone: axe finds nothing, nothing scrolls sideways, nothing
// is logged. The pages are read from the router and the list of settings pages (e2e/routes.mjs): a new one is walked without a word here.
import { base, calm, end, flaws, heard, launchMany, must, person, soon, story } from '../lib.mjs'
import { filled, patterns, samples } from '../routes.mjs'

const browser = await launchMany()

/** Waits until a page has read what it shows: no request under way, no skeleton, nothing that still moves. */
function watch(page) {
  let open = new Set()
  const counts = (r) => !/\/api\/(events|presence)/.test(r.url()) && r.resourceType() !== 'eventsource' && r.url().startsWith(base)
  page.on('request', (r) => { if (counts(r)) open.add(r) })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (r) => open.delete(r))
  page.on('framenavigated', (f) => { if (f === page.mainFrame()) open = new Set([...open].filter((r) => !r.isNavigationRequest())) })
  return async () => {
    await page.locator('h1:visible, [role=log]:visible').first().waitFor({ timeout: 3000 }).catch(() => {}) // whoever has none is told by axe
    for (let quiet = 0, i = 0; quiet < 3 && i < 400; i++) {
      const still = open.size === 0 && await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(!document.querySelector('[role=status][aria-label^="Loading"]') && document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity))))))
      quiet = still ? quiet + 1 : 0
      if (!still) await page.evaluate(() => new Promise((done) => setTimeout(done, 25)))
    }
  }
}

/** Colours change without a reload; what else axe looks at does not depend on them. */
const looks = [['dark', { colorScheme: 'dark' }], ['more contrast', { colorScheme: 'light', contrast: 'more' }], ['dark, more contrast', { colorScheme: 'dark', contrast: 'more' }]]
async function whole(page, where, found, { contrast }) {
  found.push(...await flaws(page, where))
  for (const [name, media] of looks.slice(0, contrast ? 3 : 1)) {
    await page.emulateMedia(media)
    found.push(...await flaws(page, `${where} (${name})`, { only: ['color-contrast'] }))
  }
  await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference' })
  await calm(page)
}

/** States that an address alone does not show. */
const states = (v) => [
  ['a list that is empty', '/tickets/trash'],
  ['a view that does not exist', '/tickets/custom:1'],
  ['a ticket with its composer', `/tickets/open/${v.ticketId}`, async (p) => { await p.keyboard.press('r'); await p.locator('[contenteditable=true]').first().waitFor(soon) }],
  ['tickets selected', '/tickets/open', async (p) => { await p.locator('[data-ticket]').first().waitFor(soon); await p.locator('body').press('*'); await p.getByRole('toolbar', { name: 'Selected tickets' }).waitFor(soon) }],
  ['search with hits', '/search?q=bike'],
  ['search with a mistake', '/search?q=is:opne'],
  ['search without hits', '/search?q=%22zzyzx%22'],
  ['nobody found', '/contacts?q=zzzzqq'],
  ['no such contact', '/contacts/1'],
  ['no such settings page', '/settings/nowhere'],
  ['the palette', '/tickets/open', async (p) => { await p.keyboard.press('Control+k'); await p.getByRole('dialog').waitFor(soon) }],
  ['the shortcuts', '/tickets/open', async (p) => { await p.keyboard.press('?'); await p.getByRole('dialog').waitFor(soon) }],
  ['notifications', '/tickets/open', async (p) => { await p.getByRole('button', { name: /^Notifications/ }).first().click(); await p.getByRole('dialog', { name: 'Notifications' }).waitFor(soon) }],
  ['settings as text', '/settings/users', async (p) => { await p.getByRole('button', { name: 'As text' }).click(); await p.getByRole('dialog').locator('pre').waitFor(soon) }],
  ['adding a user', '/settings/users', async (p) => { await p.getByRole('button', { name: 'Add user' }).click(); await p.getByRole('dialog').waitFor(soon) }],
  ['a new contact', '/contacts', async (p) => { await p.getByRole('button', { name: 'New contact' }).click(); await p.getByRole('dialog').waitFor(soon) }],
]

async function walk(width) {
  const contrast = width > 500
  await story(`WS-28: axe finds nothing on any page, light, dark${contrast ? ' and with more contrast' : ''}, ${width} px`, async () => {
    const found = []
    const size = { width, height: contrast ? 900 : 844 }
    const p = await person(browser, size)
    const values = await samples(p.api, base)
    const pages = filled(values)
    must(pages.length >= 35, `only ${pages.length} pages were found`)
    const settled = watch(p.page)
    // what is seen without a sign-in
    const out = await browser.newContext({ viewport: { width, height: size.height }, locale: 'en-GB', hasTouch: !contrast, baseURL: base })
    const door = heard(await out.newPage())
    const opened = watch(door)
    for (const path of ['/signin', '/setup?token=none']) {
      await door.goto(base + path)
      await opened()
      await whole(door, path, found, { contrast })
    }
    // customers' pages forbid every script, ours too: their text is put into a page that allows it
    for (const path of ['/rate/none', '/f/none']) {
      await door.goto('about:blank')
      await door.setContent(await (await out.request.get(base + path)).text())
      await whole(door, path, found, { contrast })
    }
    await out.close()
    // the router goes from page to page, as people do; only the first is loaded whole
    await p.page.goto(`${base}/tickets/open`)
    await settled()
    const go = async (path) => {
      const before = await p.page.evaluate(() => document.querySelector('main')?.innerText ?? '')
      await p.page.evaluate((to) => history.pushState({}, '', to), path)
      await p.page.waitForFunction((was) => (document.querySelector('main')?.innerText ?? '') !== was, before, { timeout: 2000 }).catch(() => {})
      await settled()
      must(new URL(p.page.url()).pathname === decodeURI(path).split('?')[0] || new URL(p.page.url()).pathname === path.split('?')[0], `${path} led to ${p.page.url()}`)
    }
    for (const path of pages.filter((x) => !/^\/(signin|setup)/.test(x))) {
      await go(path)
      await whole(p.page, path, found, { contrast })
    }
    for (const [name, path, act] of states(values)) {
      if (!contrast && name === 'the shortcuts') continue // a phone has no keys
      if (act) { await p.page.goto(base + path); await settled() } else await go(path)
      await act?.(p.page)
      await settled()
      await whole(p.page, name, found, { contrast })
    }
    await p.context.close()
    must(found.length === 0, found.join('\n'))
  }, 720_000)
}
await Promise.all([walk(1440), walk(390)])

await story('the pages that are walked are those of the router', async () => must(patterns().includes('/tickets/$view/$ticketId') && patterns().includes('/settings/audit'), patterns().join(' ')))
await end(browser)
