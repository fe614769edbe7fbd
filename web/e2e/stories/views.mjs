// Views and lists: the side bar, filters, saved views, table and split, groups, picking many, and how fast a list of 10,000 answers.
import { base, end, flaws, launchMany, mail, must, person, secondEmail, soon, story, tick, unique, until } from '../lib.mjs'

const browser = await launchMany()
const ann = await person(browser)
const bo = await person(browser, { who: secondEmail })
const list = async (p, path) => { await p.page.goto(base + path); await p.page.locator('[data-ticket]').first().waitFor(soon) }
const item = (p, view) => p.page.locator(`nav [data-view="${view}"]`)
const countOf = async (p, view) => Number((await item(p, view).innerText()).replace(/\D/g, '') || 0)
const pref = async (p) => (await (await p.api.get(`${base}/api/me/preferences`)).json()).views ?? {}
const filter = (f) => encodeURIComponent(JSON.stringify(f))

await story('WS-05, WS-31: the counts of the side bar follow what happens, without a reload', async () => {
  await list(ann, '/tickets/open')
  await until('no count of open tickets', async () => (await countOf(ann, 'open')) > 0)
  const before = await countOf(ann, 'open')
  await mail(unique('Counted'))
  await until('the count of open tickets did not grow', async () => (await countOf(ann, 'open')) === before + 1)
})

await story('WS-06: sections fold, views are hidden and moved, and it is all there after a reload', async () => {
  await ann.page.getByRole('button', { name: 'Inboxes', exact: true }).click()
  must(await item(ann, 'inbox:').count() === 0, 'nothing folded')
  await ann.page.getByRole('button', { name: 'Arrange views' }).click()
  await tick(ann.page.getByRole('checkbox', { name: 'Mentions' }), false)
  await ann.page.getByRole('button', { name: 'Move Mine up' }).click()
  await ann.page.getByRole('button', { name: 'Done' }).click()
  await until('the arrangement is not kept', async () => { const v = await pref(ann); return v.hidden?.includes('mentions') && v.folded?.includes('inboxes') && v.order?.[0] === 'mine' })
  await ann.page.reload()
  await item(ann, 'mine').waitFor(soon)
  must(await item(ann, 'mentions').count() === 0, 'a hidden view is there')
  const first = await ann.page.locator('nav [data-view]').first().getAttribute('data-view')
  must(first === 'mine', `${first} stands first`)
  must(await ann.page.getByRole('button', { name: 'Inboxes', exact: true }).getAttribute('aria-expanded') === 'false', 'the section is open again')
  await ann.page.getByRole('button', { name: 'Inboxes', exact: true }).click()
})

const saved = unique('Waiting and urgent')
await story('WS-06: a filter built by keyboard shows in words, and is saved as a view with its count', async () => {
  const p = ann.page
  await list(ann, '/tickets/open')
  await p.keyboard.press('Shift+F')
  const dialog = p.getByRole('dialog', { name: 'Filter' })
  await dialog.waitFor(soon)
  await until('the first field is not where one begins', () => dialog.getByLabel('Field').first().evaluate((el) => el === document.activeElement))
  await p.keyboard.type('Priority')
  await p.keyboard.press('Tab')
  await dialog.getByLabel('Comparison for Priority').selectOption('in')
  await dialog.getByLabel('Value for Priority').click()
  await p.keyboard.type('High')
  await p.keyboard.press('ArrowDown')
  await p.keyboard.press('Enter')
  await p.keyboard.press('Escape')
  if (!(await dialog.count())) await p.keyboard.press('Shift+F')
  await dialog.getByRole('status').filter({ hasText: /ticket/ }).waitFor(soon)
  await dialog.getByRole('button', { name: 'Show' }).click()
  await p.getByRole('button', { name: /^Priority is any of High/ }).waitFor(soon)
  must(p.url().includes('filter='), 'the filter is not in the address')
  await p.getByRole('button', { name: 'Save as view' }).click()
  await p.getByRole('textbox', { name: 'Name' }).fill(saved)
  await tick(p.getByRole('radio', { name: 'Everyone' }))
  await p.getByRole('button', { name: 'Save', exact: true }).click()
  await p.getByRole('heading', { name: saved }).waitFor(soon)
  const id = new URL(p.url()).pathname.split('/').pop()
  await item(ann, decodeURIComponent(id)).waitFor(soon)
  await p.locator('[data-ticket]').first().waitFor(soon)
  const n = await (await ann.api.get(`${base}/api/tickets/count?view=${id}`)).json()
  await until('the side bar counts otherwise', async () => (await item(ann, decodeURIComponent(id)).innerText()).trim().endsWith(String(n.count)))
})

