// The workspace, lived in: node e2e/stories.mjs http://127.0.0.1:8080 against a server with the demo company.
import { base, email, end, launchMany, mail, mailbox, must, password, person, secondEmail, soon, story, team, tick, unique } from './lib.mjs'

const browser = await launchMany()
const row = (page, text) => page.locator('[data-ticket]', { hasText: text })
/** A row that has arrived: shown by itself, or announced by the pill while somebody works in the list. */
const arrive = async (page, text) => {
  if (!page.url().includes('/tickets/')) await page.goto(`${base}/tickets/open`)
  const pill = page.getByRole('button', { name: /new or changed/ })
  for (let i = 0; i < 120; i++) {
    if (await row(page, text).count()) return
    if (await pill.count()) await pill.click({ timeout: 1000 }).catch(() => {})
    await page.waitForTimeout(250)
  }
  throw new Error(`${text} did not arrive`)
}
/** The rich editor, not the field that stands in for it until it is there, has the caret. */
const written = async (page, name) => {
  const box = page.getByRole('textbox', { name }).and(page.locator('[contenteditable=true]'))
  await box.waitFor(soon)
  for (const end = Date.now() + soon.timeout; !await box.evaluate((el) => el.contains(document.activeElement));) { must(Date.now() < end, `${name} does not have the caret`); await page.waitForTimeout(50) }
}
const openTicket = async (page, subject) => { await row(page, subject).first().click(soon); await page.locator('[role="log"] [data-message]').first().waitFor(soon) }

