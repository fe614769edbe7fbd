// A company's directory keeps people and teams by SCIM, told in the browser and by what Entra ID sends: node e2e/stories/directory.mjs http://127.0.0.1:8080
// PM-13
import { ask, base, clean, end, launchMany, must, out, person, secondEmail, soon, story, until } from '../lib.mjs'

const browser = await launchMany()
const mette = await person(browser)
const sofie = await person(browser, { who: secondEmail })
const shot = async (page, name) => { if (process.env.SHOTS) await page.screenshot({ path: `${out}directory-${name}.png`, fullPage: true }) }
const mark = Date.now().toString(36)
let token = ''
const scim = async (method, path, body) => {
  const res = await fetch(`${base}/scim/v2${path}`, { method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' }, ...(body ? { body: JSON.stringify(body) } : {}) })
  const text = await res.text()
  return { status: res.status, body: text ? JSON.parse(text) : null, text }
}
const patch = (...Operations) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })

await story('PM-13: an administrator says which group gives which role, and makes the token', async () => {
  const { page } = mette
  await page.goto(`${base}/settings/sign-in`)
  const part = page.locator('[data-setting=directory]')
  await part.getByRole('textbox', { name: 'Address for the directory' }).waitFor(soon)
  must((await part.getByRole('textbox', { name: 'Address for the directory' }).inputValue()).endsWith('/scim/v2'), 'the address is another')
  await part.getByRole('button', { name: 'Add a group' }).click()
  await part.getByRole('textbox', { name: 'Group 1' }).fill(`Leads ${mark}`)
  await part.getByRole('combobox', { name: 'Role that group 1 gives' }).click()
  await page.getByRole('option', { name: 'Supervisor', exact: true }).click(soon)
  await clean(page, 'the directory')
  await shot(page, 'settings')
  await part.getByRole('button', { name: 'Save the directory’s rules' }).click()
  await until('the rules are not kept', async () => (await ask(mette, 'GET', '/api/directory/settings')).groups[0]?.role === 'supervisor')
  await page.goto(`${base}/settings/tokens`)
  await page.getByRole('button', { name: /token/i }).first().click(soon)
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Directory')
  await dialog.locator('.mantine-MultiSelect-input').click(soon)
  await page.getByRole('option', { name: 'Keep users and teams by SCIM' }).waitFor(soon)
  await page.keyboard.press('Escape')
  token = (await ask(mette, 'POST', '/api/tokens', { name: 'Directory', scopes: ['scim'] })).token
  must((await scim('GET', '/ServiceProviderConfig')).status === 200, 'the token does not open the directory')
  const other = await fetch(`${base}/api/users`, { headers: { Authorization: `Bearer ${token}` } })
  must(other.status === 403 || other.status === 401, `the token opens the rest too: ${other.status}`)
})

await story('PM-13: who is added has an account and a role, and stands in the list', async () => {
  const upn = `ida.${mark}@nordlys.example`
  const made = await scim('POST', '/Users', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], externalId: mark, userName: upn, active: true, emails: [{ primary: true, type: 'work', value: upn }], name: { givenName: 'Ida', familyName: `Krog ${mark}` } })
  must(made.status === 201, made.text)
  const group = await scim('POST', '/Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: `Leads ${mark}`, members: [] })
  must(group.status === 201, group.text)
  const added = await scim('PATCH', `/Groups/${group.body.id}`, patch({ op: 'Add', path: 'members', value: [{ value: made.body.id }] }))
  must(added.status === 200, added.text)
  const ida = (await ask(mette, 'GET', '/api/users')).items.find((u) => u.email === upn)
  must(ida?.role === 'supervisor', `her role is ${ida?.role}`)
  await mette.page.goto(`${base}/settings/users`)
  await mette.page.getByText(`Ida Krog ${mark}`).first().waitFor(soon)
  await mette.page.goto(`${base}/settings/teams`)
  await mette.page.getByText(`Leads ${mark}`).first().waitFor(soon)
})

await story('PM-13: who leaves is signed out at once', async () => {
  await sofie.page.goto(`${base}/tickets/mine`)
  await sofie.page.getByRole('navigation').first().waitFor(soon)
  const hers = await scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${secondEmail.toUpperCase()}"`)}`)
  must(hers.body.totalResults === 1, hers.text)
  const off = await scim('PATCH', `/Users/${hers.body.Resources[0].id}`, patch({ op: 'Replace', path: 'active', value: 'False' }))
  must(off.status === 200 && off.body.active === false, off.text)
  await sofie.page.getByText('You have been signed out').waitFor(soon)
  const log = JSON.stringify(await ask(mette, 'GET', '/api/audit'))
  must(log.includes(hers.body.Resources[0].id), 'the audit log does not say so')
})

await end(browser)
