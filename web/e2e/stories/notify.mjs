// What people are told, and how: two agents at once, and the mail of the installation itself.
// KANAL_SMTP_PORT=2525 KANAL_MAILBOX_URL=http://127.0.0.1:8025 node e2e/stories/notify.mjs http://127.0.0.1:8080   (with short NOTIFY windows)
import { base, end, launchMany, letters, mailbox, must, person, secondEmail, soon, story, team, tick, unique, until } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const browser = await launchMany()
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const headers = { Origin: base }
const me = async (p) => (await (await p.api.get(`${base}/api/session`)).json()).user
const annUser = await me(ann)
const boUser = await me(bo)
const bell = (p) => p.page.locator('button[aria-haspopup="dialog"]').filter({ visible: true }).first()
const unread = async (p) => (await (await p.api.get(`${base}/api/notifications/count`)).json()).unread
/** Unread news that somebody was mentioned: whose turn a new ticket was is no matter here. */
const mentions = async (p) => (await (await p.api.get(`${base}/api/notifications?unread=1`)).json()).items.filter((x) => x.kind === 'mentioned')
const readAll = async (p) => { await p.api.post(`${base}/api/notifications/read`, { data: { all: true }, headers }) }

/** A ticket that a customer opened, with its thread. */
async function fresh(subject) {
  await sendMail({ from: 'mira@customers.example', name: 'Mira Holst', to: team, subject, text: 'Hello, where is it?' })
  const row = await until(`no ticket ${subject}`, async () => (await (await ann.api.get(`${base}/api/tickets?view=open&limit=20`)).json()).items.find((x) => x.subject === subject))
  const ticket = await (await ann.api.get(`${base}/api/tickets/${row.id}`)).json()
  return { ...ticket, thread: ticket.threads[0].id }
}
const comment = (p, ticket, data) => p.api.post(`${base}/api/threads/${ticket.thread}/messages`, { data: { type: 'comment', text: 'Could you look at the frame?', ...data }, headers })

// A page hears what happens after it has asked who is signed in: the news must not be faster than that.
for (const { page } of [ann, bo]) { await page.goto(`${base}/tickets/open`); await page.locator('[data-ticket]').first().waitFor(soon) }
await readAll(ann)
await readAll(bo)
const subject = unique('Frame')
const ticket = await fresh(subject)

await story('WS-10, WS-15: who is mentioned hears of it at once, in the bell and the list, and it leads to the ticket', async () => {
  if ((ticket.owner?.id ?? ticket.owner_id) === boUser.id) await until('the owner was not told of the new ticket', async () => (await unread(bo)) > 0)
  await readAll(bo)
  await until('not read', async () => (await unread(bo)) === 0)
  must((await comment(ann, ticket, { mentions: [boUser.id] })).status() === 201, 'the comment was refused')
  await bo.page.getByRole('button', { name: /^Notifications: \d+ unread/ }).filter({ visible: true }).first().waitFor(soon)
  await bo.page.getByRole('status').getByText('mentioned you').waitFor(soon)
  await bo.page.keyboard.press('g')
  await bo.page.keyboard.press('n')
  const panel = bo.page.getByRole('dialog', { name: 'Notifications' })
  await panel.waitFor(soon)
  await panel.getByRole('button', { name: new RegExp(subject) }).first().click()
  await bo.page.getByRole('heading', { name: subject }).first().waitFor(soon)
  await until('opening it did not read it', async () => (await unread(bo)) === 0)
  must((await mentions(ann)).length === 0, 'who wrote it was told of it')
})

await story('WS-10: who mentions a team reaches its members of that moment', async () => {
  await bo.page.goto(`${base}/tickets/mine`)
  const crew = (await (await ann.api.get(`${base}/api/teams`)).json()).items.find((x) => [...(x.members ?? []), ...(x.extra_members ?? [])].includes(boUser.id))
  must(crew, 'the demo has no team of the second agent')
  const res = await comment(ann, ticket, { team_mentions: [crew.id] })
  const m = await res.json()
  must(m.mentions.includes(boUser.id) && !m.mentions.includes(annUser.id) && m.team_mentions.join() === crew.id, JSON.stringify([m.mentions, m.team_mentions]))
  await until('the team was not told', async () => (await mentions(bo)).length === 1)
})

await story('WS-15: looking at the ticket reads it; being there already means no news', async () => {
  await bo.page.goto(`${base}/ticket/${ticket.number}`)
  await bo.page.getByRole('heading', { name: subject }).first().waitFor(soon)
  await until('it is still unread', async () => (await unread(bo)) === 0)
  await until('not seen there', async () => (await (await ann.api.get(`${base}/api/tickets/${ticket.id}`)).json()).viewers?.some((v) => v.id === boUser.id))
  await comment(ann, ticket, { mentions: [boUser.id], text: 'While you are here' })
  await bo.page.getByText('While you are here').first().waitFor(soon)
  await bo.page.waitForTimeout(500)
  must((await mentions(bo)).length === 0, 'told of what they look at')
  await bo.page.goto(`${base}/tickets/mine`)
})

