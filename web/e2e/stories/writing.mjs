// Writing: undo, later, forwards, snippets, the safety net, drafts that survive, two people at once, the timeline.
import { base, email, end, flaws, launchMany, mailbox, must, password, person, secondEmail, soon, story, team, unique, until } from '../lib.mjs'
import { ownServer } from '../server.mjs'
import { sendMail } from '../smtp.mjs'

const browser = await launchMany()
const ann = await person(browser, { undo: 30 })
const bo = await person(browser, { who: secondEmail })
const H = { headers: { Origin: base } }
const json = async (p, path, method = 'get', data) => { const r = await p.api[method](`${base}${path}`, { ...H, ...(data ? { data } : {}) }); if (!r.ok()) throw new Error(`${method} ${path}: ${r.status()} ${await r.text()}`); return r.status() === 204 ? null : r.json() }
const answer = (p) => p.page.getByRole('textbox', { name: 'Answer to the customer' })
/** The rich editor, not the field that stands in for it. */
const ready = async (box) => { await box.waitFor(soon); await box.and(box.page().locator('[contenteditable=true]')).waitFor(soon) }

/** A customer's mail and the ticket it made. */
async function ticketOf(subject, over = {}) {
  await sendMail({ from: 'mira@customers.example', name: 'Mira Kask', to: team, subject, text: 'Hello,\n\nthe brake squeaks.\n\nMira', ...over })
  return until('the ticket', async () => (await json(ann, '/api/tickets?view=open&limit=50')).items.find((x) => x.subject === subject))
}
const open = async (p, ticket) => { await p.page.goto(`${base}/tickets/open/${ticket.id}`); await p.page.locator('[role="log"] [data-message]').first().waitFor(soon) }
const begin = async (p, key = 'r', box = answer(p)) => { await p.page.locator('body').press('Escape'); await p.page.keyboard.press(key); await ready(box); await box.focus() }
const mailsTo = async (address, holds) => {
  const list = await (await fetch(`${mailbox}/?to=${address}`)).text()
  const all = await Promise.all([...new Set(list.match(/\/mail\/\d+/g) ?? [])].map(async (p) => (await fetch(`${mailbox}${p}/source`)).text()))
  return all.filter((s) => s.includes(holds))
}

await story('WS-23: undo gives the text back, and nothing has gone out', async () => {
  const subject = unique('Undo')
  await open(ann, await ticketOf(subject))
  await begin(ann)
  await ann.page.keyboard.type('Too early')
  await ann.page.keyboard.press('Control+Enter')
  await ann.page.getByText(/Goes out in \d+ seconds?/).waitFor(soon)
  await ann.page.locator('[data-message]').getByRole('button', { name: 'Undo send' }).click()
  await ready(answer(ann))
  await answer(ann).getByText('Too early').waitFor(soon)
  await answer(ann).focus()
  await ann.page.keyboard.press('Control+A')
  await ann.page.keyboard.type('At the right time')
  await ann.page.keyboard.press('Control+Enter')
  await until('the mail', async () => (await mailsTo('mira@customers.example', subject)).length === 1, 60_000)
  must((await mailsTo('mira@customers.example', subject))[0].includes('right time'), 'the wrong text went out')
})

// The rest need not wait.
await json(ann, '/api/me', 'patch', { preferences: { undo_send_seconds: 0 } })

await story('WS-23: send later waits in the list, is changed and sent now', async () => {
  const subject = unique('Later')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  await begin(ann)
  await ann.page.keyboard.type('In the morning')
  await ann.page.getByRole('button', { name: 'Send later' }).click()
  await ann.page.getByRole('button', { name: /Tomorrow morning/ }).click()
  await ann.page.locator('[data-waits]').getByText(/if the customer has not written/).waitFor(soon)
  must((await json(ann, '/api/messages/scheduled')).items.some((m) => m.ticket?.id === ticket.id && m.send_rule === 'later_if_quiet'), 'not in the list')
  await ann.page.locator('body').press('Escape')
  await ann.page.goto(`${base}/scheduled`)
  const item = ann.page.locator('main li', { hasText: subject })
  await item.getByRole('button', { name: 'Send now' }).click(soon)
  await item.waitFor({ state: 'detached', ...soon })
  await until('the mail', async () => (await mailsTo('mira@customers.example', subject)).length === 1)
})

