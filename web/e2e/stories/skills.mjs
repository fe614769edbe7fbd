// Skills, limits and who gets new work: KANAL_SMTP_PORT=2525 node e2e/stories/skills.mjs http://127.0.0.1:8080
// RT-02, RT-03, RT-09, RT-15, SK-01 to SK-09, CP-03, CP-04, CP-07.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { base, failures, launchMany, must, out, person, problems, secondEmail, story } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const soon = { timeout: 30_000 }
const headers = { Origin: base }
const browser = await launchMany()
const ann = await person(browser)
const { page } = ann
const agent = await person(browser, { who: secondEmail })
const json = async (res) => { must(res.ok(), `${res.url()}: ${res.status()} ${await res.text()}`); const text = await res.text(); return text ? JSON.parse(text) : null }
const get = async (path) => json(await ann.api.get(`${base}${path}`))
const send = async (method, path, data) => json(await ann.api.fetch(`${base}${path}`, { method, data, headers }))
const unique = (s) => `${s} ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 5)}`
const until = async (what, fn) => { for (let i = 0; i < 200; i++) { if (await fn()) return; await page.waitForTimeout(150) } throw new Error(what) }
const shot = (name) => (process.env.SHOTS ? page.screenshot({ path: `${out}skills-${name}.png`, fullPage: false }) : null)
async function clean(what) {
  await page.waitForTimeout(350) // dialogs fade in, and axe reads colours
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }))
  must(violations.length === 0, `axe on ${what}: ${violations.map((v) => `${v.id} ${v.nodes[0]?.target}`).join('; ')}`)
}

const users = (await get('/api/users')).items
const of = (name) => users.find((u) => u.email === `${name}@nordlys.example`)
const karim = of('karim')
const lukas = of('lukas')
const account = (await get('/api/channel-accounts')).items.find((a) => a.delivery_identifier === 'workshop@nordlys.example')
const team = { to: 'teams', users: [], teams: ['workshop'], available_only: true, by: 'least_open' }
const byLanguage = (name, code, skill = code) => ({ name, if: { match: 'all', when: [{ field: 'language', op: 'is', values: [code] }] }, skills: [{ skill, level: 3 }] })
const rule = (assign) => send('PATCH', `/api/channel-accounts/${account.id}`, { assign: { ...team, ...assign } })
for (const u of [karim, lukas]) await send('PATCH', `/api/users/${u.id}`, { available: true })

/** A mail to the workshop, and the ticket that it became. */
async function mailed(subject, text) {
  await sendMail({ from: `guest.${Math.random().toString(36).slice(2)}@customers.example`, name: 'Guest', to: 'workshop@nordlys.example', subject, text })
  let found
  await until(`no ticket for ${subject}`, async () => { found = (await get('/api/tickets?view=open&limit=60')).items.find((x) => x.subject === subject); return found })
  return get(`/api/tickets/${found.id}`)
}
const danish = 'Hej, jeg har ikke fået min cykel tilbage endnu. Hvornår bliver den færdig, og hvad kommer det til at koste?'
const german = 'Guten Tag, ich habe mein Fahrrad noch nicht zurückbekommen. Wann wird es fertig und was kostet die Reparatur?'

const open = async (path) => { await page.goto(`${base}/settings/${path}`); await page.locator('h1').first().waitFor(soon) }
const automation = async () => { await open(`help-desk/channels/${account.id}`); await page.getByRole('tab', { name: 'Automation' }).click(soon); await page.getByRole('heading', { name: 'Rules by skill' }).waitFor(soon) }
const save = async () => {
  const done = page.waitForResponse((r) => r.url().includes('/api/channel-accounts/') && r.request().method() === 'PATCH', soon)
  await page.getByRole('button', { name: 'Save', exact: true }).click(soon)
  must((await done).ok(), `saving: ${(await done).status()}`)
}
const order = async () => ((await get(`/api/channel-accounts/${account.id}`)).assign.rules ?? []).map((r) => r.name).join(' ')

await story('SK-01, SK-09: a Danish and a German mail go to who speaks it; the ticket says which language', async () => {
  await rule({ rules: [byLanguage('Danish', 'da'), byLanguage('German', 'de')] })
  const da = await mailed(unique('Cykel'), danish)
  must(da.language === 'da' && da.owner?.id === karim.id, `Danish: ${da.language}, ${da.owner?.name}`)
  const de = await mailed(unique('Fahrrad'), german)
  must(de.language === 'de' && de.owner?.id === lukas.id, `German: ${de.language}, ${de.owner?.name}`)
  await page.goto(`${base}/tickets/open/${de.id}`)
  const field = page.locator('[data-panel] [data-language] input').first()
  await field.waitFor(soon)
  await until('the ticket does not say German', async () => (await field.inputValue()) === 'German')
  await field.click(soon)
  await field.fill('Danish')
  await page.getByRole('option', { name: 'Danish' }).click(soon)
  await until('the language was not changed', async () => (await get(`/api/tickets/${de.id}`)).language === 'da')
})

