// Who may do what, told in two browsers at once: node e2e/stories/access.mjs http://127.0.0.1:8080
// PM-05, PM-07, PM-10, PM-11: roles of one's own, reach, teams within teams, properties kept for some.
import { ask, base, clean, end, launchMany, must, out, person, secondEmail, soon, story, until } from '../lib.mjs'

const browser = await launchMany()
const mette = await person(browser)
const sofie = await person(browser, { who: secondEmail })
const get = (path, who = mette) => ask(who, 'GET', path)
const send = (method, path, data, who = mette) => ask(who, method, path, data)
const shot = (page, name) => (process.env.SHOTS ? page.screenshot({ path: `${out}access-${name}.png` }) : null)
const users = (await get('/api/users')).items
const of = (email) => users.find((u) => u.email === email)
const me = of(secondEmail)
const helpdesk = (await get('/api/inboxes')).items.find((i) => i.kind === 'helpdesk')
const mark = `Reach${Date.now().toString(36)}`
const theirs = (await send('POST', '/api/tickets', { subject: `${mark} of somebody else`, inbox_id: helpdesk.id, owner_id: of('mette@nordlys.example').id })).ticket
const free = (await send('POST', '/api/tickets', { subject: `${mark} of nobody`, inbox_id: helpdesk.id })).ticket
const row = (t) => sofie.page.getByText(t.subject, { exact: true }).first()
const settings = async (page, path) => { await page.goto(`${base}/settings/${path}`); await page.locator('h1').first().waitFor(soon) }

await story('PM-10: a role is made by copying agent, with its own and what nobody has', async () => {
  const { page } = mette
  await settings(page, 'roles')
  await page.getByRole('button', { name: 'Add a role' }).or(page.getByRole('button', { name: 'New role' })).first().click(soon)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Own work')
  for (const field of [0, 1]) {
    await dialog.getByRole('combobox').nth(field * 2).click(soon)
    await page.getByRole('option').nth(2).click(soon)
  }
  await clean(page, 'the role editor')
  await shot(page, 'role')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click(soon)
  await dialog.waitFor({ state: 'detached', ...soon })
  const made = (await get('/api/roles')).roles.find((r) => r.role === 'own-work')
  must(made?.tickets.view === 'own' && made.tickets.unassigned, `made: ${JSON.stringify(made)}`)
})

await story('PM-05, PM-10: given to somebody whose browser is open, lists, counts, search and addresses follow at once', async () => {
  const { page } = sofie
  await page.goto(`${base}/tickets/open`)
  await row(theirs).waitFor(soon)
  await row(free).waitFor(soon)
  await page.evaluate(() => { globalThis.notReloaded = true })
  const counted = async () => get('/api/tickets/count?view=open', sofie)
  const before = await counted()
  await send('PATCH', `/api/users/${me.id}`, { role: 'own-work' })
  await row(theirs).waitFor({ state: 'detached', ...soon })
  await row(free).waitFor(soon)
  await until('the count stays', async () => { const now = await counted(); return now.count < before.count || before.capped })
  const found = JSON.stringify(await get(`/api/search?q=${mark}`, sofie))
  must(found.includes('of nobody') && !found.includes('somebody else'), 'search finds what is out of reach')
  must((await sofie.api.get(`${base}/api/tickets/${theirs.id}`)).status() === 404, 'an address typed by hand is found')
  const late = (await send('POST', '/api/tickets', { subject: `${mark} late, of nobody`, inbox_id: helpdesk.id })).ticket
  await row(late).waitFor(soon) // the stream goes on
  await send('POST', '/api/tickets', { subject: `${mark} late, of somebody else`, inbox_id: helpdesk.id, owner_id: of('mette@nordlys.example').id })
  await send('PATCH', `/api/tickets/${late.id}`, { owner_id: of('mette@nordlys.example').id })
  // Given away, it leaves: as any row that no longer belongs it stays in its place, dimmed, until the list is read again.
  await sofie.page.locator('[data-gone]', { hasText: late.subject }).first().waitFor(soon)
  must(await row({ subject: `${mark} late, of somebody else` }).count() === 0, 'what is out of reach came by the stream')
  await send('PATCH', `/api/users/${me.id}`, { role: me.role })
  await row(theirs).waitFor(soon)
  must(await page.evaluate(() => globalThis.notReloaded), 'the page was loaded again')
})