await story('WS-12, TK-18: a forward goes to somebody new with the message and its file, and their answer stays apart from the customer', async () => {
  const subject = unique('Forward')
  const ticket = await ticketOf(subject, {
    text: '--B\r\nContent-Type: text/plain\r\n\r\nSee the crack.\r\n--B\r\nContent-Type: image/png; name="crack.png"\r\nContent-Disposition: attachment; filename="crack.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\r\n--B--', headers: 'X-Story: forward',
    html: '', multipart: true,
  })
  await open(ann, ticket)
  await begin(ann, 'f', ann.page.getByRole('textbox', { name: 'Text above the forwarded message' }))
  await ann.page.getByRole('textbox', { name: 'To', exact: true }).fill('works@maker.example,')
  await ann.page.getByRole('textbox', { name: 'Text above the forwarded message' }).focus()
  await ann.page.keyboard.type('Is this known?')
  await ann.page.keyboard.press('Control+Enter')
  const [mail] = await until('the mail', async () => { const m = await mailsTo('works@maker.example', subject); return m.length ? m : null })
  for (const want of ['Forwarded message', 'mira@customers.example', 'See the crack', 'Is this known?']) must(mail.includes(want), `${want} is not in the mail`)
  const sent = (await json(ann, `/api/tickets/${ticket.id}/timeline?limit=100`)).items.find((i) => i.message?.forward_of)?.message
  must(sent && sent.subject.startsWith('Fwd: '), 'the forward is not on the ticket')
  await sendMail({ from: 'works@maker.example', name: 'The works', to: team, subject: `Re: ${sent.subject}`, text: 'Yes, a recall.', headers: `In-Reply-To: <${sent.remote_id}>` })
  await ann.page.getByText('Yes, a recall.').first().waitFor(soon)
  const first = ann.page.locator('[data-message][data-kind="incoming"]').first()
  if (!await first.getByRole('button', { name: 'More' }).count()) await first.locator('button[aria-expanded]').first().click()
  await first.getByRole('button', { name: 'More' }).click()
  await ann.page.getByRole('menuitem', { name: 'Reply to this' }).click()
  await ready(answer(ann))
  await ann.page.getByTitle('mira@customers.example').waitFor(soon)
  must(await ann.page.getByTitle('works@maker.example').count() === 0, 'the maker would get the answer to the customer')
  await ann.page.getByRole('button', { name: 'Fold away' }).click()
})

const refund = { kind: 'snippet', name: unique('Refund'), shortcut: `refund${Date.now().toString(36)}`, html: '<p>Dear {{contact.first_name|customer}}, we call {{contact.phone}}.</p>', visibility: 'everyone' }
const closing = { kind: 'template', name: unique('Solved'), html: '<p>All done for ticket {{ticket.number}}.</p>', visibility: 'private', actions: { status: 'closed', priority: 'low' } }
await json(ann, '/api/snippets', 'post', refund)
await json(ann, '/api/snippets', 'post', closing)

await story('WS-12: a slash finds a snippet by keyboard, fills it, and what is missing is asked for before it goes', async () => {
  const subject = unique('Snippet')
  await open(ann, await ticketOf(subject))
  await begin(ann)
  await ann.page.keyboard.type(`/${refund.shortcut}`)
  await ann.page.getByRole('option', { name: new RegExp(refund.name) }).waitFor(soon)
  await ann.page.keyboard.press('Enter')
  await answer(ann).getByText('Dear Mira, we call').waitFor(soon)
  await answer(ann).locator('.k-token', { hasText: '{{contact.phone}}' }).waitFor(soon)
  await ann.page.keyboard.press('Control+Enter')
  const asked = ann.page.getByRole('alertdialog', { name: 'Look before you send' })
  await asked.getByText(/Not filled in/).waitFor(soon)
  await asked.getByRole('button', { name: 'Back to the text' }).click()
  await ann.page.getByRole('button', { name: 'Discard draft' }).click()
})

