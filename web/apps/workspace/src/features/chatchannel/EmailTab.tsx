import { Select, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { accountsQuery } from '@/features/channels/later.ts'
import { useSpecs } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { useChat } from './context.ts'
import { Choice, Count } from './fields.tsx'
import s from './chatchannel.module.css'

/** CH-06, CH-29: what leaves by mail, and from which address. */
export function EmailTab() {
  const c = useChat()
  const specs = useSpecs()
  const mail = (useQuery(accountsQuery).data ?? []).filter((a) => !specs.find((x) => x.channel === a.channel)?.can.live && a.delivery_identifier.includes('@') && a.active)
  const own = c.s.email.account
  return (
    <Stack gap="lg">
      <section className={s.card} aria-label={t('chatset.email')}>
        <h2>{t('chatset.email')}</h2>
        <div data-setting="email.account"><Select label={t('chatset.email.account')} description={t('chatset.email.account_text')} value={own || '-'} allowDeselect={false} maw={420} error={c.wrong('email.account')} onChange={(v) => c.set('email.account', !v || v === '-' ? '' : v)}
          data={[{ value: '-', label: t('chatset.email.account_inbox') }, ...mail.map((a) => ({ value: a.slug ?? '', label: `${a.name} (${a.delivery_identifier})` })).filter((x) => x.value), ...(own && !mail.some((a) => a.slug === own) ? [{ value: own, label: own }] : [])]} /></div>
        <Count path="email.unseen_after_seconds" min={1} max={86400} suffix=" s" />
        <Choice path="email.transcript" of={['offer', 'always', 'never']} />
      </section>
    </Stack>
  )
}
