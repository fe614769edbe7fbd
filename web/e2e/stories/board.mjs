// The board: columns of a view, cards moved by mouse, by keyboard and by menu, seen by a colleague at once, refused honestly.
import { arrived, ask, base, clean, end, launchMany, mail, must, out, person, secondEmail, soon, story, unique, until } from '../lib.mjs'

const browser = await launchMany()
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const headers = { Origin: base }
const look = (p, more) => ask(p, 'PATCH', '/api/me', { preferences: { views: { looks: { open: { layout: 'board', ...more } } } } })
const column = (p, name) => p.page.locator(`section[data-column][aria-label^="${name},"]`)
const card = (p, subject, name) => (name ? column(p, name) : p.page).locator('[data-ticket]', { hasText: subject })
const ticket = async (subject) => { await mail(subject); return arrived(ann, subject) }
const now = (id) => ask(ann, 'GET', `/api/tickets/${id}`)
const dragTo = async (p, from, to) => {
  const a = await from.boundingBox(), b = await to.boundingBox()
  await p.page.mouse.move(a.x + 40, a.y + 20)
  await p.page.mouse.down()
  await p.page.mouse.move(a.x + 60, a.y + 30, { steps: 3 })
  await p.page.mouse.move(b.x + b.width / 2, b.y + 160, { steps: 8 })
  await p.page.waitForTimeout(80)
  await p.page.mouse.up()
}
const { statuses } = (await ask(ann, 'GET', '/api/pipelines')).items[0]
const [first, second] = statuses.filter((x) => x.state === 'open').map((x) => x.name)
const closed = statuses.find((x) => x.state === 'closed').name

const one = unique('Dragged')
let t1
await story('WS-04: one key shows a view as a board, with a column for each status; it is kept', async () => {
  t1 = await ticket(one)
  await ann.page.goto(`${base}/tickets/open`)
  await ann.page.locator('[data-ticket]').first().waitFor(soon)
  await ann.page.keyboard.press('Shift+V')
  for (const s of statuses) await column(ann, s.name).waitFor(soon)
  await card(ann, one).waitFor(soon)
  await until('the layout is not kept', async () => (await (await ann.api.get(`${base}/api/me/preferences`)).json()).views?.looks?.open?.layout === 'board')
  await ann.page.reload()
  await card(ann, one, t1.status.name).waitFor(soon)
  await look(bo, {})
  await bo.page.goto(`${base}/tickets/open`)
  await card(bo, one, t1.status.name).waitFor(soon)
})

const other = () => (t1.status.name === first ? second : first)
await story('WS-04: dragged by mouse a card changes its status, at once, at a colleague\'s side too; undo puts it back', async () => {
  let go
  const answered = new Promise((done) => { go = done })
  await ann.page.route('**/api/**', async (r) => { if (r.request().method() !== 'GET') await answered; await r.continue() }) // at once: before the server answers
  await dragTo(ann, card(ann, one, t1.status.name), column(ann, other()))
  await card(ann, one, other()).waitFor(soon)
  go()
  await ann.page.unrouteAll({ behavior: 'wait' })
  must(new URL(ann.page.url()).pathname === '/tickets/open', 'the drag opened the ticket')
  await until('the status is not saved', async () => (await now(t1.id)).status.name === other())
  await card(bo, one, other()).waitFor(soon)
  await until('the card stands twice', async () => (await card(bo, one).count()) === 1)
  await ann.page.getByRole('button', { name: 'Undo' }).last().click()
  await card(ann, one, t1.status.name).waitFor(soon)
  await until('undo is not saved', async () => (await now(t1.id)).status.name === t1.status.name)
  await card(bo, one, t1.status.name).waitFor(soon)
})

await story('WS-04: Escape puts a dragged card back, and a click opens it', async () => {
  const a = await card(ann, one).boundingBox(), b = await column(ann, other()).boundingBox()
  await ann.page.mouse.move(a.x + 40, a.y + 20)
  await ann.page.mouse.down()
  await ann.page.mouse.move(b.x + b.width / 2, b.y + 160, { steps: 8 })
  await ann.page.keyboard.press('Escape')
  await ann.page.mouse.up()
  await ann.page.waitForTimeout(150)
  must((await now(t1.id)).status.name === t1.status.name, 'it moved')
  must(await card(ann, one, t1.status.name).count() === 1, 'it is not back')
  await card(ann, one).click()
  await ann.page.getByRole('heading', { name: one }).waitFor(soon)
  await ann.page.goBack()
  await card(ann, one, t1.status.name).waitFor(soon)
})

await story('WS-04: by keyboard: space picks up, arrows choose, space drops, Escape puts back; focus stays with the card', async () => {
  const p = ann.page
  await card(ann, one).focus()
  const say = p.locator('[role="status"]', { hasText: 'picked up' })
  await p.keyboard.press('Space')
  await say.waitFor(soon)
  const key = statuses.findIndex((s) => s.name === other()) > statuses.findIndex((s) => s.name === t1.status.name) ? 'ArrowRight' : 'ArrowLeft'
  await p.keyboard.press(key)
  await p.keyboard.press('Escape')
  must((await now(t1.id)).status.name === t1.status.name, 'Escape moved it')
  await p.keyboard.press('Space')
  await p.keyboard.press(key)
  await p.keyboard.press('Space')
  await card(ann, one, other()).waitFor(soon)
  await until('the status is not saved', async () => (await now(t1.id)).status.name === other())
  await until('the focus is lost', () => card(ann, one, other()).evaluate((el) => el === document.activeElement))
})

