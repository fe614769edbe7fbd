// Chats and the company's hours; who shows to whom; a bot that hands over by the whole rule; a widget on unfriendly ground.
import { ask, base, clean, end, launchMany, must, out, person, soon, story, told, unique, until } from '../lib.mjs'

const browser = await launchMany()
const ann = await person(browser)
const get = (p) => ask(ann, 'GET', p)
const send = (method, p, data) => ann.api.fetch(base + p, { method, data, headers: { Origin: base } })

const inbox = (await get('/api/inboxes')).items[0]
const account = await told(await send('POST', '/api/channel-accounts', { channel: 'chat', name: unique('Shop'), inbox_id: inbox.id, settings: {} }))
const hello = async (more = {}, ip = '203.0.113.9') => told(await ann.api.fetch(`${base}/widget/hello`, { method: 'POST', data: { url: 'https://shop.example/', account: account.id, reason: 'load', ...more }, headers: { Origin: 'https://shop.example', 'X-Forwarded-For': ip } }))
const always = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]
const hours = (slug, ranges) => send('PUT', `/api/business-hours/${slug}`, { name: 'Workshop hours', schedule: { timezone: 'UTC', ranges, holidays: [] } })
const make = async (name, kind, definition) => told(await send('POST', '/api/chatflows', { account_id: account.id, name, kind, definition }))
const first = (id) => send('POST', '/api/chatflows/order', { ids: [id] })
const publish = (id) => send('POST', `/api/chatflows/${id}/publish`, {})
const faultsOf = async (res) => { must(res.status() === 422, `${res.status()} ${await res.text()}`); return res.json() }
const slug = unique('h').replace(/\s/g, '').toLowerCase()

await story('CH-18, AV-02, AV-09: a channel keeps the company’s hours by choice, unknown ones are refused at their field, and what is changed there shows at once', async () => {
  const { page } = ann
  await told(await hours(slug, always))
  const fault = await faultsOf(await send('PATCH', `/api/channel-accounts/${account.id}`, { settings: { availability: { mode: 'hours', business_hours: 'nowhere' } } }))
  must(JSON.stringify(fault).includes('availability.business_hours'), JSON.stringify(fault))
  await page.goto(`${base}/settings/help-desk/channels/${account.id}?tab=availability`)
  const tab = page.getByRole('tab', { name: 'Availability' })
  await tab.click()
  await page.getByRole('radio', { name: /In operating hours/ }).click()
  const pick = page.locator('[data-setting="availability.business_hours"] select')
  await pick.waitFor(soon)
  await page.getByRole('group', { name: 'Opening hours' }).or(page.getByRole('button', { name: /Add hours/ })).first().waitFor(soon)
  await pick.selectOption({ label: 'Workshop hours' })
  must(await page.getByRole('button', { name: /Add hours/ }).count() === 0, 'its own hours are still asked for')
  await clean(page, 'availability with named hours')
  await page.screenshot({ path: `${out}chatmore-hours.png`, fullPage: true })
  await page.getByRole('button', { name: 'Save', exact: true }).first().click()
  await until('saved', async () => (await get(`/api/channel-accounts/${account.id}`)).settings.availability?.business_hours === slug)
  const standing = async () => (await get(`/api/channel-accounts/${account.id}/availability`)).facts.state
  must(await standing() !== 'offline', 'it is closed')
  await told(await hours(slug, []))
  await until('closed at once', async () => await standing() === 'offline')
  must((await send('DELETE', `/api/business-hours/${slug}`)).status() === 409, 'hours that a channel keeps were taken away')
  await told(await hours(slug, always))
  await until('open again', async () => await standing() !== 'offline')
})

