import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Probe } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { maybe, t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import type { Settings } from './model.ts'
import { checkAccount } from './queries.ts'
import s from './channels.module.css'

/** Test connection: every step with its outcome, and how to mend what is wrong. */
export function ProbeList({ channel, settings, secrets, accountId }: { channel: string; settings: Settings; secrets: Settings; accountId?: string }) {
  const [probes, setProbes] = useState<Probe[] | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const run = async () => {
    setBusy(true)
    setError(null)
    try { setProbes(await checkAccount({ channel, settings, secrets, ...(accountId ? { account_id: accountId } : {}) })) } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <div className={s.probes}>
      <div><Button variant="default" loading={busy} leftSection={<Icon name="plug" size={14} />} onClick={() => void run()}>{t('channels.test')}</Button></div>
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      {probes ? (
        <ul aria-label={t('channels.test')} role="status">
          {probes.map((p) => (
            <li key={p.name} data-ok={p.ok}><Icon name={p.ok ? 'check' : 'x'} /><div><strong>{maybe(`probe.${p.name}`, p.name)}</strong> <span>{p.detail}</span>{p.fix && !p.ok ? <p>{p.fix}</p> : null}</div></li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
