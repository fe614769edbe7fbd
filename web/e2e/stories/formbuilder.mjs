// Forms, told from the outside: built by keyboard, seen in the preview, connected in the wizard, filled in by a stranger, answered from a ticket, read in the
// dashboard, and what leaves the form when its channel is removed.
import { ask, base, clean, end, launchMany, must, person, secondEmail, soon, story, told, unique, until } from '../lib.mjs'

const browser = await launchMany()
const ann = await person(browser)
const get = (p, who = ann) => ask(who, 'GET', p)
const send = (method, p, data, who = ann) => who.api.fetch(base + p, { method, data, headers: { Origin: base } })
const dialog = (page = ann.page) => page.getByRole('dialog').last()
const form = async () => get(`/api/forms/${state.id}`)
const state = { id: '', slug: '', name: unique('Orders') }
const field = (name, page = ann.page) => page.locator(`[data-field-name="${name}"]`)
const preview = (page = ann.page) => page.frameLocator('iframe[title="The form as visitors see it"]')

await story('FM-04, FM-05, FM-06: a form is found by another word and made from a template; its ticket fields are there, pipeline and status not in sight', async () => {
  const { page } = ann
  await page.goto(`${base}/settings`)
  await page.getByRole('combobox', { name: 'Search settings' }).fill('contact form')
  await page.getByRole('option', { name: /Forms/ }).first().click()
  await page.waitForURL(/help-desk\/forms$/)
  await page.getByRole('button', { name: 'New form' }).first().click()
  await dialog().getByText('Contact us').waitFor(soon)
  await clean(page, 'a new form')
  await dialog().getByLabel('Name of the form').fill(state.name)
  await dialog().getByRole('button', { name: 'Create form' }).click()
  await page.waitForURL(/forms\/\d+/)
  state.id = page.url().split('/').pop()
  await field('email').waitFor(soon)
  must(await field('pipeline').count() === 0 && await field('status').count() === 0, 'pipeline or status stands in the list of fields')
  const f = await form()
  state.slug = f.slug
  const maps = f.definition.fields.map((x) => x.maps)
  for (const m of ['ticket.subject', 'ticket.description', 'ticket.pipeline', 'ticket.status']) must(maps.includes(m), `no ${m}`)
  await preview().getByRole('heading', { name: 'Contact us' }).waitFor(soon)
  must(await preview().getByText('Pipeline').count() === 0, 'the pipeline is on the form')
  await clean(page, 'the builder')
})

await story('FM-04, FM-16: a choice, a field that hangs on it and a hidden one, by keyboard; the preview follows', async () => {
  const { page } = ann
  const add = async (word, label) => {
    await field('subject').focus()
    await page.keyboard.press('+')
    await dialog().getByRole('combobox').fill(word)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
    const box = page.locator('[data-inspector]').getByLabel('Label', { exact: true })
    await until(`${label} has the focus`, () => box.evaluate((el) => el === document.activeElement))
    await page.keyboard.press('Control+a')
    await page.keyboard.type(label)
  }
  await add('one of', 'What is it about?')
  await field('choice').filter({ hasText: 'What is it about?' }).waitFor(soon)
  const inspector = page.locator('[data-inspector]')
  for (const [i, text] of ['An order', 'Something else'].entries()) { await inspector.getByLabel(`Choice ${i + 1}`, { exact: true }).focus(); await page.keyboard.type(text) }
  await preview().getByText('Something else').waitFor(soon)
  await add('short', 'Order number')
  await field('text').waitFor(soon)
  await inspector.getByRole('button', { name: 'Add a condition' }).focus()
  await page.keyboard.press('Enter')
  const when = inspector.getByRole('group', { name: 'Shown when' })
  await when.getByLabel('Field', { exact: true }).selectOption({ label: 'What is it about?' })
  await when.getByRole('textbox', { name: 'Value for What is it about?' }).or(when.getByRole('combobox', { name: 'Value for What is it about?' })).first().focus()
  await page.keyboard.type('An order')
  await page.locator('[role="option"]', { hasText: 'An order' }).first().waitFor(soon)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await field('text').getByText('Sometimes').waitFor(soon)
  await until('it left the preview', async () => !(await preview().getByText('Order number').isVisible()))
  await page.getByRole('group', { name: 'Try answers' }).getByLabel('What is it about?').selectOption('an_order')
  await preview().getByText('Order number').waitFor(soon)
  await add('hidden', 'Campaign')
  await inspector.getByLabel('Value comes from').selectOption('query')
  await inspector.getByLabel('Name of the parameter').fill('utm_campaign')
  await clean(page, 'the inspector of a hidden field')
  const at = () => page.locator('[data-field-name]').evaluateAll((all) => all.map((x) => x.dataset.fieldName))
  const was = (await at()).indexOf('choice')
  await page.getByRole('button', { name: 'Move What is it about?' }).focus()
  await page.keyboard.press('ArrowUp')
  await until('it moved up', async () => (await at()).indexOf('choice') === was - 1)
  await page.keyboard.press('Control+z')
  await until('and back', async () => (await at()).indexOf('choice') === was)
  await page.keyboard.press('Control+Shift+z')
  await page.keyboard.press('Control+s')
  await until('it is saved', async () => (await form()).definition.fields.some((x) => x.from === 'query:utm_campaign'))
  const f = (await form()).definition.fields
  must(f.find((x) => x.name === 'text').show_if.when[0].values[0] === 'an_order', 'the condition is not kept')
  for (const tab of ['Consent', 'Ticket', 'Options', 'Share and embed']) { await page.getByRole('tab', { name: tab }).click(); await page.getByRole('tab', { name: tab, selected: true }).waitFor(soon); await clean(page, tab) }
})

