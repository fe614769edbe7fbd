// Contacts: finding, changing, merging and parting, exporting, erasing: node e2e/stories/contacts.mjs http://127.0.0.1:8080
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { base, failures, launchMany, must, person, problems, secondEmail, story } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const team = process.env.KANAL_TEAM_ADDRESS ?? 'support@nordlys.example'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await launchMany()
const soon = { timeout: 30_000 }
const tag = Date.now().toString(36)
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const { page, api } = ann
const origin = { Origin: base }
const call = async (method, path, data) => { const r = await api.fetch(base + path, { method, headers: origin, ...(data ? { data } : {}) }); must(r.ok(), `${method} ${path}: ${r.status()} ${await r.text()}`); return r.json() }
const make = (body) => call('POST', '/api/contacts', body)
const until = async (what, fn) => { for (let i = 0; i < 120; i++) { const v = await fn(); if (v) return v; await page.waitForTimeout(250) } throw new Error(what) }
const byMail = (q) => until(`nobody is found by ${q}`, async () => (await call('GET', `/api/contacts?q=${encodeURIComponent(q)}`)).items[0])
const checked = async (p, where) => {
  await p.evaluate(axe)
  const r = await p.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { region: { enabled: false } }, iframes: false }))
  const wide = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  return [...r.violations.map((v) => `${where}: ${v.id} (${v.nodes.length}) ${v.nodes[0].target.join(' ')} ${v.nodes[0].failureSummary?.split('\n')[1]?.trim() ?? ''}`), ...(wide > 0 ? [`${where}: scrolls sideways by ${wide} px`] : [])]
}

await story('contacts open by key; typing the beginning of a name or an address finds them', async () => {
  await make({ name: `Birgitta Zander ${tag}`, email: `bz-${tag}@zander.example`, phone: '+4599887766' })
  await page.goto(`${base}/tickets/open`)
  await page.locator('[data-ticket]').first().waitFor(soon)
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await page.waitForURL(/\/contacts$/)
  const box = page.getByRole('searchbox', { name: /Name, address or number/ })
  for (const q of ['zand', `bz-${tag}`, '99887766'.padStart(10, '45')]) {
    await box.fill(q)
    await page.locator('[data-contact]', { hasText: `Birgitta Zander ${tag}` }).waitFor(soon)
  }
  await box.fill('qqqxxx')
  await page.getByRole('heading', { name: 'Nobody matches' }).waitFor(soon)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.locator('[data-contact]').first().waitFor(soon)
})

