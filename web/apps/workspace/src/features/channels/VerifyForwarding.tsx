import { Button, CopyButton } from '@mantine/core'
import type { ChannelAccount } from '@kanal/api'
import { Banner, Icon, Tag } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { dateTime } from '@/shell/format.ts'
import { useVerification } from './queries.ts'
import s from './channels.module.css'

/** EM-14: the address to forward to, whether a test has come, and the provider's confirmation mail with its code. */
export function VerifyForwarding({ account }: { account: ChannelAccount }) {
  const q = useVerification(account.id)
  const address = q.data?.address || account.delivery_identifier
  const mail = q.data?.mail
  return (
    <section className={s.verify} aria-label={t('forwarding.title')}>
      <h2>{t('forwarding.title')}</h2>
      <p className={s.text}>{t('forwarding.text')}</p>
      <div className={s.copyLine}><code>{address}</code><CopyButton value={address}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton></div>
      {mail ? (
        <div className={s.confirmMail} role="group" aria-label={t('forwarding.mail')}>
          <p><Icon name="mail" size={14} /> <strong>{mail.subject}</strong>{mail.at ? <span className={s.hint}> · {dateTime(mail.at)}</span> : null}</p>
          {mail.code ? <div className={s.copyLine}><code>{mail.code}</code><CopyButton value={mail.code}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'forwarding.copy_code')}</Button>}</CopyButton></div> : null}
          {mail.link ? <p><a href={mail.link} target="_blank" rel="noopener noreferrer">{t('forwarding.confirm')}</a> <span className={s.hint}>{hostOf(mail.link)}</span></p> : null}
          <p className={s.evidence}>{(['spf', 'dkim', 'dmarc'] as const).map((k) => { const v = mail.auth?.[k] || 'none'; return <Tag key={k} tone={v === 'pass' ? 'ok' : v === 'fail' ? 'danger' : 'plain'} title={mail.auth?.note ?? ''}>{k.toUpperCase()}: {v}</Tag> })}</p>
          {trusted(mail.auth) ? null : <p className={s.hint}>{t('forwarding.unproven')}</p>}
        </div>
      ) : null}
      {q.data?.verified ? <Banner tone="accent" icon="check" role="status">{t('forwarding.works')}</Banner> : <Banner icon="clock" role="status">{t('forwarding.waiting')}</Banner>}
    </section>
  )
}

/** The link leads out of here, in a mail that anybody could have sent: its host is shown, and whether the sender was proven. */
const hostOf = (link: string): string => { try { return new URL(link).hostname } catch { return '' } }
const trusted = (a: { dkim: string; dmarc: string } | null | undefined): boolean => a?.dmarc === 'pass' || a?.dkim === 'pass'