await story('sign in: a wrong password is refused in words, the right one leads to the work', async () => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${base}/tickets/open`)
  await page.getByLabel('Email address').fill(email)
  await page.locator('input[name=password]').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor(soon)
  await page.locator('input[name=password]').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'All open' }).waitFor(soon)
  await context.close()
})

const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })

await story('WS-31: a new mail appears in the list by itself', async () => {
  await ann.page.goto(`${base}/tickets/open`)
  await ann.page.locator('[data-ticket]').first().waitFor(soon)
  await ann.page.waitForTimeout(500)
  const subject = unique('Squeaking brake')
  await mail(subject)
  await row(ann.page, subject).waitFor(soon)
})

await story('WS-31: while the pointer is in the list nothing jumps; a pill tells of the news', async () => {
  const box = await ann.page.locator('[data-ticket]').nth(3).boundingBox()
  await ann.page.mouse.move(box.x + 20, box.y + 10)
  const before = await ann.page.locator('[data-ticket]').nth(3).getAttribute('data-ticket')
  const subject = unique('Held back')
  await mail(subject)
  await ann.page.getByRole('button', { name: /new or changed/ }).waitFor(soon)
  must(await ann.page.locator('[data-ticket]').nth(3).getAttribute('data-ticket') === before, 'the rows moved under the pointer')
  await ann.page.getByRole('button', { name: /new or changed/ }).click()
  await row(ann.page, subject).waitFor(soon)
  await ann.page.mouse.move(900, 500)
})

await story('an answer by keyboard alone: open, reply, send; it is queued or sent, and the ticket has an owner', async () => {
  const subject = unique('By keyboard')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.keyboard.press('r')
  await written(ann.page, 'Answer to the customer')
  await ann.page.keyboard.type('We will look at it tomorrow.')
  await ann.page.keyboard.press('Control+Enter')
  const sent = ann.page.locator('[data-message][data-kind="outgoing"]', { hasText: /./ }).last()
  await sent.waitFor(soon)
  await sent.locator('iframe').waitFor(soon)
  const frame = sent.frameLocator('iframe')
  await frame.getByText('We will look at it tomorrow.').waitFor(soon)
})

await story('WS-12: a draft survives a reload', async () => {
  const subject = unique('Draft')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.keyboard.press('r')
  const box = ann.page.getByRole('textbox', { name: 'Answer to the customer' })
  await written(ann.page, 'Answer to the customer')
  await ann.page.keyboard.type('Half a sent')
  await ann.page.waitForTimeout(100)
  await ann.page.reload()
  await box.waitFor(soon)
  await ann.page.getByText('Half a sent').first().waitFor(soon)
  await ann.page.getByRole('button', { name: 'Discard draft' }).click()
})

await story('WS-11: two people on one ticket see each other, typing too, and each other\'s messages', async () => {
  const subject = unique('Two people')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await bo.page.goto(`${base}/tickets/open`)
  await arrive(bo.page, subject)
  await openTicket(bo.page, subject)
  await ann.page.getByText(/is looking at this/).first().waitFor({ state: 'attached', ...soon })
  await bo.page.keyboard.press('r')
  await written(bo.page, 'Answer to the customer')
  await bo.page.keyboard.type('I take this one')
  await ann.page.getByText(/is writing/).first().waitFor({ state: 'attached', ...soon })
  // what ann writes meanwhile is warned of when bo's answer arrives
  await ann.page.keyboard.press('r')
  await written(ann.page, 'Answer to the customer')
  await ann.page.keyboard.type('Me too')
  await bo.page.keyboard.press('Control+Enter')
  await ann.page.getByText(/wrote while you were writing/).waitFor(soon)
  await ann.page.getByRole('button', { name: 'Discard draft' }).click()
})

await story('WS-10: a comment with a mention is found by the mentioned', async () => {
  const subject = unique('Mention')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.keyboard.press('c')
  await written(ann.page, 'Internal comment')
  const name = (await (await bo.api.get(`${base}/api/session`)).json()).user.name
  await ann.page.keyboard.type(`Please look, @${name.split(' ')[0]}`)
  await ann.page.getByRole('listbox').getByRole('option', { name }).first().waitFor(soon)
  await ann.page.keyboard.press('Enter')
  await ann.page.keyboard.press('Control+Enter')
  await ann.page.locator('[data-message][data-kind="comment"]').waitFor(soon)
  await bo.page.goto(`${base}/tickets/mentions`)
  await arrive(bo.page, subject)
})

await story('WS-31: after the network was gone exactly what was missed is there', async () => {
  await ann.page.goto(`${base}/tickets/open`)
  await ann.page.locator('[data-ticket]').first().waitFor(soon)
  await ann.context.setOffline(true)
  await ann.page.getByText('You are offline').waitFor(soon)
  const missed = [unique('Missed one'), unique('Missed two')]
  for (const m of missed) await mail(m)
  await ann.context.setOffline(false)
  for (const m of missed) await row(ann.page, m).waitFor({ timeout: 25_000 })
  for (const m of missed) must(await row(ann.page, m).count() === 1, `${m} is there ${await row(ann.page, m).count()} times`)
})

await story('a send that gets no answer is shown as not sent, is retried, and is filed once', async () => {
  const subject = unique('Lost answer')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  let first = true
  await ann.page.route('**/api/threads/*/messages', async (route) => { if (!first) return route.continue(); first = false; await route.fetch().catch(() => {}); await route.abort() })
  await ann.page.keyboard.press('r')
  await written(ann.page, 'Answer to the customer')
  await ann.page.keyboard.type('Only once')
  await ann.page.keyboard.press('Control+Enter')
  await ann.page.getByText('Not sent.').waitFor(soon)
  await ann.page.getByRole('button', { name: 'Try again' }).click()
  await ann.page.getByText('Not sent.').waitFor({ state: 'detached', ...soon })
  await ann.page.waitForTimeout(800)
  must(await ann.page.locator('[data-message][data-kind="outgoing"]').count() === 1, 'the answer is there more than once')
  await ann.page.unroute('**/api/threads/*/messages')
})

await story('closing a ticket opens the next one and takes the row away; undo brings it back', async () => {
  await ann.page.goto(`${base}/tickets/open`)
  await ann.page.locator('[data-ticket]').first().click(soon)
  await ann.page.locator('[role="log"] [data-message]').first().waitFor(soon)
  const id = await ann.page.locator('[data-ticket]').first().getAttribute('data-ticket')
  await ann.page.getByRole('button', { name: 'Close ticket' }).waitFor(soon)
  await ann.page.keyboard.press('e')
  await ann.page.locator(`[data-ticket="${id}"]`).waitFor({ state: 'detached', ...soon })
  must(!ann.page.url().includes(id), 'still on the closed ticket')
  await ann.page.getByRole('button', { name: 'Undo' }).click()
  await ann.page.locator(`[data-ticket="${id}"]`).waitFor(soon)
})

await story('two tabs of one browser share one stream, and the second goes on when the first is closed', async () => {
  const p = await person(browser)
  let streams = 0
  p.context.on('request', (r) => { if (/\/api\/events\?after=\d+$/.test(r.url())) streams++ })
  await p.page.goto(`${base}/tickets/open`)
  await p.page.locator('[data-ticket]').first().waitFor(soon)
  const second = await p.context.newPage()
  await second.goto(`${base}/tickets/open`)
  await second.locator('[data-ticket]').first().waitFor(soon)
  await second.waitForTimeout(800)
  must(streams === 1, `${streams} streams were opened`)
  const one = unique('Both tabs')
  await mail(one)
  await row(second, one).waitFor(soon)
  await p.page.close()
  await second.waitForTimeout(500)
  const two = unique('Left tab')
  await mail(two)
  await row(second, two).waitFor(soon)
  await p.context.close()
})

await story('being signed out keeps the screen and the draft, and leads back to the same place', async () => {
  const p = await person(browser)
  await p.page.goto(`${base}/tickets/open`)
  await p.page.locator('a[data-ticket]').first().click(soon)
  await p.page.locator('[role="log"] [data-message]').first().waitFor(soon)
  await p.page.keyboard.press('c')
  await written(p.page, 'Internal comment')
  await p.page.keyboard.type('Kept')
  const cookies = await p.context.cookies()
  await p.api.delete(`${base}/api/session`, { headers: { Origin: base } })
  await p.page.keyboard.type(' for sure')
  await p.page.getByText('You have been signed out').waitFor(soon)
  await p.page.getByText('Kept for sure').waitFor(soon)
  must(cookies.length > 0, 'there was no session')
  const at = p.page.url()
  await p.page.getByRole('link', { name: 'Sign in' }).click()
  await p.page.getByLabel('Email address').fill(email)
  await p.page.locator('input[name=password]').fill(password)
  await p.page.getByRole('button', { name: 'Sign in' }).click()
  await p.page.getByText('Kept for sure').waitFor(soon)
  must(p.page.url() === at, `came back to ${p.page.url()}`)
  await p.page.getByRole('button', { name: 'Discard draft' }).click()
  await p.context.close()
})

await story('EM-11: a new message to anybody, with a file, opens a ticket', async () => {
  const page = ann.page
  await page.goto(`${base}/compose`)
  const subject = unique('Composed')
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('new.person@customers.example')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Subject' }).fill(subject)
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator('[contenteditable=true]')).click(soon)
  await written(page, 'Message')
  await page.keyboard.type('Your bike is ready.')
  await page.locator('input[type=file]').setInputFiles({ name: 'receipt.txt', mimeType: 'text/plain', buffer: Buffer.from('paid') })
  await page.getByRole('list', { name: 'Attachments' }).getByRole('listitem').filter({ hasText: 'receipt.txt' }).filter({ hasNot: page.locator('progress') }).waitFor(soon) // it is up
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('heading', { name: subject }).waitFor(soon)
  await page.locator('[data-message] a', { hasText: 'receipt.txt' }).waitFor(soon)
})

await story('reply to all keeps the copied, and a status can be set with the send', async () => {
  const subject = unique('Everybody')
  await mail(subject, { headers: 'Cc: <boss@customers.example>' })
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.keyboard.press('Shift+R')
  await ann.page.getByRole('textbox', { name: 'Answer to the customer' }).waitFor(soon)
  await ann.page.locator('[title="boss@customers.example"]').waitFor(soon)
  await written(ann.page, 'Answer to the customer')
  await ann.page.keyboard.type('Hello both')
  await ann.page.getByRole('button', { name: 'Send and set status' }).click()
  await ann.page.getByRole('menuitem', { name: /Waiting on contact/ }).click()
  await ann.page.getByRole('button', { name: /Status: Waiting on contact/ }).waitFor(soon)
})

await story('a stranger\'s mail that claims to belong to a ticket is joined with one click', async () => {
  const subject = unique('Claimed')
  const id = await mail(subject)
  await arrive(ann.page, subject)
  const stranger = unique('Stranger to it')
  await mail(stranger, { from: 'stranger@elsewhere.example', name: 'A Stranger', headers: `In-Reply-To: <${id}>\r\nReferences: <${id}>` })
  await arrive(ann.page, stranger)
  await openTicket(ann.page, stranger)
  await ann.page.getByText(/says it belongs to another ticket/).waitFor(soon)
  await ann.page.getByRole('button', { name: 'Join them' }).click()
  await ann.page.getByText(/says it belongs to another ticket/).waitFor({ state: 'detached', ...soon })
  await ann.page.getByRole('heading', { name: subject }).waitFor(soon)
  await ann.page.locator('[data-message]', { hasText: 'A Stranger' }).waitFor(soon)
  must(await row(ann.page, stranger).count() === 0, 'the joined ticket is still in the list')
})

await story('EM-27: whose mail a forward is, is shown and corrected with one click', async () => {
  const subject = unique('Forwarded')
  await mail(`Fwd: ${subject}`, { from: 'partner@shops.example', name: 'A Partner', text: 'Please take this.\n\n---------- Forwarded message ---------\nFrom: Olga Original <olga@customers.example>\nDate: Fri, 20 Nov 2026 at 19:24\nSubject: ' + subject + '\nTo: A Partner <partner@shops.example>\n\nHello, my lamp is dark.\n\nOlga' })
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  const panel = ann.page.getByRole('region', { name: 'Ticket details' })
  await panel.getByText('olga@customers.example', { exact: true }).waitFor(soon)
  await ann.page.getByRole('button', { name: /File under A Partner/ }).click()
  await ann.page.getByRole('button', { name: /File under Olga Original/ }).waitFor(soon)
  await panel.getByText('partner@shops.example', { exact: true }).waitFor(soon)
})

await story('RT-20: the ticket says why its owner has it, and of every candidate why not', async () => {
  const subject = unique('Why')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  const id = new URL(ann.page.url()).pathname.split('/').pop()
  const ticket = await (await ann.api.get(`${base}/api/tickets/${id}`)).json()
  const panel = ann.page.getByRole('region', { name: 'Ticket details' })
  await panel.getByRole('listitem').filter({ hasText: ticket.owner.name }).first().waitFor(soon)
  const { candidates } = ticket.assignment
  must(candidates.length > 1 && candidates.filter((c) => c.chosen).length === 1, `candidates: ${JSON.stringify(candidates)}`)
  for (const c of candidates) {
    const line = panel.getByRole('listitem').filter({ hasText: c.name }).filter({ hasText: /\d+ open/ })
    await line.first().waitFor(soon)
    const said = await line.first().innerText()
    must(!said.includes('_') && /Chosen|More open|Away|Got work more recently|Equal; others come first|Not drawn|Takes no work|No access|May not reply|Not a main member|Deactivated/.test(said), `${c.name}: ${said}`)
    must(said.includes('Chosen') === c.chosen, `${c.name}: ${said}`)
  }
  await ann.page.getByRole('button', { name: 'Delivery ledger' }).click()
  await ann.page.getByText('Arrived', { exact: true }).first().waitFor(soon)
  await ann.page.getByRole('button', { name: 'Delivery ledger' }).click()
})

await story('an agent who is away gets nothing new, and the ticket says so', async () => {
  const me = (await (await bo.api.get(`${base}/api/session`)).json()).user
  await bo.page.goto(`${base}/tickets/open`)
  const toggle = async (name) => { await bo.page.getByRole('button', { name: /Your menu/ }).click(); await bo.page.getByRole('menuitem', { name }).click() }
  await toggle(/^Set me away/)
  await bo.page.getByText('Away', { exact: true }).first().waitFor(soon)
  try {
    const subject = unique('While away')
    await mail(subject)
    await arrive(ann.page, subject)
    await openTicket(ann.page, subject)
    const ticket = await (await ann.api.get(`${base}/api/tickets/${new URL(ann.page.url()).pathname.split('/').pop()}`)).json()
    must(ticket.owner_id !== me.id, 'it went to somebody who is away')
    must(ticket.assignment.candidates.find((c) => c.user_id === me.id)?.reason === 'away', JSON.stringify(ticket.assignment.candidates))
  } finally { await toggle(/^Set me available/) }
})

await story('TK-18: of a ticket with two conversations one chooses which is answered', async () => {
  const subject = unique('First thread')
  const id = await mail(subject)
  await arrive(ann.page, subject)
  const other = unique('Second thread')
  await mail(other, { from: 'second@elsewhere.example', name: 'Second Person', headers: `In-Reply-To: <${id}>\r\nReferences: <${id}>` })
  await arrive(ann.page, other)
  await openTicket(ann.page, other)
  await ann.page.getByRole('button', { name: 'Join them' }).click()
  await ann.page.getByRole('heading', { name: subject }).waitFor(soon)
  await ann.page.locator('[data-message]', { hasText: 'Second Person' }).waitFor(soon)
  await ann.page.keyboard.press('r')
  await ann.page.getByRole('textbox', { name: 'Answer to the customer' }).waitFor(soon)
  await ann.page.locator('[title="second@elsewhere.example"]').waitFor(soon)
  await ann.page.getByRole('combobox', { name: 'Conversation to answer' }).click()
  await ann.page.getByRole('option', { name: new RegExp(subject) }).click()
  await ann.page.locator('[title="mira@customers.example"]').waitFor(soon)
  await ann.page.locator('[title="second@elsewhere.example"]').waitFor({ state: 'detached', ...soon })
  await ann.page.getByRole('textbox', { name: 'Answer to the customer' }).click()
  await ann.page.keyboard.type('To the first of you')
  await ann.page.keyboard.press('Control+Enter')
  const ticket = new URL(ann.page.url()).pathname.split('/').pop()
  for (let i = 0; ; i++) {
    const sent = (await (await ann.api.get(`${base}/api/tickets/${ticket}/timeline?limit=20`)).json()).items.find((x) => x.kind === 'message' && x.message.direction === 'outgoing')
    if (sent) { must(sent.message.recipients.some((p) => p.address === 'mira@customers.example'), JSON.stringify(sent.message.recipients)); break }
    must(i < 40, 'nothing was sent')
    await ann.page.waitForTimeout(250)
  }
})

await story('sixty recipients leave room to write and to send', async () => {
  const subject = unique('Sixty')
  await mail(subject, { headers: `Cc: ${Array.from({ length: 60 }, (_, i) => `person.${i}@a-long-name.customers.example`).join(',\r\n ')}` })
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.keyboard.press('Shift+R')
  const area = ann.page.getByRole('textbox', { name: 'Answer to the customer' })
  await area.waitFor(soon)
  await ann.page.waitForTimeout(500)
  const [text, send] = [await area.boundingBox(), await ann.page.getByRole('button', { name: 'Send', exact: true }).boundingBox()]
  must(text.height >= 60 && text.y > 100 && send.y > text.y && send.y + send.height <= 900, `text ${JSON.stringify(text)}, send ${JSON.stringify(send)}`)
  await ann.page.keyboard.press('Escape')
})

if (mailbox) await story('EM-38, EM-39: a pasted picture arrives at the customer inside the text', async () => {
  const subject = unique('Picture')
  await mail(subject)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.keyboard.press('r')
  await written(ann.page, 'Answer to the customer')
  await ann.page.keyboard.type('Like this: ')
  await ann.page.evaluate(() => new Promise((done) => {
    const c = Object.assign(document.createElement('canvas'), { width: 40, height: 40 })
    c.getContext('2d').fillRect(0, 0, 40, 40)
    c.toBlob((blob) => {
      const clip = new DataTransfer()
      clip.items.add(new File([blob], 'square.png', { type: 'image/png' }))
      document.querySelector('[contenteditable="true"]').dispatchEvent(new ClipboardEvent('paste', { clipboardData: clip, bubbles: true, cancelable: true }))
      done()
    })
  }))
  await ann.page.locator('[contenteditable="true"] img[src]').waitFor(soon)
  await ann.page.keyboard.press('Control+Enter')
  const shown = ann.page.locator('[data-message][data-kind="outgoing"]').last().frameLocator('iframe').locator('img')
  await shown.waitFor(soon)
  must(await shown.evaluate((i) => i.decode().then(() => i.naturalWidth)) === 40, 'our own timeline does not show the picture')
  for (let i = 0; ; i++) {
    const list = await (await fetch(`${mailbox}/?to=mira@customers.example`)).text()
    const sources = await Promise.all([...new Set(list.match(/\/mail\/\d+/g) ?? [])].slice(0, 4).map(async (p) => (await fetch(`${mailbox}${p}/source`)).text()))
    const got = sources.find((x) => x.includes(subject) && /multipart\/related/i.test(x))
    if (got) { must(/Content-ID: <att-\d+@kanal>/i.test(got) && /Content-Disposition: inline/i.test(got) && /src=(3D)?"?cid:att-/i.test(got.replace(/=\r?\n/g, '')), 'the part is not inside the text'); break }
    must(i < 40, 'the customer got no mail with a picture in it')
    await ann.page.waitForTimeout(250)
  }
})

await story('a message that came back is sent again, and the ledger tells of it', async () => {
  const failed = (await (await ann.api.get(`${base}/api/tickets?view=open&limit=100`)).json()).items.find((x) => x.subject === 'Refund to another account')
  if (!failed) return
  await ann.page.goto(`${base}/tickets/open/${failed.id}`)
  await ann.page.getByRole('group', { name: 'Delivery problem' }).first().waitFor(soon)
  const attempts = async () => (await (await ann.api.get(`${base}/api/tickets/${failed.id}/ledger`)).json()).items.filter((x) => x.step === 'attempt').length
  const before = await attempts()
  await ann.page.getByRole('button', { name: 'Send again', exact: true }).first().click()
  for (let i = 0; await attempts() <= before; i++) { must(i < 40, 'no further attempt'); await ann.page.waitForTimeout(250) }
})

await story('EM-14: the provider\'s code and link stand on the channel, with what is proven of the sender', async () => {
  const account = (await (await ann.api.get(`${base}/api/channel-accounts`)).json()).items.find((x) => x.delivery_identifier === team)
  const code = String(Date.now()).slice(-9)
  await mail(`(#${code}) Gmail Forwarding Confirmation - Receive Mail from help@acme.example`, { from: 'forwarding-noreply@google.com', name: 'Gmail Team', text: `Confirmation code: ${code}\nhttps://mail-settings.google.com/mail/vf-abc\n` })
  await ann.page.goto(`${base}/settings/help-desk/channels/${account.id}`)
  const note = ann.page.getByRole('group', { name: 'Confirmation from the mail provider' })
  await note.getByText(code, { exact: true }).waitFor({ timeout: 20_000 })
  must((await note.getByRole('link').getAttribute('href')) === 'https://mail-settings.google.com/mail/vf-abc', 'another link')
  await note.getByText(/^DKIM: /).waitFor(soon)
  await note.getByText('mail-settings.google.com').waitFor(soon)
  await note.getByText(/is not proven/).waitFor(soon)
})

