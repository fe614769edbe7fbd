import { maybe, t, type Key } from '@/locales/index.ts'
import type { News } from './model.ts'

/** A piece of news in a sentence. */
export function sentenceOf(n: News): string {
  if (n.kind === 'held_digest') return t('news.held_digest', { n: n.data.count ?? 0 })
  const nobody = `news.${n.kind}_nobody`
  if (!n.actor_name && maybe(nobody, '') !== '') return t(nobody as Key)
  return t(`news.${n.kind}` as Key, { actor: n.actor_name, name: n.data.name ?? '' })
}
