// A website for stories about the chat: pages made from a few words, on an origin that is not Kanal's. Each page may have a policy, a style, scripts before the
// tracking code, another number of codes, or none.
import { createServer } from 'node:http'

/** Serves pages until close(). page(path, { head, body, csp, code, headers }) defines one and gives its address. */
export async function website(kanal) {
  const pages = new Map()
  const tag = (nonce = '') => `<script async defer${nonce && ` nonce="${nonce}"`} src="${kanal}/kanal.js"></script>`
  const server = createServer((req, res) => {
    const path = new URL(req.url, 'http://x').pathname
    const p = pages.get(path)
    if (!p) { res.writeHead(404, { 'Content-Type': 'text/html' }); res.end('<!doctype html><title>Nothing here</title>'); return }
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...(p.csp && { 'Content-Security-Policy': p.csp }), ...p.headers })
    res.end(`<!doctype html><html lang="${p.lang ?? 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${p.title ?? 'Nordlys Outdoor'}</title>${p.head ?? ''}</head>
<body>${p.body ?? '<main><h1>Tents and lamps</h1><p>Everything for a night outside.</p><a href="#terms">Terms</a></main>'}
${p.code ?? tag(p.nonce)}</body></html>`)
  })
  await new Promise((ok) => server.listen(0, '127.0.0.1', ok))
  const origin = `http://localhost:${server.address().port}`
  return { origin, tag, page(path, p = {}) { pages.set(path, p); return origin + path }, close: () => new Promise((ok) => { server.closeAllConnections(); server.close(ok) }) }
}

/** A chat channel with one live chatflow on every page, by the API of a signed-in administrator. What the demo company has of its own is switched off: one chatflow wins a page. */
export async function chat(api, base, { name = `Website ${Date.now().toString(36)}`, settings = {}, definition = {} } = {}) {
  const headers = { Origin: base }
  const ask = async (method, path, data) => {
    const res = await api.fetch(base + path, { method, headers, data })
    if (!res.ok()) throw new Error(`${method} ${path}: ${res.status()} ${await res.text()}`)
    return res.status() === 204 ? null : res.json()
  }
  for (const f of (await ask('GET', '/api/chatflows')).items) if (f.active) await ask('PATCH', `/api/chatflows/${f.id}`, { version: f.version, active: false })
  const account = await ask('POST', '/api/channel-accounts', { channel: 'chat', name, new_inbox: { name: `${name} chat` }, settings: { availability: { mode: 'always' }, ...settings } })
  const made = await ask('POST', '/api/chatflows', { account_id: account.id, kind: 'live_chat', name })
  const full = await ask('GET', `/api/chatflows/${made.id}`)
  const draft = full.draft ?? full.definition
  await ask('PUT', `/api/chatflows/${made.id}/draft`, { version: full.version, definition: { ...draft, texts: { en: { welcome: 'Hello! What can we do for you?' } }, trigger: { on: 'load', value: 0, then: 'button' }, ...definition } })
  await ask('POST', `/api/chatflows/${made.id}/publish`, { note: 'story' })
  return { account, flow: made, ask }
}
