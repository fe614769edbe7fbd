// Whether people are there: the status menu, weekly hours, out of office, a manager's switch with its notice in the other browser, idling, business hours with a holiday.
import { ask, base, clean, end, launchMany, must, out, person, secondEmail, soon, story, until } from '../lib.mjs'

const browser = await launchMany()
setTimeout(() => { console.log('FAIL  the stories of availability take longer than six minutes'); process.exit(1) }, 360_000).unref()
const mette = await person(browser)
const sofie = await person(browser, { who: secondEmail })
const boss = (method, path, data) => ask(mette, method, path, data)
const own = (method, path, data) => ask(sofie, method, path, data)
const settled = (fn, what) => until(what, fn)
const mine = () => own('GET', '/api/me/availability')
const menu = async (page) => { await page.getByRole('button', { name: /^Your menu/ }).click(soon); await page.getByRole('menuitem', { name: 'My availability' }).waitFor(soon) }
const utc = (d) => new Date(Date.now() + d * 86_400_000).toISOString().slice(0, 10)
const yesterday = ((new Date().getUTCDay() + 5) % 7) + 1
const closed = { timezone: 'UTC', ranges: [{ days: [yesterday], from: '03:00', to: '03:05' }], holidays: [] }
const open = { timezone: 'UTC', ranges: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }], holidays: [] }

await story('AV-03: the status menu says how one stands and sets away for half an hour', async () => {
  const page = sofie.page
  await page.goto(`${base}/tickets/all`)
  await menu(page)
  await page.getByRole('menuitem', { name: 'Away for 30 minutes' }).click(soon)
  await settled(async () => { const a = await mine(); return !a.available && a.by === 'manual' && a.until && a.next?.available }, 'she is not away until then')
  await menu(page)
  await page.getByText(/available again at/).waitFor(soon)
  await page.getByRole('menuitem', { name: 'Set me available' }).click(soon)
  await settled(async () => (await mine()).available, 'she is not back')
})

await story('AV-03: a choice for a while ends by itself, in the open browser too', async () => {
  await own('PUT', '/api/me/availability', { available: false, until: new Date(Date.now() + 1500).toISOString() })
  await sofie.page.goto(`${base}/settings/my-availability`)
  await sofie.page.getByRole('button', { name: 'Set me away', exact: true }).waitFor(soon)
  must((await mine()).available, 'the choice did not end')
})

await story('AV-04: outside of one’s weekly hours one is away, and may choose otherwise', async () => {
  await own('PUT', '/api/me/hours', { hours: closed, calendar: '' })
  await sofie.page.getByText('outside the weekly hours').first().waitFor(soon)
  await sofie.page.getByRole('button', { name: 'Set me available', exact: true }).click(soon)
  await settled(async () => { const a = await mine(); return a.available && a.by === 'manual' }, 'the choice does not hold')
  await clean(sofie.page, 'my availability')
  await sofie.page.screenshot({ path: `${out}availability-mine.png`, fullPage: true })
  const keep = sofie.page.getByRole('switch', { name: 'Keep weekly hours' })
  await keep.click(soon)
  await sofie.page.getByRole('button', { name: 'Save hours' }).click(soon)
  await settled(async () => (await mine()).hours === null, 'the hours are still kept')
})

await story('AV-05: out of office today: away at once, back when it is taken away', async () => {
  const page = sofie.page
  await page.getByRole('textbox', { name: 'Why' }).fill('Dentist')
  await page.getByRole('button', { name: 'Add absence' }).click(soon)
  await settled(async () => { const a = await mine(); return !a.available && a.by === 'out_of_office' && a.note === 'Dentist' }, 'not away')
  await page.getByRole('button', { name: /^Remove the absence from/ }).click(soon)
  await settled(async () => (await mine()).available, 'not back')
})

