// What is kept, what is blanked out, and what stays: node e2e/stories/privacy.mjs http://127.0.0.1:8080
// CO-10, CO-12, CO-08: terms of keeping with a count before they are saved, legal holds, numbers that are blanked out as they come in, and by hand.
import { arrived, ask, base, clean, end, launchMany, mail, must, out, person, secondEmail, soon, story, unique, until } from '../lib.mjs'

const browser = await launchMany()
const mette = await person(browser)
const { page } = mette
const get = (path) => ask(mette, 'GET', path)
const send = (method, path, data) => ask(mette, method, path, data)
const shot = async (name, p = page) => {
  if (!process.env.SHOTS) return
  for (const [w, h] of [[1440, 900], [390, 844]]) {
    await p.setViewportSize({ width: w, height: h })
    for (const scheme of ['light', 'dark']) { await p.evaluate((x) => document.documentElement.setAttribute('data-mantine-color-scheme', x), scheme); await p.screenshot({ path: `${out}privacy-${name}-${w}-${scheme}.png` }) }
  }
  await p.evaluate(() => document.documentElement.setAttribute('data-mantine-color-scheme', 'light'))
  await p.setViewportSize({ width: 1440, height: 900 })
}
const settings = async (path) => { await page.goto(`${base}/settings/${path}`); await page.locator('h1').first().waitFor(soon) }
const open = async (t) => { await page.goto(`${base}/tickets/open/${t.id}`); await page.locator('[data-message]').first().waitFor(soon) }
const more = async (item) => { await page.getByRole('banner').or(page.locator('header')).getByRole('button', { name: 'More' }).first().click(soon); await page.getByRole('menuitem', { name: item }).click(soon) }
const card = '4111 1111 1111 1111'

await story('CO-12: settings say what is blanked out, and show it on a text', async () => {
  await settings('data/blanking')
  await page.getByRole('radiogroup', { name: 'Card numbers' }).getByText('Masked').click(soon)
  await page.getByRole('textbox', { name: 'A text as a customer might write it' }).fill(`My card is ${card}, order 4111 1111 1111 1112.`)
  await page.getByRole('button', { name: 'Show what stays' }).click(soon)
  const tried = page.locator('[data-tried]')
  await tried.waitFor(soon)
  must((await tried.innerText()).includes('•••• •••• •••• 1111, order 4111 1111 1111 1112.'), await tried.innerText())
  await clean(page, 'blanking out')
  await shot('blanking')
  await page.getByRole('button', { name: 'Save', exact: true }).click(soon)
  await until('saved', async () => (await get('/api/settings/redaction')).kinds.card === 'masked')
})

let masked
await story('CO-12: a card number in a mail is nowhere to be read; whoever may look, looks, and it stands in the audit log', async () => {
  const subject = unique('Paying')
  await mail(subject, { text: `Hello,\n\nmy card is ${card}.\n\nMira` })
  masked = await arrived(mette, subject)
  must(!JSON.stringify(masked).includes('4111'), 'the list shows it')
  await open(masked)
  await page.getByText('•••• •••• •••• 1111').first().waitFor(soon)
  await page.getByText('Something was blanked out').first().waitFor(soon)
  const id = await page.locator('[data-message]').first().getAttribute('data-message')
  for (const path of [`/api/messages/${id}`, `/api/tickets/${masked.id}/timeline`, `/api/search?q=${encodeURIComponent('"4111 1111 1111 1111"')}`]) {
    must(!/4111[ ]?1111/.test((await (await mette.api.get(base + path)).text()).replaceAll('4111 1111 1111 1111"', '')), `${path} tells it`)
  }
  must((await mette.api.get(`${base}/api/messages/${id}/source`)).status() === 404, 'the original is kept')
  await page.locator('[data-message]').first().getByRole('button', { name: 'More' }).click(soon)
  await page.getByRole('menuitem', { name: 'Show what was blanked out' }).click(soon)
  const dialog = page.getByRole('dialog')
  await dialog.locator('[data-original]').waitFor(soon)
  must((await dialog.locator('[data-original]').innerText()) === card, 'another number')
  await clean(page, 'what was blanked out')
  await shot('shown')
  await page.keyboard.press('Escape')
  await until('the audit log', async () => JSON.stringify(await get('/api/audit?limit=20')).includes('redacted.shown'))
})

