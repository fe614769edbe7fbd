// The chat in pictures: the widget on the shop's page in its states, and the conversation at the desk. The shop is the demo company's customers' page (KANAL_MAILBOX_URL).
import { must } from './lib.mjs'

const soon = { timeout: 8000 }

/** Pictures as shots.mjs takes them: [name, address, kind, before, act]; what act returns is done after the picture. `site`: on the shop's website, by a visitor who has never been there. */
export function chatScreens(v, api, base) {
  const shop = `${process.env.KANAL_MAILBOX_URL ?? ''}/shop`
  const headers = { Origin: base }
  const ask = async (method, path, data) => { const r = await api.fetch(base + path, { method, headers, data }); must(r.ok(), `${method} ${path}: ${r.status()}`); return r.json() }
  const set = async (change) => {
    const { settings } = await ask('GET', `/api/channel-accounts/${v.chatId}`)
    await ask('PATCH', `/api/channel-accounts/${v.chatId}`, { settings: { ...settings, ...change } })
    return () => ask('PATCH', `/api/channel-accounts/${v.chatId}`, { settings })
  }
  const where = (p) => p.frameLocator('kanal-widget iframe')
  const open = async (p) => { await p.locator('kanal-widget button').first().click(soon); await where(p).locator('header h1').waitFor(soon); await p.waitForTimeout(500) }
  const say = async (p, text) => { const box = where(p).locator('.composer textarea'); await box.fill(text, soon); await box.press('Enter'); await where(p).locator('.rows .bubble', { hasText: text }).waitFor(soon); await p.waitForTimeout(700) }
  const said = async (p) => { await open(p); await say(p, 'Hello! Is the Havn 7 in stock, in the small frame?') }
  const newest = async () => (await ask('GET', '/api/tickets?view=open&sort=-created_at&limit=5')).items[0]
  const answered = async (p) => {
    await said(p)
    const t = await newest()
    const thread = (await ask('GET', `/api/tickets/${t.id}`)).threads[0]
    await ask('POST', `/api/threads/${thread.id}/messages`, { type: 'reply', text: 'It is, in green and in black. Shall I put one aside until Friday?', html: '<p>It is, in <b>green</b> and in black. Shall I put one aside until Friday?</p>', quick: [{ label: 'Green, please', value: 'green' }, { label: 'Black, please', value: 'black' }, { label: 'No, thank you', value: 'no' }] })
    await where(p).locator('.rows .bubble', { hasText: 'It is, in' }).waitFor(soon)
    await p.waitForTimeout(700)
  }
  // What is set for a picture is taken back after it.
  const as = (change) => async (p) => { const back = await set(change); await p.reload(); await p.locator('kanal-widget button').first().waitFor(soon); await open(p); return back }
  const never = { timezone: 'Europe/Copenhagen', ranges: [{ days: [((new Date().getUTCDay() + 6) % 7) || 7], from: '03:00', to: '03:05' }], holidays: [] }
  const channel = `/settings/help-desk/channels/${v.chatId}`
  const tab = (id) => [`settings-chat-${id}`, `${channel}#${id}`, '', null, async (p) => { await p.getByRole('tabpanel').first().waitFor(soon); await p.waitForTimeout(800) }]
  const desk = async (p) => {
    const site = await p.context().browser().newContext({ viewport: { width: 1000, height: 800 }, locale: 'en-GB' })
    const visitor = await site.newPage()
    await visitor.goto(shop)
    await answered(visitor)
    await where(visitor).locator('.composer textarea').pressSequentially('Green would be lovely. I could come by on', { delay: 15 })
    const t = await newest()
    await p.goto(`${base}/tickets/open/${t.id}`)
    await p.locator('[data-chat]').waitFor(soon)
    await visitor.keyboard.type(' Thursday', { delay: 60 })
    await p.locator('[data-typing]').first().waitFor(soon)
    p.once('close', () => void site.close())
  }
  return [
    ['widget-closed', shop, 'site', null, async (p) => { await p.locator('kanal-widget button').first().waitFor(soon) }],
    ['widget-welcome', shop, 'site main', null, open], ['widget-conversation', shop, 'site main', null, answered],
    ['widget-bot', `${shop}/help`, 'site', null, async (p) => { await open(p); await p.waitForTimeout(2500) }],
    ['widget-consent', shop, 'site', null, as({ privacy: { consent: 'explicit', tracking: 'after_consent' } })],
    ['widget-away', shop, 'site', null, as({ availability: { mode: 'hours', hours: never, offline: { do: 'return_time' } } })],
    ['widget-offline', shop, 'site', null, async (p) => { await answered(p); await p.context().setOffline(true); await where(p).getByText('No connection.').waitFor(soon); await say(p, 'Green, please. I could come by on Thursday.') }],
    ['chat-conversation', '/tickets/open', 'main', null, desk],
    ['chat-bots', '/tickets/bots', '', null, async (p) => {
      const site = await p.context().browser().newContext({ viewport: { width: 1000, height: 800 }, locale: 'en-GB' })
      const visitor = await site.newPage()
      await visitor.goto(`${shop}/help`)
      await open(visitor)
      await where(visitor).getByRole('button', { name: 'An order' }).click(soon)
      await p.locator('[data-thread]').first().click(soon)
      await p.locator('[data-chat]').waitFor(soon)
      p.once('close', () => void site.close())
    }],
    ...['configure', 'heading', 'availability', 'privacy', 'texts', 'email', 'code'].map(tab),
  ]
}
