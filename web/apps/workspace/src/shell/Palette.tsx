import { Modal } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Icon, Keys } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { useSuggestions } from '@/features/search/index.ts'
import { useSpaces, useViews, viewIcon, viewName } from '@/features/views/index.ts'
import { t, useLocale } from '@/locales/index.ts'
import { actionContext, allActions, keysOf, useActionContext, type Group } from './actions.ts'
import s from './palette.module.css'

interface Entry { id: string; label: string; icon: Parameters<typeof Icon>[0]['name']; shortcut?: string; words?: string; quiet?: boolean; run(): void }

/** A page of the settings, as their registry has it. */
type SettingsPages = Awaited<typeof import('@/features/settings/index.ts')>

/** What is nearest to the work comes first. */
const order: Group[] = ['flow', 'composer', 'ticket', 'list', 'go', 'general']

/** Everything that can be done here and now, by typing a few letters of it. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} padding={0} size={560} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label={t('palette.title')}>{opened ? <Inner onClose={onClose} /> : null}</Modal.Content>
    </Modal.Root>
  )
}

function Inner({ onClose }: { onClose: () => void }) {
  useLocale()
  const ctx = useActionContext()
  const views = useViews()
  const spaces = useSpaces()
  const [q, setQ] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLUListElement>(null)
  const users = useUsers()
  const [settings, setSettings] = useState<SettingsPages | null>(null)
  useEffect(() => { void import('@/features/settings/index.ts').then(setSettings) }, [])
  const [asked, setAsked] = useState('')
  useEffect(() => { const timer = setTimeout(() => setAsked(q.trim()), 150); return () => clearTimeout(timer) }, [q])
  const things = useSuggestions(asked, asked.length > 1)
  const entries = useMemo<Entry[]>(() => [
    ...allActions().filter((a) => !a.quiet && a.when(ctx)).sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group)).map((a) => ({ id: a.id, label: t(a.label), icon: a.icon ?? 'right' as const, ...(a.shortcut ? { shortcut: a.shortcut } : {}), run: () => a.run(actionContext()) })),
    ...views.filter((v) => v.id.includes(':')).map((v) => ({ id: `view.${v.id}`, label: t('palette.view', { name: viewName(v) }), icon: viewIcon(v.id), run: () => ctx.navigate(`/tickets/${encodeURIComponent(v.id)}`) })),
    ...(spaces?.spaces.length ? [{ id: '', name: t('spaces.all') }, ...spaces.spaces].map((x) => ({ id: `space.${x.id}`, label: t('palette.space', { name: x.name }), icon: 'team' as const, run: () => void import('@/features/spaces/index.ts').then((m) => m.enterSpace(x.id)) })) : []),
    ...(settings?.settingsEntries((p) => !!ctx.session?.permissions.includes(p)) ?? [])
      .map((e) => ({ id: `settings.${e.path}.${e.field ?? ''}`, label: t('palette.setting', { name: e.field ? `${e.within}: ${e.label}` : e.label }), words: e.words, icon: e.icon, run: () => ctx.navigate(`/settings/${e.path}${e.field ? `#${e.field}` : ''}`) })),
    ...users.filter((u) => u.active).map((u) => ({ id: `user.${u.id}`, label: t('palette.person', { name: u.name }), icon: 'user' as const, quiet: true, run: () => ctx.navigate(`/search?q=${encodeURIComponent(`is:open owner:"${u.name}"`)}`) })),
  ], [ctx, views, spaces, settings, users])
  const found = useMemo(() => {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean)
    const hits = entries.filter((e) => (words.length > 0 || !e.quiet) && words.every((w) => `${e.label} ${e.words ?? ''}`.toLowerCase().includes(w)))
    const text = q.trim()
    const extra: Entry[] = text === '' ? [] : [{ id: 'search', label: t('palette.search', { q: text }), icon: 'search', run: () => ctx.navigate(`/search?q=${encodeURIComponent(text)}`) }]
    const number = /^#?(\d{1,12})$/.exec(text)
    if (number) extra.unshift({ id: 'number', label: t('palette.ticket', { number: number[1]! }), icon: 'inbox', run: () => ctx.navigate(`/ticket/${number[1]}`) })
    const opens = things.filter((x) => (x.kind === 'ticket' || x.kind === 'contact') && !(number && String(x.number) === number[1]))
      .map((x): Entry => x.kind === 'ticket' ? { id: `ticket.${x.ticket_id}`, label: `#${x.number} ${x.label}`, icon: 'inbox', run: () => ctx.navigate(`/ticket/${x.number}`) }
        : { id: `contact.${x.contact_id}`, label: t('palette.contact', { name: x.label }), icon: 'user', run: () => ctx.navigate(`/contacts/${x.contact_id}`) })
    return [...(number ? extra : []), ...hits, ...(text === '' ? [] : opens), ...(number ? [] : extra)]
  }, [q, entries, ctx, things])
  useEffect(() => setAt(0), [q])
  useEffect(() => { list.current?.children[at]?.scrollIntoView({ block: 'nearest' }) }, [at])
  const run = (e: Entry | undefined) => { if (!e) return; onClose(); setTimeout(() => e.run()) }
  return (
    <div className={s.palette}>
      <div className={s.head}>
        <Icon name="search" />
        <input
          data-autofocus className={s.input} value={q} placeholder={t('palette.placeholder')} aria-label={t('palette.placeholder')} role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={found[at] ? `p-${found[at].id}` : undefined}
          onChange={(e) => setQ(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown') { e.preventDefault(); setAt((i) => Math.min(found.length - 1, i + 1)) }
            if (e.key === 'ArrowUp') { e.preventDefault(); setAt((i) => Math.max(0, i - 1)) }
            if (e.key === 'Enter') { e.preventDefault(); run(found[at]) }
          }}
        />
      </div>
      <ul ref={list} id="palette-list" role="listbox" aria-label={t('palette.title')} className={s.list}>
        {found.map((e, i) => (
          <li key={e.id} id={`p-${e.id}`} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => run(e)}>
            <Icon name={e.icon} /><span className="k-cut">{e.label}</span>{e.shortcut ? <Keys keys={keysOf(e.shortcut)} /> : null}
          </li>
        ))}
      </ul>
    </div>
  )
}