await story('WS-06, WS-31: a shared view appears at a colleague\'s side by itself; who may not share cannot change it', async () => {
  await list(bo, '/tickets/open')
  const link = bo.page.locator('nav [data-view^="custom:"]', { hasText: saved })
  await link.waitFor(soon)
  await link.click()
  await bo.page.getByRole('heading', { name: saved }).waitFor(soon)
  const views = (await (await bo.api.get(`${base}/api/custom-views`)).json()).items
  const v = views.find((x) => x.name === saved)
  if (!v.editable) must((await bo.api.patch(`${base}/api/custom-views/${v.id}`, { data: { name: 'Taken' }, headers: { Origin: base } })).status() === 403, 'a view of others was changed')
})

await story('WS-06: a view that is changed can be updated or the change dropped; removed, it goes from both', async () => {
  const p = ann.page
  await p.getByRole('button', { name: /^Remove Priority/ }).click()
  await p.getByRole('button', { name: 'Discard' }).click()
  await p.getByRole('button', { name: /^Priority is any of High/ }).waitFor(soon)
  await p.getByRole('button', { name: /^Remove Priority/ }).click()
  await p.getByRole('button', { name: 'Update view' }).click()
  await p.getByText(`${saved} is updated`).waitFor(soon)
  must(await p.getByRole('button', { name: /^Priority is any of/ }).count() === 0, 'the condition is still there')
  await p.getByRole('button', { name: `More about ${saved}` }).click()
  await p.getByRole('menuitem', { name: 'Remove view' }).click()
  await p.getByRole('button', { name: 'Remove view' }).click()
  await p.getByRole('heading', { name: 'All open' }).waitFor(soon)
  await until('the view is still at the side', async () => (await bo.page.locator('nav [data-view^="custom:"]', { hasText: saved }).count()) === 0)
})

await story('WS-04: table and split by one key; columns sort and are picked; groups stand together; kept for the person', async () => {
  const p = ann.page
  await list(ann, '/tickets/open')
  await p.keyboard.press('v')
  await p.getByRole('table').waitFor(soon)
  await p.getByRole('columnheader', { name: 'Subject' }).getByRole('button').click()
  await until('not sorted by subject', async () => (await p.getByRole('columnheader', { name: 'Subject' }).getAttribute('aria-sort')) === 'ascending')
  await until('the rows are not in order', async () => {
    const subjects = (await p.locator('[data-ticket] > span:first-child').allInnerTexts()).slice(0, 12).map((x) => x.toLowerCase()).filter((s) => /^[ -~]+$/.test(s))
    return subjects.length > 3 && subjects.join() === [...subjects].sort().join()
  })
  await p.keyboard.press('Shift+D')
  await p.getByLabel('Group by').selectOption({ label: 'Owner' })
  await tick(p.getByRole('checkbox', { name: 'Number' }))
  await p.keyboard.press('Escape')
  await p.getByRole('columnheader', { name: 'Number' }).waitFor(soon)
  const groups = p.getByRole('table').locator('[role=row] > [role=cell][aria-colspan]')
  await groups.first().waitFor(soon)
  const heads = await groups.allInnerTexts()
  must(new Set(heads).size === heads.length, `a group stands in two places: ${heads.join(', ')}`)
  await until('the look is not kept', async () => { const l = (await pref(ann)).looks?.open; return l?.layout === 'table' && l.group === 'owner_id' && l.columns?.includes('number') })
  await p.reload()
  await p.getByRole('columnheader', { name: 'Number' }).waitFor(soon)
  await p.getByRole('table').locator('[data-ticket]').first().click()
  await p.locator('[role="log"] [data-message]').first().waitFor(soon)
  await p.keyboard.press('u')
  await p.getByRole('table').waitFor(soon)
  await p.keyboard.press('Shift+D')
  await p.getByRole('button', { name: 'As usual' }).click()
  await p.keyboard.press('Escape')
})

