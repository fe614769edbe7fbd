// Every setting of a chat channel and what it changes in the widget: on a website of somebody's, with the code as it is copied. Each line of the table sets
// something and looks at what a fresh visitor gets. Then the screens that set it: preview beside the form, saving, the wizard, the text.
import { base, end, flaws, launchMany, must, person, problems, secondEmail, soon, story, tick, until } from '../lib.mjs'
import { chat, website } from '../site.mjs'

const browser = await launchMany()
setTimeout(() => { console.log('FAIL  the settings take longer than eight minutes'); process.exit(1) }, 480_000).unref()
const ann = await person(browser)
const sofie = await person(browser, { who: secondEmail })
const site = await website(base)
const url = site.page('/shop')
const get = async (p) => (await ann.api.get(base + p)).json()
for (const a of (await get('/api/channel-accounts')).items.filter((x) => x.channel === 'chat')) await ann.api.patch(`${base}/api/channel-accounts/${a.id}`, { data: { active: false }, headers: { Origin: base } })
const { account, ask } = await chat(ann.api, base, { name: 'Settings' })
const mailed = (await get('/api/channel-accounts')).items.find((a) => a.channel === 'email')
const lay = (a, b) => Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((k) => [k, b[k] !== undefined && (typeof b[k] !== 'object' || Array.isArray(b[k]) || typeof a[k] !== 'object') ? b[k] : b[k] !== undefined ? lay(a[k] ?? {}, b[k]) : a[k]]))
const plain = { availability: { mode: 'always', available: { reply_time: 'minutes' } }, heading: { mode: 'users', users: [], teams: [] } }
const set = (over, more = {}) => ask('PATCH', `/api/channel-accounts/${account.id}`, { settings: lay(plain, over), ...more })
const available = (on) => sofie.api.patch(`${base}/api/me`, { data: { available: on }, headers: { Origin: base } })
const toSofie = { assign: { to: 'users', users: [secondEmail], teams: [], available_only: true, by: 'least_open' } }

/** A new visitor on the site: what the server told their browser, the button, and the chat when it is opened. */
async function visit({ locale = 'en-GB', phone = false, headers = {}, at = url } = {}) {
  const context = await browser.newContext({ viewport: phone ? { width: 390, height: 780 } : { width: 1200, height: 800 }, locale, timezoneId: 'Europe/Copenhagen', extraHTTPHeaders: headers })
  const page = await context.newPage()
  page.on('pageerror', (e) => { problems.push(`${page.url()}: ${e.message}`) })
  const told = page.waitForResponse((r) => r.url().endsWith('/widget/hello') && r.request().method() === 'POST', soon)
  await page.goto(at)
  const hello = await (await told).json()
  await page.waitForFunction(() => document.readyState === 'complete')
  const button = page.locator('kanal-widget button').first()
  const frame = page.frameLocator('kanal-widget iframe')
  return { context, page, hello, button, frame, open: async () => { await button.click(soon); await frame.locator('header h1').waitFor(soon) }, end: () => context.close() }
}
const css = (l, name) => l.evaluate((e, n) => getComputedStyle(e)[n], name)
const line = (v) => v.frame.locator('header .line').innerText(soon)
const seen = (v) => v.button.isVisible()
const yesterday = ((new Date().getUTCDay() + 6) % 7) || 7
const closedNow = { timezone: 'Europe/Copenhagen', ranges: [{ days: [yesterday], from: '03:00', to: '03:05' }], holidays: [] }
const tests = []
/** IDs and name, settings, what must be, and how the visitor comes. */
const row = (name, settings, check, how = {}) => tests.push({ name, settings, check, ...how })

