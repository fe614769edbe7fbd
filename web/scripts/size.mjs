// The budget of the first route (DESIGN section 11): everything the browser must fetch before the ticket list shows, compressed.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const budget = 300 * 1024
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const entry = Object.keys(manifest).find((k) => manifest[k].isEntry)
const files = new Set()
const walk = (key) => {
  const c = manifest[key]
  if (files.has(c.file)) return
  files.add(c.file)
  for (const f of c.css ?? []) files.add(f)
  for (const i of c.imports ?? []) walk(i)
}
walk(entry)
let total = gzipSync(readFileSync(new URL('index.html', dist))).length
for (const f of files) {
  const n = gzipSync(readFileSync(new URL(f, dist)), { level: 9 }).length
  total += n
  console.log(`${(n / 1024).toFixed(1).padStart(7)} KB  ${f}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  first route, of ${budget / 1024} KB allowed`)
if (total > budget) {
  console.error('The first route is over its budget: load something later, or argue for a new budget in DESIGN section 11.')
  process.exit(1)
}

// The chat frame: everything it fetches before it can be used, with the longest of the languages.
const frameBudget = 45 * 1024
const frameDist = new URL('widget/frame/', dist)
const weigh = (f) => gzipSync(readFileSync(new URL(f, frameDist)), { level: 9 }).length
const parts = JSON.parse(readFileSync(new URL('.vite/manifest.json', frameDist), 'utf8'))
const needed = new Set(['index.html'])
const follow = (key) => {
  const c = parts[key]
  if (needed.has(c.file)) return
  needed.add(c.file)
  for (const f of c.css ?? []) needed.add(f)
  for (const i of c.imports ?? []) follow(i)
}
for (const k of Object.keys(parts)) if (parts[k].isEntry || k.endsWith('.css')) follow(k)
let frame = 0
for (const f of needed) frame += weigh(f)
const languages = Object.keys(parts).filter((k) => /locales\/\w+\.json$/.test(k)).map((k) => weigh(parts[k].file))
frame += Math.max(0, ...languages)
console.log(`${(frame / 1024).toFixed(1).padStart(7)} KB  chat frame with its language, of ${frameBudget / 1024} KB allowed`)
if (frame > frameBudget) {
  console.error('The chat frame is over its budget: load something later.')
  process.exit(1)
}

// The loader: the one script on a customer's page. What it loads later is named beside it.
const loaderBudget = 4 * 1024
const widgetDist = new URL('widget/', dist)
const weight = (f) => gzipSync(readFileSync(new URL(f, widgetDist)), { level: 9 }).length
const loader = weight('kanal.js')
console.log(`${(loader / 1024).toFixed(1).padStart(7)} KB  chat loader, of ${loaderBudget / 1024} KB allowed; ${(weight(JSON.parse(readFileSync(new URL('loader.json', widgetDist), 'utf8')).extra) / 1024).toFixed(1)} KB more when the page is idle`)
if (loader > loaderBudget) {
  console.error('The chat loader is over its budget: move something to apps/widget/loader/extra.ts.')
  process.exit(1)
}
