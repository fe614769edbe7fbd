import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, type HeldSkill, type Skill, type SkillList, type SkillUses } from '@kanal/api'
import { languageName } from '@/features/conditions/index.ts'
import { t } from '@/locales/index.ts'

export const skillsQuery = queryOptions({ queryKey: ['skills'], queryFn: () => get<SkillList>('/api/skills') })
export const usesQuery = (slug: string) => queryOptions({ queryKey: ['skills', 'uses', slug], queryFn: () => get<SkillUses>(`/api/skills/${slug}/uses`) })
export const heldQuery = (user: string) => queryOptions({ queryKey: ['skills', 'of', user], queryFn: async () => (await get<{ items: HeldSkill[] }>(`/api/users/${user}/skills`)).items })

const none: SkillList = { items: [], languages: [] }
export const useSkills = (): SkillList => useQuery(skillsQuery).data ?? none

/** What a rule that names "language" asks for: whatever the customer writes in. */
const ofTheMessage = 'language'

export function skillName(list: SkillList, slug: string): string {
  if (slug === ofTheMessage) return t('skills.of_message')
  if (list.languages.includes(slug)) return languageName(slug)
  return list.items.flatMap((c) => c.skills).find((k) => k.slug === slug)?.name || slug
}

/** Every skill that may be chosen, by category; languages all of them. */
export function skillOptions(list: SkillList, message: boolean): { group: string; items: { value: string; label: string }[] }[] {
  const own = list.items.filter((c) => !c.built_in && c.skills.length).map((c) => ({ group: c.name, items: c.skills.map((k: Skill) => ({ value: k.slug, label: k.name })) }))
  const languages = list.languages.map((l) => ({ value: l, label: languageName(l) })).sort((a, b) => a.label.localeCompare(b.label))
  return [...own, { group: categoryName(list, 'language'), items: message ? [{ value: ofTheMessage, label: t('skills.of_message') }, ...languages] : languages }]
}

export const categoryName = (list: SkillList, slug: string): string => list.items.find((c) => c.slug === slug)?.name || (slug === 'language' ? t('skills.languages') : slug)