await story('FM-04: what may not be is said at its place, nothing is lost on leaving, and two who change it at once are told', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/forms/${state.id}`)
  await field('subject').click()
  await page.locator('[data-inspector]').getByLabel('Label', { exact: true }).fill('')
  await page.getByRole('tab', { name: /Options/ }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await until('the field that must be mended has the focus', () => page.evaluate(() => document.activeElement?.getAttribute('data-at') === 'fields.subject.label'))
  await page.locator('[data-inspector]').getByLabel('Label', { exact: true }).fill('In a few words')
  await page.getByRole('link', { name: 'Back to the forms' }).click()
  await dialog().getByRole('button', { name: /Stay/ }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
  const f = await form()
  await told(await send('PATCH', `/api/forms/${state.id}`, { version: f.version, definition: { ...f.definition, intro: { en: 'Somebody else wrote this.' } } }))
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('alert').filter({ has: page.getByRole('table') }).waitFor(soon)
  await clean(page, 'two at once')
  await page.getByRole('button', { name: /mine/i }).click()
  await until('mine is kept', async () => { const d = (await form()).definition; return d.fields.find((x) => x.name === 'subject').label.en === 'In a few words' })
})

await story('FM-07: the default status is changed among the ticket properties of the form', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/forms/${state.id}`)
  await page.getByRole('tab', { name: 'Ticket' }).click()
  const statuses = (await get('/api/pipelines')).items[0].statuses
  const box = page.getByRole('combobox', { name: 'Status' }).or(page.getByRole('textbox', { name: 'Status' })).last()
  await box.click()
  await page.getByRole('option', { name: statuses[1].name, exact: true }).last().click()
  await page.keyboard.press('Control+s')
  await until('the status is kept', async () => (await form()).definition.ticket?.status === statuses[1].slug)
  state.status = statuses[1].slug
})