await story('SK-05, SK-06: a rule is made by hand: conditions, a skill with its level, and what if nobody is free', async () => {
  await rule({ rules: [] })
  await automation()
  await page.getByRole('button', { name: 'Add a rule' }).click(soon)
  const dialog = page.getByRole('dialog', { name: 'Add a rule' })
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Wheels')
  await dialog.getByRole('button', { name: 'Add a condition' }).click(soon)
  await dialog.getByRole('combobox', { name: 'Field' }).selectOption('subject')
  await dialog.getByRole('combobox', { name: 'Comparison for Subject' }).selectOption('contains')
  const values = dialog.getByRole('textbox', { name: 'Value for Subject' }).or(dialog.getByRole('combobox', { name: 'Value for Subject' })).first()
  await values.fill('spoke')
  await values.press('Enter')
  const skill = dialog.getByRole('textbox', { name: 'Skill 1' }).or(dialog.getByRole('combobox', { name: 'Skill 1' })).first()
  await skill.click(soon)
  await skill.fill('Workshop')
  await page.getByRole('option', { name: 'Workshop' }).click(soon)
  await dialog.getByRole('combobox', { name: 'Level of Workshop' }).selectOption('4')
  await dialog.getByRole('radio', { name: 'Never pass over it' }).click(soon)
  await shot('rule')
  await clean('the rule')
  await dialog.getByRole('button', { name: 'Add the rule' }).click(soon)
  await dialog.waitFor({ state: 'hidden', ...soon })
  await shot('automation')
  await clean('the automation tab')
  await save()
  const kept = (await get(`/api/channel-accounts/${account.id}`)).assign.rules[0]
  must(kept.name === 'Wheels' && kept.strict && kept.if.when[0].values[0] === 'spoke' && kept.skills[0].skill === 'workshop' && kept.skills[0].level === 4, JSON.stringify(kept))
  const t = await mailed(unique('Broken spoke'), 'It went on the way home from work yesterday, could you please have a look at it?')
  must(t.owner?.id === karim.id, `the one with level 4 is Karim; it went to ${t.owner?.name}`)
})

await story('SK-08: the order changed by keyboard, then by drag, changes who gets it', async () => {
  const to = (name, who) => ({ name, if: { match: 'all', when: [{ field: 'subject', op: 'contains', values: ['bell'] }] }, skills: [{ skill: 'workshop' }], users: [who.email], teams: [] })
  await rule({ rules: [to('First', karim), to('Second', lukas)] })
  must((await mailed(unique('A bell'), 'It does not ring any more, what can we do about it?')).owner?.id === karim.id, 'the first rule decides')
  await automation()
  const handle = page.getByRole('button', { name: 'Move Second', exact: true })
  await handle.focus()
  await page.keyboard.press('ArrowUp')
  await page.getByText('Second is now 1 of 2').waitFor({ state: 'attached', ...soon })
  await save()
  must((await order()) === 'Second First', await order())
  must((await mailed(unique('Another bell'), 'It does not ring any more, what can we do about it?')).owner?.id === lukas.id, 'after the keyboard the other decides')
  await automation()
  await page.getByRole('button', { name: 'Move Second', exact: true }).dragTo(page.getByText('First', { exact: true }))
  await until('the drag moved nothing', async () => (await page.getByRole('button', { name: /^Move (First|Second)$/ }).first().getAttribute('aria-label')) === 'Move First')
  await save()
  must((await order()) === 'First Second', await order())
  must((await mailed(unique('A third bell'), 'It does not ring any more, what can we do about it?')).owner?.id === karim.id, 'after the drag the first decides again')
})

