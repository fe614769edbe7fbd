// Settings, told from the outside: every page opens and is clean, what is set takes effect, the audit log and the text show it, and nobody loses what
// they typed or undoes another's change unawares.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { base, failures, launchMany, must, person, problems, secondEmail, story } from '../lib.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await launchMany()
const ann = await person(browser)
const soon = { timeout: 10_000 }
const unique = (w) => `${w} ${Date.now() % 1_000_000}`
const get = async (p, who = ann) => (await who.api.get(base + p)).json()
const send = (method, p, data, who = ann) => who.api.fetch(base + p, { method, data, headers: { Origin: base } })
const settings = async (path, who = ann) => { await who.page.goto(`${base}/settings/${path}`); await who.page.locator('main h1').first().waitFor(soon) }
const dialog = (who = ann) => who.page.getByRole('dialog').last()

await story('GEN-10: channels stand under Inbox & Help Desk, Help Desk, Ticket sources and routing; a page is found by another word and its field lit up', async () => {
  const { page } = ann
  await settings('help-desk/channels')
  const nav = page.getByRole('navigation', { name: 'Settings' })
  const text = await nav.innerText()
  must(/Inbox & Help Desk\s+Help Desk\s+Ticket sources and routing\s+Channels/.test(text), text)
  const box = page.getByRole('combobox', { name: 'Search settings' })
  await box.fill('after clos')
  await page.keyboard.press('Enter')
  await page.waitForURL(/settings\/preferences#after_close/)
  await page.locator('[data-setting="after_close"][data-found]').waitFor(soon)
  await box.fill('yaml')
  await page.getByRole('option', { name: 'Settings as text' }).click()
  await page.waitForURL(/system\/text/)
})

await story('TK-07: a status is added, named, moved by keyboard, and archived with a place for its tickets; the audit log shows before and after', async () => {
  const { page } = ann
  const name = unique('Waiting on parts')
  await settings('help-desk/statuses')
  const card = page.locator('section', { has: page.getByRole('button', { name: 'Add status' }) }).first()
  await card.getByRole('button', { name: 'Add status' }).click()
  await card.getByPlaceholder('New status').last().fill(name)
  const handle = card.getByRole('button', { name: `Move ${name}` })
  await handle.focus()
  await page.keyboard.press('ArrowUp')
  await card.getByRole('button', { name: 'Save', exact: true }).click()
  await card.getByRole('button', { name: 'Save', exact: true }).and(page.locator(':disabled')).waitFor(soon)
  let pipe = (await get('/api/pipelines')).items[0]
  const made = pipe.statuses.find((x) => x.name === name)
  must(made && pipe.statuses.at(-1).id !== made.id, 'the status is not where the keyboard put it')
  const ticket = (await (await send('POST', '/api/tickets', { subject: unique('Spare part'), status_id: made.id })).json()).ticket
  await settings('help-desk/statuses')
  await page.getByRole('button', { name: `Archive status ${name}` }).click()
  await dialog().getByText('1 ticket', { exact: false }).waitFor(soon)
  await dialog().getByRole('button', { name: 'Archive' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
  pipe = (await get('/api/pipelines')).items[0]
  must(!pipe.statuses.some((x) => x.id === made.id), 'the status is still there')
  must((await get(`/api/tickets/${ticket.id}`)).status.id !== made.id, 'its ticket still has it')
  await settings('audit')
  await page.getByRole('combobox', { name: 'About' }).click()
  await page.getByRole('option', { name: 'Pipeline' }).click()
  await page.locator('[data-audit="settings.changed"] del', { hasText: name }).first().waitFor(soon)
  const export_ = await (await ann.api.get(`${base}/api/audit/export?object=pipeline`)).text()
  must(export_.includes('settings.changed'), 'the export says nothing')
})

await story('TK-10: a property is defined with options that depend on another and asked for on close; the agent is told, and the text has it', async () => {
  const { page } = ann
  const label = unique('Root cause')
  await settings('data/ticket-properties')
  await page.getByRole('button', { name: 'Add property' }).first().click()
  await dialog().getByLabel('Label').fill(label)
  await dialog().getByRole('combobox', { name: 'Type' }).click()
  await page.getByRole('option', { name: 'Choice', exact: true }).click()
  for (const o of ['Wear', 'Fault']) { await dialog().getByRole('textbox', { name: 'Add option' }).fill(o); await page.keyboard.press('Enter') }
  await dialog().getByRole('switch', { name: 'Required on close' }).click()
  await dialog().getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
  const property = (await get('/api/properties?object=ticket')).items.find((p) => p.label === label)
  must(property?.required_on_close && property.options.join() === 'Wear,Fault', JSON.stringify(property))
  const ticket = (await (await send('POST', '/api/tickets', { subject: unique('Must say why') })).json()).ticket
  const refused = await send('PATCH', `/api/tickets/${ticket.id}`, { status: 'closed' })
  const why = await refused.json()
  must(refused.status() === 422 && why.field === `properties.${property.name}`, JSON.stringify(why))
  await page.goto(`${base}/tickets/open/${ticket.id}`)
  await page.getByRole('heading', { name: ticket.subject }).first().waitFor(soon)
  await page.keyboard.press('e')
  await page.getByText(`Fill in ${label} before closing.`).first().waitFor(soon)
  const text = (await get('/api/settings/text?section=properties')).text
  must(text.includes('required_on_close: true'), text)
  await settings('data/ticket-properties')
  await page.getByRole('button', { name: `Edit ${label}` }).click()
  await dialog().getByRole('button', { name: 'Archive property' }).click()
  await dialog().getByRole('heading', { name: 'This affects' }).waitFor(soon)
  await dialog().getByRole('button', { name: 'Archive property' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
  must((await send('PATCH', `/api/tickets/${ticket.id}`, { status: 'closed' })).ok(), 'an archived property still holds the ticket')
})

await story('Two administrators on one page: the second sees both versions and chooses; unsaved changes are not left unasked', async () => {
  const { page } = ann
  const was = await get('/api/settings/company')
  await settings('company')
  const field = page.getByLabel('Company name')
  await field.fill('Nordlys Cykler ApS')
  await page.getByRole('link', { name: 'Roles' }).click()
  await dialog().getByRole('button', { name: 'Stay' }).click()
  must(await field.inputValue() === 'Nordlys Cykler ApS', 'what was typed is gone')
  must((await send('PATCH', '/api/settings/company', { name: 'Nordlys A/S' })).ok(), 'the other could not save')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const alert = page.getByRole('alert')
  await alert.getByText('Nordlys A/S').waitFor(soon)
  await alert.getByText('Nordlys Cykler ApS').waitFor(soon)
  await alert.getByRole('button', { name: 'Save mine' }).click()
  await page.getByText('Saved').first().waitFor(soon)
  must((await get('/api/settings/company')).name === 'Nordlys Cykler ApS', 'it was not saved')
  await page.getByRole('button', { name: 'As text' }).click()
  await dialog().getByText('Nordlys Cykler ApS').waitFor(soon)
  await page.keyboard.press('Escape')
  await send('PATCH', '/api/settings/company', { name: was.name })
})

await story('GEN-15, GEN-14: the selector decides which inbox is set up; access limits it; what hangs on it is told; it goes', async () => {
  const { page } = ann
  const name = unique('Warranty')
  await settings('inboxes')
  await page.getByRole('button', { name: 'Add inbox' }).click()
  await dialog().getByLabel('Name').fill(name)
  await dialog().getByRole('button', { name: 'Save', exact: true }).click()
  await page.waitForURL(/inbox=/)
  must(await page.getByRole('combobox', { name: 'Current inbox' }).inputValue() === name, 'the new inbox is not the current one')
  await page.getByRole('switch', { name: 'Everybody sees this inbox' }).click()
  await page.getByRole('region', { name: 'This affects' }).waitFor(soon)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved').first().waitFor(soon)
  const made = (await get('/api/inboxes')).items.find((i) => i.name === name)
  must(made.access.everyone === false, 'access is still everybody’s')
  const sofie = await person(browser, { who: secondEmail })
  must(!(await get('/api/inboxes', sofie)).items.some((i) => i.id === made.id), 'an agent without access sees it')
  await sofie.context.close()
  await page.getByRole('button', { name: 'Remove inbox' }).click()
  await dialog().getByRole('button', { name: 'Remove inbox' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
  must(!(await get('/api/inboxes')).items.some((i) => i.id === made.id), 'it is still there')
})

await story('GEN-12, GEN-14: a channel has its tabs, a name that is saved, and its removal says first what it touches', async () => {
  const { page } = ann
  const account = (await get('/api/channel-accounts')).items.find((a) => !a.fallback)
  await settings(`help-desk/channels/${account.id}`)
  for (const tab of ['Configuration', 'Automation', 'Advanced']) await page.getByRole('tab', { name: tab }).click()
  await page.getByRole('region', { name: 'This affects' }).getByText('ticket', { exact: false }).first().waitFor(soon)
  await page.getByRole('button', { name: 'Remove channel' }).click()
  await dialog().getByText(account.delivery_identifier).waitFor(soon)
  await dialog().getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('tab', { name: 'Configuration' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Front desk')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved').first().waitFor(soon)
  must((await get(`/api/channel-accounts/${account.id}`)).name === 'Front desk', 'the name was not saved')
  await page.getByRole('button', { name: 'As text' }).click()
  await dialog().getByText('name: Front desk').waitFor(soon)
  await page.keyboard.press('Escape')
})

await story('Settings as text: a fault stands at its line, the difference is shown, and applying takes effect', async () => {
  const { page } = ann
  await settings('system/text')
  const area = page.getByRole('textbox', { name: 'Settings as text' })
  const text = await area.inputValue()
  must(/^version: 1$/m.test(text) && !/password: (?!keep)/.test(text), 'the text is not what it should be')
  await area.fill(text.replace('company:', 'compny:'))
  await page.getByRole('button', { name: 'Show what changes' }).click()
  await page.getByText('Did you mean "company"', { exact: false }).waitFor(soon)
  await page.getByRole('button', { name: /^Line / }).first().click()
  const team = unique('Night shift')
  const slug = team.toLowerCase().replace(/ /g, '-')
  await area.fill(text.replace(/^teams:$/m, `teams:\n  - slug: ${slug}\n    name: ${team}`))
  await page.getByRole('button', { name: 'Show what changes' }).click()
  await page.getByText('1 change', { exact: true }).waitFor(soon)
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('1 change applied').waitFor(soon)
  must((await get('/api/teams')).items.some((x) => x.slug === slug), 'the team is not there')
  const log = await get('/api/audit?object=team')
  must(log.items[0].actor_name !== '', 'the audit log does not say who applied it')
})

await story('A person leaves: what hangs on them is told, their open tickets are handed over, their browsers end', async () => {
  const { page } = ann
  const who = unique('Leaving Larsen')
  const email = `leaving${Date.now()}@nordlys.example`
  const made = await (await send('POST', '/api/users', { email, name: who })).json()
  const sofie = (await get('/api/users')).items.find((u) => u.email === secondEmail)
  const ticket = (await (await send('POST', '/api/tickets', { subject: unique('Passed on'), owner_id: made.id })).json()).ticket
  await settings('users')
  await page.getByRole('button', { name: `Edit ${who}` }).click()
  await dialog().getByRole('button', { name: 'Deactivate' }).click()
  await dialog().getByText('1 open ticket').waitFor(soon)
  await dialog().getByLabel('go to somebody else').check()
  await dialog().getByRole('combobox', { name: 'Who takes them' }).click()
  await page.getByRole('option', { name: sofie.name }).click()
  await dialog().getByRole('button', { name: 'Deactivate' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
  must((await get(`/api/tickets/${ticket.id}`)).owner_id === sofie.id, 'the ticket was not handed over')
  must((await get('/api/users')).items.find((u) => u.id === made.id)?.active !== true, 'still active')
})

await story('One’s own: a preference is kept, the browser’s sessions are listed and ended, the language changes the page', async () => {
  const { page } = ann
  await settings('preferences')
  await page.getByRole('combobox', { name: 'Time to undo a send' }).click()
  await page.getByRole('option', { name: '20 seconds' }).click()
  await page.waitForTimeout(400)
  must((await get('/api/me/preferences')).undo_send_seconds === 20, 'the preference is not kept')
  const second = await person(browser)
  await settings('sessions')
  await page.getByText('This browser').waitFor(soon)
  await page.getByRole('button', { name: 'Sign out all others' }).click()
  await page.getByRole('button', { name: 'Sign out all others' }).waitFor({ state: 'detached', ...soon })
  must((await second.api.get(`${base}/api/me`)).status() === 401, 'the other browser is still signed in')
  await second.context.close()
  must((await send('POST', '/api/me/password', { old: 'not it', new: 'nordlys-demo-2' })).status() === 422, 'a wrong password was taken')
  await settings('profile')
  await page.getByLabel('Present password').fill('nordlys-demo')
  await page.getByLabel('New password').fill('nordlys-demo-2')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Password changed', { exact: false }).first().waitFor(soon)
  must((await send('POST', '/api/me/password', { old: 'nordlys-demo-2', new: 'nordlys-demo' })).ok(), 'the new password is not the password')
  await page.getByRole('combobox', { name: 'Language' }).click()
  await page.getByRole('option', { name: 'Dansk' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('heading', { name: 'Min profil' }).waitFor(soon)
  await send('PATCH', '/api/me', { locale: 'en' })
  await page.reload()
  await page.getByRole('heading', { name: 'My profile' }).waitFor(soon)
  problems.splice(0, problems.length, ...problems.filter((p) => !/401|signin/.test(p)))
})

await story('PM-12: roles as they are enforced; an agent sees only what is theirs, and the address of another page says so', async () => {
  const { page } = ann
  await settings('roles')
  const row = page.getByRole('row', { name: /Delete tickets/ })
  must((await row.getByRole('cell').allInnerTexts()).map((x) => /yes/.test(x)).join() === 'true,true,true,false,false,false', await row.innerText())
  const sofie = await person(browser, { who: secondEmail })
  await sofie.page.goto(`${base}/settings/system`)
  await sofie.page.getByText('This page is not yours to change').waitFor(soon)
  must(await sofie.page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Audit log' }).count() === 0, 'an agent is offered the audit log')
  await sofie.context.close()
})

const account = (await get('/api/channel-accounts')).items[0]
const routes = ['', 'profile', 'preferences', 'sessions', 'company', 'users', 'teams', 'roles', 'help-desk/channels', `help-desk/channels/${account.id}`, 'help-desk/statuses', 'inboxes', 'data/ticket-properties', 'data/contact-properties', 'tokens', 'inbound', 'audit', 'system', 'system/windows', 'system/text']
for (const [scheme, width] of [['light', 1440], ['dark', 390]]) {
    const p = await person(browser, { scheme, width, height: width > 500 ? 900 : 844 })
    await story(`Every settings page opens and axe finds nothing, ${scheme}, ${width} px`, async () => {
      const found = []
      await p.page.addInitScript(axe)
      for (const r of routes) {
        await p.page.goto(`${base}/settings/${r}`)
        await p.page.locator('main h1').first().waitFor(soon)
        await p.page.waitForTimeout(350)
        const result = await p.page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { region: { enabled: false } } }))
        for (const v of result.violations) found.push(`${r}: ${v.id} (${v.nodes.length}) ${v.nodes[0].target.join(' ')} — ${v.nodes[0].failureSummary?.split('\n')[1]?.trim() ?? ''}`)
        const wide = await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        if (wide > 0) found.push(`${r}: scrolls sideways by ${wide} px`)
      }
      must(found.length === 0, found.join('\n'))
    })
    await p.context.close()
}

await story('no page threw or logged an error', async () => must(problems.length === 0, [...new Set(problems)].slice(0, 20).join('\n')))
await browser.close()
process.exit(failures() ? 1 : 0)
