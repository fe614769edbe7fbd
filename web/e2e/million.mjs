// The workspace on an installation of a million tickets: opening, ten thousand rows, next ticket by key, filters, search, and closing ten thousand at once.
//   kanal bench list --rows 1000000 --dir DIR --samples 20        (fills DIR and leaves it)
//   kanal serve --data DIR --http 127.0.0.1:8080 --smtp 127.0.0.1:2525
//   node web/e2e/million.mjs http://127.0.0.1:8080/setup?token=…   (the setup link that serve prints; afterwards the plain address will do)
// It measures and asserts little: times depend on the machine. Not run by CI.
import { launchMany } from './lib.mjs'

const link = new URL(process.argv[2] ?? 'http://127.0.0.1:8080')
const base = link.origin
const rowsWanted = Number(process.env.ROWS ?? 10_000)
const closeUpTo = Number(process.env.CLOSE_BELOW ?? 51_001)
const who = { email: 'ada@million.example', password: 'a long enough sentence' }
const browser = await launchMany()
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
const token = link.searchParams.get('token')
const first = token ? await context.request.post(`${base}/api/setup`, { data: { token, name: 'Ada Owner', ...who }, headers: { Origin: base } }) : null
if (first && !first.ok()) throw new Error(`setup: ${first.status()} ${await first.text()}`)
const signed = await context.request.post(`${base}/api/session`, { data: who, headers: { Origin: base } })
if (!signed.ok()) throw new Error(`sign in: ${signed.status()} ${await signed.text()}`)

await context.addInitScript(() => {
  globalThis.taken = []
  new PerformanceObserver((l) => { for (const e of l.getEntries()) if (e.interactionId) globalThis.taken.push({ name: e.name, ms: e.duration, id: e.interactionId }) }).observe({ type: 'event', durationThreshold: 16, buffered: true })
  globalThis.long = []
  new PerformanceObserver((l) => { for (const e of l.getEntries()) globalThis.long.push(e.duration) }).observe({ type: 'longtask', buffered: true })
})
const page = await context.newPage()
const rows = page.locator('[data-ticket]')
const soon = { timeout: 60_000 }
const note = (what, text) => console.log(`${what.padEnd(46)} ${text}`)
const clock = async (what, fn) => { const t = performance.now(); const more = await fn(); const ms = performance.now() - t; note(what, `${ms.toFixed(0)} ms${more ? `  ${more}` : ''}`); return ms }
/** Interaction to next paint since the last call: the worst, and how many were measured (those under 16 ms are not told). */
const inp = async (what) => {
  const all = await page.evaluate(() => { const by = {}; for (const e of globalThis.taken.splice(0)) by[e.id] = Math.max(by[e.id] ?? 0, e.ms); return Object.values(by).sort((a, b) => a - b) })
  const long = await page.evaluate(() => globalThis.long.splice(0).sort((a, b) => a - b))
  note(`  interaction to next paint, ${what}`, all.length ? `p50 ${all[all.length >> 1]} ms, p98 ${all[Math.min(all.length - 1, Math.floor(all.length * 0.98))]} ms, worst ${all.at(-1)} ms of ${all.length} over 16 ms; ${long.length} long tasks, the longest ${Math.round(long.at(-1) ?? 0)} ms` : `all under 16 ms; ${long.length} long tasks, the longest ${Math.round(long.at(-1) ?? 0)} ms`)
}
const shown = () => page.evaluate(() => Math.max(0, ...[...document.querySelectorAll('[aria-posinset]')].map((e) => Number(e.getAttribute('aria-posinset')))))
/** PARTS=search,bulk measures some alone. */
const only = process.env.PARTS?.split(',')
const part = async (name, fn) => { if (only && !only.includes(name)) return; try { await fn() } catch (err) { note(name, `FAILED: ${String(err.message).split('\n')[0]}`) } }

await part('open', async () => {
  await clock('open the list of all open tickets, cold', async () => { await page.goto(`${base}/tickets/open`); await rows.first().waitFor(soon) })
  await clock('the same again, warm', async () => { await page.reload(); await rows.first().waitFor(soon) })
  await page.waitForTimeout(1500)
  await inp('loading')
})

await part('next ticket', async () => {
  const times = []
  await page.keyboard.press('j')
  for (let i = 0; i < 20; i++) {
    const was = page.url()
    const t = performance.now()
    await page.keyboard.press('j')
    await page.waitForFunction((u) => location.href !== u, was, soon)
    await page.locator('[role="log"]').waitFor(soon)
    times.push(performance.now() - t)
    await page.waitForTimeout(250)
  }
  times.sort((a, b) => a - b)
  note('next ticket by j, 20 times, until it stands', `p50 ${times[10].toFixed(0)} ms, worst ${times.at(-1).toFixed(0)} ms`)
  await inp('j')
})