await story('what was set aside is counted for an administrator, and filed with a click', async () => {
  let waiting = [{ id: '7', at: new Date().toISOString(), channel: 'email', account: null, message_id: '', state: 'set_aside', disposition: '', reason: '', error: 'This cannot be read.', subject: 'Garbled' }]
  await ann.page.route('**/api/inbound?*', (route) => route.fulfill({ json: { items: waiting, next: '' } }))
  await ann.page.route('**/api/inbound/7/replay', (route) => { waiting = []; return route.fulfill({ json: { id: '7', state: 'filed' } }) })
  await ann.page.goto(`${base}/settings/inbound`)
  await ann.page.getByRole('link', { name: /Settings.*1 item set aside/ }).waitFor(soon)
  await ann.page.getByText('This cannot be read.').waitFor(soon)
  await ann.page.getByRole('button', { name: 'Try again' }).click()
  await ann.page.getByRole('heading', { name: 'Everything was filed' }).or(ann.page.getByText('Everything was filed')).first().waitFor(soon)
  await ann.page.getByText('1 item set aside').first().waitFor({ state: 'detached', ...soon })
  await ann.page.unroute('**/api/inbound?*')
  await ann.page.unroute('**/api/inbound/7/replay')
})

await story('text that is cut says its whole in its title', async () => {
  const subject = `${unique('Long')} ${'word'.repeat(60)}`
  await mail(subject)
  await arrive(ann.page, subject.slice(0, 20))
  await row(ann.page, subject).getByText(subject).first().hover()
  await ann.page.locator(`[data-ticket] [title="${subject}"]`).first().waitFor(soon)
})