await story('FM-04, FM-14, FM-09, GEN-17: connected in the wizard: the form from a list, the address that answers come from, who gets it', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/channels/connect/form?form=${state.slug}`)
  const card = page.getByRole('radio', { name: new RegExp(state.name) })
  await card.waitFor(soon)
  await until('the form is chosen', async () => (await card.getAttribute('aria-checked')) === 'true' || card.isChecked().catch(() => false))
  await page.getByText('Answers come from').waitFor(soon)
  await clean(page, 'the choice of a form')
  await page.getByLabel('Name', { exact: true }).fill(state.name)
  const go = page.getByRole('button', { name: /Continue|Connect/ }).last()
  for (let i = 0; i < 6 && !(await page.getByRole('heading', { name: /connected|Done|ready/i }).isVisible()); i++) {
    await go.click()
    await page.waitForTimeout(500)
    if ((await get(`/api/forms/${state.id}`)).channel) break
  }
  await until('it is a channel', async () => { state.account = (await form()).channel; return state.account })
})

await story('FM-01, FM-02, FM-10: a stranger fills it in; the ticket shows what was asked, and the hidden fields only to who may see them', async () => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 } })
  const page = await context.newPage()
  await page.goto(`${base}/forms/${state.slug}?utm_campaign=spring-lamps`)
  await page.getByLabel(/^Email/).fill('ida@customers.example')
  await page.getByLabel(/^First name/).fill('Ida')
  await page.getByLabel(/In a few words/).fill('Where is my lamp?')
  await page.getByLabel(/How can we help/).fill('It should have come on Monday.')
  must(!(await page.getByLabel(/^Order number/).isVisible()), 'a field that hangs on an answer shows without it')
  await page.getByLabel('An order').check()
  await page.getByLabel(/^Order number/).fill('NO-4711')
  await page.waitForTimeout(2500)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText(/Thank you/).waitFor(soon)
  await context.close()
  let row
  await until('it is filed as a ticket', async () => { row = (await get(`/api/forms/${state.id}/submissions`)).items[0]; return row?.ticket })
  state.ticket = row.ticket.id
  state.contact = row.contact.id
  const ticket = await get(`/api/tickets/${state.ticket}`)
  must(ticket.status?.slug === state.status || ticket.status_id, 'no status')
  const mine = ann.page
  await mine.goto(`${base}/tickets/open/${state.ticket}`)
  await mine.getByRole('heading', { name: /Where is my lamp/ }).first().waitFor(soon)
  const said = mine.locator('[data-message]').first()
  await said.waitFor(soon)
  const words = async () => `${await said.innerText()} ${(await Promise.all(mine.frames().map((f) => f.locator('body').innerText().catch(() => '')))).slice(1).join(' ')}`
  await until('the answers are there', async () => (await words()).includes('NO-4711'))
  must(!(await words()).includes('spring-lamps'), 'a hidden field shows in the message')
  const fold = mine.getByRole('button', { name: 'Hidden fields' })
  await fold.waitFor(soon)
  must(await fold.getAttribute('aria-expanded') === 'false', 'the panel is open by itself')
  await fold.click()
  await mine.getByText('spring-lamps', { exact: true }).waitFor(soon)
  await clean(mine, 'a ticket of a form')
  const sofie = await person(browser, { who: secondEmail })
  const session = await get('/api/session', sofie)
  must(!session.permissions.includes('submissions.view'), 'the second person may see submissions: choose another')
  await sofie.page.goto(`${base}/tickets/open/${state.ticket}`)
  await sofie.page.getByRole('heading', { name: /Where is my lamp/ }).first().waitFor(soon)
  await sofie.page.locator('[data-message]').first().waitFor(soon)
  must(await sofie.page.getByRole('button', { name: 'Hidden fields' }).count() === 0, 'an agent sees the panel')
  const told = await get(`/api/tickets/${state.ticket}/submission`, sofie)
  must(told.visible.length > 0 && !told.hidden && !told.visible.some((x) => x.value.includes('spring-lamps')), 'an agent is told the hidden fields')
  must((await sofie.api.get(`${base}/api/forms/${state.id}/submissions`)).status() === 403, 'an agent reads the dashboard')
  await sofie.context.close()
})

await story('RP-05, CR-06: the dashboard, its file and the contact show everything, hidden fields too', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/submissions/${state.id}`)
  const row = page.locator('[data-submission]').first()
  await row.getByText('spring-lamps', { exact: true }).waitFor(soon)
  await clean(page, 'the dashboard')
  await row.getByRole('button', { name: /Open the submission/ }).click()
  await dialog().getByText('NO-4711').waitFor(soon)
  await clean(page, 'a submission')
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Search in answers' }).fill('nothing like it')
  await page.getByText('Nothing fits').waitFor(soon)
  await page.getByRole('button', { name: 'Clear the filters' }).first().click()
  await row.waitFor(soon)
  const file = await ann.api.get(base + await page.getByRole('link', { name: 'Export as CSV' }).getAttribute('href'))
  const text = await file.text()
  must(file.ok() && text.includes('spring-lamps') && text.includes('NO-4711'), `the file: ${text.slice(0, 300)}`)
  await page.goto(`${base}/contacts/${state.contact}`)
  await page.getByRole('tab', { name: 'Forms' }).click()
  await page.getByText('spring-lamps', { exact: true }).waitFor(soon)
  await clean(page, 'the forms of a contact')
  await page.getByRole('tab', { name: 'Timeline' }).click()
  await page.getByRole('button', { name: 'All answers of the form' }).first().click()
  await page.getByText('spring-lamps', { exact: true }).waitFor(soon)
})

