// How a person arranges views: which sections are folded, what is hidden, in which order. Pure, so that it can be tested.

import type { View } from '@kanal/api'

/** How a view is shown. */
export interface Look { layout: 'split' | 'table' | 'board'; columns: string[]; sort: string; group: string }
export interface Arrangement { order?: string[]; hidden?: string[]; folded?: string[]; space?: string; looks?: Record<string, Partial<Look>> }

type SectionID = 'work' | 'custom' | 'inboxes' | 'statuses' | 'archive'
export interface Section { id: SectionID; items: View[]; hidden: View[] }

const archive = new Set(['recently_closed', 'closed', 'spam', 'trash'])
const work = ['unassigned', 'mine', 'open', 'mentions', 'following', 'snoozed', 'drafts', 'elsewhere', 'bots']
/** Shown when there is something in them, unless somebody placed them. */
const shy = new Set(['elsewhere', 'drafts', 'snoozed', 'following', 'bots'])

function sectionOf(id: string): SectionID {
  if (id.startsWith('inbox:')) return 'inboxes'
  if (id.startsWith('status:')) return 'statuses'
  if (id.startsWith('custom:')) return 'custom'
  return archive.has(id) ? 'archive' : 'work'
}

/** The sections of the side bar with their views in the person's order. What was never placed stands where it always does, behind what was. */
export function sections(views: View[], a: Arrangement, current?: string): Section[] {
  const hidden = new Set(a.hidden ?? [])
  const place = (v: View, i: number): number => {
    const own = (a.order ?? []).indexOf(v.id)
    if (own >= 0) return own
    const usual = work.indexOf(v.id)
    return 10_000 + (usual >= 0 ? usual : 100 + i)
  }
  const placed = views.map((v, i) => ({ v, at: place(v, i) })).sort((x, y) => x.at - y.at).map((x) => x.v)
  return (['work', 'custom', 'inboxes', 'statuses', 'archive'] as const).map((id) => {
    const all = placed.filter((v) => sectionOf(v.id) === id)
    const away = (v: View) => v.id !== current && (hidden.has(v.id) || (shy.has(v.id) && !v.count && !v.conversations && !(a.order ?? []).includes(v.id)))
    return { id, items: all.filter((v) => !away(v)), hidden: all.filter(away) }
  }).filter((s) => s.items.length + s.hidden.length > 0)
}

/** Moves a view one place up (-1) or down (1) among its section. */
export function moved(a: Arrangement, section: View[], id: string, by: 1 | -1): Arrangement {
  const ids = section.map((v) => v.id)
  const from = ids.indexOf(id)
  const to = from + by
  if (from < 0 || to < 0 || to >= ids.length) return a
  ids.splice(to, 0, ...ids.splice(from, 1))
  return { ...a, order: [...(a.order ?? []).filter((x) => !ids.includes(x)), ...ids] }
}

export function toggled(list: string[] | undefined, id: string): string[] {
  const have = list ?? []
  return have.includes(id) ? have.filter((x) => x !== id) : [...have, id]
}

/** Shows or hides a view; one that hides itself while empty is kept by placing it. */
export function shown(a: Arrangement, id: string, show: boolean): Arrangement {
  const hidden = (a.hidden ?? []).filter((x) => x !== id)
  if (!show) return { ...a, hidden: [...hidden, id] }
  return { ...a, hidden, order: shy.has(id) && !(a.order ?? []).includes(id) ? [...(a.order ?? []), id] : (a.order ?? []) }
}