await story('AV-06: a manager switches somebody, who is told who and why, and switches back', async () => {
  const page = mette.page
  await sofie.page.goto(`${base}/tickets/all`)
  await page.goto(`${base}/settings/availability`)
  await page.getByRole('button', { name: /^Set away: Sofie/ }).click(soon)
  await page.getByRole('dialog').getByRole('textbox', { name: 'Why' }).fill('Training until noon')
  await page.getByRole('dialog').getByRole('button', { name: 'Set away' }).click(soon)
  const told = sofie.page.getByRole('alert').filter({ hasText: 'set you away' })
  await told.getByText('Training until noon').waitFor(soon)
  await clean(sofie.page, 'the notice')
  await settled(async () => (await own('GET', '/api/notifications')).items.some((n) => n.kind === 'switched'), 'no notification')
  await told.getByRole('button', { name: 'Switch back' }).click(soon)
  await settled(async () => { const a = await mine(); return a.available && a.by === 'manual' }, 'not switched back')
  await page.getByRole('button', { name: /^Set away: Sofie/ }).waitFor(soon)
  await clean(page, 'team availability')
  await page.screenshot({ path: `${out}availability-team.png`, fullPage: true })
})

await story('AV-13: the log and the totals, one’s own for everybody, all for a manager, as a table too', async () => {
  const log = await own('GET', '/api/availability/log')
  must(log.items.length > 5 && log.items.some((x) => x.by === 'manager' && x.note === 'Training until noon'), 'the log lacks what was')
  const me = (await mine()).user_id
  must(log.items.every((x) => x.user_id === me), 'she reads of others')
  const sums = await boss('GET', `/api/availability/totals?from=${utc(-1)}&to=${utc(0)}&timezone=UTC`)
  must(sums.items.some((x) => x.user_id === me && x.available_ms > 0), 'no totals')
  const csv = await mette.api.get(`${base}/api/availability/totals.csv?from=${utc(-1)}&to=${utc(0)}`)
  must((await csv.text()).startsWith('day,timezone,name,email,available_minutes'), 'no table')
})

await story('AV-11: the setting that sends people away who are not seen', async () => {
  const page = mette.page
  await page.goto(`${base}/settings/business-hours`)
  const field = page.getByRole('textbox', { name: 'Minutes without a sign' })
  await field.fill('5')
  await page.locator('[data-setting="idle"]').getByRole('button', { name: 'Save' }).click(soon)
  await settled(async () => (await mine()).idle_minutes === 5, 'not set')
  await sofie.page.goto(`${base}/tickets/all`)
  const sign = sofie.page.waitForRequest((r) => r.url().endsWith('/api/me/seen'), soon)
  await settled(async () => { await sofie.page.mouse.move(200 + Math.random() * 50, 300); return (await mine()).seen_at }, 'no sign was noted')
  await sign
  await boss('PUT', '/api/settings/idle', { minutes: 0 })
})

await story('AV-07, AV-09: business hours with a calendar: a holiday closes them', async () => {
  const page = mette.page
  await page.getByRole('button', { name: 'Add calendar' }).click(soon)
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).first().fill('Test holidays')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click(soon)
  await page.getByText('Days: 0').waitFor(soon)
  await boss('PUT', '/api/business-hours/around-the-clock', { name: 'Around the clock', schedule: open, calendars: ['test-holidays'] })
  const row = page.locator('[data-setting="business_hours"] li').filter({ hasText: 'Around the clock' })
  await row.getByText('Open', { exact: true }).waitFor(soon)
  const ics = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', `DTSTART;VALUE=DATE:${utc(0).replaceAll('-', '')}`, `DTEND;VALUE=DATE:${utc(1).replaceAll('-', '')}`, 'SUMMARY:Founders’ day', 'END:VEVENT', 'END:VCALENDAR'].join('\r\n')
  const got = await boss('POST', '/api/holiday-calendars/test-holidays/import', { file: ics })
  must(got.added === 1, `added ${got.added}`)
  await row.getByText('Closed', { exact: true }).waitFor(soon)
  await clean(page, 'business hours')
  await page.screenshot({ path: `${out}availability-hours.png`, fullPage: true })
  const gone = await mette.api.delete(`${base}/api/holiday-calendars/test-holidays`, { headers: { Origin: base } })
  must(gone.status() === 409, `a calendar that is kept was deleted: ${gone.status()}`)
})

await end(browser)