await story('a token is shown once, and can be revoked', async () => {
  const page = ann.page
  await page.goto(`${base}/settings/tokens`)
  await page.getByRole('button', { name: 'New token' }).first().click()
  const name = unique('Export')
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByRole('button', { name: 'Make token' }).click()
  await page.getByRole('dialog').locator('code').waitFor(soon)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: `Revoke ${name}` }).click()
  await page.getByRole('button', { name: `Revoke ${name}` }).waitFor({ state: 'detached', ...soon })
})

await story('a new colleague is invited by a one-time link and signs in with it', async () => {
  const page = ann.page
  await page.goto(`${base}/settings/users`)
  await page.getByRole('button', { name: 'Add user' }).click()
  const who = `${unique('new').replace(/\W/g, '')}@nordlys.example`
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('New Person')
  await page.getByRole('dialog').getByRole('textbox', { name: 'Email address' }).fill(who)
  await page.getByRole('button', { name: 'Add and make link' }).click()
  const link = (await page.getByRole('dialog').locator('code').textContent(soon)).trim()
  await page.getByRole('button', { name: 'Done' }).click()
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  const fresh = await context.newPage()
  await fresh.goto(base + new URL(link).pathname + new URL(link).search)
  await fresh.getByRole('textbox', { name: 'Your name' }).fill('New Person')
  await fresh.locator('input[name=password]').fill('a long enough sentence')
  await fresh.getByRole('button', { name: 'Create account' }).click()
  await fresh.getByRole('heading', { name: 'Unassigned' }).waitFor(soon)
  await context.close()
})

