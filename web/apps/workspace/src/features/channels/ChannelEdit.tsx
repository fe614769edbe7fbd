import { Button, Stack, Switch, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { get, Problem, type ChannelAccount, type Spec } from '@kanal/api'
import { Banner, EmptyState, SkeletonLines } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { noAssign, RoutingFields } from '@/features/routing/index.ts'
import { useCan } from '@/features/session/index.ts'
import { Affects, AsText, AsTextButton, SaveError, UnsavedGuard, isStale } from '@/features/settings/index.ts'
import { useSpecs } from '@/features/tickets/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { HealthTag } from './ChannelList.tsx'
import { fieldsOf, health, read, type Settings } from './model.ts'
import { channelOptions } from './own.ts'
import { ProbeList } from './ProbeList.tsx'
import { accountQuery, updateAccount } from './queries.ts'
import { RemoveChannel } from './RemoveChannel.tsx'
import { SenderPreview } from './SenderPreview.tsx'
import { SpecForm } from './SpecForm.tsx'
import { defaultTicket, TicketForm } from './TicketForm.tsx'
import { VerifyForwarding } from './VerifyForwarding.tsx'
import s from './channels.module.css'

const ChatChannel = lazy(withMore(() => import('@/features/chatchannel/index.ts').then((m) => ({ default: m.ChatChannel }))))

export function ChannelEdit({ accountId }: { accountId: string }) {
  const q = useQuery(accountQuery(accountId))
  const specs = useSpecs()
  const spec = specs.find((x) => x.channel === q.data?.channel)
  if (q.isError) return <EmptyState icon="warn" title={t('error.channels')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  if (!q.data || !spec) return <SkeletonLines label={t('state.loading')} />
  if (spec.can.live) return <Suspense fallback={<SkeletonLines label={t('state.loading')} />}><ChatChannel key={q.data.id} account={q.data} spec={spec} /></Suspense>
  return <Form key={q.data.id} account={q.data} spec={spec} />
}

/** GEN-12, EM-19: everything set when connecting stays editable, in tabs. */
function Form({ account, spec }: { account: ChannelAccount; spec: Spec }) {
  const may = useCan()
  const edit = may('account.access')
  const inboxes = useInboxes()
  const [asText, setAsText] = useState(false)
  const [version, setVersion] = useState(account.version ?? 0)
  const [theirs, setTheirs] = useState<ChannelAccount | null>(null)
  const [name, setName] = useState(account.name)
  const inbox = account.inbox_id
  const [active, setActive] = useState(account.active)
  const [settings, setSettings] = useState<Settings>(account.settings ?? {})
  const [secrets, setSecrets] = useState<Settings>({})
  const [assign, setAssign] = useState({ ...noAssign, ...account.assign })
  const [ticket, setTicket] = useState({ ...defaultTicket, ...account.ticket })
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [dirty, setDirty] = useState(false)
  const [removing, setRemoving] = useState(false)
  const navigate = useNavigate()
  const kind = String(read(settings, 'kind') ?? '')
  const touch = <A,>(set: (v: A) => void) => (v: A) => { set(v); setDirty(true) }
  const load = (a: ChannelAccount) => {
    setVersion(a.version ?? 0); setName(a.name); setActive(a.active); setSettings(a.settings ?? {}); setSecrets({})
    setAssign({ ...noAssign, ...a.assign }); setTicket({ ...defaultTicket, ...a.ticket }); setDirty(false); setError(null); setTheirs(null)
  }
  const save = async (seen: number) => {
    setBusy(true)
    setError(null)
    try {
      const saved = await updateAccount(account.id, { version: seen, name, active, settings, ...(Object.keys(secrets).length ? { secrets } : {}), assign, ticket })
      load(saved)
      toast(t('toast.saved'))
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(await get<ChannelAccount>(`/api/channel-accounts/${account.id}`))
    } finally { setBusy(false) }
  }
  const wrong = error instanceof Problem && error.field ? { field: error.field, message: error.message } : undefined
  const form = { channel: spec.channel, settings, secrets, stored: account.secrets_set ?? [], error: wrong, onSettings: touch(setSettings), onSecrets: touch(setSecrets) }
  const details = fieldsOf(spec, 'details', kind)
  const automation = fieldsOf(spec, 'automation', kind)
  const Own = channelOptions[spec.channel]
  const hosted = kind === 'hosted' || kind === 'forward'
  return (
    <>
      <div className={s.pageHead}><div><h1>{account.name}</h1><p className={s.text}>{account.delivery_identifier} <HealthTag account={account} /></p></div>{edit ? <AsTextButton onClick={() => setAsText(true)} /> : null}</div>
      {health(account) === 'disconnected' || health(account) === 'trouble' ? <Banner tone={health(account) === 'trouble' ? 'warn' : 'danger'} icon="warn">{account.state_reason || t('channels.disconnected')}</Banner> : null}
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} {...(theirs ? { onTheirs: () => load(theirs), onMine: () => void save(theirs.version ?? 0), differences: [
        { label: t('channels.name'), theirs: theirs.name, mine: name }, { label: t('channels.connection'), theirs: JSON.stringify(theirs.settings), mine: JSON.stringify(settings) },
        { label: t('channels.automation'), theirs: JSON.stringify([theirs.assign, theirs.ticket]), mine: JSON.stringify([assign, ticket]) },
      ].filter((d) => d.theirs !== d.mine) } : {})} />
      <fieldset disabled={!edit} className={s.fieldset}>
        <Tabs defaultValue="configuration" keepMounted={false}>
          <Tabs.List><Tabs.Tab value="configuration">{t(Own ? 'channels.options' : 'channels.configuration')}</Tabs.Tab><Tabs.Tab value="automation">{t('channels.automation')}</Tabs.Tab><Tabs.Tab value="advanced">{t('channels.advanced')}</Tabs.Tab></Tabs.List>
          <Tabs.Panel value="configuration" pt="md">
            <div className={s.beside}>
              <Stack gap="md">
                <TextInput label={t('channels.name')} value={name} onChange={(e) => touch(setName)(e.currentTarget.value)} />
                <div className={s.copyLine}><span>{t('channels.inbox')}: <strong>{inboxes.find((i) => i.id === account.inbox_id)?.name}</strong></span>{may('channels.move') && inboxes.length > 1 ? <Button variant="default" size="xs" component={Link} to={`/settings/help-desk/channels/move/${account.id}`}>{t('moves.title')}</Button> : null}</div>
                <Switch label={t('channels.active')} description={t('channels.active_text')} checked={active} onChange={(e) => touch(setActive)(e.currentTarget.checked)} />
                {Own ? <Suspense fallback={<SkeletonLines label={t('state.loading')} />}><Own settings={settings} onSettings={form.onSettings} error={wrong} account={account} inbox={inbox} /></Suspense> : (
                  <>
                    <SpecForm {...form} fields={details} />
                    <h2>{t('channels.connection')}</h2>
                    <SpecForm {...form} fields={fieldsOf(spec, 'account', kind)} />
                    <ProbeList channel={spec.channel} settings={settings} secrets={secrets} accountId={account.id} />
                  </>
                )}
                {hosted ? <VerifyForwarding account={account} /> : null}
              </Stack>
              {details.length && !Own ? <SenderPreview channel={spec.channel} settings={{ ...settings, address: account.delivery_identifier }} /> : null}
            </div>
          </Tabs.Panel>
          <Tabs.Panel value="automation" pt="md">
            <Stack gap="lg" className={s.narrow}>
              <h2>{t('wizard.routing_title')}</h2>
              <RoutingFields value={assign} onChange={touch(setAssign)} account={account.id} inbox={inbox} mayEdit={edit} />
              <h2>{t('wizard.ticket_title')}</h2>
              <TicketForm value={ticket} onChange={touch(setTicket)} />
              {automation.length ? <SpecForm {...form} fields={automation} /> : null}
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="advanced" pt="md">
            <Stack gap="lg" className={s.narrow}>
              <Affects object="channel" id={account.id} heading="h2" />
              <TextInput label={t('channels.slug')} value={account.slug ?? ''} readOnly />
              <section aria-label={t('channels.terms')}>
                <h2>{t('channels.terms')}</h2>
                {account.terms?.length ? <ul>{account.terms.map((x, i) => <li key={i} className={s.hint}>{x.version} · {dateTime(x.accepted_at)}</li>)}</ul> : <p className={s.hint}>{t('channels.terms_none')}</p>}
              </section>
              {edit ? <div><Button variant="default" color="red" onClick={() => setRemoving(true)}>{t('channels.remove')}</Button></div> : null}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </fieldset>
      {edit ? <div className={s.saveBar} data-dirty={dirty || undefined}><span>{dirty ? t('state.unsaved') : ''}</span><Button loading={busy} disabled={!dirty} onClick={() => void save(version)}>{t('action.save')}</Button></div> : null}
      {removing ? <RemoveChannel account={account} onClose={() => setRemoving(false)} onGone={() => void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels' } })} /> : null}
      {account.slug ? <AsText section="channels" slug={account.slug} opened={asText} onClose={() => setAsText(false)} /> : null}
    </>
  )
}