await part('scroll', async () => {
  await page.goto(`${base}/tickets/open`)
  await rows.first().waitFor(soon)
  const box = await rows.first().boundingBox()
  await page.mouse.move(box.x + 60, box.y + 60)
  const before = await shown()
  await clock(`scroll to row ${rowsWanted}`, async () => {
    let last = before, still = 0
    while (last < rowsWanted && still < 200) {
      await page.mouse.wheel(0, 6000)
      await page.waitForTimeout(30)
      const now = await shown()
      still = now === last ? still + 1 : 0
      last = now
    }
    return `(row ${last} reached, ${await page.evaluate(() => document.querySelectorAll('[data-ticket]').length)} in the document)`
  })
  await inp('scrolling')
  const rate = await page.evaluate(() => new Promise((done) => { // frames while the list moves by hand
    const el = [...document.querySelectorAll('*')].find((e) => e.scrollTop > 10_000)
    const gaps = []
    let last = performance.now(), n = 0
    const step = () => { const now = performance.now(); gaps.push(now - last); last = now; if (el) el.scrollTop -= 400; if (++n < 120) requestAnimationFrame(step); else done(gaps.sort((a, b) => a - b)) }
    requestAnimationFrame(step)
  }))
  note('  frames while moving among ten thousand rows', `p50 ${rate[60].toFixed(1)} ms, p95 ${rate[114].toFixed(1)} ms`)
  for (let i = 0; i < 10; i++) { await page.mouse.move(box.x + 60, box.y + 60 + 40 * i); await page.keyboard.press('j'); await page.waitForTimeout(150) }
  await inp('j among ten thousand rows')
})

await part('views', async () => {
  for (const [name, path] of [['mine', 'mine'], ['unassigned', 'unassigned'], ['closed (800,000)', 'closed']]) {
    await clock(`view ${name}`, async () => {
      await page.locator(`a[href="/tickets/${path}"]`).first().click(soon)
      await page.waitForURL(new RegExp(`/tickets/${path}`))
      await page.waitForFunction(() => document.querySelector('[data-ticket]') || /Nothing|No |All /.test(document.querySelector('#main')?.textContent ?? ''), null, soon)
    })
  }
  await inp('changing views')
})

await part('filter', async () => {
  const filter = JSON.stringify({ all: [{ field: 'subject', op: 'contains', value: 'case 99999' }] })
  for (const [what, f] of [['filter: subject contains (rare), first page', filter], ['filter: number below, first page', JSON.stringify({ all: [{ field: 'number', op: 'lt', value: closeUpTo }] })], ['filter: owner and older than 30 days', JSON.stringify({ all: [{ field: 'owner_id', op: 'is', value: '5' }, { field: 'last_activity_at', op: 'older_than_days', value: 30 }] })]]) {
    await clock(what, async () => { const r = await context.request.get(`${base}/api/tickets?view=open&limit=50&filter=${encodeURIComponent(f)}`); return `(${r.status()}, ${((await r.json()).items ?? []).length} rows)` })
  }
})

await part('search', async () => {
  await page.goto(`${base}/search`)
  const input = page.getByRole('combobox', { name: 'Search' })
  await input.waitFor(soon)
  for (const q of ['printer', 'case 777777', '"label printer stops"', 'is:open owner:"Agent 7"', 'pritner', '#500000', 'customer4711', 'type:contact customer']) {
    await input.fill('')
    await page.waitForTimeout(400)
    await clock(`search, typed at once: ${q}`, async () => {
      await input.fill(q)
      await page.waitForFunction((text) => decodeURIComponent(location.search).replace(/[\\"+ ]/g, '').includes(text.replace(/[" ]/g, '')), q, soon)
      await page.waitForFunction(() => document.querySelector('[data-hit]') || /Nothing found/.test(document.body.textContent ?? ''), null, soon)
      return `(${await page.locator('[data-hit]').count()} shown)`
    })
  }
  await input.fill('')
  await page.evaluate(() => { globalThis.taken.length = 0 })
  await input.pressSequentially('label printer', { delay: 60 })
  await page.waitForTimeout(1200)
  await inp('typing a search')
})

await part('bulk', async () => {
  await page.goto(`${base}/tickets/open`)
  await rows.first().waitFor(soon)
  const filter = { all: [{ field: 'number', op: 'lt', value: closeUpTo }] }
  const asked = performance.now()
  const made = await page.evaluate(async ({ filter }) => {
    const r = await fetch('/api/bulk', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ selection: { view: 'open', filter }, action: { type: 'close' } }) })
    return { status: r.status, body: await r.json() }
  }, { filter })
  note('close ten thousand: accepted', `${(performance.now() - asked).toFixed(0)} ms, ${made.status} ${made.body.detail ?? ''}`)
  if (made.status !== 202) return
  let run = made.body
  let worst = 0
  while (!['done', 'failed', 'cancelled', 'finished'].includes(run.state)) {
    await page.waitForTimeout(400)
    const t = performance.now()
    run = await (await context.request.get(`${base}/api/bulk/${run.id}`)).json()
    worst = Math.max(worst, performance.now() - t)
    if (performance.now() - asked > 300_000) break
  }
  note('close ten thousand: done', `${((performance.now() - asked) / 1000).toFixed(1)} s: ${run.done} of ${run.total}, ${run.failed} failed (${run.state}); slowest answer of the server meanwhile ${worst.toFixed(0)} ms`)
  await page.mouse.move(700, 500)
  for (let i = 0; i < 5; i++) { await page.keyboard.press('j'); await page.waitForTimeout(300) }
  await inp('working while it runs and after')
})

await browser.close()