await story('WS-24: a template writes, and closes the ticket with the send', async () => {
  const subject = unique('Macro')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  await begin(ann)
  await ann.page.getByRole('button', { name: 'Snippets and templates' }).click()
  await ann.page.getByRole('combobox', { name: 'Search by name, short form or text' }).fill(closing.name)
  await ann.page.keyboard.press('Enter')
  await answer(ann).getByText(`All done for ticket ${ticket.number}`).waitFor(soon)
  await ann.page.getByText(/With the send: .*Closed/).waitFor(soon)
  await answer(ann).focus()
  await ann.page.keyboard.press('Control+Enter')
  await until('the ticket to close', async () => { const t = await json(ann, `/api/tickets/${ticket.id}`); return t.status.state === 'closed' && t.priority === 'low' })
})

await story('EM-38: the safety net names a new outsider and a look-alike; one more key sends', async () => {
  const subject = unique('Safety')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  await begin(ann)
  await ann.page.getByRole('button', { name: 'Cc Bcc' }).click()
  await ann.page.getByRole('textbox', { name: 'Cc', exact: true }).fill('mira@custorners.example, "Bo" <bo@elsewhere.example>,')
  await ann.page.getByText('mira@custorners.example only looks like customers.example').waitFor(soon)
  await ann.page.getByText('bo@elsewhere.example is new in this conversation').waitFor(soon)
  await answer(ann).focus()
  await ann.page.keyboard.type('To you all')
  await ann.page.keyboard.press('Control+Enter')
  await ann.page.getByRole('alertdialog').waitFor(soon)
  await ann.page.keyboard.press('Enter')
  await until('the answer', async () => (await json(ann, `/api/tickets/${ticket.id}/timeline`)).items.some((i) => i.message?.direction === 'outgoing' && i.message.recipients.some((p) => p.address === 'bo@elsewhere.example')))
})

await story('WS-13: a customer who is named with @ in the text becomes a recipient', async () => {
  await ticketOf(unique('Known'), { from: 'tove@northfjord.example', name: 'Tove Northfjord' })
  await open(ann, await ticketOf(unique('Named')))
  await begin(ann)
  await ann.page.keyboard.type('I ask @Tove')
  await ann.page.getByRole('option', { name: /Tove Northfjord/ }).waitFor(soon)
  await ann.page.keyboard.press('Enter')
  await ann.page.getByTitle('tove@northfjord.example').waitFor(soon)
  await ann.page.getByRole('button', { name: 'Discard draft' }).click()
})

await story('WS-11: a colleague answers first; sending warns, and sends when told to', async () => {
  const subject = unique('Collision')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  await open(bo, ticket)
  await begin(ann)
  await ann.page.keyboard.type('My answer')
  await begin(bo)
  await bo.page.keyboard.type('His answer')
  await ann.page.getByText(/is writing/).first().waitFor({ state: 'attached', ...soon })
  await bo.page.keyboard.press('Control+Enter')
  await ann.page.getByText(/wrote while you were writing/).waitFor(soon)
  await answer(ann).focus()
  await ann.page.keyboard.press('Control+Enter')
  await ann.page.getByText(/One new message since you began/).waitFor(soon)
  await ann.page.getByRole('button', { name: 'Send anyway' }).click()
  await until('both answers', async () => (await json(ann, `/api/tickets/${ticket.id}/timeline`)).items.filter((i) => i.message?.direction === 'outgoing').length === 2)
  // Who has not heard of it is refused by the server (409 thread.changed), not surprised.
  const t = await json(bo, `/api/tickets/${ticket.id}`)
  const refused = await bo.api.post(`${base}/api/threads/${t.threads[0].id}/messages`, { ...H, data: { type: 'reply', text: 'x', if_unchanged: true, seen_seq: 1 } })
  must(refused.status() === 409 && (await refused.json()).reason === 'thread.changed', `answered ${refused.status()}`)
})