await story('EM-22, EM-23: the signature preview follows the typing, tokens filled', async () => {
  const page = ann.page
  const account = (await (await ann.api.get(`${base}/api/channel-accounts`)).json()).items[0]
  await page.goto(`${base}/settings/help-desk/channels/${account.id}`)
  await page.getByText('HTML', { exact: true }).click()
  await page.getByRole('textbox', { name: /Signature \(HTML\)/ }).fill('<p>Kind regards, {{sender.first_name}}</p>')
  const me = (await (await ann.api.get(`${base}/api/session`)).json()).user
  await page.frameLocator('iframe[title="Signature"]').getByText(`Kind regards, ${me.first_name || me.name.split(' ')[0]}`).waitFor(soon)
})

await story('EM-16, EM-17: the preview shows the from name as each mode makes it', async () => {
  const page = ann.page
  const account = (await (await ann.api.get(`${base}/api/channel-accounts`)).json()).items.find((x) => x.delivery_identifier === team)
  const me = (await (await ann.api.get(`${base}/api/session`)).json()).user
  await page.goto(`${base}/settings/help-desk/channels/${account.id}`)
  const seen = page.getByRole('region', { name: 'What contacts see' }).locator('strong').first()
  await page.getByRole('textbox', { name: 'Company name' }).fill('Nordlys Preview')
  await page.getByRole('radio', { name: 'Company only' }).click()
  await seen.filter({ hasText: /^Nordlys Preview$/ }).waitFor(soon)
  await page.getByRole('radio', { name: 'Agent and company' }).click()
  await seen.filter({ hasText: me.name }).filter({ hasText: 'Nordlys Preview' }).waitFor(soon)
})

