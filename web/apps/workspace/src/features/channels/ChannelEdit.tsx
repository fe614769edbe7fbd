import { Button, Select, Stack, Switch, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem, type ChannelAccount, type Spec } from '@kanal/api'
import { Banner, EmptyState, SkeletonLines } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { useSpecs } from '@/features/tickets/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { HealthTag } from './ChannelList.tsx'
import { fieldsOf, health, read, type Settings } from './model.ts'
import { ProbeList } from './ProbeList.tsx'
import { accountQuery, updateAccount } from './queries.ts'
import { noAssign, RoutingForm } from './RoutingForm.tsx'
import { SenderPreview } from './SenderPreview.tsx'
import { SpecForm } from './SpecForm.tsx'
import { defaultTicket, TicketForm } from './TicketForm.tsx'
import { VerifyForwarding } from './VerifyForwarding.tsx'
import s from './channels.module.css'

export function ChannelEdit({ accountId }: { accountId: string }) {
  const q = useQuery(accountQuery(accountId))
  const specs = useSpecs()
  const spec = specs.find((x) => x.channel === q.data?.channel)
  if (q.isError) return <EmptyState icon="warn" title={t('error.channels')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  if (!q.data || !spec) return <SkeletonLines label={t('state.loading')} />
  return <Form key={q.data.id} account={q.data} spec={spec} />
}

/** GEN-12, EM-19: everything set when connecting stays editable, in tabs. */
function Form({ account, spec }: { account: ChannelAccount; spec: Spec }) {
  const edit = useCan()('account.access')
  const inboxes = useInboxes()
  const [name, setName] = useState(account.name)
  const [inbox, setInbox] = useState(account.inbox_id)
  const [active, setActive] = useState(account.active)
  const [settings, setSettings] = useState<Settings>(account.settings ?? {})
  const [secrets, setSecrets] = useState<Settings>({})
  const [assign, setAssign] = useState({ ...noAssign, ...account.assign })
  const [ticket, setTicket] = useState({ ...defaultTicket, ...account.ticket })
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [dirty, setDirty] = useState(false)
  const kind = String(read(settings, 'kind') ?? '')
  const touch = <A,>(set: (v: A) => void) => (v: A) => { set(v); setDirty(true) }
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await updateAccount(account.id, { name, inbox_id: inbox, active, settings, ...(Object.keys(secrets).length ? { secrets } : {}), assign, ticket })
      setSecrets({})
      setDirty(false)
      toast(t('toast.saved'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  const wrong = error instanceof Problem && error.field ? { field: error.field, message: error.message } : undefined
  const form = { channel: spec.channel, settings, secrets, stored: account.secrets_set ?? [], error: wrong, onSettings: touch(setSettings), onSecrets: touch(setSecrets) }
  const details = fieldsOf(spec, 'details', kind)
  const automation = fieldsOf(spec, 'automation', kind)
  const hosted = kind === 'hosted' || kind === 'forward'
  return (
    <>
      <div className={s.pageHead}><div><h1>{account.name}</h1><p className={s.text}>{account.delivery_identifier} <HealthTag account={account} /></p></div></div>
      {health(account) === 'disconnected' || health(account) === 'trouble' ? <Banner tone={health(account) === 'trouble' ? 'warn' : 'danger'} icon="warn">{account.state_reason || t('channels.disconnected')}</Banner> : null}
      {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
      <fieldset disabled={!edit} className={s.fieldset}>
        <Tabs defaultValue="configuration" keepMounted={false}>
          <Tabs.List><Tabs.Tab value="configuration">{t('channels.configuration')}</Tabs.Tab><Tabs.Tab value="automation">{t('channels.automation')}</Tabs.Tab></Tabs.List>
          <Tabs.Panel value="configuration" pt="md">
            <div className={s.beside}>
              <Stack gap="md">
                <TextInput label={t('channels.name')} value={name} onChange={(e) => touch(setName)(e.currentTarget.value)} />
                {inboxes.length > 1 ? <Select label={t('channels.inbox')} data={inboxes.map((i) => ({ value: i.id, label: i.name }))} value={inbox} allowDeselect={false} onChange={(v) => v && touch(setInbox)(v)} /> : null}
                <Switch label={t('channels.active')} description={t('channels.active_text')} checked={active} onChange={(e) => touch(setActive)(e.currentTarget.checked)} />
                <SpecForm {...form} fields={details} />
                <h2>{t('channels.connection')}</h2>
                <SpecForm {...form} fields={fieldsOf(spec, 'account', kind)} />
                <ProbeList channel={spec.channel} settings={settings} secrets={secrets} accountId={account.id} />
                {hosted ? <VerifyForwarding account={account} /> : null}
              </Stack>
              {details.length ? <SenderPreview channel={spec.channel} settings={{ ...settings, address: account.delivery_identifier }} /> : null}
            </div>
          </Tabs.Panel>
          <Tabs.Panel value="automation" pt="md">
            <Stack gap="lg" className={s.narrow}>
              <h2>{t('wizard.routing_title')}</h2>
              <RoutingForm value={assign} onChange={touch(setAssign)} />
              <h2>{t('wizard.ticket_title')}</h2>
              <TicketForm value={ticket} onChange={touch(setTicket)} />
              {automation.length ? <SpecForm {...form} fields={automation} /> : null}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </fieldset>
      {edit ? <div className={s.saveBar} data-dirty={dirty || undefined}><span>{dirty ? t('state.unsaved') : ''}</span><Button loading={busy} disabled={!dirty} onClick={() => void save()}>{t('action.save')}</Button></div> : null}
    </>
  )
}
