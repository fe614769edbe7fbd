// Many at once, and mail that is held back: node web/e2e/stories/bulk.mjs http://127.0.0.1:8080 against a server with the demo company.
import { ask, base, end, launchMany, must, out, person, soon, story, team, until } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const browser = await launchMany()
const ann = await person(browser)
const { page, api } = ann
const word = `bulk${Date.now().toString(36)}`
const json = (path) => ask(ann, 'GET', path)
const post = (path, data) => ask(ann, 'POST', path, data)
const filter = JSON.stringify({ field: 'category', op: 'is', value: word })
const counted = async (more = {}) => (await json(`/api/tickets/count?view=${more.view ?? 'open'}&filter=${encodeURIComponent(filter)}`)).count
const runs = page.getByRole('region', { name: 'Actions on many tickets' })
const toolbar = page.getByRole('toolbar', { name: 'Selected tickets' })
const list = page.locator('[data-ticket]')
const open = async (view = 'open') => { await page.goto(`${base}/tickets/${view}?filter=${encodeURIComponent(filter)}`); await list.first().waitFor(soon) }

const ids = []
for (let i = 0; i < 120; i += 20) ids.push(...await Promise.all(Array.from({ length: 20 }, (_, k) => post('/api/tickets', { subject: `${word} ${i + k}`, category: word }).then((r) => r.ticket.id))))

await story('WS-17: all of a view are selected, closed with progress, and brought back by undo', async () => {
  await open()
  await page.locator('body').press('*')
  await toolbar.waitFor(soon)
  await page.getByRole('button', { name: /all .*120/i }).click(soon)
  await toolbar.getByText('120').waitFor(soon)
  await toolbar.getByRole('button', { name: 'Close ticket', exact: true }).click(soon)
  await page.getByRole('dialog', { name: 'Close: 120 tickets?' }).getByRole('button', { name: 'Yes, 120 tickets' }).click(soon)
  await runs.getByText('120 tickets changed.').waitFor(soon)
  must(await counted() === 0, `${await counted()} are open still`)
  await runs.getByRole('button', { name: 'Undo' }).click(soon)
  await runs.getByText('120 tickets are as before.').waitFor(soon)
  must(await counted() === 120, `${await counted()} are open again`)
})

await story('WS-17: what somebody changed since is left alone by the undo, and named', async () => {
  const run = await post('/api/bulk', { selection: { ids: ids.slice(0, 5) }, action: { type: 'update', priority: 'high' } })
  await until('the run ends', async () => (await json(`/api/bulk/${run.id}`)).state === 'done')
  await api.patch(`${base}/api/tickets/${ids[2]}`, { data: { priority: 'low' }, headers: { Origin: base } })
  await page.goto(`${base}/settings/my-bulk`)
  await page.locator('li', { hasText: '5 tickets changed.' }).getByRole('button', { name: 'Undo' }).first().click(soon)
  const card = runs.locator('div', { hasText: '4 tickets are as before. 1 was left as it is.' }).first()
  await card.waitFor(soon)
  await runs.getByRole('button', { name: 'Why not 1?' }).click(soon)
  await runs.getByText('Somebody has changed this ticket since.').waitFor(soon)
})

await story('WS-17: a run goes on while one works elsewhere and after a reload, and can be cancelled', async () => {
  const into = (await post('/api/tickets', { subject: `${word} stays` })).ticket
  await open()
  await page.locator('body').press('*')
  await page.getByRole('button', { name: /all .*120/i }).click(soon)
  await toolbar.getByRole('button', { name: 'More' }).click(soon)
  await page.getByRole('menuitem', { name: 'Merge…' }).click(soon)
  const dialog = page.getByRole('dialog', { name: 'Merge…' })
  await dialog.getByLabel('Number of the ticket that stays').fill(String(into.number))
  await dialog.getByRole('button', { name: 'Find' }).click(soon)
  await dialog.getByRole('button', { name: 'Merge into it' }).click(soon)
  await page.getByRole('button', { name: 'Yes, 120 tickets' }).click(soon)
  await runs.waitFor(soon)
  await page.reload()
  await runs.waitFor(soon)
  const cancel = runs.getByRole('button', { name: 'Cancel' })
  if (await cancel.isVisible().catch(() => false)) await cancel.click({ timeout: 1_000 }).catch(() => {}) // a fast machine is done by now
  await runs.getByText(/tickets changed\./).first().waitFor(soon)
  const done = (await json('/api/bulk')).items[0]
  must(done.state === 'cancelled' || done.state === 'done', done.state)
  must(await counted() === 120 - done.done, 'as many are left as were not merged')
  await runs.getByRole('button', { name: 'Undo' }).first().click(soon)
  await until('all are back', async () => await counted() === 120)
})

