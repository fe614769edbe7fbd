// Every address of the workspace, read from the router and from the list of settings pages: what is added there is walked by itself.
import { readFileSync } from 'node:fs'

const source = (path) => readFileSync(new URL(`../apps/workspace/src/${path}`, import.meta.url), 'utf8')

/** The patterns of the router, `/tickets/$view/$ticketId`, without those that only redirect. */
export function patterns() {
  const routes = new Map()
  for (const m of source('shell/router.tsx').matchAll(/const (\w+) = createRoute\(\{\s*getParentRoute: \(\) => (\w+), (?:path: '([^']*)'|id: '[^']*'),\s*(\w+)/g)) routes.set(m[1], { parent: m[2], path: m[3] ?? '', page: m[3] !== undefined && m[4] === 'component' })
  const declared = source('shell/router.tsx').match(/= createRoute\(/g).length
  if (routes.size !== declared) throw new Error(`the router declares ${declared} routes, ${routes.size} of them could be read: mend e2e/routes.mjs`)
  const full = (name) => { const r = routes.get(name); return r ? `${full(r.parent)}/${r.path}` : '' }
  const settings = [...source('features/settings/pages.ts').matchAll(/^defineSettingsPage\(\{ path: '([^']+)'/gm)].map((m) => m[1])
  if (settings.length !== source('features/settings/pages.ts').match(/^defineSettingsPage\(/gm).length) throw new Error('a settings page could not be read: mend e2e/routes.mjs')
  const out = []
  for (const [name, r] of routes) {
    const path = full(name).replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
    if (!r.page || path === '') continue
    if (path.endsWith('/$')) out.push(...settings.map((p) => path.slice(0, -1) + p))
    else out.push(path)
  }
  return [...new Set(out)]
}

/** The patterns with what varies filled in. A name nobody knows is an error: say here what stands for it. */
export function filled(values) {
  return patterns().map((p) => p.replace(/\$(\w+)/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`e2e/routes.mjs: nothing stands for $${name} of ${p}`)
    return encodeURIComponent(values[name])
  }))
}

/** What stands for the names, from a demo company. */
export async function samples(api, base) {
  const get = async (path) => (await (await api.get(base + path)).json()).items ?? []
  const tickets = await get('/api/tickets?view=open&limit=30')
  const ticket = tickets.find((t) => t.message_count > 2) ?? tickets[0]
  const inboxes = await get('/api/inboxes')
  let thread
  for (const i of inboxes) thread ??= (await get(`/api/threads?inbox_id=${i.id}`))[0]
  return { view: 'open', ticketId: ticket.id, number: ticket.number, threadId: thread?.id ?? '0', contactId: ticket.contact_id ?? (await get('/api/contacts?limit=1'))[0].id, accountId: (await get('/api/channel-accounts'))[0].id, chatId: (await get('/api/channel-accounts')).find((a) => a.channel === 'chat')?.id ?? '0', flowId: (await get('/api/chatflows')).find((f) => f.kind === 'bot')?.id ?? '0', formId: (await get('/api/forms'))[0]?.id ?? '0', channel: 'email' }
}
