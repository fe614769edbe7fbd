import type { Answer, SubmittedFile } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { bytes } from '@/shell/format.ts'
import s from './submissions.module.css'

const text = (v: Answer['value']): string => (Array.isArray(v) ? v.join(', ') : (v ?? ''))

/** What was asked, and what was answered. */
export function Answers({ list, marked = true }: { list: readonly Answer[]; marked?: boolean }) {
  if (!list.length) return <p className={s.dim}>{t('submissions.no_answers')}</p>
  return <dl className={s.answers}>{list.map((a, i) => <div key={i} data-answer={a.field}><dt>{a.label || a.field}{marked && a.hidden ? <> <Tag>{t('forms.hidden_tag')}</Tag></> : null}</dt><dd dir="auto">{text(a.value) || <span className={s.dim}>{t('submissions.unanswered')}</span>}</dd></div>)}</dl>
}

export function Files({ list }: { list: readonly SubmittedFile[] }) {
  if (!list.length) return null
  return <ul className={s.files} aria-label={t('forms.files')}>{list.map((f, i) => <li key={i}><Icon name="clip" size={13} />{f.url ? <a href={f.url} download={f.name}>{f.name}</a> : <span>{f.name}</span>}<span className={s.dim}>{bytes(f.size)}</span></li>)}</ul>
}