await story('WS-31: in a table too nothing moves while new work arrives; a pill tells of it', async () => {
  const p = ann.page
  await list(ann, '/tickets/open')
  await p.keyboard.press('v')
  await p.getByRole('table').waitFor(soon)
  const box = await p.locator('[data-ticket]').nth(3).boundingBox()
  await p.mouse.move(box.x + 20, box.y + 10)
  const before = await p.locator('[data-ticket]').nth(3).getAttribute('data-ticket')
  const subject = unique('Held back in a table')
  await mail(subject)
  const pill = p.getByRole('button', { name: /new or changed/ })
  await pill.waitFor(soon)
  must(await p.locator('[data-ticket]').nth(3).getAttribute('data-ticket') === before, 'the rows moved under the pointer')
  await pill.click()
  await p.locator('[data-ticket]', { hasText: subject }).waitFor(soon)
  await p.keyboard.press('v')
})

await story('WS-17: x, shift and click, * and Escape pick rows', async () => {
  const p = ann.page
  await list(ann, '/tickets/closed')
  const boxes = p.locator('[data-row] input[type=checkbox]')
  const picked = (n, what) => until(what, async () => (await p.locator('[data-row] input:checked').count()) === (typeof n === 'number' ? n : await n()))
  await p.locator('[data-row]').nth(1).hover()
  await tick(boxes.nth(1))
  await p.locator('[data-row]').nth(4).click({ modifiers: ['Shift'], position: { x: 200, y: 20 } })
  await p.getByRole('toolbar').getByRole('status').filter({ hasText: '4' }).waitFor(soon)
  await picked(4, 'not 4 are picked')
  await p.locator('[data-row] a').nth(2).focus()
  await p.keyboard.press('x')
  await picked(3, 'x did not drop one')
  await p.keyboard.press('Escape')
  await picked(0, 'Escape did not clear')
  await p.keyboard.press('*')
  await p.getByRole('toolbar').waitFor(soon)
  await picked(() => p.locator('[data-row]').count(), '* did not pick what is shown')
  await p.keyboard.press('Escape')
})

await story('WS-08: a comment shows as one, and who else looks at a ticket is marked in its row', async () => {
  await list(ann, '/tickets/open')
  const row = ann.page.locator('[data-row]').nth(2)
  const id = await row.getAttribute('data-row')
  const ticket = await (await ann.api.get(`${base}/api/tickets/${id}`)).json()
  const text = unique('Called the workshop')
  const res = await ann.api.post(`${base}/api/threads/${ticket.threads[0].id}/messages`, { data: { type: 'comment', text }, headers: { Origin: base } })
  must(res.ok(), `comment: ${res.status()}`)
  await ann.page.locator(`[data-row="${id}"]`, { hasText: text }).waitFor(soon)
  await bo.page.goto(`${base}/tickets/open/${id}`)
  await ann.page.locator(`[data-row="${id}"] [title^="Also here"]`).waitFor(soon)
})