await story('WS-12: one draft in two places: the second is told and chooses', async () => {
  const subject = unique('Two places')
  const ticket = await ticketOf(subject)
  const again = await person(browser)
  await open(ann, ticket)
  await open(again, ticket)
  await begin(ann)
  await begin(again)
  await ann.page.waitForTimeout(400)
  await ann.page.keyboard.type('From the desk')
  await ann.page.getByText('Draft saved').waitFor(soon)
  await again.page.keyboard.type('From the train')
  await again.page.getByText('This draft was changed in another window').waitFor(soon)
  await again.page.getByRole('button', { name: 'Take that one' }).click()
  await answer(again).getByText('From the desk').waitFor(soon)
  await again.context.close()
  await ann.page.getByRole('button', { name: 'Discard draft' }).click()
})

await story('WS-10: a comment carries a file, stays inside and names a colleague', async () => {
  const subject = unique('Comment')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  const box = ann.page.getByRole('textbox', { name: 'Internal comment' })
  await begin(ann, 'c', box)
  await ann.page.locator('input[type=file]').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('only for us') })
  await ann.page.getByRole('listitem').filter({ hasText: 'notes.txt' }).filter({ hasNot: ann.page.locator('progress') }).waitFor(soon)
  await box.focus()
  await ann.page.keyboard.type('See the notes')
  await ann.page.keyboard.press('Control+Enter')
  const comment = ann.page.locator('[data-message][data-kind="comment"]')
  await comment.getByText('notes.txt').waitFor(soon)
  must((await mailsTo('mira@customers.example', subject)).length === 0, 'a comment went out')
})

await story('TK-18: the timeline shows a part, remembers what was seen, and leads to earlier tickets', async () => {
  const subject = unique('Timeline')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  const t = await json(ann, `/api/tickets/${ticket.id}`)
  await json(ann, `/api/threads/${t.threads[0].id}/messages`, 'post', { type: 'comment', text: 'Just between us' })
  for (const priority of ['low', 'high', 'urgent']) await json(ann, `/api/tickets/${ticket.id}`, 'patch', { priority })
  await ann.page.getByRole('button', { name: /\d+ changes/ }).waitFor(soon)
  await ann.page.getByRole('button', { name: 'What is shown' }).click()
  await ann.page.getByRole('menuitem', { name: 'Comments' }).click()
  await until('the comment alone', async () => await ann.page.locator('[data-message]').count() === 1)
  await ann.page.getByRole('navigation', { name: 'Earlier tickets:' }).getByRole('link').first().waitFor(soon)
  await ann.page.goto(`${base}/tickets/open`)
  await json(bo, `/api/threads/${t.threads[0].id}/messages`, 'post', { type: 'comment', text: 'Seen it' })
  await open(ann, ticket)
  await ann.page.getByText('New since you last looked').waitFor(soon)
})

await story('WS-31: offline, an answer waits and goes once when the line is back', async () => {
  const subject = unique('Offline')
  const ticket = await ticketOf(subject)
  await open(ann, ticket)
  await begin(ann)
  await ann.page.keyboard.type('From a tunnel')
  await ann.page.getByText('Draft saved').waitFor(soon)
  await ann.context.setOffline(true)
  await ann.page.keyboard.press('Control+Enter')
  await ann.page.getByRole('button', { name: 'Try again' }).first().waitFor(soon)
  await ann.context.setOffline(false)
  await ann.page.locator('[data-pending]').getByRole('button', { name: 'Try again' }).click()
  await until('one answer', async () => (await json(ann, `/api/tickets/${ticket.id}/timeline`)).items.filter((i) => i.message?.direction === 'outgoing').length === 1)
})

