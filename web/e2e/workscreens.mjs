// Who gets the work, and forms, in pictures: rules, reasons, what waits, roles, the builder, what was sent, a move.
const soon = { timeout: 8000 }

/** Pictures as shots.mjs takes them: [name, address, kind, before, act]. */
export function workScreens(v, api, base) {
  const get = async (path) => (await api.get(base + path)).json()
  const tab = (name) => async (p) => { await p.getByRole('tab', { name }).click(soon); await p.getByRole('tabpanel').first().waitFor(soon); await p.waitForTimeout(600) }
  const go = (at, act) => async (p) => { await p.goto(base + await at()); await p.waitForTimeout(900); await act?.(p) }
  const ruled = async () => `/settings/help-desk/channels/${(await get('/api/channel-accounts')).items.find((a) => a.assign?.rules?.length)?.id ?? v.accountId}`
  const decided = async () => { for (const t of (await get('/api/tickets?view=open&limit=60')).items) { const d = await get(`/api/tickets/${t.id}`); if ((d.assignment?.candidates ?? d.ticket?.assignment?.candidates ?? []).length) return `/tickets/open/${t.id}` } return `/tickets/open/${v.ticketId}` }
  // What a customer sends is sent once a size; the page has what it needs without it.
  const sent = async () => {
    for (const [name, email, topic, message] of [['Ida Krogh', 'ida.krogh@customers.example', 'bike', 'The gears slip when it is cold.'], ['Bo Lind', 'bo.lind@customers.example', 'other', 'Do you rent out cargo bikes?']]) {
      await api.fetch(`${base}/forms/contact?utm_campaign=autumn`, { method: 'POST', multipart: { name, email, topic, message, kanal_page: 'https://nordlys.example/contact?utm_campaign=autumn' }, headers: { Origin: base }, maxRedirects: 0 }).catch(() => null)
    }
    return `/settings/help-desk/submissions/${v.formId}`
  }
  return [
    ['work-routing', '/settings/help-desk/channels', '', null, go(ruled, tab('Automation'))],
    ['work-why', '/tickets/open', '', null, go(decided, async (p) => { const why = p.getByText('Why this owner', { exact: true }).first(); if (await why.count()) { await p.waitForTimeout(1500); await why.evaluate((el) => el.scrollIntoView({ block: 'start' })); await p.waitForTimeout(500) } })],
    ['work-waiting', '/waiting'],
    ['work-move', `/settings/help-desk/channels/move/${v.accountId}`],
    ['work-role', '/settings/roles', '', null, async (p) => { await p.getByRole('button', { name: 'New role', exact: true }).click(soon); await p.getByRole('dialog').first().waitFor(soon); await p.waitForTimeout(500) }],
    ['form-page', '/forms/contact', 'out'],
    ['form-builder', `/settings/help-desk/forms/${v.formId}`, '', null, async (p) => { await p.locator('[data-field-name="email"]').waitFor(soon); await p.waitForTimeout(800) }],
    ['form-share', `/settings/help-desk/forms/${v.formId}`, '', null, tab('Share and embed')],
    ['form-connect', '/settings/help-desk/channels/connect/form'],
    ['form-submissions', '/settings/help-desk/submissions', '', null, go(sent, async (p) => { await p.locator('[data-submission]').first().waitFor(soon) })],
  ]
}