await story('WS-15: what I am told of is mine to choose, and stays chosen', async () => {
  await bo.page.goto(`${base}/settings/my-notifications`)
  const box = bo.page.getByRole('checkbox', { name: 'A ticket is assigned to me: In Kanal' })
  await box.waitFor(soon)
  must(await box.isChecked(), 'assigned is not on')
  await tick(box, false)
  await until('not stored', async () => (await (await bo.api.get(`${base}/api/me/notifications`)).json()).kinds.find((k) => k.kind === 'assigned').targets.in_app === false)
  await readAll(bo)
  await ann.api.post(`${base}/api/tickets/${ticket.id}/assign`, { data: { owner_id: boUser.id }, headers })
  await comment(ann, ticket, { mentions: [boUser.id], text: 'After the assignment' })
  await until('the mention did not come', async () => (await mentions(bo)).length >= 1)
  const items = (await (await bo.api.get(`${base}/api/notifications?unread=1`)).json()).items
  must(items.every((x) => x.kind !== 'assigned'), 'told of what was turned off')
  await bo.page.reload()
  await box.waitFor(soon)
  must(!(await box.isChecked()), 'the choice did not stay')
  await tick(box)
  await bo.page.getByRole('button', { name: 'Follow the company’s defaults again' }).click()
  await until('not reset', async () => !(await (await bo.api.get(`${base}/api/me/notifications`)).json()).chosen)
})

await story('WS-15: desktop notifications: one for a browser with two tabs, and none for the ticket that is looked at', async () => {
  const p = await person(browser, { who: secondEmail })
  await p.context.grantPermissions(['notifications'], { origin: base })
  await p.context.addInitScript(() => {
    const shown = []
    class Fake { constructor(title, o) { shown.push({ title, ...o }) } close() {} static permission = 'granted'; static requestPermission = async () => 'granted' }
    Object.defineProperty(globalThis, 'Notification', { value: Fake, configurable: true, writable: true })
    globalThis.__shown = shown
  })
  await p.page.goto(`${base}/tickets/open`)
  const second = await p.context.newPage()
  await second.goto(`${base}/tickets/mine`)
  await bell(p).waitFor(soon)
  await second.locator('button[aria-haspopup="dialog"]').filter({ visible: true }).first().waitFor(soon)
  await p.page.waitForTimeout(800)
  await comment(ann, ticket, { mentions: [boUser.id], text: 'Desktop please' })
  const all = async () => [...await p.page.evaluate(() => globalThis.__shown), ...await second.evaluate(() => globalThis.__shown)]
  await until('nothing on the desktop', async () => (await all()).length >= 1)
  await p.page.waitForTimeout(700)
  const shown = await all()
  must(shown.length === 1 && shown[0].title.includes('mentioned you') && shown[0].body.includes(String(ticket.number)), JSON.stringify(shown))
  await p.context.close()
})

await story('WS-15: the permission is asked on the settings page alone, by a click', async () => {
  await bo.page.goto(`${base}/settings/my-notifications`)
  await bo.page.getByText(/Your browser will ask|was told to show no|Show desktop notifications here/).first().waitFor(soon)
})

await story('WS-15: a customer’s answer reaches the owner, not who wrote it', async () => {
  await bo.page.goto(`${base}/tickets/open`)
  await readAll(bo)
  const original = (await (await ann.api.get(`${base}/api/tickets/${ticket.id}/timeline`)).json()).items.map((x) => x.message).find((m) => m && m.direction === 'INCOMING' || m && m.direction === 'incoming')
  await sendMail({ from: 'mira@customers.example', name: 'Mira Holst', to: team, subject: `Re: ${subject}`, text: 'Any news?', headers: `In-Reply-To: <${original.remote_id}>` })
  await until('the owner was not told', async () => (await (await bo.api.get(`${base}/api/notifications?unread=1`)).json()).items.some((x) => x.kind === 'customer_replied' && x.excerpt.includes('Any news')))
})

if (mailbox) {
  await story('XC-07, WS-15: the mail about it comes in the reader’s language, marked as a machine’s, and makes no ticket', async () => {
    await bo.api.patch(`${base}/api/me`, { data: { locale: 'da' }, headers })
    await bo.page.goto(`${base}/tickets/mine`)
    await comment(ann, ticket, { mentions: [boUser.id], text: 'For the mail <b>' })
    const tickets = async () => (await (await ann.api.get(`${base}/api/tickets?view=open&limit=100`)).json()).items.length
    const before = await tickets()
    const source = await until('no mail', async () => (await letters(secondEmail, 6)).find((x) => /Auto-Submitted: auto/i.test(x) && x.includes('#' + ticket.number) || /Auto-Submitted: auto/i.test(x) && x.includes(`/ticket/${ticket.number}`)))
    must(/X-Auto-Response-Suppress: All/i.test(source) && /multipart\/alternative/i.test(source), source.slice(0, 800))
    must(/text\/html/.test(source), 'no HTML part')
    must((await tickets()) === before, 'our own mail made a ticket')
    await bo.api.patch(`${base}/api/me`, { data: { locale: 'en' }, headers })
  })

  await story('WS-15: "send me one" comes by mail at once', async () => {
    const count = (await letters(secondEmail, 6)).length
    await bo.page.goto(`${base}/settings/my-notifications`)
    await bo.page.getByRole('button', { name: 'Send me one' }).click()
    await bo.page.getByText('On its way').waitFor(soon)
    await until('no test mail', async () => (await letters(secondEmail, 6)).some((x) => /test/i.test(x.match(/^Subject:.*$/m)?.[0] ?? '')) || (await letters(secondEmail, 6)).length > count)
  })
}

await story('WS-15: the installation’s defaults are an administrator’s, and show who sends', async () => {
  await ann.page.goto(`${base}/settings/notification-defaults`)
  await ann.page.getByRole('checkbox', { name: 'A channel stops working: Email' }).waitFor(soon)
})

await end(browser)