await story('WS-17: only what one may do is offered, and what is not allowed is refused', async () => {
  const light = await person(browser, { who: process.env.KANAL_SECOND_EMAIL ?? 'sofie@nordlys.example' })
  const res = await light.api.post(`${base}/api/bulk`, { data: { selection: { ids: ids.slice(0, 2) }, action: { type: 'trash' } }, headers: { Origin: base } })
  must(res.status() === 403, `an agent may not delete: ${res.status()}`)
  await light.context.close()
})

const held = (subject, from = `offers@${word}.example`) => sendMail({ from, name: 'Offers', to: team, subject, text: 'Everything must go.' })
const find = async (view, subject) => (await json(`/api/tickets?view=${view}&limit=100`)).items.find((x) => x.subject === subject)

await story('EM-35: a denied domain is held back with its reason, and allowing brings it back', async () => {
  await page.goto(`${base}/settings/help-desk/senders`)
  await page.getByRole('textbox', { name: 'Address or domain' }).fill(`@${word}.example`)
  await page.getByRole('button', { name: 'Add', exact: true }).click(soon)
  await page.getByRole('listitem').filter({ hasText: `@${word}.example` }).waitFor(soon)
  await held(`${word} sale`)
  await until('it is held', async () => !!(await find('spam', `${word} sale`)))
  const ticket = await find('spam', `${word} sale`)
  must(ticket.hidden_reason === 'denied_domain' && !ticket.owner_id, JSON.stringify(ticket))
  must(!(await find('open', `${word} sale`)), 'it is in the open view too')
  await page.goto(`${base}/tickets/spam`)
  const row = page.locator(`[data-ticket="${ticket.id}"]`)
  await row.waitFor(soon)
  await row.getByText('Domain is on the deny list').waitFor(soon)
  await page.screenshot({ path: `${out}bulk-spam.png` })
  await post(`/api/tickets/${ticket.id}/not_spam`, { allow: true })
  await until('it is open', async () => !!(await find('open', `${word} sale`)))
  must((await find('open', `${word} sale`)).created_at === ticket.created_at, 'it is as old as when it came')
  await held(`${word} allowed`)
  await until('the next one comes through', async () => !!(await find('open', `${word} allowed`)))
})

await story('EM-35: many lines at once; what cannot be read is named', async () => {
  await page.goto(`${base}/settings/help-desk/senders`)
  await page.getByRole('button', { name: 'Add many' }).click(soon)
  const dialog = page.getByRole('dialog', { name: 'Add many' })
  await dialog.getByLabel('Addresses and domains').fill(`a@${word}.test\nb.${word}.test\nnot a domain\ncom`)
  await dialog.getByRole('button', { name: 'Add 4' }).click(soon)
  await dialog.getByText('2 taken, 2 refused.').waitFor(soon)
  await dialog.getByText('“not a domain” is neither an address nor a domain.').waitFor(soon)
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Find a sender' }).fill(`${word}.test`)
  await until('both are listed', async () => await page.getByRole('listitem').filter({ hasText: `${word}.test` }).count() === 2)
})

await story('EM-36: a filter says what it would have held, holds it when on, and nothing when off', async () => {
  const news = (subject) => sendMail({ from: `news@shop-${word}.example`, name: 'Shop', to: team, subject, text: 'Our letter.', headers: `List-Unsubscribe: <https://shop-${word}.example/leave>\r\n` })
  await news(`${word} letter one`)
  await until('it comes in', async () => !!(await find('open', `${word} letter one`)))
  await page.goto(`${base}/settings/help-desk/spam`)
  const kind = page.locator('[data-setting="spam.marketing"]')
  await kind.getByText(/Would have held \d+ of the \d+/).waitFor(soon)
  await kind.getByRole('switch').click({ force: true })
  await until('it is on', async () => (await json('/api/spam/settings')).marketing === true)
  await news(`${word} letter two`)
  await until('it is held', async () => (await find('spam', `${word} letter two`))?.hidden_reason === 'marketing')
  await kind.getByRole('switch').click({ force: true })
  await until('it is off', async () => (await json('/api/spam/settings')).marketing === false)
})

await end(browser)
