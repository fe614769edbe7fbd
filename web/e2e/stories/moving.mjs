// Channels and where they live: one wizard for every channel from both places, and a mail channel that moves to the help desk while mail arrives.
import { createConnection } from 'node:net'
import { base, failures, launchMany, must, person, problems, story } from '../lib.mjs'

const browser = await launchMany()
const ann = await person(browser)
const soon = { timeout: 30_000 }
const tag = String(Date.now() % 1_000_000)
const get = async (p) => (await ann.api.get(base + p)).json()
const send = async (method, p, data) => { const r = await ann.api.fetch(base + p, { method, data, headers: { Origin: base } }); const b = await r.json().catch(() => ({})); must(r.ok(), `${method} ${p}: ${r.status()} ${JSON.stringify(b)}`); return b }
const settings = async (path) => { await ann.page.goto(`${base}/settings/${path}`); await ann.page.locator('main h1').first().waitFor(soon) }

const until = async (what) => {
  for (const end = Date.now() + 30_000; ;) {
    const v = await what()
    if (v) return v
    must(Date.now() < end, `never: ${what}`)
    await new Promise((r) => { setTimeout(r, 50) })
  }
}

/** One mail over SMTP. */
function mail(to, id, { from = `c-${id}@customers.example`, subject = `About ${id}`, answers } = {}) {
  return new Promise((resolve, reject) => {
    const sock = createConnection({ port: Number(process.env.KANAL_SMTP_PORT ?? 2525), host: '127.0.0.1' })
    const body = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${id}@customers.example>\r\n${answers ? `In-Reply-To: <${answers}@customers.example>\r\nReferences: <${answers}@customers.example>\r\n` : ''}Date: ${new Date().toUTCString()}\r\n\r\nWords of ${id}\r\n`
    const lines = ['EHLO x', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', `${body}.`, 'QUIT']
    let text = ''
    sock.on('data', (d) => {
      text += d
      let m
      while ((m = /^(\d{3})( |-)[^\n]*\n/.exec(text))) {
        text = text.slice(m[0].length)
        if (m[2] === '-') continue
        if (m[1][0] === '4' || m[1][0] === '5') { reject(new Error(m[0])); sock.destroy(); return }
        const next = lines.shift()
        if (next === undefined) { sock.end(); resolve(); return }
        sock.write(`${next}\r\n`)
      }
    })
    sock.on('error', reject)
  })
}

const inbox = await send('POST', '/api/inboxes', { slug: `sales-${tag}`, kind: 'inbox', name: `Sales ${tag}`, access: { everyone: true } })
const account = await send('POST', '/api/channel-accounts', { channel: 'email', name: `Sales mail ${tag}`, inbox_id: inbox.id, settings: { kind: 'hosted', address: `sales${tag}@nordlys.example` }, accepted_terms: (await get('/api/channels')).items.find((c) => c.channel === 'email').terms?.version, ticket: { create: 'never' } })
const helpdesk = (await get('/api/inboxes')).items.find((i) => i.kind === 'helpdesk')
const address = account.delivery_identifier
for (let i = 0; i < 6; i++) await mail(address, `old${tag}-${i}`)

await story('GEN-11, IH-12: connecting begins with the choice of a new channel or one that exists elsewhere, from both places', async () => {
  const { page } = ann
  await settings('help-desk/channels')
  await page.getByRole('link', { name: 'Connect a channel' }).first().click()
  await page.getByRole('heading', { name: 'Connect a channel' }).waitFor(soon)
  await page.getByRole('radio', { name: /One that exists in another inbox/ }).click()
  await page.getByRole('radio', { name: new RegExp(`Sales mail ${tag}`) }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForURL(/channels\/move\//)
  await settings(`inboxes?inbox=${inbox.id}`)
  await page.getByRole('link', { name: 'Connect a channel' }).last().click()
  await page.waitForURL(/channels\/connect\?inbox=/)
})

await story('GEN-05, GEN-17, IH-03: the wizard of an inbox leaves new conversations without tickets, and takes conditions', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/channels/${account.id}`)
  await page.getByRole('tab', { name: 'Automation' }).click()
  await page.getByRole('radio', { name: /^Never/ }).and(page.locator(':checked')).waitFor(soon)
  await page.getByRole('radio', { name: /^When conditions hold/ }).click()
  await page.getByRole('group', { name: 'Conditions for a ticket' }).waitFor(soon)
  await page.getByRole('radio', { name: /^Never/ }).click()
})