row('CH-10: on a website the web surface shows', { surface: 'web' }, async (v) => must(await seen(v), 'no button'))
row('CH-10: the mobile surface shows no button on websites', { surface: 'mobile' }, async (v) => must(!(await seen(v)), 'there is a button'))
row('CH-10: both shows one', { surface: 'both' }, async (v) => must(await seen(v), 'no button'))
row('domains: a website that is not named shows nothing', { domains: ['shop.example'] }, async (v) => must(!(await seen(v)), 'there is a button'))
row('domains: one that is named does', { domains: ['localhost'] }, async (v) => must(await seen(v), 'no button'))
row('CH-05, CH-11: the accent colour is the button’s and the heading’s', { appearance: { color: '#7e22ce' } }, async (v) => {
  must((await css(v.button, 'backgroundColor')) === 'rgb(126, 34, 206)', await css(v.button, 'backgroundColor'))
  await v.open()
  must((await css(v.frame.locator('header'), 'backgroundColor')) === 'rgb(126, 34, 206)', 'the heading has another')
})
row('CH-11: without one it is the company’s', { appearance: { color: '' } }, async (v) => must((await css(v.button, 'backgroundColor')) === 'rgb(15, 118, 110)', await css(v.button, 'backgroundColor')), { before: () => ask('PATCH', '/api/settings/company', { color: '#0f766e' }) })
row('CH-05: the font', { appearance: { font: 'mono' } }, async (v) => { await v.open(); must(/mono/i.test(await css(v.frame.locator('header h1'), 'fontFamily')), await css(v.frame.locator('header h1'), 'fontFamily')) })
row('CH-06: the position', { appearance: { position: 'left', offset_x: 44, offset_y: 66 } }, async (v) => {
  const b = await v.button.boundingBox()
  must(Math.round(b.x) === 44 && Math.round(800 - b.y - b.height) === 66, JSON.stringify(b))
})
row('CH-03: a button of words, in the visitor’s language', { appearance: { launcher: 'text', launcher_text: { en: 'Ask us', da: 'Spørg os' } } }, async (v) => must((await v.button.innerText()) === 'Ask us', await v.button.innerText()))
row('CH-03: another picture on the button', { appearance: { launcher: 'question' } }, async (v) => must(v.hello.account.launcher === 'question' && (await v.button.locator('path').getAttribute('d')).startsWith('M9 9'), 'the same picture'))
row('no button on phones', { appearance: { phone: 'hide' } }, async (v) => must(!(await seen(v)), 'there is one'), { phone: true })
row('but elsewhere', { appearance: { phone: 'hide' } }, async (v) => must(await seen(v), 'there is none'))
row('sound is off and cannot be turned on', { appearance: { sound: false } }, async (v) => { await v.open(); must(v.hello.account.sound === false && (await v.frame.getByRole('button', { name: 'More' }).count()) === 0, 'the menu offers sound') })
row('sound is on', { appearance: { sound: true } }, async (v) => { await v.open(); await v.frame.getByRole('button', { name: 'More' }).click(soon); await v.frame.getByRole('menuitem', { name: 'Turn sound off' }).waitFor(soon) })
row('the title of the page stays', { appearance: { title_flash: false } }, async (v) => must(v.hello.account.title_flash === false, JSON.stringify(v.hello.account)))
row('no files', { files: { enabled: false } }, async (v) => { await v.open(); must((await v.frame.getByRole('button', { name: 'Attach files' }).count()) === 0, 'files can be attached') })
row('files up to a size', { files: { enabled: true, max_mb: 3 } }, async (v) => { await v.open(); await v.frame.getByRole('button', { name: 'Attach files' }).waitFor(soon); must(v.hello.files.max_bytes === 3 << 20, `${v.hello.files.max_bytes}`) })
row('no emoji', { emoji: false }, async (v) => { await v.open(); must((await v.frame.getByRole('button', { name: 'Emoji' }).count()) === 0, 'emoji are offered') })
row('typing and reading are not told', { typing: false, read: false, typing_preview: false }, async (v) => must(v.hello.typing === false && v.hello.read === false && v.hello.account.typing_preview === false, JSON.stringify(v.hello.account)))
row('a message into a closed conversation begins a new one', { closed: 'new' }, async (v) => must(v.hello.account.closed === 'new', JSON.stringify(v.hello.account)))
row('CO-11: the widget speaks the visitor’s language', { language: 'auto' }, async (v) => must(v.hello.texts.locale.startsWith('da'), v.hello.texts.locale), { locale: 'da-DK', lang: 'da' })
row('CO-11: or one', { language: 'fi' }, async (v) => { await v.open(); must(v.hello.texts.locale === 'fi', v.hello.texts.locale) })
row('CO-11: a text of one’s own', { texts: { en: { write: 'Type here, please' } } }, async (v) => { await v.open(); await v.frame.getByPlaceholder('Type here, please').waitFor(soon) })
row('CH-12: users at the top, by their first names', { heading: { users: ['mette@nordlys.example', secondEmail], teams: [], show: 3 } }, async (v) => { await v.open(); const n = await v.frame.locator('header h1').innerText(); must(/Mette/.test(n) && /Sofie/.test(n) && !/@/.test(JSON.stringify(v.hello)), n) })
row('CH-12: at most so many', { heading: { users: ['mette@nordlys.example', secondEmail], show: 1 } }, async (v) => must(v.hello.heading.people.length === 1, JSON.stringify(v.hello.heading)))
row('CH-12: the available ones first', { heading: { users: ['mette@nordlys.example', secondEmail], show: 1, prefer_available: true } }, async (v) => must(v.hello.heading.people[0].name === 'Mette', JSON.stringify(v.hello.heading)), { before: () => available(false), after: () => available(true) })
row('CH-12, CH-14: a team, named by the language', { heading: { users: [], teams: [(await get('/api/teams')).items[0].slug] }, language: 'da' }, async (v) => must(/ hos /.test(v.hello.heading.name), v.hello.heading.name))
row('CH-13: the owner, and for who is new the fallback', { heading: { mode: 'owner', fallback: { users: ['mette@nordlys.example'] } } }, async (v) => must(/Mette/.test(v.hello.heading.name), v.hello.heading.name))
row('CH-15: a name and picture of one’s own', { heading: { mode: 'custom', name: { en: 'The bike crew' }, avatar: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' } }, async (v) => { await v.open(); must((await v.frame.locator('header h1').innerText()) === 'The bike crew', 'another name'); must(v.hello.heading.avatar.startsWith('data:image/png') || v.hello.heading.avatar.startsWith('/') || v.hello.heading.avatar.startsWith('http'), 'no picture') })
row('CH-20: a typical reply time', { availability: { available: { reply_time: 'hours' } } }, async (v) => { await v.open(); must(/within a few hours/.test(await line(v)), await line(v)) })
row('CH-20: in one’s own words', { availability: { available: { reply_time: 'text', text: { en: 'Before your coffee is cold' } } } }, async (v) => { await v.open(); must(/coffee/.test(await line(v)), await line(v)) })
row('CH-20: none measured yet, none claimed', { availability: { available: { reply_time: 'measured' } } }, async (v) => must(v.hello.availability.reply_time === '', JSON.stringify(v.hello.availability)))
row('CH-17, CH-21, RT-24: away, with a message', { availability: { mode: 'users', away: { do: 'message', text: { en: 'Out for a ride' } } } }, async (v) => { await v.open(); must(v.hello.availability.state === 'away' && /Out for a ride/.test(await line(v)), await line(v)) }, { more: toSofie, before: () => available(false) })
row('CH-21: away, shown as usual', { availability: { mode: 'users', away: { do: 'show' } } }, async (v) => must(v.hello.availability.state === 'away' && v.hello.availability.text === '' && (await seen(v)), JSON.stringify(v.hello.availability)), { more: toSofie })
row('CH-21: away, and no button', { availability: { mode: 'users', away: { do: 'hide' } } }, async (v) => must(!(await seen(v)), 'there is a button'), { more: toSofie })
row('CH-19: always is always', { availability: { mode: 'always' } }, async (v) => must(v.hello.availability.state === 'available', JSON.stringify(v.hello.availability)), { more: toSofie, after: () => available(true) })
row('CH-18, CH-22: offline, and when the team is back', { availability: { mode: 'hours', hours: closedNow, offline: { do: 'return_time' } } }, async (v) => { await v.open(); must(v.hello.availability.state === 'offline' && /\d:\d\d/.test(await line(v)), await line(v)) })
row('CH-22: offline, with a message', { availability: { mode: 'hours', hours: closedNow, offline: { do: 'message', text: { en: 'We sleep' } } } }, async (v) => { await v.open(); must(/We sleep/.test(await line(v)), await line(v)) })
row('CH-22: offline, and no button', { availability: { mode: 'hours', hours: closedNow, offline: { do: 'hide' } } }, async (v) => must(!(await seen(v)), 'there is a button'))
row('CH-18: a holiday with hours of its own opens', { availability: { mode: 'hours', hours: { ...closedNow, holidays: [{ date: new Date().toISOString().slice(0, 10), name: 'Sale', ranges: [{ from: '00:00', to: '24:00' }] }], timezone: 'UTC' } } }, async (v) => must(v.hello.availability.state === 'available', JSON.stringify(v.hello.availability)))
row('CO-04: consent that is explicit is asked for first', { privacy: { consent: 'explicit', text: { en: 'May we keep this?' }, tracking: 'after_consent' } }, async (v) => { await v.open(); await v.frame.getByText('May we keep this?').waitFor(soon); must((await v.frame.getByRole('textbox', { name: 'Write a message' }).count()) === 0, 'one can write before answering') })
row('CO-09: who declines is answered politely and can go back', { privacy: { consent: 'explicit', declined: { en: 'Fine with us.' } } }, async (v) => { await v.open(); await v.frame.locator('.consent button').nth(1).click(soon); await v.frame.getByText('Fine with us.').waitFor(soon); must((await v.frame.locator('.consent').count()) === 0, 'it asks again') })
row('CO-04: implicit consent is a notice', { privacy: { consent: 'implicit', text: { en: 'Writing is agreeing.' } } }, async (v) => { await v.open(); await v.frame.getByText('Writing is agreeing.').waitFor(soon); await v.frame.getByRole('textbox', { name: 'Write a message' }).waitFor(soon) })
row('TR-11: pages are not kept, no browser is known', { privacy: { tracking: 'off' } }, async (v) => must(!v.hello.visitor, JSON.stringify(v.hello.visitor)))
row('TR-11: pages are kept', { privacy: { tracking: 'on' } }, async (v) => must(!!v.hello.visitor?.id, 'no browser is known'))
row('the transcript is not offered', { email: { transcript: 'never' } }, async (v) => must(v.hello.transcript === 'never', v.hello.transcript))
row('CH-06, CH-29: the address that mail leaves from', { email: { account: mailed.slug, unseen_after_seconds: 30, transcript: 'always' } }, async (v) => must(v.hello.transcript === 'always' && (await get(`/api/channel-accounts/${account.id}`)).settings.email.account === mailed.slug, 'it is not kept'))
row('the channel is off', {}, async (v) => must(!(await seen(v)), 'there is a button'), { more: { active: false }, undo: { active: true } })

for (const x of tests) {
  await story(x.name, async () => {
    await x.before?.()
    await set(x.settings, x.more)
    const v = await visit({ phone: x.phone, locale: x.locale, at: x.lang ? site.page(`/${x.lang}`, { lang: x.lang }) : url })
    try { await x.check(v) } finally { await v.end(); await x.after?.(); if (x.undo) await set({}, x.undo) }
  })
}

await story('CH-23, CP-01, CP-02: when everybody has as many chats as they may, who comes waits with a place in the queue, sees no button, or notices nothing', async () => {
  await available(true)
  const full = { mode: 'users', capacity: { limit: 1, do: 'wait', text: { en: 'Hold on' }, position: true } }
  await set({ availability: full }, { ...toSofie, ticket: { create: 'always' } })
  const first = await visit()
  await first.open()
  await first.frame.getByRole('textbox', { name: 'Write a message' }).fill('I am the first')
  await first.frame.getByRole('button', { name: 'Send', exact: true }).click()
  await first.frame.getByText('I am the first').waitFor(soon)
  await until('there is room', async () => (await get(`/api/channel-accounts/${account.id}/availability`)).facts.state === 'capacity')
  const second = await visit()
  must(second.hello.availability.state === 'capacity' && second.hello.availability.text === 'Hold on' && second.hello.availability.position === 1, JSON.stringify(second.hello.availability))
  await second.open()
  must(/Hold on/.test(await line(second)), await line(second))
  await set({ availability: { ...full, capacity: { limit: 1, do: 'hide' } } })
  const third = await visit()
  must(!(await seen(third)), 'there is a button')
  must(await first.button.isVisible(), 'CH-33: who has a conversation keeps the button')
  await set({ availability: { ...full, capacity: { limit: 1, do: 'nothing' } } })
  const fourth = await visit()
  must(fourth.hello.availability.state === 'available', JSON.stringify(fourth.hello.availability))
  for (const v of [first, second, third, fourth]) await v.end()
})

await story('AV-10, CH-21: the state changes in an open widget without a reload', async () => {
  await set({ availability: { mode: 'users', away: { do: 'message', text: { en: 'Out for a ride' } }, available: { reply_time: 'text', text: { en: 'Right away' } } } }, toSofie)
  await available(true)
  const v = await visit()
  await v.open()
  await v.frame.locator('header .line', { hasText: 'Right away' }).waitFor(soon)
  await v.frame.getByRole('textbox', { name: 'Write a message' }).fill('Hello there')
  await v.frame.getByRole('button', { name: 'Send', exact: true }).click()
  await v.frame.getByText('Hello there').waitFor(soon)
  const other = await visit()
  await other.open()
  await other.frame.locator('header .line', { hasText: 'Right away' }).waitFor(soon)
  await available(false)
  await other.frame.locator('header .line', { hasText: 'Out for a ride' }).waitFor(soon)
  await available(true)
  await other.frame.locator('header .line', { hasText: 'Right away' }).waitFor(soon)
  for (const x of [v, other]) await x.end()
})

const page = ann.page
const settings = async (path) => { await page.goto(`${base}/settings/${path}`); await page.locator('main h1').first().waitFor(soon) }
const inside = () => page.frameLocator('[data-preview] iframe')

await story('CH-24, CH-07: the preview shows the very widget, on either device and in every state, before anything is saved', async () => {
  await set({ availability: { mode: 'hours', away: { do: 'message', text: { en: 'Out for a ride' } } } })
  await settings(`help-desk/channels/${account.id}`)
  await inside().locator('header h1').waitFor(soon)
  await page.getByRole('button', { name: 'Colour #be123c' }).click()
  await page.waitForFunction(() => getComputedStyle(document.querySelector('[data-preview] button[data-launcher]')).backgroundColor === 'rgb(190, 18, 60)', null, soon)
  must((await css(inside().locator('header'), 'backgroundColor')) === 'rgb(190, 18, 60)', 'the frame has another colour')
  await page.getByRole('textbox', { name: 'Colour', exact: true }).fill('#ffee00')
  await page.getByText('hard to see on a white page').waitFor(soon)
  await page.getByRole('radiogroup', { name: 'Device' }).getByText('Phone').click()
  await page.locator('[data-preview][data-device="phone"]').waitFor(soon)
  const state = page.getByRole('combobox', { name: 'State' }).or(page.getByRole('textbox', { name: 'State' })).first()
  for (const [name, words] of [['Away', /Out for a ride/], ['Offline', /Back/], ['At capacity', /number 2/], ['Available', /./]]) {
    await state.click()
    await page.getByRole('option', { name, exact: true }).click()
    await inside().locator('header .line', { hasText: words }).waitFor(soon)
  }
})

await story('CH-05, CH-18: what is set is saved, refused where it stands, and holds for visitors', async () => {
  await settings(`help-desk/channels/${account.id}`)
  await page.getByRole('tab', { name: 'Availability' }).click()
  await tick(page.getByRole('radio', { name: 'In operating hours' }))
  await page.getByRole('button', { name: 'Add hours' }).click()
  const last = page.getByRole('group', { name: /^Opening hours \d/ }).last()
  await last.getByLabel('From').fill('22:00')
  await last.getByLabel('To', { exact: true }).fill('22:00')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('has no length').first().waitFor(soon)
  await last.getByLabel('To', { exact: true }).fill('06:00')
  await last.getByText('until the next day').waitFor(soon)
  await page.getByRole('button', { name: 'Add a day' }).click()
  await page.getByLabel('Name of the day').fill('Inventory')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved', { exact: true }).first().waitFor(soon)
  const kept = (await get(`/api/channel-accounts/${account.id}`)).settings.availability.hours
  must(kept.ranges.at(-1).from === '22:00' && kept.ranges.at(-1).to === '06:00' && kept.holidays[0].name === 'Inventory', JSON.stringify(kept))
  const v = await visit()
  const { facts } = await get(`/api/channel-accounts/${account.id}/availability`) // what the night before leaves of the inventory's day depends on the time
  must(v.hello.availability.state === facts.state && v.hello.availability.state !== 'away', JSON.stringify([v.hello.availability, facts]))
  await v.end()
})

await story('CO-11: the same text in two languages, and a text of the widget found and changed', async () => {
  await set({})
  await settings(`help-desk/channels/${account.id}`)
  await page.getByRole('tab', { name: 'Texts' }).click()
  await page.getByLabel('Find a text').fill('write a message')
  await page.getByRole('textbox', { name: 'Your text for “Write a message” in English' }).fill('Say it here')
  await inside().getByPlaceholder('Say it here').waitFor(soon)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved', { exact: true }).first().waitFor(soon)
  const v = await visit()
  await v.open()
  await v.frame.getByPlaceholder('Say it here').waitFor(soon)
  await v.end()
})

await story('CH-08, CH-25, TR-02, TR-03, TR-13: the code can be copied, sent to a developer, and is found on the website', async () => {
  await settings(`help-desk/channels/${account.id}#code`)
  await page.reload()
  await page.getByText('/kanal.js').first().waitFor(soon)
  await page.getByRole('textbox', { name: 'Address of a page' }).fill(url)
  await page.getByRole('button', { name: 'Look' }).click()
  await page.getByRole('status').getByText(/The code is there|cannot be reached/).first().waitFor({ timeout: 20_000 }) // loopback may be refused to a server that fetches what people type
  await page.getByRole('textbox', { name: 'Address', exact: true }).fill('dev@studio.example')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('Sent to dev@studio.example').waitFor(soon)
})

await story('CO-01, CO-03: data privacy is a switch of the company and the default of new channels', async () => {
  await settings('company')
  await tick(page.getByRole('switch', { name: 'Data privacy' }))
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved', { exact: true }).first().waitFor(soon)
  const made = await ask('POST', '/api/channel-accounts', { channel: 'chat', name: 'Private', inbox_id: account.inbox_id, settings: {} })
  must(made.settings.privacy.consent === 'explicit' && made.settings.privacy.tracking === 'after_consent', JSON.stringify(made.settings))
  await settings(`help-desk/channels/${made.id}#privacy`)
  await page.reload()
  await page.getByText('This is no legal advice').waitFor(soon)
  await ask('PATCH', '/api/settings/company', { data_privacy: false })
  await ask('PATCH', `/api/channel-accounts/${made.id}`, { active: false })
})

await story('CH-01, CH-04, CF-03: connecting a chat makes its first chatflow, live on the website', async () => {
  await ask('PATCH', `/api/channel-accounts/${account.id}`, { active: false })
  await settings('help-desk/channels/connect/chat')
  const title = page.locator('main h1')
  await page.getByLabel('Name').first().fill('Shop chat')
  for (let i = 0; i < 6 && !(await title.innerText()).includes('connected'); i++) {
    const before = await title.innerText()
    await page.locator('main').getByRole('button', { name: /^(Continue|Connect and finish)$/ }).click()
    await page.waitForFunction((b) => document.querySelector('main h1').innerText !== b, before, soon)
  }
  await page.getByText('is connected to it and live').waitFor(soon)
  const v = await visit()
  must(await seen(v), 'nothing shows on the website')
  must(v.hello.flow, 'no chatflow')
  await v.end()
})

await story('XC-01: every tab is clean in light and dark and on a phone', async () => {
  await ask('PATCH', `/api/channel-accounts/${account.id}`, { active: true })
  const found = []
  for (const [width, scheme] of [[1440, 'light'], [390, 'dark']]) {
    const me = await person(browser, { width, scheme, height: 900 })
    await me.page.goto(`${base}/settings/help-desk/channels/${account.id}`)
    for (const tab of ['Configure', 'Heading', 'Availability', 'Privacy', 'Texts', 'Email', 'Chatflows', 'Tracking code']) {
      await me.page.getByRole('tab', { name: tab, exact: true }).click()
      await me.page.getByRole('tabpanel').first().waitFor(soon)
      if (tab === 'Availability') await tick(me.page.getByRole('radio', { name: 'In operating hours' }))
      found.push(...await flaws(me.page, `${tab} ${width} ${scheme}`, { part: { include: ['main'], exclude: [['iframe']] } }))
    }
    await me.context.close()
  }
  must(found.length === 0, found.join('\n'))
})

await end(browser, site)
