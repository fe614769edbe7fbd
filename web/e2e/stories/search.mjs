// Search, lived in: node web/e2e/stories/search.mjs http://127.0.0.1:8080 against a server with the demo company.
import { base, end, launchMany, must, person, soon, story, team, until } from '../lib.mjs'
import { sendMail } from '../smtp.mjs'

const browser = await launchMany()
const ann = await person(browser)
const { page, api } = ann
const box = page.getByRole('combobox', { name: 'Search' })
const results = page.getByRole('list', { name: 'Results' })
const hits = results.locator('[data-hit]')
const ask = (q) => page.goto(`${base}/search?q=${encodeURIComponent(q)}`)
const found = (q, n = 1) => until(`${q} is in the index`, async () => ((await (await api.get(`${base}/api/search?exact=true&q=${encodeURIComponent(q)}`)).json()).items ?? []).length >= n)

const word = `quokka${Date.now().toString(36).replace(/\d/g, 'x')}`
for (let i = 0; i < 4; i++) await sendMail({ from: 'tilda@lindstrom.example', name: 'Tilda Lindström', to: team, subject: `Two ${word} orders ${i}`, text: `Hello,\n\nplease look at the ${word} number ${i}, it squeaks. The invoices are wrong too.\n\nTilda` })
await found(word, 8)
const ticket = (await (await api.get(`${base}/api/search?q=${word}%20type:ticket`)).json()).items[0]

await story('WS-19: a search from anywhere by /, words marked in subject and text, and what was found: ticket or message', async () => {
  await page.goto(`${base}/tickets/open`)
  await page.locator('#main').waitFor(soon)
  await page.waitForTimeout(500)
  await page.keyboard.press('/')
  await box.waitFor(soon)
  await box.fill(word)
  await hits.first().waitFor(soon)
  must(await results.locator('[data-hit="message"]').count() > 0 && await results.locator('[data-hit="ticket"]').count() > 0, 'messages and tickets were expected')
  must((await results.locator('mark').allInnerTexts()).every((x) => x.toLowerCase().startsWith(word)), 'other words are marked')
  await page.getByText(/\d+ found/).waitFor(soon)
})

await story('WS-19: j and Enter open a hit at its message, lit up', async () => {
  await ask(`${word} squeaks type:message`)
  await hits.first().waitFor(soon)
  await box.press('Escape')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  const href = await page.evaluate(() => document.activeElement?.getAttribute('href') ?? '')
  must(/message=[%2"]*\d+/.test(href), `the focus is not on a hit: ${href}`)
  await page.keyboard.press('Enter')
  await page.locator(`[data-message="${/message=(?:%22)?(\d+)/.exec(href)[1]}"]`).waitFor(soon)
})

await story('WS-19: operators complete themselves, become chips, and are taken out again', async () => {
  await ask(word)
  await hits.first().waitFor(soon)
  await box.fill(`${word} is:op`)
  await page.getByRole('option', { name: 'is:open' }).click(soon)
  const chip = page.getByRole('list', { name: 'Filters of this search' }).getByRole('listitem')
  await chip.first().waitFor(soon)
  must(/is.*open/s.test(await chip.first().innerText()), 'no chip for is:open')
  await page.getByRole('button', { name: 'Remove is:open' }).click()
  await until('the chip goes', async () => await chip.count() === 0)
})

await story('WS-19: facets narrow by kind, and back', async () => {
  await ask(word)
  const kind = page.getByRole('group', { name: 'Kind' }).getByRole('button', { name: /Messages/ })
  await kind.click(soon)
  await page.waitForURL(/type%3Amessage|type:message/)
  await until('messages alone', async () => await results.locator('[data-hit="ticket"]').count() === 0 && await hits.count() > 0)
  must(await kind.getAttribute('aria-pressed') === 'true', 'the filter is not shown as on')
  await kind.click()
  await until('tickets are back', async () => await results.locator('[data-hit="ticket"]').count() > 0)
})

await story('WS-19: a slip in a name is forgiven and said so, with the way back', async () => {
  const slip = word.slice(0, 3) + word[4] + word[3] + word.slice(5)
  await ask(slip === word ? `${word}z` : slip)
  await page.getByText('Showing results for').waitFor(soon)
  await hits.first().waitFor(soon)
  await page.getByText('Search exactly for').locator('button').last().click()
  await page.getByRole('heading', { name: /Nothing found/ }).waitFor(soon)
})

await story('WS-19: another form of a word is found; in quotes it is not', async () => {
  await ask(`invoice ${word}`)
  await hits.first().waitFor(soon)
  await ask(`"invoice" ${word}`)
  await page.getByRole('heading', { name: /Nothing found/ }).waitFor(soon)
})

await story('an operator that makes no sense is told, and mended by one click', async () => {
  await ask(`${word} is:opne`)
  await page.getByText('“opne” is not a value of is:').waitFor(soon)
  await page.getByRole('button', { name: `${word} is:open` }).click()
  await hits.first().waitFor(soon)
  must(await box.inputValue() === `${word} is:open`, 'the box has another search')
})

await story('TK-19: a ticket by its number, and people among the results', async () => {
  await ask(`#${ticket.number}`)
  await hits.first().waitFor(soon)
  must(await hits.count() === 1 && (await hits.first().innerText()).includes(`#${ticket.number}`), 'the ticket alone was expected')
  await ask('tilda lindstrom')
  await page.getByRole('list', { name: 'People' }).getByText('Tilda Lindström').waitFor(soon)
})

await story('recent searches stand in the empty box', async () => {
  await page.goto(`${base}/search`)
  await box.fill(`from:tilda ${word}`)
  await box.press('Enter')
  await hits.first().waitFor(soon)
  await page.goto(`${base}/search`)
  await box.click()
  await page.getByRole('option', { name: `from:tilda ${word}` }).click(soon)
  await hits.first().waitFor(soon)
})

await story('the palette finds tickets by number, people, contacts and pages of the settings', async () => {
  await page.goto(`${base}/tickets/open`)
  await page.locator('#main').waitFor(soon)
  await page.waitForTimeout(500)
  const input = page.getByRole('combobox', { name: /Type a command/ })
  const option = (name) => page.getByRole('option', { name })
  await page.keyboard.press('Control+k')
  await input.waitFor(soon)
  await input.fill(String(ticket.number))
  await option(`Open ticket #${ticket.number}`).waitFor(soon)
  await input.fill('lindstr')
  await option(/Contact: Tilda Lindström/).waitFor(soon)
  await input.fill('sofie')
  await option(/Tickets of Sofie/).waitFor(soon)
  await input.fill('inboxes')
  await option(/Settings: /).first().waitFor(soon)
  await page.keyboard.press('Escape')
})

await end(browser)