await story('CF-11, CF-13: a chatflow shows in hours of its own choice, and a branch asks for them', async () => {
  const f = await make(unique('Office'), 'bot', { hours: 'business_hours', business_hours: 'nowhere', start: 'a', steps: [{ id: 'a', type: 'branch', x: 0, y: 0, cases: [{ when: [{ on: 'hours', name: 'gone', op: 'is', value: 'closed' }], next: 'b' }] }, { id: 'b', type: 'end', x: 300, y: 0 }] })
  await told(await first(f.id))
  const wrong = await faultsOf(await publish(f.id))
  must(JSON.stringify(wrong).includes('hours_unknown'), JSON.stringify(wrong))
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/chatflows/${f.id}`)
  await page.locator('[data-step="a"]').click()
  const which = page.getByRole('combobox', { name: 'Which hours' })
  await which.waitFor(soon)
  await which.selectOption({ label: 'Workshop hours' })
  await page.getByRole('tab', { name: 'Display' }).click()
  await page.getByRole('combobox', { name: 'Which hours' }).selectOption({ label: 'Workshop hours' })
  await page.getByText('Draft saved').waitFor(soon)
  await clean(page, 'display')
  await until('publishable', async () => (await publish(f.id)).ok())
  await until('shown', async () => (await hello()).flow?.id === f.id)
  await told(await hours(slug, []))
  await until('gone with the hours', async () => (await hello()).flow?.id !== f.id)
  await told(await hours(slug, always))
  await told(await send('PATCH', `/api/chatflows/${f.id}`, { active: false }))
})

await story('CF-15: visitors are chosen by where they come from, how often they were here and what is known of them', async () => {
  const f = await make(unique('Searchers'), 'live_chat', {})
  await told(await first(f.id))
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/chatflows/${f.id}`)
  await page.getByRole('tab', { name: 'Target' }).click()
  await page.getByRole('button', { name: 'Only from some places' }).click()
  const box = page.locator('[data-setting="referrers"]')
  await box.getByRole('textbox', { name: 'Value' }).fill('search.example')
  await page.getByLabel('At most so many visits').fill('1')
  await page.locator('[data-setting="contact"]').getByRole('button', { name: /Add/ }).first().click()
  await clean(page, 'target')
  await page.screenshot({ path: `${out}chatmore-target.png`, fullPage: true })
  await page.locator('[data-setting="contact"]').getByRole('button', { name: /Remove/ }).first().click()
  await page.getByText('Draft saved').waitFor(soon)
  await until('publishable', async () => (await publish(f.id)).ok())
  await until('who searched', async () => (await hello({ referrer: 'https://www.search.example/?q=bikes' })).flow?.id === f.id)
  must((await hello({ referrer: 'https://news.example/' })).flow?.id !== f.id, 'it shows to who comes from elsewhere')
  await page.goto(`${base}/settings/help-desk/chatflows`)
  await page.getByRole('button', { name: 'Which one shows here?' }).first().click()
  const d = page.getByRole('dialog').last()
  await d.getByLabel('Address of the page').fill('https://shop.example/')
  await d.getByLabel('Came from').fill('https://news.example/')
  await d.getByRole('button', { name: 'Ask', exact: true }).click()
  await d.getByText('It is for visitors who come from elsewhere.').waitFor(soon)
  await clean(page, 'which chatflow')
})

await story('CF-12: a step that assigns has the whole rule, and the simulator says who would get it and why', async () => {
  const users = (await get('/api/users')).items.filter((u) => u.active && u.takes_work)
  const mette = users[0]
  const f = await make(unique('Router'), 'bot', { start: 'a', steps: [
    { id: 'a', type: 'assign', x: 0, y: 0, to: { to: 'contact_owner', users: [], teams: [], available_only: false, by: 'least_open', fallback: [{ to: 'users', users: [mette.email] }] }, next: 'h' },
    { id: 'h', type: 'handover', x: 360, y: 0 },
  ] })
  const { page } = ann
  await page.goto(`${base}/settings/help-desk/chatflows/${f.id}`)
  await page.locator('[data-step="a"]').click()
  const inspector = page.locator('[data-inspector]')
  await inspector.getByText('Draft').or(inspector.locator('[data-setting="routing"]')).first().waitFor(soon)
  must(await inspector.getByRole('radio', { name: /owner/i }).isChecked(), 'the rule is not the step’s')
  await clean(page, 'a step that assigns')
  await page.screenshot({ path: `${out}chatmore-assign.png` })
  await page.getByRole('button', { name: 'Try it', exact: true }).first().click()
  const sim = page.locator('[data-simulator]')
  await sim.getByRole('tab', { name: /^What happened/ }).click()
  await sim.locator('[data-who]').first().waitFor(soon)
  await until('it says who', async () => (await sim.locator('[data-who]').evaluateAll((l) => l.map((x) => x.dataset.who))).every((n) => n === mette.name))
  await sim.locator('[data-who] summary').first().click()
  await clean(page, 'who would get it')
  await page.screenshot({ path: `${out}chatmore-who.png` })
})

await end(browser)
