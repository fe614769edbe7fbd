import { Button, Switch } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, patch } from '@kanal/api'
import { Banner, Tag } from '@kanal/ui'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import s from './bulk.module.css'

type Kind = 'spoofed' | 'marketing' | 'role_address' | 'automated'
type Settings = Record<Kind, boolean> & { allowed: number; denied: number; spam_days: number; trash_days: number }
interface Example { ticket_id: string | null; number: number; from: string; subject: string; at: string; answered: boolean }
interface Preview { seen: number; kinds: { kind: Kind; count: number; answered: number; examples: Example[] }[] }

const kinds: readonly Kind[] = ['spoofed', 'marketing', 'role_address', 'automated']
const settingsKey = ['spam', 'settings']

/** EM-36: which kinds of mail are held back, and what each would have held lately. */
export function SpamFilter() {
  const q = useQuery({ queryKey: settingsKey, queryFn: () => get<Settings>('/api/spam/settings') })
  const preview = useQuery({ queryKey: ['spam', 'preview'], queryFn: () => get<Preview>('/api/spam/preview', { days: 30 }), staleTime: 60_000 })
  const set = async (kind: Kind, on: boolean) => {
    const before = q.data
    queries.setQueryData<Settings>(settingsKey, (d) => d && { ...d, [kind]: on })
    try { queries.setQueryData(settingsKey, await patch<Settings>('/api/spam/settings', { [kind]: on })) } catch (err) { queries.setQueryData(settingsKey, before); toastError(err) }
  }
  return (
    <SettingsFrame title={t('spam.title')} text={t('spam.text')} query={q} section="spam">
      {q.data ? (
        <div className={s.stack}>
          <Banner tone="plain" icon="shield">{t('spam.lists', { denied: count(q.data.denied), allowed: count(q.data.allowed) })} <Link to="/settings/$" params={{ _splat: 'help-desk/senders' }}>{t('senders.title')}</Link></Banner>
          <div>
            {kinds.map((kind) => (
              <div key={kind} className={s.kind} data-setting={`spam.${kind}`}>
                <Switch label={t(`spam.kind.${kind}`)} description={t(`spam.kind.${kind}_text`)} checked={q.data[kind]} onChange={(e) => void set(kind, e.currentTarget.checked)} />
                <Would kind={kind} preview={preview.data} />
              </div>
            ))}
          </div>
          <p className={s.text}>{keeping(q.data)}</p>
        </div>
      ) : null}
    </SettingsFrame>
  )
}

const keeping = (x: Settings): string => [
  x.spam_days ? t('spam.keep', { n: x.spam_days, count: count(x.spam_days) }) : t('spam.keep_ever'),
  x.trash_days ? t('spam.trash_keep', { n: x.trash_days, count: count(x.trash_days) }) : t('spam.trash_ever'),
].join(' ')

/** What the filter would have done with the last thirty days, by the facts that were stored then. */
function Would({ kind, preview }: { kind: Kind; preview: Preview | undefined }) {
  const [open, setOpen] = useState(false)
  const k = preview?.kinds.find((x) => x.kind === kind)
  if (!preview || !k) return <p className={s.would}>{t('spam.counting')}</p>
  return (
    <>
      <p className={s.would}>
        {t('spam.would', { count: count(k.count), seen: count(preview.seen) })}{' '}
        {k.answered ? <span className={s.wrong}>{t('spam.would_answered', { n: k.answered, count: count(k.answered) })}</span> : null}
        {k.examples.length ? <Button size="compact-xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>{t('spam.examples')}</Button> : null}
      </p>
      {open ? (
        <ul className={s.examples}>
          {k.examples.map((e, i) => (
            <li key={`${e.ticket_id} ${i}`}>
              <span className="k-cut">{e.from}</span>
              {e.number ? <Link className="k-cut" to="/ticket/$number" params={{ number: String(e.number) }}>{e.subject || t('ticket.no_subject')}</Link> : <span className="k-cut">{e.subject}</span>}
              {e.answered ? <Tag tone="warn">{t('spam.answered')}</Tag> : null}
            </li>
          ))}
        </ul>
      ) : null}
    </>
  )
}
