// What the chat costs a page: the same page with and without the code, side by side, each many times in a fresh browser context. Figures go to docs/PERFORMANCE.md by hand.
//   node e2e/weight.mjs http://127.0.0.1:8080 [runs]      (against `kanal demo`)
import { base, launchMany, person } from './lib.mjs'
import { chat, website } from './site.mjs'

const runs = Number(process.argv[3] ?? 15)
const browser = await launchMany()
const admin = await person(browser)
await chat(admin.api, base)
const site = await website(base)
const body = `<main><h1>Tents and lamps</h1>${Array.from({ length: 60 }, (_, i) => `<section><h2>Tent ${i}</h2><p>${'Everything for a night outside. '.repeat(12)}</p></section>`).join('')}</main>`
const pages = { without: site.page('/without', { body, code: '' }), with: site.page('/with', { body }) }

/** One load: first paint, main thread busy beyond 50 ms a task (as TBT counts it), script time, layout shift, bytes and requests of Kanal. */
async function measure(url) {
  const context = await browser.newContext({ viewport: { width: 412, height: 823 }, isMobile: true })
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Performance.enable')
  await cdp.send('Network.enable')
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  let bytes = 0, requests = 0
  const ours = new Set()
  cdp.on('Network.requestWillBeSent', (e) => { if (e.request.url.startsWith(base)) { ours.add(e.requestId); requests++ } })
  cdp.on('Network.loadingFinished', (e) => { if (ours.has(e.requestId)) bytes += e.encodedDataLength })
  await page.addInitScript(() => {
    window.seen = { shift: 0, blocked: 0 }
    new PerformanceObserver((l) => { for (const e of l.getEntries()) window.seen.shift += e.value }).observe({ type: 'layout-shift', buffered: true })
    new PerformanceObserver((l) => { for (const e of l.getEntries()) window.seen.blocked += Math.max(0, e.duration - 50) }).observe({ type: 'longtask', buffered: true })
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.waitForTimeout(500)
  const seen = await page.evaluate(() => ({ ...window.seen, fcp: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, load: performance.getEntriesByType('navigation')[0].loadEventEnd }))
  const script = (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === 'ScriptDuration').value * 1000
  await context.close()
  return { ...seen, script, bytes, requests }
}

const all = { without: [], with: [] }
for (let i = 0; i <= runs; i++) for (const kind of ['without', 'with']) { const m = await measure(pages[kind]); if (i) all[kind].push(m) } // the first warms up
const median = (list, key) => list.map((m) => m[key]).sort((a, b) => a - b)[Math.floor(list.length / 2)]
console.log(`${runs} loads each, phone, processor slowed four times, medians`)
console.log('| | without | with |\n| --- | --- | --- |')
for (const [key, name, digits] of [['fcp', 'first contentful paint, ms', 0], ['load', 'load event, ms', 0], ['blocked', 'main thread blocked beyond 50 ms a task, ms', 0], ['script', 'script, ms', 1], ['shift', 'layout shift', 3], ['requests', 'requests to Kanal', 0], ['bytes', 'bytes from Kanal, headers too', 0]]) {
  console.log(`| ${name} | ${median(all.without, key).toFixed(digits)} | ${median(all.with, key).toFixed(digits)} |`)
}
await site.close()
await browser.close()