await story('an empty list says why and what to do; a list that cannot be read says so and tries again', async () => {
  const p = ann.page
  await p.goto(`${base}/tickets/open?filter=${filter({ all: [{ field: 'subject', op: 'contains', value: 'no such words anywhere' }] })}`)
  await p.getByRole('heading', { name: 'Nothing passes this filter' }).waitFor(soon)
  await p.getByRole('button', { name: 'Drop the filter' }).click()
  await p.locator('[data-ticket]').first().waitFor(soon)
  await p.route('**/api/tickets?*', (r) => r.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify({ status: 500, reason: 'internal', detail: 'Something went wrong.' }) }))
  await p.goto(`${base}/tickets/spam`)
  await p.getByRole('button', { name: 'Try again' }).waitFor(soon)
  await p.unroute('**/api/tickets?*')
  await p.getByRole('button', { name: 'Try again' }).click()
  await p.getByRole('button', { name: 'Try again' }).waitFor({ state: 'detached', ...soon })
})

await story('WS-09: a view that is not shared with me is not there', async () => {
  const made = await (await ann.api.post(`${base}/api/custom-views`, { data: { name: 'Private', filter: { field: 'status_state', op: 'is', value: 'open' } }, headers: { Origin: base } })).json()
  must((await bo.api.get(`${base}/api/custom-views/${made.id}`)).status() === 404, 'a private view is told')
  must((await bo.api.get(`${base}/api/tickets?view=custom:${made.id}`)).status() === 404, 'a private view is listed')
  await bo.page.goto(`${base}/tickets/custom:${made.id}`)
  await bo.page.getByRole('heading', { name: 'This view is gone' }).waitFor(soon)
  await ann.api.delete(`${base}/api/custom-views/${made.id}`, { headers: { Origin: base } })
})

for (const [scheme, width] of [['light', 1440], ['dark', 1440], ['dark', 390]]) {
  await story(`WS-28: axe finds nothing in lists and their dialogs, ${scheme}, ${width} px`, async () => {
    const p = await person(browser, { scheme, width, height: width < 500 ? 844 : 900 })
    const found = []
    const look = async (where) => found.push(...await flaws(p.page, where))
    await list(p, `/tickets/open?filter=${filter({ any: [{ field: 'priority', op: 'in', value: ['high', 'medium'] }, { field: 'created_at', op: 'within_days', value: 90 }] })}`)
    await look('list')
    await p.page.keyboard.press('*')
    await look('picked')
    await p.page.keyboard.press('Escape')
    await p.page.keyboard.press('Shift+F')
    await p.page.getByRole('dialog').waitFor(soon)
    await look('filter')
    await p.page.keyboard.press('Escape')
    await p.page.getByRole('button', { name: 'Save as view' }).click()
    await look('save')
    await p.page.keyboard.press('Escape')
    await p.page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
    await p.page.keyboard.press('Shift+D')
    await p.page.getByRole('dialog').waitFor(soon)
    await look('display')
    await p.page.keyboard.press('Escape')
    await p.page.getByRole('dialog').waitFor({ state: 'detached', ...soon })
    if (width > 900) {
      await p.page.keyboard.press('v')
      await p.page.getByRole('table').waitFor(soon)
      await look('table')
      await p.page.keyboard.press('v')
      await p.page.getByRole('table').waitFor({ state: 'detached', ...soon })
      await until('the look is not kept', async () => (await pref(p)).looks?.open?.layout !== 'table')
      await p.page.getByRole('button', { name: 'Arrange views' }).click()
      await look('arrange')
    }
    must(found.length === 0, found.join('\n'))
    await p.context.close()
  })
}

