// What the search over settings finds: every page and every field that was declared, by its name, by other words, and by where it stands.

import type { Permission } from '@kanal/api'
import type { IconName } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { settingsPages } from './registry.ts'

export interface SettingsEntry { path: string; field?: string; label: string; within: string; icon: IconName; words: string }

export function settingsEntries(can: (p: Permission) => boolean): SettingsEntry[] {
  const out: SettingsEntry[] = []
  for (const p of settingsPages()) {
    if (p.nav === false || (p.needs && !can(p.needs))) continue
    const within = p.under ? t(p.under) : ''
    out.push({ path: p.path, label: t(p.title), within, icon: p.icon, words: p.words ? t(p.words) : '' })
    for (const f of p.fields ?? []) {
      if (f.needs && !can(f.needs)) continue
      out.push({ path: p.path, field: f.id, label: t(f.label), within: t(p.title), icon: p.icon, words: f.words ? t(f.words) : '' })
    }
  }
  return out
}

/** Every word of the question must be in the entry; what begins with it comes first, then names before other words. */
export function foundBy(all: readonly SettingsEntry[], question: string): SettingsEntry[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return []
  const rank = (e: SettingsEntry): number => {
    const name = e.label.toLowerCase()
    const text = `${name} ${e.within.toLowerCase()} ${e.words.toLowerCase()}`
    if (!words.every((w) => text.includes(w))) return -1
    return (name.startsWith(words[0]!) ? 0 : words.every((w) => name.includes(w)) ? 1 : 2) + (e.field ? 0.5 : 0)
  }
  return all.map((e) => [rank(e), e] as const).filter(([r]) => r >= 0).sort((a, b) => a[0] - b[0]).map(([, e]) => e)
}
