// What every story and every picture needs: a headless browser, a signed-in page, and steps that say what failed.
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

export const base = process.env.KANAL_URL ?? process.argv[2] ?? 'http://127.0.0.1:8080'
export const email = process.env.KANAL_EMAIL ?? 'mette@nordlys.example'
export const password = process.env.KANAL_PASSWORD ?? 'nordlys-demo'
export const secondEmail = process.env.KANAL_SECOND_EMAIL ?? 'sofie@nordlys.example'
export const out = new URL('./out/', import.meta.url).pathname
mkdirSync(out, { recursive: true })

export async function launch() {
  const dir = mkdtempSync(join(tmpdir(), 'kanal-e2e-'))
  return chromium.launchPersistentContext(dir, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

/** One browser, several people: each its own context with its own cookies. */
export async function launchMany() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

export async function person(browser, { who = email, pass = password, width = 1440, height = 900, scheme = 'light', locale = 'en-GB', undo = 0 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, hasTouch: width < 500, baseURL: base })
  const res = await context.request.post(`${base}/api/session`, { data: { email: who, password: pass }, headers: { Origin: base } })
  if (!res.ok()) throw new Error(`sign in as ${who}: ${res.status()} ${await res.text()}`)
  // What a person sends goes at once, unless the story is about taking it back.
  await context.request.patch(`${base}/api/me`, { data: { preferences: { undo_send_seconds: undo } }, headers: { Origin: base } })
  const page = await context.newPage()
  page.on('pageerror', (e) => { problems.push(`${page.url()}: ${e.message}`) })
  page.on('console', (m) => { if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) problems.push(`${page.url()}: ${m.text()}`) })
  return { context, page, api: context.request }
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

/**
 * Waits until what moves on a page has arrived. It is asked frame by frame: the promise of a transition that Chromium no longer draws is never kept.
 * A page that goes on moving for two seconds is taken as it is.
 */
export const calm = (page) => page.evaluate(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done))
  await frame()
  for (const end = performance.now() + 2000; performance.now() < end;) {
    await frame()
    if (document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity)) return
  }
})

/** Clicks a box and waits until it is as wanted: what draws its own state has it a moment after the click. */
export async function tick(box, on = true, timeout = 30_000) {
  if (await box.isChecked({ timeout }) === on) return
  await box.click({ timeout })
  for (const end = Date.now() + timeout; await box.isChecked() !== on;) {
    must(Date.now() < end, `the box ${box} is not ${on ? 'checked' : 'clear'}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
