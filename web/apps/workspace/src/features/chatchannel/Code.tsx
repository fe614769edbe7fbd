import { Button, CopyButton, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Id } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { maybe, t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { checkInstallation, codeQuery, mailCode, type Installation } from './queries.ts'
import s from './chatchannel.module.css'

/** CH-08, CH-25, TR-02, TR-03, TR-13: the code, on its way to the website, and whether it is there. */
export function CodeTab({ accountId, domains, children }: { accountId: Id; domains: string[]; children?: ReactNode }) {
  const q = useQuery(codeQuery)
  return (
    <Stack gap="lg">
      <section className={s.card} aria-label={t('chatset.code')}>
        <h2>{t('chatset.code')}</h2>
        <p className={s.text}>{t('chatset.code_text')}</p>
        {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
        {q.isError ? <EmptyState icon="warn" title={t('chatset.code_error')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
        {q.data ? <Copyable text={q.data.html} label={t('chatset.code')} /> : null}
        <p className={s.hint}>{t('chatset.code_everywhere')}</p>
        {q.data ? <details><summary>{t('chatset.code_csp')}</summary><p className={s.hint}>{t('chatset.code_csp_text')}</p><Copyable text={policy(q.data.csp)} label={t('chatset.code_csp')} /></details> : null}
      </section>
      <SendCode />
      <Check id={accountId} first={domains.find((d) => !d.startsWith('*'))} />
      {children}
    </Stack>
  )
}

const policy = (csp: unknown): string => (typeof csp === 'string' ? csp : Array.isArray(csp) ? csp.join('; ') : Object.entries((csp ?? {}) as Record<string, string>).map(([k, v]) => `${k} ${v}`).join('; '))

function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <div className={s.code}>
      <pre tabIndex={0} aria-label={label}>{text}</pre>
      <CopyButton value={text}>{({ copied, copy }) => <Button variant="default" size="xs" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton>
    </div>
  )
}

function SendCode() {
  const [to, setTo] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const send = async () => {
    setBusy(true)
    setError(null)
    try { await mailCode(to); toast(t('chatset.code_sent', { to })); setTo('') } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <section className={s.card} aria-label={t('chatset.code_mail')}>
      <h2>{t('chatset.code_mail')}</h2>
      <p className={s.text}>{t('chatset.code_mail_text')}</p>
      <form className={s.inline} onSubmit={(e) => { e.preventDefault(); void send() }}>
        <TextInput label={t('chatset.code_to')} type="email" required value={to} onChange={(e) => setTo(e.currentTarget.value)} error={error ? sentence(error) : undefined} />
        <Button type="submit" variant="default" loading={busy} disabled={!to.includes('@')}>{t('chatset.code_send')}</Button>
      </form>
    </section>
  )
}

function Check({ id, first }: { id: Id; first: string | undefined }) {
  const [url, setUrl] = useState(first ? `https://${first}/` : '')
  const [busy, setBusy] = useState(false)
  const [found, setFound] = useState<Installation | null>(null)
  const [error, setError] = useState<unknown>(null)
  const look = async () => {
    setBusy(true)
    setError(null)
    setFound(null)
    try { setFound(await checkInstallation(id, url)) } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <section className={s.card} aria-label={t('chatset.check')}>
      <h2>{t('chatset.check')}</h2>
      <p className={s.text}>{t('chatset.check_text')}</p>
      <form className={s.inline} onSubmit={(e) => { e.preventDefault(); void look() }}>
        <TextInput label={t('chatset.check_url')} type="url" required placeholder="https://example.com/" value={url} onChange={(e) => setUrl(e.currentTarget.value)} error={error ? sentence(error) : undefined} />
        <Button type="submit" variant="default" loading={busy} disabled={!url}>{t('chatset.check_go')}</Button>
      </form>
      <div role="status">{found ? <Banner tone={found.state === 'found' ? 'accent' : 'warn'} icon={found.state === 'found' ? 'check' : 'warn'}><strong>{maybe(`chatset.check.${found.state}`, found.state)}</strong> {found.detail} {found.fix}</Banner> : null}</div>
    </section>
  )
}