let hosted
await story('GEN-17, EM-02, EM-06, EM-08: the wizard connects a hosted address', async () => {
  const page = ann.page
  await page.goto(`${base}/settings/help-desk/channels`)
  await page.getByRole('link', { name: 'Connect a channel' }).first().click()
  await page.getByRole('radio', { name: /^Team email/ }).click(soon)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('radio', { name: /^Address hosted by Kanal/ }).click(soon)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Sharing the mail account' }).waitFor(soon)
  must(await page.getByRole('button', { name: 'Continue' }).isDisabled(), 'went on without accepting the terms')
  await tick(page.getByRole('checkbox'))
  await page.getByRole('button', { name: 'Continue' }).click()
  const address = hosted = `${unique('team').replace(/\W/g, '')}@nordlys.example`
  await page.getByRole('textbox', { name: 'Address', exact: true }).fill(address)
  await page.getByRole('button', { name: 'Test connection' }).click()
  await page.getByRole('list', { name: 'Test connection' }).or(page.getByRole('status', { name: 'Test connection' })).or(page.getByRole('alert')).first().waitFor(soon)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('textbox', { name: 'Company name' }).fill('Nordlys Test')
  await page.getByRole('region', { name: 'What contacts see' }).getByText(/Nordlys Test/).waitFor(soon)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Who gets new tickets?' }).waitFor(soon)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Connect and finish' }).click()
  await page.getByRole('heading', { name: 'The channel is connected' }).waitFor(soon)
  await page.getByRole('button', { name: 'To the channels' }).click()
  await page.getByText(address).first().waitFor(soon)
})