await story('FM-11, FM-12, GEN-12, GEN-14: from the channel to the form; its removal says what leaves the form, and there is a way back', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/channels/${state.account.id}`)
  await page.getByRole('tab', { name: 'Options' }).waitFor(soon)
  await page.getByRole('link', { name: 'Manage form' }).waitFor(soon)
  await clean(page, 'the options of the channel')
  await page.getByRole('tab', { name: 'Advanced' }).click()
  await page.getByRole('button', { name: /^Remove/ }).first().click()
  await dialog().getByText(/ticket fields are taken off the form/).first().waitFor(soon)
  await clean(page, 'the removal')
  await dialog().getByRole('button', { name: /^Remove/ }).click()
  await page.getByRole('status').getByText(/has no ticket fields any more/).waitFor(soon)
  await until('they are gone', async () => !(await form()).definition.fields.some((f) => f.maps.startsWith('ticket.')))
  must((await get(`/api/tickets/${state.ticket}`)).subject === 'Where is my lamp?', 'a ticket changed')
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await until('they are back', async () => (await form()).definition.fields.some((f) => f.maps === 'ticket.subject'))
})

await story('a form on a phone, and in the dark: the fields in one column, the field in a sheet, the preview over all', async () => {
  const phone = await person(browser, { width: 390, height: 800, scheme: 'dark' })
  const { page } = phone
  await page.goto(`${base}/settings/help-desk/forms/${state.id}`)
  await field('email', page).waitFor(soon)
  must(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the phone')
  await field('email', page).click()
  await dialog(page).getByLabel('Label', { exact: true }).waitFor(soon)
  await clean(page, 'a field on a phone')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Preview' }).click()
  await preview(page).getByRole('heading', { name: 'Contact us' }).waitFor(soon)
  await phone.context.close()
})

await story('what is sent from the test link is a test: it stands in the dashboard and makes no ticket', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/forms/${state.id}`)
  await page.getByRole('tab', { name: 'Share and embed' }).click()
  const link = await page.getByRole('link', { name: 'Try it' }).getAttribute('href')
  await page.goto(base + new URL(link).pathname + new URL(link).search)
  await page.getByLabel(/^Email/).fill('mette@nordlys.example')
  await page.getByLabel(/In a few words/).fill('Only trying')
  await page.getByLabel(/How can we help/).fill('Nobody needs to answer.')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText(/Thank you/).waitFor(soon)
  const row = (await get(`/api/forms/${state.id}/submissions?state=test`)).items[0]
  must(row && !row.ticket, 'it is no test')
})

await story('copied, archived and restored', async () => {
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/forms`)
  await page.getByRole('button', { name: `More for ${state.name}` }).click()
  await page.getByRole('menuitem', { name: 'Make a copy' }).click()
  let copy
  await until('there is a copy', async () => { copy = (await get('/api/forms')).items.find((f) => f.name.startsWith(state.name) && f.id !== state.id); return copy })
  await page.getByRole('button', { name: `More for ${copy.name}` }).click()
  await page.getByRole('menuitem', { name: 'Archive' }).click()
  await dialog().getByRole('button', { name: 'Archive' }).click()
  await until('it is away', async () => !(await get('/api/forms')).items.some((f) => f.id === copy.id))
  await page.getByRole('switch', { name: 'Show archived forms' }).click()
  await page.getByRole('listitem').filter({ hasText: copy.name }).getByRole('button', { name: 'Restore' }).click()
  await until('it is back', async () => (await get('/api/forms')).items.some((f) => f.id === copy.id))
  await clean(page, 'the list')
})

await end(browser)
