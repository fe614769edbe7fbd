import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Banner } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { Choice, Toggle, WordsField } from './fields.tsx'
import { companyQuery } from './queries.ts'
import s from './chatchannel.module.css'

/** CO-01, CO-03, CO-04, TR-11, TR-12: what visitors are asked, and what is kept of them. */
export function PrivacyTab() {
  const c = useChat()
  const company = useQuery(companyQuery).data
  const { consent } = c.s.privacy
  return (
    <Stack gap="lg">
      <Banner tone="note" icon="info">{t('chatset.no_advice')}</Banner>
      <section className={s.card} aria-label={t('chatset.privacy.consent')}>
        <Choice path="privacy.consent" of={['none', 'implicit', 'explicit']} />
        {company ? <p className={s.hint}>{t(company.data_privacy ? 'chatset.privacy_on' : 'chatset.privacy_off')} <Link to="/settings/$" params={{ _splat: 'company' }}>{t('chatset.privacy_where')}</Link></p> : null}
        {consent !== 'none' ? <WordsField path="privacy.text" lines={3} placeholder={t(consent === 'explicit' ? 'chatset.consent_explicit' : 'chatset.consent_implicit')} /> : null}
        {consent === 'explicit' ? <WordsField path="privacy.declined" lines={2} /> : null}
        {consent !== 'none' ? <p className={s.hint}>{t('chatset.consent_kept')}</p> : null}
      </section>
      <section className={s.card} aria-label={t('chatset.kept')}>
        <h2>{t('chatset.kept')}</h2>
        <Choice path="privacy.tracking" of={['on', 'after_consent', 'off']} />
        <Toggle path="privacy.respect_gpc" />
        <Choice path="privacy.ip" of={['truncate', 'keep', 'drop']} />
        <Toggle path="identity.one_browser" />
      </section>
    </Stack>
  )
}