await story('a contact is added by hand; an address that somebody holds is refused with the holder', async () => {
  await page.getByRole('button', { name: 'New contact' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(`Otto Hand ${tag}`)
  await dialog.getByLabel('Email address').fill(`bz-${tag}@zander.example`)
  await dialog.getByRole('button', { name: 'Add contact' }).click()
  await dialog.getByRole('alert').filter({ hasText: 'Birgitta Zander' }).waitFor(soon)
  await dialog.getByLabel('Email address').fill(`otto-${tag}@hand.example`)
  await dialog.getByRole('button', { name: 'Add contact' }).click()
  await page.getByRole('heading', { level: 1, name: `Otto Hand ${tag}` }).waitFor(soon)
})

await story('fields are changed in place, addresses added, verified and taken away; a colleague sees it at once', async () => {
  const url = page.url()
  await bo.page.goto(url)
  await bo.page.getByRole('heading', { level: 1, name: `Otto Hand ${tag}` }).waitFor(soon)
  await page.getByLabel('Name', { exact: true }).fill(`Otto Handmann ${tag}`)
  await page.keyboard.press('Enter')
  await bo.page.getByRole('heading', { level: 1, name: `Otto Handmann ${tag}` }).waitFor(soon)
  await page.getByRole('button', { name: 'Add address' }).click()
  await page.getByLabel('Mail address or phone number').fill('+45 11 22 33 44')
  await page.keyboard.press('Enter')
  await page.getByText('+4511223344').waitFor(soon)
  await page.getByRole('button', { name: 'What to do with +4511223344' }).click()
  await page.getByRole('menuitem', { name: 'I made sure it is theirs' }).click()
  await page.getByText('verified', { exact: true }).waitFor(soon)
  await page.getByRole('button', { name: 'What to do with +4511223344' }).click()
  await page.getByRole('menuitem', { name: 'Take away' }).click()
  await page.getByText('+4511223344').waitFor({ state: 'detached', ...soon })
})

let work, home
await story('CR-03: two records of one person are suggested with the evidence, compared side by side and merged', async () => {
  for (const [from, subject] of [[`mira-${tag}@lund${tag}.example`, `From work ${tag}`], [`m.${tag}@lund${tag}.example`, `From home ${tag}`]]) await sendMail({ from, name: `Mira Lundgren ${tag}`, to: team, subject, text: 'Hello,\n\nit is me.\n' })
  work = await byMail(`mira-${tag}@lund${tag}.example`)
  home = await byMail(`m.${tag}@lund${tag}.example`)
  await page.goto(`${base}/contacts/${work.id}`)
  const hint = page.locator(`[data-duplicate="${home.id}"]`)
  await hint.getByText('The same name at one company').waitFor(soon)
  await hint.getByRole('button', { name: 'Compare' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Are these one person?').waitFor(soon)
  const found = await checked(page, 'compare')
  must(found.length === 0, found.join('\n'))
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await page.getByText('is one contact now').waitFor(soon)
  await page.getByText(`m.${tag}@lund${tag}.example`).first().waitFor(soon)
  await page.getByRole('tab', { name: 'Tickets' }).click()
  await page.getByText(`From home ${tag}`).first().waitFor(soon)
  await page.getByText(`From work ${tag}`).first().waitFor(soon)
})

await story('CR-12: mail that comes after the merge is the one contact’s; parting gives back what belongs to each address', async () => {
  await sendMail({ from: `m.${tag}@lund${tag}.example`, name: `Mira Lundgren ${tag}`, to: team, subject: `Later from home ${tag}`, text: 'Again.' })
  await page.getByText(`Later from home ${tag}`).first().waitFor({ timeout: 20_000 })
  await page.getByRole('button', { name: /^Part again/ }).click()
  await page.getByText('They are two contacts again').waitFor(soon)
  await page.goto(`${base}/contacts/${home.id}`)
  await page.getByRole('tab', { name: 'Tickets' }).click()
  await page.getByText(`Later from home ${tag}`).first().waitFor(soon)
  await page.getByText(`From home ${tag}`).first().waitFor(soon)
  must(await page.getByText(`From work ${tag}`).count() === 0, 'a ticket of the other is here')
})

await story('CR-03: the queue of doubles; “not the same” is remembered and can be taken back', async () => {
  await page.goto(`${base}/contacts/duplicates`)
  const pair = page.locator('[data-pair]', { hasText: `Mira Lundgren ${tag}` })
  await until('the pair is not in the queue', async () => { if (await pair.count()) return true; await page.reload(); await page.waitForTimeout(800); return pair.count() })
  await pair.getByRole('button', { name: 'Not the same' }).click()
  await pair.waitFor({ state: 'detached', ...soon })
  await page.getByRole('button', { name: 'Undo' }).click()
  await pair.waitFor(soon)
})

await story('WS-20: the side panel edits the contact beside the ticket and leads to everything with them', async () => {
  const t = (await call('GET', `/api/contacts/${work.id}/tickets`)).items[0]
  await page.goto(`${base}/tickets/open/${t.id}`)
  const panel = page.locator('[data-panel]')
  await panel.getByRole('textbox', { name: 'Language' }).fill('sv')
  await page.keyboard.press('Enter')
  await until('the language is not kept', async () => (await call('GET', `/api/contacts/${work.id}`)).language === 'sv')
  await panel.getByRole('link', { name: `Mira Lundgren ${tag}` }).click()
  await page.waitForURL(/\/contacts\/\d+$/)
  await page.getByRole('tab', { name: 'Timeline', selected: true }).waitFor(soon)
  await page.locator('[data-message]').first().waitFor(soon)
})

await story('a contact is deleted and comes back; a colleague without the right is not offered it', async () => {
  await page.goto(`${base}/contacts/${work.id}`)
  await page.getByRole('main').getByRole('button', { name: 'More', exact: true }).first().click()
  await page.getByRole('menuitem', { name: 'Delete contact' }).click()
  await page.getByRole('button', { name: 'Undo' }).click(soon)
  await until('it is still deleted', async () => !(await call('GET', `/api/contacts/${work.id}`)).deleted_at)
})

await story('CR-14: everything held of a person is handed out as one archive', async () => {
  const r = await api.get(`${base}/api/contacts/${home.id}/export`)
  must(r.ok() && r.headers()['content-type'] === 'application/zip', `${r.status()}`)
  const bytes = await r.body()
  must(bytes.length > 1000 && bytes.subarray(0, 2).toString() === 'PK', 'no archive')
  for (const f of ['person.json', 'messages.json', 'originals/']) must(bytes.includes(f), `${f} is missing`)
})

await story('CR-14: a person is erased: the consequences first, the name typed, nothing found after, mail later is a new contact', async () => {
  await page.goto(`${base}/contacts/${home.id}`)
  await page.getByRole('heading', { level: 1 }).waitFor(soon)
  await page.getByRole('main').getByRole('button', { name: 'More', exact: true }).first().click()
  await page.getByRole('menuitem', { name: 'Erase for good…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/2 messages with their originals/).waitFor(soon)
  const found = await checked(page, 'erase')
  must(found.length === 0, found.join('\n'))
  const go = dialog.getByRole('button', { name: 'Erase for good' })
  must(await go.isDisabled(), 'erased without a word')
  await dialog.getByLabel(/Type .* to confirm/).fill(`Mira Lundgren ${tag}`)
  await go.click()
  await page.waitForURL(/\/contacts$/)
  const gone = await api.get(`${base}/api/contacts/${home.id}`)
  must(gone.status() === 404, `the contact answers ${gone.status()}`)
  await until('the search still finds it', async () => (await call('GET', `/api/search?q=${encodeURIComponent(`"From home ${tag}"`)}`)).items.length === 0)
  await sendMail({ from: `m.${tag}@lund${tag}.example`, to: team, subject: `Anew ${tag}`, text: 'Hello' })
  const fresh = await byMail(`m.${tag}@lund${tag}.example`)
  must(fresh.id !== home.id, 'the erased contact came back')
})

await story('no page threw or logged an error', async () => must(problems.length === 0, [...new Set(problems)].slice(0, 20).join('\n')))
await browser.close()
process.exit(failures() ? 1 : 0)