await story('SK-08: trying it on a sample says what was found and why each person does or does not get it', async () => {
  await rule({ rules: [byLanguage('Danish', 'da'), byLanguage('German', 'de')] })
  await automation()
  await page.getByRole('button', { name: 'Try it on a ticket' }).click(soon)
  const area = page.getByRole('region', { name: 'Try it on a ticket' })
  await area.getByLabel('Subject').fill('Fahrrad')
  await area.getByLabel('Text', { exact: true }).fill(german)
  await area.getByRole('button', { name: 'Who gets it?' }).click(soon)
  await area.getByText('Lukas Brandt would get it. Language: German.').waitFor(soon)
  await area.getByText('The rule fits.', { exact: true }).waitFor(soon)
  const row = area.getByRole('row', { name: /Karim Haddad/ })
  must(/German/.test(await row.innerText()), `what Karim lacks: ${await row.innerText()}`)
  await shot('try')
  await clean('trying')
  const before = (await get('/api/tickets?view=open&limit=1')).items[0].id
  await area.getByText('A ticket', { exact: true }).click(soon)
  const t = await mailed(unique('Cykel'), danish)
  await area.getByLabel('Number of the ticket').fill(`#${t.number}`)
  await area.getByRole('button', { name: 'Who gets it?' }).click(soon)
  await area.getByText('Karim Haddad would get it. Language: Danish.').waitFor(soon)
  must(before && (await get(`/api/tickets/${t.id}`)).version === t.version, 'trying changed the ticket')
})

await story('RT-02, RT-09, RT-15, GEN-17: every choice; who takes no work cannot be chosen, and who lost it stands in red', async () => {
  await rule({ to: 'users', users: [lukas.email], teams: [], rules: [] })
  await send('PATCH', `/api/users/${lukas.id}`, { takes_work: false })
  try {
    await automation()
    await page.getByText('Lukas Brandt gets nothing: takes no work.').waitFor(soon)
    must((await page.getByRole('radio', { name: /^(No one|Certain people|Teams|People and teams|Owner of the contact)$/ }).count()) === 5, 'a choice is missing')
    must(await page.getByRole('switch', { name: 'Only people who are available' }).isChecked(), 'available only is on by default')
    const people = page.getByRole('textbox', { name: 'People' }).or(page.getByRole('combobox', { name: 'People' })).first()
    await people.click(soon)
    await people.fill('Mette')
    const mette = page.getByRole('option', { name: /Mette Lindqvist — takes no work/ })
    await mette.waitFor(soon)
    must((await mette.getAttribute('data-combobox-disabled')) !== null || (await mette.getAttribute('aria-disabled')) === 'true', 'somebody who takes no work can be chosen')
    await page.keyboard.press('Escape')
    await page.getByRole('radio', { name: 'Owner of the contact' }).click(soon)
    await page.getByRole('button', { name: 'Add a step' }).click(soon)
    await page.getByRole('combobox', { name: 'Step 1: whom' }).selectOption('owner_team')
    await page.getByRole('switch', { name: 'Mail it to an owner who is away' }).click(soon)
    await page.getByRole('switch', { name: 'What nobody can have waits in line' }).click(soon)
    await shot('owner')
    await clean('the contact’s owner')
    await save()
    const a = (await get(`/api/channel-accounts/${account.id}`)).assign
    must(a.to === 'contact_owner' && a.fallback[0].to === 'owner_team' && a.mail_owner && a.no_queue && a.available_only, JSON.stringify(a))
  } finally { await send('PATCH', `/api/users/${lukas.id}`, { takes_work: true }) }
})

