// What people do to tickets beside answering them, by two agents: node e2e/stories/actions.mjs http://127.0.0.1:8080 against a server with the demo company.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { base, failures, launchMany, must, out, person, problems, secondEmail, story, tick } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const team = process.env.KANAL_TEAM_ADDRESS ?? 'support@nordlys.example'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await launchMany()
const soon = { timeout: 30_000 }
const unique = (s) => `${s} ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 5)}`
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const mail = (subject, over = {}) => sendMail({ from: 'mira@customers.example', name: 'Mira Kask', to: team, subject, text: 'Hello,\n\nthe brake squeaks.\n\nMira', ...over })
const json = async (res) => { must(res.ok(), `${res.url()}: ${res.status()} ${await res.text()}`); return res.json() }
const answers = (id) => `In-Reply-To: <${id}>\r\nReferences: <${id}>`

/** The ticket that a mail became. */
async function arrived(subject) {
  for (let i = 0; i < 60; i++) {
    const { items } = await json(await ann.api.get(`${base}/api/tickets?view=open&limit=60`))
    const found = items.find((t) => t.subject === subject)
    if (found) return found
    await ann.page.waitForTimeout(200)
  }
  throw new Error(`${subject} did not arrive`)
}
async function made(name, over) { const subject = unique(name); await mail(subject, over); return arrived(subject) }
const at = (p, t) => p.page.goto(`${base}/tickets/open/${t.id}`).then(() => p.page.locator('[role="log"] [data-message]').first().waitFor(soon))
const ticket = async (id) => json(await ann.api.get(`${base}/api/tickets/${id}`))
const dialog = (p) => p.page.getByRole('dialog')
const undo = (p) => p.page.getByRole('status').getByRole('button', { name: 'Undo' }).last()
const banner = (p, text) => p.page.getByRole('status').filter({ hasText: text })
async function clean(p, what) {
  await p.page.waitForTimeout(350)
  await p.page.evaluate(axe)
  const { violations } = await p.page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }))
  must(violations.length === 0, `axe on ${what}: ${violations.map((v) => `${v.id} ${v.nodes[0]?.target}`).join('; ')}`)
}
const shot = (p, name) => (process.env.SHOTS ? p.page.screenshot({ path: `${out}actions-${name}.png` }) : null)
const settled = async (fn, what) => { for (let i = 0; i < 200; i++) { if (await fn()) return; await ann.page.waitForTimeout(150) } throw new Error(what) }

await story('WS-16: snoozed until tomorrow by key, seen by a colleague, taken back; what somebody types is understood', async () => {
  const t = await made('Rest')
  await at(ann, t)
  await at(bo, t)
  await ann.page.keyboard.press('h')
  await dialog(ann).getByRole('button', { name: /Tomorrow morning/ }).waitFor(soon)
  await clean(ann, 'the snooze dialog')
  await shot(ann, 'snooze')
  await dialog(ann).getByRole('button', { name: /Tomorrow morning/ }).click()
  await undo(ann).waitFor(soon)
  await banner(bo, 'Snoozed until').waitFor(soon)
  await clean(bo, 'a snoozed ticket')
  must((await ticket(t.id)).snoozed, 'it does not rest')
  await undo(ann).click()
  await banner(bo, 'Snoozed until').waitFor({ state: 'detached', ...soon })
  await at(ann, t)
  await ann.page.keyboard.press('h')
  await dialog(ann).getByLabel('Or in your words').fill('2h')
  await dialog(ann).getByRole('button', { name: /^Until / }).click()
  await banner(bo, 'Snoozed until').waitFor(soon)
  const left = new Date((await ticket(t.id)).snoozed_until) - Date.now()
  must(Math.abs(left - 7_200_000) < 60_000, `2h became ${left} ms`)
  await bo.page.getByRole('status').getByRole('button', { name: 'Wake' }).click()
  await settled(async () => !(await ticket(t.id)).snoozed, 'waking did nothing')
})

