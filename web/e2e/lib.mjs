// What every story and every picture needs: a headless browser, a signed-in page, and steps that say what failed.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { sendMail } from './smtp.mjs'

export const base = process.env.KANAL_URL ?? process.argv[2] ?? 'http://127.0.0.1:8080'
export const email = process.env.KANAL_EMAIL ?? 'mette@nordlys.example'
export const password = process.env.KANAL_PASSWORD ?? 'nordlys-demo'
export const secondEmail = process.env.KANAL_SECOND_EMAIL ?? 'sofie@nordlys.example'
/** The address that the demo company's customers write to, and where their own mail can be read: nowhere, unless the server simulates them. */
export const team = process.env.KANAL_TEAM_ADDRESS ?? 'support@nordlys.example'
export const mailbox = process.env.KANAL_MAILBOX_URL
/** How long one waits for a page: a busy machine is slow. */
export const soon = { timeout: 30_000 }
export const out = new URL('./out/', import.meta.url).pathname
mkdirSync(out, { recursive: true })

const chrome = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
}
export const launch = () => chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'kanal-e2e-')), { ...chrome, viewport: { width: 1440, height: 900 }, locale: 'en-GB' })

/** One browser, several people: each its own context with its own cookies. */
export const launchMany = () => chromium.launch(chrome)

export async function person(browser, { who = email, pass = password, width = 1440, height = 900, scheme = 'light', locale = 'en-GB', undo = 0 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, hasTouch: width < 500, baseURL: base })
  const res = await context.request.post(`${base}/api/session`, { data: { email: who, password: pass }, headers: { Origin: base } })
  if (!res.ok()) throw new Error(`sign in as ${who}: ${res.status()} ${await res.text()}`)
  // What a person sends goes at once, unless the story is about taking it back.
  await context.request.patch(`${base}/api/me`, { data: { preferences: { undo_send_seconds: undo } }, headers: { Origin: base } })
  return { context, page: drawn(heard(await context.newPage())), api: context.request }
}

/**
 * A page that is opened or loaded again is there when the workspace is drawn, not when its scripts are: only then does it know from where on to hear
 * of what happens. What is no page of the workspace is waited for three seconds.
 */
function drawn(page) {
  for (const way of ['goto', 'reload']) {
    const go = page[way].bind(page)
    page[way] = async (...args) => {
      const res = await go(...args)
      if (page.url().startsWith(base)) await page.locator('main').first().waitFor({ state: 'attached', timeout: 3000 }).catch(() => {})
      return res
    }
  }
  return page
}

/** A page whose errors are kept. A resource that does not load is no error: many stories are about that. */
export function heard(page, but = /Failed to load resource/) {
  page.on('pageerror', (e) => { problems.push(`${page.url()}: ${e.message}`) })
  page.on('console', (m) => { if (m.type() === 'error' && !but.test(m.text())) problems.push(`${page.url()}: ${m.text()}`) })
  return page
}

/** Errors that any page threw or logged; a story ends well only when there are none. */
export const problems = []

let failed = 0
const only = process.env.STORIES ? new RegExp(process.env.STORIES, 'i') : null
/** Tells one story. What hangs fails after the limit, in milliseconds: a script in a page may wait for ever. */
export async function story(name, fn, limit = 240_000) {
  if (only && !only.test(name)) return
  const start = Date.now()
  let timer
  try {
    await Promise.race([fn(), new Promise((_, no) => { timer = setTimeout(() => no(new Error(`not at its end after ${limit / 1000} s`)), limit) })])
    console.log(`ok    ${name} (${Date.now() - start} ms)`)
  } catch (err) {
    failed++
    console.log(`FAIL  ${name}\n      ${String(err?.message ?? err).split('\n').join('\n      ')}`)
  } finally {
    clearTimeout(timer)
  }
}
export const failures = () => failed
export function must(cond, message) { if (!cond) throw new Error(message) }

/** The last line of a file of stories: no page threw, what was opened is closed, and the exit code says how it went. */
export async function end(...opened) {
  await story('no page threw or logged an error', async () => must(problems.length === 0, [...new Set(problems)].slice(0, 20).join('\n')))
  for (const it of opened) await it.close()
  process.exit(failed ? 1 : 0)
}

