import { Button, CopyButton } from '@mantine/core'
import type { ChannelAccount } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useVerification } from './queries.ts'
import s from './channels.module.css'

/** EM-14: the address to forward to, whether a test has come, and the provider's confirmation mail with its code. */
export function VerifyForwarding({ account }: { account: ChannelAccount }) {
  const q = useVerification(account.id)
  const address = q.data?.address || account.delivery_identifier
  return (
    <section className={s.verify} aria-label={t('forwarding.title')}>
      <h2>{t('forwarding.title')}</h2>
      <p className={s.text}>{t('forwarding.text')}</p>
      <div className={s.copyLine}><code>{address}</code><CopyButton value={address}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton></div>
      {q.data?.mail ? (
        <Banner tone="accent" icon="mail">
          <strong>{q.data.mail.subject}</strong>{q.data.mail.code ? <> — {t('forwarding.code', { code: q.data.mail.code })}</> : null}{' '}
          {q.data.mail.link ? <a href={q.data.mail.link} target="_blank" rel="noopener noreferrer">{t('forwarding.confirm')}</a> : null}
        </Banner>
      ) : null}
      {q.data?.verified ? <Banner tone="accent" icon="check" role="status">{t('forwarding.works')}</Banner> : <Banner icon="clock" role="status">{t('forwarding.waiting')}</Banner>}
    </section>
  )
}
