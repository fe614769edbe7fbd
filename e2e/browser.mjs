// An agent at work in headless Chromium, told what to do line by line on standard input: each line is a JSON array
// ["verb", …]; each answer is "ok" or "error: …". The story itself stands in story_test.go.
import { createInterface } from 'node:readline'
import { launchMany, problems } from '../web/e2e/lib.mjs'

const base = process.argv[2]
const browser = await launchMany()
const pages = {}
let page

const verbs = {
  async signin(name, email, password) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', baseURL: base })
    page = pages[name] = await context.newPage()
    page.on('pageerror', (e) => problems.push(e.message))
    await page.goto('/')
    await page.getByLabel('Email').fill(email)
    await page.locator('input[type=password]').fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL(/tickets/)
  },
  async as(name) { page = pages[name] },
  async open(path) { await page.goto(path) },
  // Nothing is reloaded: what is new must come by itself.
  async see(text, within = 15000) { await page.getByText(text, { exact: false }).first().waitFor({ timeout: within }) },
  async unseen(text) { await page.getByText(text, { exact: false }).first().waitFor({ state: 'detached', timeout: 15000 }) },
  async frame(text) { await page.frameLocator('iframe').getByText(text).first().waitFor({ timeout: 15000 }) },
  async ticket(subject) { await page.locator('a[data-ticket]', { hasText: subject }).first().click(); await page.waitForURL(/tickets\/[^/]+\/\d+/) },
  async reply(text) {
    await page.locator('section[data-mode=closed]').first().waitFor({ timeout: 15000 }) // the ticket is open, not only its row in the list
    await page.keyboard.press('r')
    const box = page.locator('section[data-mode=reply] [contenteditable=true], section[data-mode=reply] textarea').last()
    await box.waitFor({ timeout: 15000 })
    await box.click()
    await page.keyboard.type(text)
    await page.waitForTimeout(300)
    await page.keyboard.press('Control+Enter')
  },
  async offline(on) { await page.context().setOffline(on) },
  async shot(file) { await page.screenshot({ path: file }) },
  async clean() { if (problems.length) throw new Error(problems.join('; ')) },
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const [verb, ...args] = JSON.parse(line)
    await verbs[verb](...args)
    console.log('ok')
  } catch (err) {
    if (page) await page.screenshot({ path: '/tmp/kanal-story-failure.png' }).catch(() => {})
    console.log('error: ' + String(err?.message ?? err).split('\n')[0])
  }
}
await browser.close()