// A list of 10,000, measured by the browser's own event timing: from the key or the click to the next paint. Reported, not judged.
await story('a list of 10,000: how long an interaction takes until it is painted', async () => {
  const p = await person(browser)
  const page = p.page
  const real = (await (await p.api.get(`${base}/api/tickets?view=open&limit=50`)).json()).items
  const fake = (i) => ({ ...real[i % real.length], id: String(9_000_000_000_000 + i), number: 500_000 + i, subject: `${i} ${real[i % real.length].subject}`, last_activity_at: new Date(Date.now() - i * 60_000).toISOString() })
  await page.route('**/api/tickets?*', (r) => {
    const q = new URL(r.request().url()).searchParams
    const from = Number(q.get('cursor') || 0)
    const n = q.get('limit') === '50' ? 500 : Number(q.get('limit') || 50) // fewer and longer pages: the story is about what is on the screen
    return r.fulfill({ contentType: 'application/json', body: JSON.stringify({ items: Array.from({ length: Math.min(n, 10_000 - from) }, (_, i) => fake(from + i)), next: from + n < 10_000 ? String(from + n) : '' }) })
  })
  await page.route(/\/api\/tickets\/90\d+/, (r) => r.continue({ url: r.request().url().replace(/90\d{11}/, real[0].id) }))
  for (const layout of ['split', 'table']) {
    await list(p, '/tickets/open')
    if (await page.getByRole('table').isVisible() !== (layout === 'table')) await page.keyboard.press('v')
    await page.getByRole('table').waitFor({ state: layout === 'table' ? 'visible' : 'detached', ...soon })
    await page.evaluate(async () => {
      const el = [...document.querySelectorAll('section > div')].find((x) => getComputedStyle(x).overflowY === 'auto')
      const rows = () => { const row = document.querySelector('[data-row]'); return row ? Math.round(el.scrollHeight / row.getBoundingClientRect().height) : 0 }
      for (const end = Date.now() + 90_000; rows() < 9_990 && Date.now() < end;) {
        el.scrollTop = el.scrollHeight
        await new Promise((r) => setTimeout(r, 25))
      }
      globalThis.took = []
      new PerformanceObserver((l) => { for (const e of l.getEntries()) if (e.interactionId) globalThis.took.push([`${globalThis.doing} ${e.name}`, e.duration]) }).observe({ type: 'event', durationThreshold: 16, buffered: false })
    })
    const rows = await page.evaluate(() => Math.round([...document.querySelectorAll('section > div')].find((x) => getComputedStyle(x).overflowY === 'auto').scrollHeight / document.querySelector('[data-row]').getBoundingClientRect().height))
    must(rows >= 9_990, `only ${rows} rows are loaded`)
    const doing = (what) => page.evaluate((w) => { globalThis.doing = w }, what)
    await doing('walking')
    for (let i = 0; i < 12; i++) { await page.keyboard.press('k'); await page.waitForTimeout(90) }
    await doing('picking')
    for (let i = 0; i < 6; i++) { await page.keyboard.press('x'); await page.waitForTimeout(60); await page.keyboard.press('j'); await page.waitForTimeout(90) }
    await doing('picking all')
    await page.keyboard.press('*'); await page.waitForTimeout(250)
    await page.keyboard.press('Escape'); await page.waitForTimeout(250)
    await doing('filter window')
    await page.keyboard.press('Shift+F'); await page.waitForTimeout(500)
    await page.keyboard.press('Escape'); await page.waitForTimeout(250)
    const all = await page.evaluate(() => globalThis.took)
    const took = all.map(([, d]) => d).sort((a, b) => a - b)
    const slow = took.length ? took[Math.min(took.length - 1, Math.ceil(took.length * 0.98) - 1)] : 0
    console.log(`      ${layout}, ${rows} rows: ${took.length} interactions over 16 ms, longest ${took.at(-1) ?? 0} ms, 98 of 100 within ${slow} ms; by kind: ${Object.entries(all.reduce((m, [k, d]) => ({ ...m, [k]: Math.max(m[k] ?? 0, d) }), {})).map(([k, d]) => `${k} ${d}`).join(', ')}`)
  }
  await p.context.close()
})

await end(browser)
