import { t, maybe } from '@/locales/index.ts'
import { stepTitle, typeName } from './describe.ts'
import { diff, type Line, type Place } from './diff.ts'
import type { Definition } from './types.ts'
import s from './chatflows.module.css'

export const placeName = (p: Place): string => (p.kind === 'part' ? maybe(`flow.part.${p.part}`, p.part) : p.step.title ? `${stepTitle(p.step)} (${p.step.id})` : `${typeName(p.step.type)} ${p.step.id}`)

/** quick.1.label.da reads: quick replies 1, label, da */
export const pathName = (path: string): string => path.split('.').map((x) => maybe(`flow.field.${x}`, x)).join(' · ')

const key = (l: Line): string => (l.place.kind === 'part' ? l.place.part : l.place.step.id)

/** CF-23: what changed between two states, by step. */
export function Changes({ from, to }: { from: Definition; to: Definition }) {
  const lines = diff(from, to)
  if (!lines.length) return <p className={s.hint}>{t('flow.no_changes')}</p>
  const groups = [...new Set(lines.map(key))].map((k) => lines.filter((l) => key(l) === k))
  return (
    <ul className={s.changes} data-changes>
      {groups.map((g) => (
        <li key={key(g[0]!)}>
          <strong>{placeName(g[0]!.place)}</strong>
          {g[0]!.what === 'changed'
            ? <dl>{g.map((l) => <div key={l.path}><dt>{pathName(l.path)}</dt><dd>{l.before ? <del dir="auto">{l.before}</del> : null}{l.after ? <ins dir="auto">{l.after}</ins> : null}</dd></div>)}</dl>
            : <span className={s.changeTag} data-what={g[0]!.what}>{t(g[0]!.what === 'added' ? 'flow.was_added' : 'flow.was_removed')}</span>}
        </li>
      ))}
    </ul>
  )
}