let move
await story('MG-01 to MG-10: a dry run with counts, then the channel moves while mail arrives; an old link leads on', async () => {
  const { page } = ann
  const threads = await until(async () => { const l = (await get(`/api/threads?inbox_id=${inbox.id}`)).items ?? []; return l.length === 6 && l })
  const first = threads.find((x) => x.subject === `About old${tag}-0`) ?? threads[0]
  await page.goto(`${base}/tickets/inbox:${inbox.id}/conversation/${first.id}`)
  const second = await ann.context.newPage()
  await second.goto(`${base}/settings/help-desk/channels/move/${account.id}?to=${helpdesk.id}`)
  await second.locator('[data-count="selected"] dd', { hasText: /^6$/ }).waitFor(soon)
  await second.locator('[data-count="make"] dd', { hasText: /^6$/ }).waitFor(soon)
  must((await get(`/api/channel-accounts/${account.id}`)).inbox_id === inbox.id, 'the dry run moved something')
  const flood = Promise.all(Array.from({ length: 6 }, (_, i) => mail(address, `re${tag}-${i}`, { from: `c-old${tag}-${i}@customers.example`, answers: `old${tag}-${i}` })))
  await second.getByRole('button', { name: 'Move the channel' }).click()
  await second.locator('[data-move][data-state="done"]').waitFor(soon)
  await flood
  move = (await get(`/api/channel-accounts/${account.id}/moves`)).items[0]
  must(move.report.moved === 6 && move.made === 6 && move.failed === 0, JSON.stringify(move.report))
  await second.getByText('Can be undone for', { exact: false }).waitFor(soon)
  must((await get(`/api/channel-accounts/${account.id}`)).inbox_id === helpdesk.id, 'the channel is not in the help desk')
  const th = await until(async () => { const x = await get(`/api/threads/${first.id}`); return (x.thread ?? x).message_count === 2 && (x.thread ?? x) })
  must(th.ticket_id && th.inbox_id === helpdesk.id, `the conversation did not move whole: ${JSON.stringify(th)}`)
  await page.goto(`${base}/conversation/${first.id}`) // MG-09: an old link leads on
  await page.waitForURL((u) => !u.pathname.startsWith('/conversation/'), soon)
  await second.close()
})

await story('MG-05: the move is undone: everything is back, what was touched keeps its ticket', async () => {
  const { page } = ann
  await mail(address, `new${tag}`)
  await settings(`help-desk/channels/move/${account.id}`)
  await page.getByRole('button', { name: 'Undo the move' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Undo the move' }).click()
  await page.locator('[data-move][data-state="undone"]').waitFor(soon)
  const m = await get(`/api/moves/${move.id}`)
  must(m.report.back === 6 && m.report.arrived === 1, JSON.stringify(m.report))
  must((await get(`/api/channel-accounts/${account.id}`)).inbox_id === inbox.id, 'the channel is not back')
  await settings('audit')
  await page.locator('[data-audit="channel.moved"]').first().waitFor(soon)
})

await story('TK-05, CR-07: the limit of tickets a contact is a setting, and loses no request', async () => {
  const { page } = ann
  await settings('data/limits')
  const box = page.getByRole('switch', { name: 'Limit the tickets of a contact' })
  await box.click()
  await page.getByRole('textbox', { name: 'Tickets per contact' }).fill('1')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await until(async () => (await get('/api/settings/associations')).contact_tickets === 1)
  const contact = (await get('/api/contacts?limit=50')).items[0]
  const one = await send('POST', '/api/tickets', { subject: `First ${tag}`, contact_id: contact.id })
  const two = await send('POST', '/api/tickets', { subject: `Second ${tag}`, contact_id: contact.id })
  must(one.ticket.id && two.ticket.id && !two.ticket.contact_id, 'the second ticket is missing, or has the contact')
  await send('PATCH', '/api/settings/associations', { contact_tickets: 0 })
})

await story('no page threw', async () => { must(problems.length === 0, problems.join('\n')) })
await browser.close()
process.exit(failures() ? 1 : 0)