/** Asks until there is something to give, and gives it. Without words of its own it fails with the question. */
export async function until(what, fn = what, ms = 30_000) {
  for (const last = Date.now() + ms; ;) {
    const found = await fn()
    if (found) return found
    must(Date.now() < last, `waited in vain: ${what}`)
    await new Promise((done) => { setTimeout(done, 100) })
  }
}

/** What a request was answered as JSON, null where there is nothing; a refusal is an error with its words. */
export async function told(res) {
  const text = await res.text()
  must(res.ok(), `${res.url()}: ${res.status()} ${text}`)
  return text ? JSON.parse(text) : null
}
/** Asks the API as somebody. */
export const ask = async (who, method, path, data) => told(await who.api.fetch(base + path, { method, headers: { Origin: base }, ...(data === undefined ? {} : { data }) }))

/** Words that no earlier story has used. */
export const unique = (s) => `${s} ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 5)}`
/** A mail of one of the demo company's customers; gives its Message-ID. */
export const mail = (subject, over = {}) => sendMail({ from: 'mira@customers.example', name: 'Mira Kask', to: team, subject, text: 'Hello,\n\nthe brake squeaks.\n\nMira', ...over })
/** The open ticket that a mail became. */
export const arrived = (who, subject) => until(`${subject} did not arrive`, async () => (await ask(who, 'GET', '/api/tickets?view=open&limit=60')).items.find((t) => t.subject === subject))
/** What lies in somebody's mailbox, as it went over the wire, newest first. */
export async function letters(to, most = 100) {
  const list = await (await fetch(`${mailbox}/?to=${encodeURIComponent(to)}`)).text()
  return Promise.all([...new Set(list.match(/\/mail\/\d+/g) ?? [])].slice(0, most).map(async (path) => (await fetch(`${mailbox}${path}/source`)).text()))
}

/**
 * Waits until what moves on a page has arrived. It is asked frame by frame: the promise of a transition that Chromium no longer draws is never kept.
 * A page that goes on moving for two seconds is taken as it is.
 */
export const calm = (page) => page.evaluate(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done))
  const still = () => document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity)
  // What has been opened begins to move some frames later.
  for (let quiet = 0, end = performance.now() + 2000; quiet < 4 && performance.now() < end;) {
    await frame()
    quiet = still() ? quiet + 1 : 0
  }
})

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** What axe finds in a page that has come to rest, or in a part of it, as sentences; and whether the page scrolls sideways. `only` names the rules to ask. */
export async function flaws(page, where, { part, only } = {}) {
  await calm(page)
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe)
  return page.evaluate(async ({ where, part, only, tags }) => {
    const { violations } = await globalThis.axe.run(part ?? document, {
      ...(only ? { runOnly: { type: 'rule', values: only } } : { runOnly: tags, rules: { region: { enabled: false } } }), iframes: false, resultTypes: ['violations'], elementRef: false,
    })
    const found = violations.map((v) => `${where}: ${v.id} (${v.nodes.length}) ${v.nodes[0].target.join(' ')} — ${v.nodes[0].failureSummary?.split('\n')[1]?.trim() ?? ''}`)
    const wide = document.documentElement.scrollWidth - innerWidth
    return wide > 0 ? [...found, `${where}: scrolls sideways by ${wide} px`] : found
  }, { where, part, only, tags })
}
/** A page, or somebody's page, has no flaws. */
export async function clean(p, where, how) {
  const found = await flaws(p.page ?? p, where, how)
  must(found.length === 0, found.join('\n'))
}

/** Clicks a box and waits until it is as wanted: what draws its own state has it a moment after the click. */
export async function tick(box, on = true, timeout = 30_000) {
  if (await box.isChecked({ timeout }) === on) return
  await box.click({ timeout })
  for (const end = Date.now() + timeout; await box.isChecked() !== on;) {
    must(Date.now() < end, `the box ${box} is not ${on ? 'checked' : 'clear'}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
