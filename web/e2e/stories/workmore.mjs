// Who has a conversation and why, how much of their time people had work, what a form says of a company, and forms that integrations post: node e2e/stories/workmore.mjs http://127.0.0.1:8080
import { ask, base, clean, end, launchMany, must, out, person, secondEmail, soon, story, until } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const browser = await launchMany()
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const tag = String(Date.now() % 1_000_000)
const get = (p) => ask(ann, 'GET', p)
const send = (method, p, data) => ask(ann, method, p, data)
const shot = (p, name) => (process.env.SHOTS ? p.page.screenshot({ path: `${out}workmore-${name}.png` }) : null)
const users = (await get('/api/users')).items
const sofie = users.find((u) => u.email === secondEmail)

await story('RT-20: a conversation without a ticket says in its panel who has it and why, and that a person changed it since', async () => {
  const { page } = ann
  const terms = (await get('/api/channels')).items.find((x) => x.channel === 'email').terms?.version
  const inbox = await send('POST', '/api/inboxes', { name: `Board ${tag}`, kind: 'inbox' })
  const address = `board${tag}@nordlys.example`
  await send('POST', '/api/channel-accounts', { channel: 'email', name: `Board ${tag}`, inbox_id: inbox.id, settings: { kind: 'hosted', address }, ticket: { create: 'never' }, accepted_terms: terms, assign: { to: 'users', by: 'least_open', users: [secondEmail], teams: [], available_only: true } })
  await ask(bo, 'PUT', '/api/me/availability', { available: true })
  await sendMail({ from: 'mira@customers.example', name: 'Mira Kask', to: address, subject: `Ten bikes ${tag}`, text: 'Hello' })
  let c
  await until(async () => { c = (await get(`/api/threads?inbox_id=${inbox.id}`)).items[0]; return !!c })
  await page.goto(`${base}/tickets/inbox:${inbox.id}/conversation/${c.id}`)
  const panel = page.locator('[data-panel]')
  await panel.waitFor(soon)
  const why = panel.locator('section', { has: page.getByRole('button', { name: /^Why / }) }).last()
  await why.getByText(sofie.name).first().waitFor(soon)
  await why.locator('li[data-chosen]').getByText(sofie.name).waitFor(soon)
  await clean(page, 'a conversation with why')
  await shot(ann, 'why')
  await page.keyboard.press('Shift+A')
  await why.getByText('chosen by a person').waitFor(soon)
  await why.getByRole('button', { name: /earlier/i }).click()
  await why.locator('li[data-chosen]').getByText(sofie.name).waitFor(soon)
})

await story('RP-07: the availability page says which part of their time people had work, and the table has it too', async () => {
  const { page } = ann
  const today = new Date().toISOString().slice(0, 10)
  const sums = await get(`/api/availability/totals?from=${today}&to=${today}&timezone=UTC`)
  must(sums.items.some((x) => x.with_work_ms > 0 && x.with_work_ms <= x.available_ms), JSON.stringify(sums.items))
  const csv = await (await ann.api.get(`${base}/api/availability/totals.csv?from=${today}&to=${today}`)).text()
  must(csv.split('\n')[0].includes('with_work_minutes,occupancy_percent'), csv.split('\n')[0])
  await page.goto(`${base}/settings/availability`)
  await page.getByRole('columnheader', { name: 'Occupancy' }).waitFor(soon)
  await until(async () => (await page.locator('[data-occupancy]').allTextContents()).some((x) => /^\d+\s?%$/.test(x)))
  await clean(page, 'occupancy')
  await shot(ann, 'occupancy')
  const long = await get(`/api/availability/totals?from=${new Date(Date.now() - 200 * 86_400_000).toISOString().slice(0, 10)}&to=${today}&timezone=UTC`)
  must(long.items.every((x) => x.with_work_ms === null), 'told for too long a time')
})

await story('FM-16, FM-18: an integration posts a form; its company is kept and shown, and a stranger does not rename it', async () => {
  const { page } = ann
  const f = await send('POST', '/api/forms', { name: `Offer ${tag}`, slug: `offer-${tag}` })
  const definition = { ...f.definition, fields: [...f.definition.fields, { name: 'company', maps: 'company.name', type: 'text', label: { en: 'Company' } }] }
  await send('PATCH', `/api/forms/${f.id}`, { definition, version: f.version })
  const post = (fields) => ann.api.post(`${base}/submissions/v3/integration/submit/1/${f.slug}`, { data: { fields: Object.entries(fields).map(([name, value]) => ({ objectTypeId: name.startsWith('TICKET.') ? '0-5' : '0-1', name, value })), context: { pageUri: 'https://shop.example/offer', pageName: 'Offer' } } })
  const first = await post({ email: `kim@lamps${tag}.example`, firstname: 'Kim', lastname: 'Lund', company: 'Lund Lamps', 'TICKET.subject': `Offer ${tag}`, 'TICKET.content': 'Ten lamps, please.' })
  must(first.ok() && (await first.json()).inlineMessage?.startsWith('<p>'), await first.text())
  const wrong = await (await post({ email: 'nobody', shoe_size: '43' })).json()
  must(wrong.status === 'error' && wrong.errors.some((e) => e.errorType === 'FIELD_NOT_IN_FORM_DEFINITION'), JSON.stringify(wrong))
  must((await post({ email: `eve@lamps${tag}.example`, company: 'Evil', 'TICKET.subject': `Evil ${tag}`, 'TICKET.content': 'x' })).ok(), 'refused')
  let t
  await until(async () => { t = (await get('/api/tickets?view=open&limit=60')).items.find((x) => x.subject === `Offer ${tag}`); return !!t })
  await page.goto(`${base}/tickets/open/${t.id}`)
  await page.locator('[data-panel]').getByText('Lund Lamps').waitFor(soon)
  await shot(ann, 'company')
  must((await get(`/api/contacts/${t.contact_id}`)).company.name === 'Lund Lamps', 'a stranger renamed the company')
})

await end(browser)