await story('WS-04: columns by owner; the menu moves a card, and a closed column shows what was just closed', async () => {
  const p = ann.page
  await ann.api.post(`${base}/api/tickets/${t1.id}/assign`, { data: { owner_id: null, team_id: null }, headers }) // whoever had it: the first column shows it
  await p.keyboard.press('Shift+D')
  await p.getByLabel('Columns by').selectOption({ label: 'Owner' })
  await p.keyboard.press('Escape')
  await column(ann, 'Unassigned').waitFor(soon)
  await card(ann, one).hover()
  await p.getByRole('button', { name: `Move ${one}` }).click()
  const me = (await (await ann.api.get(`${base}/api/session`)).json()).user
  await p.getByRole('menuitem', { name: me.name }).click()
  await card(ann, one, me.name).waitFor(soon)
  await until('the owner is not saved', async () => (await now(t1.id)).owner?.id === me.id)
  await look(ann, { group: 'status_id' })
  await p.reload()
  await card(ann, one).hover()
  await p.getByRole('button', { name: `Move ${one}` }).click()
  await p.getByRole('menuitem', { name: closed }).click()
  await card(ann, one, closed).waitFor(soon)
  await until('it is not closed', async () => (await now(t1.id)).open === false)
  await card(bo, one, closed).waitFor(soon)
})

await story('WS-04: what the server refuses goes back, and says why', async () => {
  const made = await ann.api.post(`${base}/api/properties`, { data: { object: 'ticket', name: 'cause', label: 'Cause', type: 'choice', options: ['Wear', 'Fault'], required_on_close: true }, headers })
  must(made.ok(), await made.text())
  const two = unique('Refused')
  const t2 = await ticket(two)
  await card(ann, two, t2.status.name).waitFor(soon)
  await card(ann, two).hover()
  await ann.page.getByRole('button', { name: `Move ${two}` }).click()
  await ann.page.getByRole('menuitem', { name: closed }).click()
  await ann.page.getByText('Fill in Cause before closing.').waitFor(soon)
  await card(ann, two, t2.status.name).waitFor(soon)
  await until('the card stands in both columns', async () => (await card(ann, two).count()) === 1)
  must((await now(t2.id)).open, 'it was closed')
})

await story('WS-04, WS-31: a column pages, its count is told, and nothing moves under the pointer', async () => {
  for (let i = 0; i < 62; i++) must((await ann.api.post(`${base}/api/tickets`, { data: { subject: `Paged ${i}`, priority: 'low' }, headers })).ok(), 'no ticket')
  await look(ann, { group: 'priority' })
  await ann.page.reload()
  await column(ann, 'Low').waitFor(soon)
  const low = (await (await ann.api.get(`${base}/api/tickets/count?view=open&filter=${encodeURIComponent(JSON.stringify({ field: 'priority', op: 'is', value: 'low' }))}`)).json()).count
  await until('the count is another', async () => (await column(ann, 'Low').getAttribute('aria-label')) === `Low, ${low}`)
  must(await column(ann, 'Low').locator('[data-ticket]').count() < 40, 'the column is not windowed')
  const scroller = column(ann, 'Low').locator('ul').locator('..')
  await until('the rest does not load', () => scroller.evaluate((el) => { el.scrollTop = el.scrollHeight; return el.scrollHeight > 62 * 80 }))
  await scroller.evaluate((el) => { el.scrollTop = 0 })
  await column(ann, 'Low').hover()
  const top = async () => column(ann, 'Low').locator('li').evaluateAll((els) => els.map((el) => el.querySelector('[data-ticket]').dataset.ticket + el.style.transform).sort().join())
  await ann.page.waitForTimeout(400)
  const before = await top()
  must((await ann.api.post(`${base}/api/tickets`, { data: { subject: 'Paged late', priority: 'low' }, headers })).ok(), 'no ticket')
  await column(ann, 'Low').getByRole('button', { name: /new or changed/ }).waitFor(soon)
  must(await top() === before, 'cards moved under the pointer')
  await ann.page.mouse.move(5, 5)
  await card(ann, 'Paged late').waitFor(soon)
})

await story('WS-04: a saved view keeps the board', async () => {
  const res = await ann.api.post(`${base}/api/custom-views`, { data: { name: unique('Board'), layout: 'board', group: 'priority', filter: { field: 'status_state', op: 'is', value: 'open' } }, headers })
  must(res.status() === 201, await res.text())
  await ann.page.goto(`${base}/tickets/custom:${(await res.json()).id}`)
  await column(ann, 'Low').waitFor(soon)
})

await story('WS-04: on a phone one column at a time', async () => {
  const p = await person(browser, { width: 390, height: 844 })
  await p.page.goto(`${base}/tickets/open`)
  await p.page.getByLabel('Column', { exact: true }).waitFor(soon)
  must(await p.page.locator('section[data-column]').count() === 1, 'more than one column')
  await p.page.getByLabel('Column', { exact: true }).selectOption({ label: 'Low' })
  await column(p, 'Low').waitFor(soon)
  await p.page.getByRole('button', { name: 'Previous column' }).click()
  await column(p, 'Medium').waitFor(soon)
  must(await p.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the phone')
  await p.context.close()
})

for (const [scheme, width, group] of [['light', 1440, 'status_id'], ['dark', 1440, 'owner_id'], ['light', 390, 'priority'], ['dark', 390, 'status_id']]) {
  await story(`WS-28: axe finds nothing on the board, ${scheme}, ${width} px`, async () => {
    await look(ann, { group })
    const p = await person(browser, { scheme, width, height: width < 500 ? 844 : 900 })
    await p.page.goto(`${base}/tickets/open`)
    await p.page.locator('section[data-column]').first().waitFor(soon)
    await clean(p, 'the board')
    await p.page.screenshot({ path: `${out}/board-${scheme}-${width}.png` })
    await p.context.close()
  })
}

await end(browser)
