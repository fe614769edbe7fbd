import { Button, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import { post, type AssignPolicy, type Assignment, type Candidate, type ConditionOp } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { languageName, said, useRoutingFields } from '@/features/conditions/index.ts'
import { skillName, useSkills } from '@/features/skills/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { unfinishedPolicy } from './model.ts'
import s from './routing.module.css'

interface Found { field: string; op: ConditionOp; values?: string[] | null; have: string[] | null; holds: boolean }
type Person = Candidate & { load?: number; limit?: number; missing?: string[] | null }
export interface Tried { assignment: Omit<Assignment, 'candidates'> & { candidates: Person[] | null }; rules: { name: string; off: boolean; holds: boolean; found: Found[] | null }[] | null; language: string }

/** SK-08: what these rules would do with a ticket that is there, or with one that is only typed; nothing is saved. */
export function TryRule({ policy, account, inbox }: { policy: AssignPolicy; account: string | null; inbox: string | null }) {
  const heading = useId()
  const skills = useSkills()
  const [open, setOpen] = useState(false)
  const [kind, setKind] = useState<'sample' | 'ticket'>('sample')
  const [number, setNumber] = useState('')
  const [sample, setSample] = useState({ subject: '', text: '', language: '', email: '' })
  const [got, setGot] = useState<Tried | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const put = (part: Partial<typeof sample>) => setSample((x) => ({ ...x, ...part }))
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      setGot(await post<Tried>('/api/routing/try', { policy, ...(account ? { channel_account_id: account } : {}), ...(inbox ? { inbox_id: inbox } : {}), ...(kind === 'ticket' ? { ticket: number.replace('#', '').trim() } : { sample }) }))
    } catch (err) { setGot(null); setError(err) } finally { setBusy(false) }
  }
  const fault = unfinishedPolicy(policy)
  if (!open) return <div><Button variant="default" leftSection={<Icon name="search" size={14} />} onClick={() => setOpen(true)}>{t('routing.try')}</Button></div>
  return (
    <section className={s.try} aria-labelledby={heading} data-setting="routing.try">
      <div className={s.part}><h3 id={heading}>{t('routing.try')}</h3><p className={s.hint}>{t('routing.try_text')}</p></div>
      <div><SegmentedControl aria-label={t('routing.try_what')} value={kind} onChange={(v) => setKind(v as 'sample')} data={[{ value: 'sample', label: t('routing.try_sample') }, { value: 'ticket', label: t('routing.try_ticket') }]} /></div>
      {kind === 'ticket' ? <TextInput label={t('routing.try_number')} placeholder="#1042" value={number} onChange={(e) => setNumber(e.currentTarget.value)} /> : (
        <div className={s.tryGrid}>
          <TextInput label={t('cond.field.subject')} value={sample.subject} onChange={(e) => put({ subject: e.currentTarget.value })} />
          <TextInput label={t('cond.field.contact.email')} type="email" value={sample.email} onChange={(e) => put({ email: e.currentTarget.value })} />
          <Textarea className={s.wide} label={t('cond.field.text')} autosize minRows={2} maxRows={8} value={sample.text} onChange={(e) => put({ text: e.currentTarget.value })} />
          <Select label={t('cond.field.language')} clearable searchable placeholder={t('routing.try_told')} value={sample.language || null} data={skills.languages.map((l) => ({ value: l, label: languageName(l) })).sort((a, b) => a.label.localeCompare(b.label))} onChange={(v) => put({ language: v ?? '' })} />
        </div>
      )}
      {fault ? <p className={s.hint}>{fault}</p> : null}
      <div><Button loading={busy} disabled={!!fault || (kind === 'ticket' ? !number.trim() : !(sample.subject + sample.text).trim())} onClick={() => void run()}>{t('routing.try_run')}</Button></div>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <div role="status">{got ? <Outcome got={got} /> : null}</div>
    </section>
  )
}

const reason = (slug: string) => maybe(`reason.${slug}`, slug.replaceAll('_', ' '))
const personal = (slug: string) => maybe(`candidate.${slug}`, reason(slug))

export function Outcome({ got }: { got: Tried }) {
  const fields = useRoutingFields()
  const skills = useSkills()
  const a = got.assignment
  const owner = (a.candidates ?? []).find((c) => c.chosen)
  return (
    <div className={s.outcome}>
      <Banner tone={owner ? 'ok' : 'note'} icon={owner ? 'check' : 'info'}>{owner ? t('routing.try_gets', { name: owner.name }) : reason(a.reason)}{got.language ? ` ${t('routing.try_language', { language: languageName(got.language) })}` : ''}</Banner>
      {(got.rules ?? []).map((r, i) => (
        <div key={i} className={s.tried}>
          <strong>{r.name}</strong>
          <ul className={s.found}>
            {r.off ? <li data-ok="false"><Icon name="x" size={13} /><span>{t('routing.try_off')}</span></li> : null}
            {(r.found ?? []).map((f, x) => <li key={x} data-ok={f.holds}><Icon name={f.holds ? 'check' : 'x'} size={13} /><span>{said(f, fields)} · {(f.have ?? []).length ? t('routing.try_found', { text: clip((f.have ?? []).join(', ')) }) : t('routing.try_found_none')}</span></li>)}
            {!r.off ? <li data-ok={r.holds}><Icon name={r.holds ? 'check' : 'x'} size={13} /><span>{t(r.holds ? 'routing.try_fits' : 'routing.try_fits_not')}</span></li> : null}
          </ul>
        </div>
      ))}
      {a.candidates?.length ? (
        <div className={s.scroll} tabIndex={0} role="region" aria-label={t('routing.try_people')}>
          <table className={s.people}>
            <thead><tr><th scope="col">{t('routing.try_person')}</th><th scope="col">{t('routing.try_why')}</th><th scope="col">{t('routing.try_load')}</th></tr></thead>
            <tbody>{a.candidates.map((c) => (
              <tr key={c.user_id} data-chosen={c.chosen || undefined}>
                <th scope="row">{c.name}</th>
                <td>{personal(c.reason)}{c.missing?.length ? `: ${c.missing.map((m) => skillName(skills, m)).join(', ')}` : ''}</td>
                <td>{c.limit ? `${c.load ?? 0}/${c.limit}` : (c.load ?? c.open)}</td>
              </tr>
            ))}</tbody>
          </table>
        </div>
      ) : null}
    </div>
  )
}

const clip = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text)