await story('GEN-13: the switch turns a channel off, and the state says off', async () => {
  const page = ann.page
  const one = page.getByRole('listitem').filter({ hasText: hosted })
  await one.getByRole('switch').click({ force: true })
  await one.getByText('Off', { exact: true }).waitFor(soon)
})

await story('XC-07: the language changes everything at once, and is remembered', async () => {
  await bo.page.goto(`${base}/tickets/open`)
  await bo.page.getByRole('button', { name: /Your menu/ }).click()
  await bo.page.getByRole('menuitem', { name: 'Deutsch' }).click()
  await bo.page.getByRole('heading', { name: 'Alle offenen' }).waitFor(soon)
  await bo.page.reload()
  await bo.page.getByRole('heading', { name: 'Alle offenen' }).waitFor(soon)
  await bo.page.getByRole('button', { name: /Ihr Menü/ }).click()
  await bo.page.getByRole('menuitem', { name: 'English' }).click()
  await bo.page.getByRole('heading', { name: 'All open' }).waitFor(soon)
})

await story('remote images are blocked until asked for, and nothing in a mail can run', async () => {
  const subject = unique('Pictures')
  await mail(subject, { html: '<p>Look</p><img src="http://203.0.113.9/pixel.png" width="1" height="1"><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">' })
  await ann.page.goto(`${base}/tickets/open`)
  await arrive(ann.page, subject)
  await openTicket(ann.page, subject)
  await ann.page.getByText(/not loaded, so that the sender/).waitFor(soon)
  must(!(await ann.page.title()).includes('owned'), 'a script in the mail ran')
  await ann.page.getByRole('button', { name: 'Show images' }).click()
  await ann.page.getByText(/not loaded, so that the sender/).waitFor({ state: 'detached', ...soon })
})