await story('CP-03, CP-04, CP-07: a person’s limit, live from one of two to full; then nothing more by itself', async () => {
  for (const x of (await get('/api/tickets?view=open&limit=100')).items.filter((y) => y.owner?.id === lukas.id)) await send('PATCH', `/api/tickets/${x.id}`, { owner_id: null })
  await rule({ to: 'users', users: [lukas.email], teams: [], rules: [], no_queue: true })
  await open('capacity')
  await page.getByRole('button', { name: 'Edit Lukas Brandt' }).click(soon)
  const dialog = page.getByRole('dialog', { name: 'Limits of Lukas Brandt' })
  await dialog.getByRole('radio', { name: 'Limits of their own' }).click(soon)
  await dialog.getByLabel('All together').fill('2')
  await clean('a person’s limits')
  await dialog.getByRole('button', { name: 'Save' }).click(soon)
  await dialog.waitFor({ state: 'hidden', ...soon })
  const meter = page.getByRole('meter', { name: /^Lukas Brandt, All together/ })
  await meter.waitFor(soon)
  const now = () => meter.getAttribute('aria-valuenow')
  await until(`he has ${await now()}`, async () => (await now()) === '0')
  await mailed(unique('One'), 'Please have a look at my bicycle.')
  await until('not 1 of 2', async () => (await now()) === '1')
  await mailed(unique('Two'), 'Please have a look at my bicycle.')
  await until('not 2 of 2', async () => (await now()) === '2')
  await page.locator('[data-person="Lukas Brandt"]').getByText('full', { exact: true }).waitFor(soon)
  await shot('capacity')
  await clean('capacity')
  const third = await mailed(unique('Three'), 'Please have a look at my bicycle.')
  must(!third.owner && third.assignment.candidates.find((c) => c.user_id === lukas.id)?.reason === 'at_capacity', JSON.stringify(third.assignment))
  // CP-05: by hand he may have more; who gives it sees how much he has, and is told that it is more than the limit
  await page.goto(`${base}/tickets/open/${third.id}`)
  await page.locator('[role="log"] [data-message]').first().waitFor(soon)
  await page.keyboard.press('a')
  const choice = page.getByRole('menuitem', { name: /Lukas Brandt/ })
  await choice.locator('[data-load="2/2"][data-full]').waitFor(soon)
  await choice.click(soon)
  await page.getByText('Lukas Brandt now has 3, more than the limit of 2.').waitFor(soon)
  must((await get(`/api/tickets/${third.id}`)).owner?.id === lukas.id, 'a person may not exceed the limit')
  await open('capacity')
  await meter.waitFor(soon)
  must((await agent.api.put(`${base}/api/users/${lukas.id}/capacity`, { data: { capacity: null }, headers })).status() === 403, 'an agent set a limit')
  must((await agent.api.patch(`${base}/api/capacity`, { data: { call_blocks: true }, headers })).status() === 403, 'an agent set everybody’s')
  await send('PUT', `/api/users/${lukas.id}/capacity`, { capacity: null })
  await meter.waitFor({ state: 'detached', ...soon })
})

await story('SK-03, SK-04: several skills at once, given to somebody; what is used is not deleted, and says who', async () => {
  await open('skills')
  const name = unique('Subjects')
  await page.getByRole('button', { name: 'Add a category' }).click(soon)
  let dialog = page.getByRole('dialog', { name: 'Add a category' })
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Save' }).click(soon)
  const [one, two] = [unique('Brakes'), unique('Gears')]
  await page.getByRole('button', { name: `Add skills to ${name}` }).click(soon)
  dialog = page.getByRole('dialog', { name: `Add skills to ${name}` })
  await dialog.getByLabel('Names').fill(`${one}\n${two}`)
  await dialog.getByRole('button', { name: 'Save' }).click(soon)
  const area = page.getByRole('region', { name })
  await area.getByText(two).waitFor(soon)
  await page.getByRole('button', { name: 'Edit Lukas Brandt' }).click(soon)
  dialog = page.getByRole('dialog', { name: 'Skills of Lukas Brandt' })
  const give = dialog.getByRole('textbox', { name: 'Add a skill' }).or(dialog.getByRole('combobox', { name: 'Add a skill' })).first()
  await give.click(soon)
  await give.fill(one)
  await page.getByRole('option', { name: one }).click(soon)
  await dialog.getByRole('combobox', { name: `Level of ${one}` }).selectOption('5')
  await clean('a person’s skills')
  await dialog.getByRole('button', { name: 'Save' }).click(soon)
  await dialog.waitFor({ state: 'hidden', ...soon })
  await until('the skill was not given', async () => (await get(`/api/users/${lukas.id}/skills`)).items.some((k) => k.level === 5 && k.slug.startsWith('brakes')))
  await shot('skills')
  await clean('skills')
  await page.getByRole('button', { name: `Edit ${one}` }).click(soon)
  dialog = page.getByRole('dialog', { name: one })
  await dialog.getByRole('button', { name: `Delete ${one}` }).click(soon)
  await dialog.getByRole('alert').getByText(/Lukas Brandt have it/).waitFor(soon)
  const renamed = unique('Brake pads')
  await dialog.getByLabel('Name').fill(renamed)
  await dialog.getByRole('button', { name: 'Save' }).click(soon)
  await page.getByRole('button', { name: `Who uses ${renamed}` }).click(soon)
  await page.getByRole('dialog', { name: renamed }).getByText('Lukas Brandt').waitFor(soon)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: `Edit ${two}` }).click(soon)
  await page.getByRole('dialog', { name: two }).getByRole('button', { name: `Delete ${two}` }).click(soon)
  await area.getByText(two).waitFor({ state: 'detached', ...soon })
  must((await agent.api.post(`${base}/api/skills`, { data: { category: 'subjects', names: ['X'] }, headers })).status() === 403, 'an agent made a skill')
})

await story('no page threw', async () => must(problems.length === 0, problems.join('\n')))
await browser.close()
process.exit(failures() ? 1 : 0)