await story('WS-16: the customer wakes what rests until they write', async () => {
  const subject = unique('Until reply')
  const id = await mail(subject)
  const t = await arrived(subject)
  await at(ann, t)
  await ann.page.keyboard.press('h')
  await dialog(ann).getByRole('button', { name: /When the customer writes/ }).click()
  await settled(async () => (await ticket(t.id)).snoozed, 'it does not rest')
  await at(ann, t)
  await mail(`Re: ${subject}`, { headers: answers(id), text: 'Any news?' })
  await settled(async () => !(await ticket(t.id)).snoozed, 'it still rests')
  await banner(ann, 'Snoozed until').waitFor({ state: 'detached', ...soon })
})

await story('WS-15: following by key, and others by hand', async () => {
  const t = await made('Follow')
  await at(ann, t)
  await ann.page.keyboard.press('w')
  await settled(async () => (await ticket(t.id)).following, 'the key did nothing')
  await ann.page.keyboard.press('i')
  await dialog(ann).getByLabel(/Sofie/).click(soon)
  await settled(async () => (await ticket(t.id)).followers.length === 2, 'the colleague does not follow')
  await clean(ann, 'the followers dialog')
  await shot(ann, 'followers')
  await ann.page.keyboard.press('Escape')
  await ann.page.keyboard.press('Shift+W')
  await settled(async () => !(await ticket(t.id)).following, 'it cannot be ended')
})

await story('TK-13: three tickets become one with a preview; the old number leads there; a reply to either lands in it; undone, each has its own back', async () => {
  const from = `${unique('kim').replace(/\W/g, '')}@customers.example`
  const subjects = [unique('Saddle'), unique('Saddle again'), unique('Saddle once more')]
  const ids = []
  const ts = []
  for (const s of subjects) { ids.push(await mail(s, { from, name: 'Kim Dahl' })); ts.push(await arrived(s)) }
  await at(ann, ts[1])
  await at(bo, ts[1])
  await ann.page.keyboard.press('m')
  await tick(dialog(ann).locator(`[data-ticket="${ts[0].number}"] input`))
  await tick(dialog(ann).locator(`[data-ticket="${ts[2].number}"] input`))
  must(await dialog(ann).getByText('same contact').count() >= 2, 'the evidence is not told')
  must(await dialog(ann).locator(`[data-keep="${ts[0].number}"] input`).isChecked(), 'the oldest is not proposed to stay')
  await clean(ann, 'the merge dialog')
  await shot(ann, 'merge')
  await dialog(ann).getByRole('button', { name: 'Merge 3 tickets' }).click()
  await undo(ann).waitFor(soon)
  await bo.page.waitForURL(new RegExp(ts[0].id), soon)
  must((await ticket(ts[0].id)).message_count === 3, 'not every conversation came along')
  must((await ticket(encodeURIComponent(`#${ts[1].number}`))).survivor.number === ts[0].number, 'the old number leads nowhere')
  await mail(`Re: ${subjects[1]}`, { from, headers: answers(ids[1]), text: 'One thing more.' })
  await settled(async () => (await ticket(ts[0].id)).message_count === 4, 'the reply did not land in the survivor')
  await ann.page.keyboard.press('m')
  await dialog(ann).getByRole('listitem').filter({ hasText: `#${ts[1].number}` }).getByRole('button', { name: 'Take out again' }).click(soon)
  await settled(async () => (await ticket(ts[1].id)).message_count === 2 && (await ticket(ts[0].id)).message_count === 2, 'the middle one has not its own back, with what came since')
  must((await ticket(ts[1].id)).hidden === '', 'it is still merged')
})

await story('WS-18: messages are chosen in the timeline and split off; undone, they are back', async () => {
  const subject = unique('Two matters')
  const id = await mail(subject)
  const t = await arrived(subject)
  await mail(`Re: ${subject}`, { headers: answers(id), text: 'By the way: the invoice is wrong.' })
  await settled(async () => (await ticket(t.id)).message_count === 2, 'the second mail is missing')
  await at(ann, t)
  await ann.page.keyboard.press('Shift+M')
  const boxes = ann.page.locator('[data-pick]')
  await tick(boxes.nth(1))
  await ann.page.getByRole('region', { name: 'Split off messages' }).getByLabel(/Subject/).fill(unique('The invoice'))
  await clean(ann, 'choosing messages')
  await shot(ann, 'split')
  await ann.page.getByRole('button', { name: 'Split off', exact: true }).click()
  await undo(ann).waitFor(soon)
  must((await ticket(t.id)).message_count === 1, 'the message stayed')
  must(!ann.page.url().includes(t.id), 'the new ticket is not shown')
  await undo(ann).click()
  await settled(async () => (await ticket(t.id)).message_count === 2, 'the message did not come back')
})

