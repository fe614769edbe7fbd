// The headings of a grouped list. Rows of one group stand together (the server sorts so); a heading stands where the group changes.

import { maybe, t } from '@/locales/index.ts'
import type { Row } from './model.ts'
import { priorityName } from './marks.tsx'

export function groupOf(row: Row, by: string): { key: string; label: string } {
  const named = (x: { id: string; name: string } | null | undefined, none: string) => (x ? { key: x.id, label: x.name } : { key: '', label: none })
  switch (by) {
    case 'status_id': return { key: row.status_id, label: row.status.name }
    case 'owner_id': return named(row.owner, t('ticket.unassigned'))
    case 'team_id': return named(row.team, t('group.none'))
    case 'inbox_id': return named(row.inbox, t('group.none'))
    case 'priority': return { key: row.priority, label: priorityName(row.priority) }
    case 'channel': return { key: row.channel, label: maybe(`channel.${row.channel}`, row.channel || t('group.none')) }
    case 'language': return { key: row.language ?? '', label: row.language || t('group.none') }
    case 'category': return { key: row.category.toLowerCase(), label: row.category || t('group.none') }
    case 'tags': { const all = (row.tags ?? []).join(', '); return { key: all.toLowerCase(), label: all || t('group.none') } }
    case 'contact.name': return row.contact ? { key: row.contact.id, label: row.contact.name || row.contact.email } : { key: '', label: t('ticket.no_contact') }
    case 'contact.language': return { key: row.person?.language ?? '', label: row.person?.language || t('group.none') }
  }
  const value = by.startsWith('property.') ? row.properties?.[by.slice(9)] : by.startsWith('contact.property.') ? row.person?.properties[by.slice(17)] : undefined
  if (value === undefined || value === null || value === '') return { key: '', label: t('group.none') }
  return { key: String(value), label: value === true ? t('group.yes') : value === false ? t('group.no') : String(value) }
}

export type Item<R> = { kind: 'row'; row: R; at: number } | { kind: 'group'; key: string; label: string }

/** Rows with the headings between them. */
export function withGroups<R>(rows: R[], group: ((r: R) => { key: string; label: string }) | undefined): Item<R>[] {
  const out: Item<R>[] = []
  let last: string | undefined
  rows.forEach((row, at) => {
    const g = group?.(row)
    if (g && g.key !== last) { last = g.key; out.push({ kind: 'group', key: `group ${g.key} ${at}`, label: g.label }) }
    out.push({ kind: 'row', row, at })
  })
  return out
}