const dialogs = { 'a snippet': async (p) => { await p.page.goto(`${base}/settings/snippets`); await p.page.getByRole('button', { name: 'New template' }).click(); await p.page.getByRole('dialog').waitFor(soon) } }
for (const scheme of ['light', 'dark']) {
  await story(`WS-28: axe finds nothing where one writes, ${scheme}`, async () => {
    const found = []
    const ticket = await ticketOf(unique('Axe'))
    for (const width of scheme === 'light' ? [1440] : [390]) {
      const p = await person(browser, { scheme, width, height: width > 500 ? 900 : 844 })
      const look = async (where, part) => {
        found.push(...await flaws(p.page, `${where} ${width}`, { part }))
        if (process.env.PICTURES) await p.page.screenshot({ path: `${process.env.PICTURES}/${where.replace(/\W+/g, '-')}-${width}-${scheme}.png` })
      }
      await open(p, ticket)
      await begin(p)
      await p.page.getByRole('textbox', { name: 'To', exact: true }).fill('someone@gmial.com,')
      await answer(p).focus()
      await p.page.keyboard.type('Hello {{contact.phone}}')
      await p.page.keyboard.press('Control+Enter')
      await p.page.getByRole('alertdialog').waitFor(soon)
      await look('cautions')
      await p.page.getByRole('button', { name: 'Back to the text' }).click()
      await p.page.getByRole('button', { name: 'Snippets and templates' }).click()
      await p.page.getByRole('listbox', { name: 'Snippets and templates' }).waitFor(soon)
      await look('snippet menu', '[role=listbox]')
      await p.page.keyboard.press('Escape')
      await p.page.getByRole('button', { name: 'Send later' }).click()
      await p.page.getByRole('group', { name: 'Send later' }).waitFor(soon)
      await look('later', '[role=group][aria-label="Send later"]')
      await p.page.keyboard.press('Escape')
      await p.page.getByRole('button', { name: 'Discard draft' }).click()
      for (const r of ['/scheduled', '/compose', '/settings/snippets']) { await p.page.goto(base + r); await p.page.locator('h1').first().waitFor(soon); await look(r) }
      for (const [name, show] of Object.entries(dialogs)) { await show(p); await look(name) }
      await p.context.close()
    }
    must(found.length === 0, found.join('\n'))
  })
}

await story('WS-12: the page and the server are killed under an open composer, and nothing that was typed is lost', async () => {
  const server = await ownServer()
  const { url } = server
  await server.start()
  try {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await context.request.post(`${url}/api/session`, { data: { email, password }, headers: { Origin: url } })
    const ticket = (await (await context.request.get(`${url}/api/tickets?view=open&limit=1`)).json()).items[0]
    await page.goto(`${url}/tickets/open/${ticket.id}`)
    await page.locator('[role="log"] [data-message]').first().waitFor(soon)
    await page.keyboard.press('r')
    const text = page.getByRole('textbox', { name: 'Answer to the customer' })
    await ready(text)
    await text.focus()
    await page.keyboard.type('Before the power cut')
    await page.getByText('Draft saved').waitFor(soon)
    await server.kill()
    await page.keyboard.type(' and after it')
    await page.getByText('Draft kept in this browser').waitFor(soon)
    await server.start()
    await page.getByText('Draft saved').waitFor({ timeout: 60_000 })
    // The page goes without a word: another browser of the same person goes on from the server's copy.
    await page.keyboard.type('!')
    await until('the draft of the server', async () => (await (await context.request.get(`${url}/api/drafts?ticket_id=${ticket.id}`)).text()).includes('and after it!'))
    await context.close()
    const other = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
    await other.request.post(`${url}/api/session`, { data: { email, password }, headers: { Origin: url } })
    const second = await other.newPage()
    await second.goto(`${url}/tickets/open/${ticket.id}`)
    await second.getByRole('textbox', { name: 'Answer to the customer' }).getByText('Before the power cut and after it!').waitFor(soon)
    await other.close()
  } finally { await server.close() }
})

await end(browser)
