// Every page of the settings, declared in pages.ts: the navigation, the routes, the search and the palette follow from this one list.

import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { Permission } from '@kanal/api'
import type { IconName } from '@kanal/ui'
import { withMore, type Key } from '@/locales/index.ts'

/** Where a page stands. GEN-10: the help desk's channels are under Inbox & Help Desk → Help Desk → Ticket sources and routing. */
export type SettingsGroup = 'me' | 'company' | 'helpdesk' | 'inbox' | 'data' | 'system'

/** What pages get: the parts of their path that are named with $. */
export interface SettingsPageProps { params: Record<string, string> }

/** One thing that can be set on a page. Its element carries `data-setting={id}`: the search jumps there and lights it up. */
export interface SettingsField { id: string; label: Key; words?: Key; needs?: Permission }

export interface SettingsPage {
  /** below /settings, with $names for what varies: 'help-desk/channels/$accountId' */
  path: string
  group: SettingsGroup
  /** a small heading inside the group */
  under?: Key
  title: Key
  icon: IconName
  /** who does not have it neither sees nor finds the page; the server refuses anyway */
  needs?: Permission
  /** other words a person may search for, separated by commas */
  words?: Key
  fields?: readonly SettingsField[]
  /** false: reached from another page, not from the navigation */
  nav?: boolean
  /** a page of many rows takes the whole width */
  wide?: boolean
  /** an editor: the page has the whole window, without the navigation of the settings */
  full?: boolean
  Page: LazyExoticComponent<ComponentType<SettingsPageProps>>
}

type Declared = Omit<SettingsPage, 'Page'> & { load: () => Promise<ComponentType<SettingsPageProps>> }

const pages: SettingsPage[] = []

/** Declares a page: `load: () => import('@/features/x/index.ts').then((m) => m.XSettings)`. */
export function defineSettingsPage({ load, ...page }: Declared): void {
  pages.push({ ...page, Page: lazy(withMore(async () => ({ default: await load() }))) })
}

export const settingsPages = (): readonly SettingsPage[] => pages

/** The page of an address below /settings. Words win over names: 'channels/connect' over 'channels/$accountId'. */
export function matchSettings(path: string, all: readonly SettingsPage[] = pages): { page: SettingsPage; params: Record<string, string> } | null {
  const parts = path.split('/').filter(Boolean)
  let best: { page: SettingsPage; params: Record<string, string>; named: number } | null = null
  for (const page of all) {
    const want = page.path.split('/')
    if (want.length !== parts.length) continue
    const params: Record<string, string> = {}
    let fits = true
    for (const [i, w] of want.entries()) {
      if (w.startsWith('$')) params[w.slice(1)] = decodeURIComponent(parts[i]!)
      else if (w !== parts[i]) fits = false
    }
    const named = Object.keys(params).length
    if (fits && (!best || named < best.named)) best = { page, params, named }
  }
  return best
}