await story('PM-11: a property kept for a team is gone for everybody else, and back when they join', async () => {
  const admin = mette.page
  const team = await send('POST', '/api/teams', { slug: `ledger-${mark.toLowerCase()}`, name: `${mark} ledger`, members: [] })
  const kept = await send('POST', '/api/properties', { object: 'ticket', name: `credit_${mark.toLowerCase()}`, label: `${mark} credit`, type: 'text' })
  await send('PATCH', `/api/tickets/${free.id}`, { properties: { [kept.name]: 'stopped' } })
  await sofie.page.goto(`${base}/tickets/open/${free.id}`)
  const field = sofie.page.getByText(kept.label, { exact: true }).first()
  await field.waitFor(soon)
  await settings(admin, 'data/ticket-properties')
  await admin.getByRole('button', { name: `Edit ${kept.label}` }).click(soon)
  const dialog = admin.getByRole('dialog', { name: kept.label })
  await dialog.getByRole('switch', { name: 'Everybody who sees the object sees this' }).click({ force: true, ...soon })
  await dialog.getByRole('textbox', { name: 'Teams that see it' }).or(dialog.getByRole('combobox', { name: 'Teams that see it' })).first().click(soon)
  await admin.getByRole('option', { name: team.name }).click(soon)
  await admin.keyboard.press('Escape')
  await clean(admin, 'who may see a property')
  await shot(admin, 'property')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click(soon)
  await dialog.waitFor({ state: 'detached', ...soon })
  await field.waitFor({ state: 'detached', ...soon })
  must(!JSON.stringify(await get(`/api/tickets/${free.id}`, sofie)).includes('stopped'), 'the value is told')
  await send('PATCH', `/api/teams/${team.id}`, { members: [me.id] })
  await field.waitFor(soon)
})

await story('PM-07: the tree of teams by the keyboard', async () => {
  const { page } = mette
  const child = await send('POST', '/api/teams', { slug: `north-${mark.toLowerCase()}`, name: `${mark} north`, members: [] })
  await settings(page, 'teams')
  await page.getByRole('button', { name: `Edit ${child.name}` }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: child.name })
  const above = dialog.getByLabel('Part of', { exact: false }).first()
  await above.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.type(`${mark} ledger`)
  const option = page.getByRole('option', { name: `${mark} ledger` })
  await option.waitFor(soon)
  await page.keyboard.press('ArrowDown')
  await page.locator('[role=option][data-combobox-selected]', { hasText: `${mark} ledger` }).waitFor(soon)
  await page.keyboard.press('Enter')
  await option.waitFor({ state: 'hidden', ...soon })
  await dialog.getByRole('button', { name: 'Save', exact: true }).focus()
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached', ...soon })
  must((await get('/api/teams')).items.find((x) => x.id === child.id).parent_id, 'it is part of nothing')
  await clean(page, 'Teams')
  await shot(page, 'teams')
})

await story('Roles and Teams are clean in the dark and on a phone', async () => {
  for (const [width, scheme] of [[1440, 'dark'], [390, 'light']]) {
    const p = await person(browser, { width, scheme })
    for (const path of ['roles', 'teams']) {
      await settings(p.page, path)
      await p.page.getByRole('listitem').first().waitFor(soon)
      await clean(p.page, `${path} ${width} ${scheme}`)
      await shot(p.page, `${path}-${width}-${scheme}`)
    }
  }
})

await end(browser)
