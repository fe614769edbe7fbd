// The first hour of an installation, in a browser: node e2e/first.mjs SETUP-LINK against a fresh `kanal serve` (KANAL_SMTP_PORT its mail port).
import { failures, launchMany, must, story, tick } from './lib.mjs'
import { sendMail } from './smtp.mjs'

const link = process.argv[2]
const base = new URL(link).origin
const soon = { timeout: 30_000 }
const browser = await launchMany()
const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' })
const page = await context.newPage()
const thrown = []
page.on('pageerror', (e) => thrown.push(e.message))

await story('the setup link makes the owner, and works once', async () => {
  await page.goto(link)
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada Owner')
  await page.getByRole('textbox', { name: 'Email address' }).fill('ada@new.example')
  await page.locator('input[name=password]').fill('a long enough sentence')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Unassigned' }).waitFor(soon)
  must((await page.evaluate(() => fetch('/api/session').then((r) => r.json()))).user.role === 'owner', 'not the owner')
  const second = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await second.goto(link)
  await second.getByText(/no longer works/).first().waitFor(soon)
  await second.context().close()
})

await story('the empty workspace says what to do next, wherever one looks', async () => {
  for (const view of ['unassigned', 'open', 'mine']) {
    await page.goto(`${base}/tickets/${view}`)
    await page.getByText('No mail arrives here yet').waitFor(soon)
    await page.getByText(/becomes a ticket here/).waitFor(soon)
  }
  const steps = page.getByRole('region', { name: 'First steps' })
  for (const step of ['Name your company', 'Connect where customers write', 'Invite your colleagues', 'Say who gets new tickets']) await steps.getByRole('link', { name: step }).waitFor(soon)
  await steps.getByText('0 of 4 done').waitFor(soon)
  await page.getByRole('button', { name: 'Connect a channel' }).click()
  await page.getByRole('heading', { name: 'Channels' }).waitFor(soon)
})

await story('the first channel is connected, and says that its mail must be forwarded', async () => {
  await page.getByRole('link', { name: 'Connect a channel' }).first().click()
  await page.getByRole('radio', { name: /^Team email/ }).click(soon)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('radio', { name: /^Address hosted by Kanal/ }).click(soon)
  const on = () => page.getByRole('button', { name: 'Continue' }).click()
  await on()
  await tick(page.getByRole('checkbox'))
  await on()
  await page.getByRole('textbox', { name: 'Address', exact: true }).fill('help@new.example')
  await on(); await on(); await on()
  await page.getByRole('button', { name: 'Connect and finish' }).click()
  await page.getByText(/One step is left: forward help@new.example/).waitFor(soon)
  await page.goto(`${base}/tickets/open`)
  await page.getByRole('link', { name: 'Connect where customers write – done' }).waitFor(soon)
})

await story('the first mail becomes the first ticket', async () => {
  await page.goto(`${base}/tickets/open`)
  await page.getByText('No open tickets').waitFor(soon)
  await sendMail({ from: 'first@customers.example', name: 'First Customer', to: 'help@new.example', subject: 'My first question', text: 'Hello there' })
  await page.locator('[data-ticket]', { hasText: 'My first question' }).click(soon)
  await page.locator('[data-message]', { hasText: 'Hello there' }).waitFor(soon)
  must(thrown.length === 0, thrown.join('\n'))
})

await browser.close()
process.exit(failures() ? 1 : 0)
