// What waits for somebody, and a contact's owner who answers by mail: KANAL_SMTP_PORT=2525 KANAL_MAILBOX_URL=http://127.0.0.1:8025 node e2e/stories/waiting.mjs http://127.0.0.1:8080
import { arrived, ask, base, clean, end, launchMany, letters, mail, must, out, person, secondEmail, soon, story, unique, until } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const team = 'workshop@nordlys.example'
const browser = await launchMany()
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const get = (path) => ask(ann, 'GET', path)
const send = (method, path, data, p = ann) => ask(p, method, path, data)
const shot = (p, name) => (process.env.SHOTS ? p.page.screenshot({ path: `${out}waiting-${name}.png` }) : null)

const users = (await get('/api/users')).items
const sofie = users.find((u) => u.email === secondEmail)
const karim = users.find((u) => u.email === 'karim@nordlys.example')
const account = (await get('/api/channel-accounts')).items.find((a) => a.delivery_identifier === team)
const rule = (assign) => send('PATCH', `/api/channel-accounts/${account.id}`, { assign: { users: [], teams: [], available_only: true, by: 'least_open', ...assign } })
const available = (u, on) => send('PATCH', `/api/users/${u.id}`, { available: on })
const ticket = (id) => get(`/api/tickets/${id}`)
const queue = async () => (await get('/api/queue?limit=200')).items

async function made(name, over = {}) { const subject = unique(name); const id = await mail(subject, { to: team, ...over }); return { ...(await arrived(ann, subject)), mail: id } }

const header = (source, name) => (source.match(new RegExp(`^${name}:\\s*((?:.|\\r?\\n[ \\t])*)`, 'mi'))?.[1] ?? '').replace(/\s+/g, ' ').trim()
const plain = (source) => Buffer.from(source.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, x) => String.fromCharCode(Number.parseInt(x, 16))), 'latin1').toString('utf8')

let urgent, first, second
await story('RT-07: what nobody can have waits, in the order of priority and age, and is shown with its place', async () => {
  await rule({ to: 'users', users: [secondEmail] })
  await available(sofie, false)
  first = await made('First')
  second = await made('Second')
  urgent = await made('Urgent')
  await send('PATCH', `/api/tickets/${urgent.id}`, { priority: 'urgent' })
  await until('not in order', async () => (await queue()).map((x) => x.ticket_id).join() === [urgent, first, second].map((x) => x.id).join())
  await ann.page.goto(`${base}/waiting`)
  await ann.page.locator(`li[data-number="${second.number}"]`).waitFor(soon)
  const shown = await ann.page.locator('main ol > li').evaluateAll((all) => all.map((x) => x.dataset.number))
  must(shown.join() === [urgent, first, second].map((x) => String(x.number)).join(), shown.join())
  await clean(ann, 'what waits')
  await shot(ann, 'list')
  await bo.page.goto(`${base}/tickets/open/${second.id}`)
  await bo.page.locator('[data-waiting="3"]').waitFor(soon)
  await clean(bo, 'a ticket that waits')
  await shot(bo, 'ticket')
})

await story('RT-07, CP-04: when the agent comes back the line moves, in order, up to what they may have; both screens show it', async () => {
  const load = (await get('/api/capacity')).items.find((x) => x.user_id === sofie.id).load.total
  await send('PUT', `/api/users/${sofie.id}/capacity`, { capacity: { total: load + 1 } })
  await available(sofie, true)
  await until('the urgent one was not given away', async () => (await ticket(urgent.id)).owner_id === sofie.id)
  await ann.page.locator(`li[data-number="${urgent.number}"]`).waitFor({ state: 'detached', ...soon })
  await bo.page.locator('[data-waiting="2"]').waitFor(soon)
  must(!(await ticket(first.id)).owner_id && !(await ticket(second.id)).owner_id, 'given more than they may have')
})

await story('CP-08: a closed ticket frees a place, and the next in line gets it', async () => {
  await send('PATCH', `/api/tickets/${urgent.id}`, { status: 'closed' }).catch(async () => send('POST', `/api/bulk`, { action: { type: 'close' }, selection: { ids: [urgent.id] } }))
  await until('the next was not given away', async () => (await ticket(first.id)).owner_id === sofie.id)
  must(!(await ticket(second.id)).owner_id, 'given more than they may have')
  await bo.page.locator('[data-waiting="1"]').waitFor(soon)
})

await story('RT-12: who takes it takes it out of the line', async () => {
  await send('POST', `/api/tickets/${second.id}/assign`, { owner_id: karim.id })
  await until('it still waits', async () => !(await queue()).some((x) => x.ticket_id === second.id))
  await bo.page.locator('[data-waiting]').waitFor({ state: 'detached', ...soon })
})