await story('TK-17: a ticket waits for another; the other says so too; the link goes again', async () => {
  const [a, b] = [await made('Waits'), await made('First')]
  await at(ann, a)
  await ann.page.keyboard.press('l')
  await dialog(ann).getByLabel('Find a ticket').fill(`#${b.number}`)
  await tick(dialog(ann).locator(`[data-ticket="${b.number}"] input`))
  await dialog(ann).getByLabel('This ticket').click()
  await ann.page.getByRole('option', { name: 'waits for it' }).filter({ visible: true }).click(soon)
  await clean(ann, 'the link dialog')
  await shot(ann, 'link')
  await dialog(ann).getByRole('button', { name: 'Link', exact: true }).click()
  await settled(async () => (await ticket(b.id)).links.some((l) => l.kind === 'blocks' && l.direction === 'to'), 'it is not linked')
  await at(bo, b)
  await bo.page.getByText(`linked #${a.number}`).waitFor(soon)
  await undo(ann).click()
  await settled(async () => (await ticket(b.id)).links.length === 0, 'the link stayed')
})

await story('WS-26: handed over with a note that only the team sees', async () => {
  const t = await made('Hand over')
  await ann.api.patch(`${base}/api/tickets/${t.id}`, { data: { owner_id: null }, headers: { Origin: base } }) // it may have come to her by itself
  await at(ann, t)
  await at(bo, t)
  await ann.page.keyboard.press('Shift+T')
  await dialog(ann).getByLabel('To').fill('Sofie')
  await ann.page.getByRole('option', { name: /Sofie/ }).filter({ visible: true }).first().click(soon)
  await dialog(ann).getByLabel('Note').fill('She has the receipt.')
  await clean(ann, 'the transfer dialog')
  await shot(ann, 'transfer')
  await dialog(ann).getByRole('button', { name: 'Hand over' }).click()
  await bo.page.locator('[data-message][data-kind="comment"]', { hasText: 'She has the receipt.' }).waitFor(soon)
  must((await ticket(t.id)).owner?.name?.startsWith('Sofie'), 'it is not hers')
  await at(bo, t)
})

await story('TK-14, EM-35: spam with the sender blocked, held with its reason, and back', async () => {
  const from = `${unique('loud').replace(/\W/g, '')}@noisy.example`
  const t = await made('Cheap pedals', { from, name: 'Loud' })
  await at(ann, t)
  await ann.page.keyboard.press('b')
  await dialog(ann).getByText(`Only ${from}`).waitFor(soon)
  await clean(ann, 'the block dialog')
  await shot(ann, 'block')
  await dialog(ann).getByRole('button', { name: 'Mark as spam and block' }).click()
  await undo(ann).waitFor(soon)
  await ann.page.goto(`${base}/tickets/spam/${t.id}`)
  await ann.page.getByRole('button', { name: 'Not spam' }).first().waitFor(soon)
  await clean(ann, 'a ticket in spam')
  await shot(ann, 'spam')
  await ann.page.keyboard.press('y')
  await settled(async () => (await ticket(t.id)).hidden === '', 'it did not come back')
})

await story('WS-29: to the trash by key, and back by undo', async () => {
  const t = await made('Trash me')
  await at(ann, t)
  await ann.page.keyboard.press('#')
  await settled(async () => (await ticket(t.id)).hidden === 'trash', 'the key did nothing')
  await undo(ann).click()
  await settled(async () => (await ticket(t.id)).hidden === '', 'it did not come back')
})