// An inbox of its own whose channel makes no tickets, as an administrator connects it.
const threadsFirst = await (async () => {
  const name = unique('Sales')
  const address = `${name.replace(/\W/g, '').toLowerCase()}@nordlys.example`
  const send = async (path, data) => { const r = await ann.api.post(base + path, { data, headers: { Origin: base } }); must(r.ok(), `${path}: ${r.status()} ${await r.text()}`); return r.json() }
  const inbox = await send('/api/inboxes', { name, kind: 'inbox', access: { everyone: true } })
  const terms = (await (await ann.api.get(`${base}/api/channels`)).json()).items?.find((c) => c.channel === 'email')?.terms?.version ?? ''
  await send('/api/channel-accounts', { channel: 'email', name, inbox_id: inbox.id, settings: { kind: 'hosted', address }, ticket: { create: 'never' }, accepted_terms: terms })
  return { name, address, view: `inbox:${inbox.id}`, inbox }
})()

await story('IH-01, IH-03, GEN-19: mail to an inbox is a conversation, is answered like any other, and is made a ticket of', async () => {
  const { page } = ann
  const subject = unique('Ten bikes')
  const thread = page.locator('[data-thread]', { hasText: subject })
  await page.goto(`${base}/tickets/open`)
  await page.getByRole('link', { name: threadsFirst.name }).click(soon)
  await page.getByText('Nothing open in this inbox').waitFor(soon)
  await mail(subject, { to: threadsFirst.address })
  await thread.waitFor(soon)
  await page.getByRole('link', { name: new RegExp(`${threadsFirst.name} ?1$`) }).waitFor(soon)
  must(await thread.getByText('No ticket').count() === 1, 'the row does not say that it has no ticket')
  await page.keyboard.press('j')
  await page.locator('[role="log"] [data-message]').first().waitFor(soon)
  await page.keyboard.press('r')
  await written(page, 'Answer to the customer')
  await page.keyboard.type('Ten cost less than eleven.')
  await page.keyboard.press('Control+Enter')
  await page.locator('[data-message][data-kind="outgoing"]').frameLocator('iframe').getByText('Ten cost less than eleven.').waitFor(soon)
  await page.keyboard.press('c')
  await written(page, 'Internal comment')
  await page.keyboard.type('A good customer')
  await page.keyboard.press('Control+Enter')
  await page.locator('[data-message][data-kind="comment"]').waitFor(soon)
  // half an answer goes along to the ticket
  await page.keyboard.press('r')
  await written(page, 'Answer to the customer')
  await page.keyboard.type('And one more thing')
  await page.waitForTimeout(1200)
  await page.getByRole('button', { name: 'Make a ticket' }).first().click(soon)
  await page.getByRole('button', { name: 'Close ticket' }).waitFor(soon)
  must(!page.url().includes('/conversation/'), 'still on the conversation')
  await page.locator('[data-message][data-kind="comment"]').waitFor(soon)
  await page.getByRole('textbox', { name: 'Answer to the customer' }).getByText('And one more thing').waitFor(soon)
  await thread.getByText(/^Ticket #\d+$/).waitFor(soon)
  await page.getByRole('button', { name: 'Discard draft' }).click()
  await page.getByRole('button', { name: 'Tickets', exact: true }).click()
  await row(page, subject).waitFor(soon)
  await page.getByRole('button', { name: 'Conversations', exact: true }).click()
  await thread.waitFor(soon)
})

await story('IH-01: search finds a conversation without a ticket, and opens it', async () => {
  const { page } = ann
  const word = unique('velocipede').replace(/\W/g, '')
  await mail(`About a ${word}`, { to: threadsFirst.address })
  const hit = page.getByRole('list', { name: 'Results' }).getByRole('link').first()
  for (let i = 0; i < 20 && await hit.count() === 0; i++) { await page.goto(`${base}/search?q=${word}`); await page.waitForTimeout(600) }
  await hit.click(soon)
  await page.waitForURL(/\/conversation\//)
  await page.locator('[role="log"] [data-message]').first().waitFor(soon)
})

await story('IH-01, WS-31: what arrives in an inbox waits behind a pill while somebody works in its list', async () => {
  const { page } = ann
  await mail(unique('First'), { to: threadsFirst.address })
  await page.goto(`${base}/tickets/${threadsFirst.view}`)
  await page.locator('[data-thread]').first().waitFor(soon)
  await page.waitForTimeout(500)
  const box = await page.locator('[data-thread]').first().boundingBox()
  await page.mouse.move(box.x + 20, box.y + 10)
  const before = await page.locator('[data-thread]').first().getAttribute('data-thread')
  const subject = unique('Second')
  await mail(subject, { to: threadsFirst.address })
  await page.getByRole('button', { name: /new or changed/ }).waitFor(soon)
  must(await page.locator('[data-thread]').first().getAttribute('data-thread') === before, 'the rows moved under the pointer')
  await page.getByRole('button', { name: /new or changed/ }).click()
  await page.locator('[data-thread]', { hasText: subject }).waitFor(soon)
  await page.mouse.move(900, 500)
})

await end(browser)