await story('RT-19: a ticket is given out by its channel’s rule, from the palette', async () => {
  await send('PUT', `/api/users/${sofie.id}/capacity`, { capacity: null })
  await ann.page.goto(`${base}/tickets/open/${second.id}`)
  await ann.page.locator('[role="log"] [data-message]').first().waitFor(soon)
  await ann.page.keyboard.press('Control+k')
  await ann.page.getByRole('combobox', { name: /Type a command/ }).fill('Assign by rule')
  await ann.page.getByRole('option', { name: 'Assign by rule' }).first().click(soon)
  await until('the rule did not decide', async () => (await ticket(second.id)).owner_id === sofie.id)
})

let owned
await story('RT-05: a hold for the contact’s owner ends by itself, and the fallback gets it', async () => {
  await available(karim, false)
  const from = `held${Date.now()}@customers.example`
  const c = await send('POST', '/api/contacts', { name: 'Held Kask', email: from })
  await send('PATCH', `/api/contacts/${c.id}`, { owner_id: karim.id })
  await rule({ to: 'contact_owner', hold_seconds: 4, fallback: [{ to: 'users', users: [secondEmail] }] })
  const t = await made('Held', { from, name: 'Held Kask' })
  await until('it is not held', async () => (await ticket(t.id)).waiting?.reason === 'held_for_owner' || (await ticket(t.id)).owner_id === sofie.id)
  await until('the hold did not end', async () => (await ticket(t.id)).owner_id === sofie.id)
})

await story('RT-05, RT-22: the owner who is away gets the whole mail and answers from their mail program; the customer gets the answer', async () => {
  const from = `owned${Date.now()}@customers.example`
  const c = await send('POST', '/api/contacts', { name: 'Olga Owned', email: from })
  await send('PATCH', `/api/contacts/${c.id}`, { owner_id: karim.id })
  await rule({ to: 'contact_owner', mail_owner: true })
  owned = await made('Owned', { from, name: 'Olga Owned', text: 'The saddle is lost since Tuesday.' })
  let letter
  await until('the owner got no mail', async () => (letter = (await letters(karim.email)).find((x) => plain(header(x, 'Subject')).includes('Owned') || plain(x).includes('saddle is lost'))))
  must(plain(letter).includes('The saddle is lost since Tuesday.') && plain(letter).includes(`/ticket/${owned.number}`), 'the letter is not whole')
  must(header(letter, 'From').includes(team), header(letter, 'From'))
  const reply = header(letter, 'Reply-To').match(/[^<\s]+@[^>\s]+/)?.[0] ?? team
  const id = header(letter, 'Message-ID').replace(/[<>]/g, '')
  const answers = `In-Reply-To: <${id}>\r\nReferences: <${id}>`
  await sendMail({ from: 'thief@evil.example', name: 'Karim Haddad', to: reply, subject: 'Re: Owned', text: 'Send the money to me.', headers: answers })
  await sendMail({ from: karim.email, name: karim.name, to: reply, subject: 'Re: Owned', text: 'We found it. It is at the counter.\n\n> quoted words', headers: answers })
  let got
  await until('the customer got no answer', async () => (got = (await letters(from)).find((x) => plain(x).includes('It is at the counter'))))
  must(!plain(got).includes('/ticket/'), 'what is ours went to the customer')
  must(!(await letters(from)).some((x) => plain(x).includes('Send the money')), 'a thief answered')
  const t = await ticket(owned.id)
  must(t.owner_id === karim.id, 'who answers has it (RT-11)')
  await ann.page.goto(`${base}/tickets/open/${owned.id}`)
  await ann.page.getByRole('button', { name: /\d changes/ }).first().waitFor(soon)
  for (const fold of await ann.page.locator('[role="log"]').getByRole('button', { name: /\d changes/ }).all()) await fold.click()
  await ann.page.getByText('answered from their mail program').waitFor(soon)
  await ann.page.getByText('A mailed answer was not sent').waitFor(soon)
  await clean(ann, 'a ticket that was answered by mail')
  await shot(ann, 'answered')
})

await story('RT-20: yesterday with another rule: what would have changed, and nothing does', async () => {
  const r = await send('POST', '/api/routing/replay', { account_id: account.id, policy: { to: 'no_one', users: [], teams: [], available_only: true, by: 'least_open' } })
  must(r.decisions > 0 && r.changed > 0 && r.items.every((x) => !x.now.owner_id), JSON.stringify({ ...r, items: r.items.length }))
  must((await ticket(owned.id)).owner_id === karim.id, 'a replay changed something')
})

await story('AV-11: after how long an unanswered chat is handed on is a setting', async () => {
  await ann.page.goto(`${base}/waiting`)
  const field = ann.page.getByRole('textbox', { name: 'Minutes' })
  await field.fill('7')
  await ann.page.getByRole('button', { name: 'Save', exact: true }).click(soon)
  await until('not kept', async () => (await get('/api/settings/waiting')).hand_on_minutes === 7)
})

await end(browser)