await story('WS-18: a ticket moves to another inbox and goes on threading; undone, it is back', async () => {
  const { items: inboxes } = await json(await ann.api.get(`${base}/api/inboxes`))
  const other = inboxes.find((i) => i.kind === 'inbox')
  const subject = unique('Moving')
  const id = await mail(subject)
  const t = await arrived(subject)
  await at(ann, t)
  await ann.page.keyboard.press('Shift+I')
  await tick(dialog(ann).getByLabel(other.name))
  await clean(ann, 'the move dialog')
  await shot(ann, 'move')
  await dialog(ann).getByRole('button', { name: `Move to ${other.name}` }).click()
  await settled(async () => (await ticket(t.id)).inbox_id === other.id, 'it did not move')
  await mail(`Re: ${subject}`, { headers: answers(id), text: 'Still there?' })
  await settled(async () => (await ticket(t.id)).message_count === 2, 'the answer went astray')
  await undo(ann).click()
  await settled(async () => (await ticket(t.id)).inbox_id === t.inbox_id, 'it did not come back')
})

await story('IH-01: a conversation without a ticket is assigned, closed and reopened, and shows who else looks', async () => {
  const send = async (path, data) => json(await ann.api.post(`${base}${path}`, { data, headers: { Origin: base } }))
  const name = unique('Board')
  const address = `${name.toLowerCase().replace(/\W/g, '')}@nordlys.example`
  const inbox = await send('/api/inboxes', { name, kind: 'inbox', slug: name.toLowerCase().replace(/\W/g, '-') })
  const channels = (await json(await ann.api.get(`${base}/api/channels`)))
  const terms = (channels.items ?? channels).find((x) => x.channel === 'email')?.terms?.version
  await send('/api/channel-accounts', { channel: 'email', name, inbox_id: inbox.id, settings: { kind: 'hosted', address }, ticket: { create: 'never' }, accepted_terms: terms })
  const subject = unique('Ten bikes')
  await mail(subject, { to: address })
  let c = null
  await settled(async () => { c = (await json(await ann.api.get(`${base}/api/threads?inbox_id=${inbox.id}`))).items[0]; return !!c }, 'the mail did not arrive')
  const url = `${base}/tickets/inbox:${c.inbox_id}/conversation/${c.id}`
  const thread = async () => json(await ann.api.get(`${base}/api/threads/${c.id}`))
  await ann.page.goto(url)
  await ann.page.locator('[role="log"] [data-message]').first().waitFor(soon)
  const res = await bo.page.goto(url)
  must(res, 'no answer')
  if ((await bo.api.get(`${base}/api/threads/${c.id}`)).ok()) await ann.page.getByText(/Sofie.*(is here|is looking|viewing)/i).first().waitFor({ state: 'attached', ...soon })
  await ann.page.keyboard.press('Shift+A')
  await settled(async () => (await thread()).owner_id !== null, 'it was not assigned')
  await ann.page.getByRole('button', { name: 'Close conversation' }).waitFor(soon)
  await clean(ann, 'a conversation')
  await shot(ann, 'conversation')
  await ann.page.getByRole('button', { name: 'Close conversation' }).click()
  await settled(async () => (await thread()).open === false, 'it was not closed')
  await undo(ann).click()
  await settled(async () => (await thread()).open, 'it was not reopened')
})

await story('every action of a ticket stands in the sheet', async () => {
  await at(ann, await made('Sheet'))
  await ann.page.keyboard.press('?')
  for (const name of ['Snooze…', 'Follow', 'Merge…', 'Split off messages…', 'Link to a ticket…', 'Move to another inbox…', 'Hand over with a note…']) await dialog(ann).getByText(name, { exact: true }).first().waitFor(soon)
  await clean(ann, 'the sheet')
})

await story('WS-28: the dialogs on a phone and in the dark', async () => {
  const p = await person(browser, { width: 390, height: 844, scheme: 'dark' })
  const t = await made('Small')
  await at(p, t)
  for (const [key, name] of [['h', 'snooze'], ['m', 'merge'], ['l', 'link'], ['b', 'block'], ['Shift+T', 'transfer'], ['i', 'followers']]) {
    await p.page.keyboard.press(key)
    await dialog(p).waitFor(soon)
    await clean(p, `${name} on a dark phone`)
    const box = await dialog(p).boundingBox()
    must(box.width <= 390, `${name} is wider than the phone`)
    await shot(p, `phone-${name}`)
    await p.page.keyboard.press('Escape')
    await dialog(p).waitFor({ state: 'detached', ...soon })
  }
  await p.context.close()
})

await story('no page threw, no console error', async () => must(problems.length === 0, problems.join('\n')))
await browser.close()
process.exit(failures() ? 1 : 0)