await story('CO-12: a passage goes for good, by key', async () => {
  const subject = unique('Secret')
  await mail(subject, { text: 'Hello,\n\nthe door code is quibberwock77.\n\nMira' })
  const t = await arrived(mette, subject)
  await open(t)
  await page.getByText('quibberwock77').first().waitFor(soon)
  await page.locator('h1').first().click(soon)
  await page.keyboard.press('Shift+X')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Passage' }).fill('quibberwock77')
  await clean(page, 'taking something out')
  await shot('redact')
  await dialog.getByRole('button', { name: 'Take out' }).click(soon)
  await dialog.getByRole('button', { name: 'Yes, for good' }).click(soon)
  await dialog.waitFor({ state: 'detached', ...soon })
  await page.getByText('took a passage out of a message for good').first().waitFor(soon)
  await until('it is gone', async () => !(await (await mette.api.get(`${base}/api/tickets/${t.id}/timeline`)).text()).includes('quibberwock77'))
  await until('the search forgets it', async () => !(await (await mette.api.get(`${base}/api/search?q=quibberwock77`)).text()).includes(t.id))
})

await story('CO-10: a ticket on hold says so, and is taken away by nothing', async () => {
  await open(masked)
  await more('Legal hold…')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Why' }).fill('A case at court')
  await clean(page, 'a legal hold')
  await shot('hold')
  await dialog.getByRole('button', { name: 'Lay the hold' }).click(soon)
  await dialog.waitFor({ state: 'detached', ...soon })
  await page.getByText('laid a legal hold: A case at court').first().waitFor(soon)
  const res = await mette.api.fetch(`${base}/api/messages/${await page.locator('[data-message]').first().getAttribute('data-message')}/redact`, { method: 'POST', headers: { Origin: base }, data: { passage: 'Hello' } })
  must(res.status() === 409, `taking something out of what is held: ${res.status()}`)
})

await story('CO-10: terms are counted before they are saved; a run is seen and told', async () => {
  await settings('data/keeping')
  await page.getByText('A case at court').first().waitFor(soon)
  const mails = page.getByRole('textbox', { name: /^Days messages are kept: .*email/i })
  await mails.fill('1')
  await page.getByRole('button', { name: 'Count, then save' }).click(soon)
  await page.locator('[data-preview]').waitFor(soon)
  await clean(page, 'keeping')
  await shot('keeping')
  await page.getByRole('button', { name: 'Save', exact: true }).click(soon)
  await until('saved', async () => (await get('/api/settings/keeping')).messages.email === 1)
  await page.getByRole('button', { name: 'Run now' }).click(soon)
  await page.locator('[data-run="done"]').first().waitFor(soon)
  await shot('ran')
  const audit = JSON.stringify(await get('/api/audit?limit=50'))
  must(audit.includes('keeping.run') && audit.includes('"object":"keeping"'), 'neither run nor setting in the audit log')
  must((await get(`/api/tickets/${masked.id}`)).ticket?.subject !== '', 'what is on hold was emptied')
  await send('PUT', '/api/settings/keeping', { messages: {}, files: {}, open: false, page_views: 180, spam: -1, trash: -1, remember_erased: true })
})

await story('CO-08: who was erased and comes again is marked for administrators', async () => {
  const from = `back${Date.now().toString(36)}@customers.example`
  const one = unique('First')
  await mail(one, { from, name: 'Bo Back' })
  const t = await arrived(mette, one)
  await send('POST', `/api/contacts/${t.contact.id}/erase`, { confirm: from })
  const two = unique('Again')
  await mail(two, { from, name: 'Bo Back' })
  const again = await arrived(mette, two)
  must(again.contact.id !== t.contact.id, 'the same contact')
  await page.goto(`${base}/contacts/${again.contact.id}`)
  await page.getByText('was erased on request').waitFor(soon)
  await clean(page, 'somebody who came again')
  await shot('again')
  const sofie = await person(browser, { who: secondEmail })
  must((await ask(sofie, 'GET', `/api/contacts/${again.contact.id}`)).erased_before === null, 'agents are told')
})

await end(browser)
