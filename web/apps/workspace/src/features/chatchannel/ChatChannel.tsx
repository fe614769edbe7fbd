import { Button, Stack, Switch, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { get, Problem, type ChannelAccount, type Spec } from '@kanal/api'
import { defaultTicket, fieldsOf, HealthTag, RemoveChannel, SpecForm, TicketForm, updateAccount, write, type Settings } from '@/features/channels/later.ts'
import { useInboxes } from '@/features/lookups/index.ts'
import { noAssign, RoutingFields } from '@/features/routing/index.ts'
import { useCan } from '@/features/session/index.ts'
import { Affects, AsText, AsTextButton, SaveError, UnsavedGuard, isStale } from '@/features/settings/index.ts'
import { locales, currentLocale, t, type Key } from '@/locales/index.ts'
import { toast } from '@/shell/toast.tsx'
import { AvailabilityTab } from './Availability.tsx'
import { CodeTab } from './Code.tsx'
import { Configure } from './Configure.tsx'
import { ChatContext, type ChatForm } from './context.ts'
import { EmailTab } from './EmailTab.tsx'
import { FlowsTab } from './Flows.tsx'
import { HeadingTab } from './Heading.tsx'
import { whole } from './model.ts'
import { Preview } from './Preview.tsx'
import { PrivacyTab } from './Privacy.tsx'
import { companyQuery } from './queries.ts'
import { TextsTab } from './Texts.tsx'
import s from './chatchannel.module.css'

const tabs = ['configure', 'heading', 'availability', 'privacy', 'texts', 'email', 'flows', 'routing', 'code', 'advanced'] as const
type Tab = (typeof tabs)[number]
const previewed = new Set<Tab>(['configure', 'heading', 'availability', 'privacy', 'texts'])

/** CH-03 to CH-25: everything of a chat channel, with the widget beside it as it would be. */
export function ChatChannel({ account, spec }: { account: ChannelAccount; spec: Spec }) {
  const may = useCan()
  const edit = may('account.access')
  const inboxes = useInboxes()
  const navigate = useNavigate()
  const company = useQuery(companyQuery).data
  const [version, setVersion] = useState(account.version ?? 0)
  const [name, setName] = useState(account.name)
  const inbox = account.inbox_id
  const [active, setActive] = useState(account.active)
  const [settings, setSettings] = useState(() => whole(account.settings))
  const [secrets, setSecrets] = useState<Settings>({})
  const [assign, setAssign] = useState({ ...noAssign, ...account.assign })
  const [ticket, setTicket] = useState({ ...defaultTicket, ...account.ticket })
  const [lang, setLang] = useState<string>(currentLocale())
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<ChannelAccount | null>(null)
  const [busy, setBusy] = useState(false)
  const [dirty, setDirty] = useState(false)
  const [asText, setAsText] = useState(false)
  const [removing, setRemoving] = useState(false)
  const [tab, setTab] = useState<Tab>(() => (tabs.includes(location.hash.slice(1) as Tab) ? (location.hash.slice(1) as Tab) : 'configure'))
  const touch = <A,>(set: (v: A) => void) => (v: A) => { set(v); setDirty(true) }
  const load = (a: ChannelAccount) => {
    setVersion(a.version ?? 0); setName(a.name); setActive(a.active); setSettings(whole(a.settings)); setSecrets({})
    setAssign({ ...noAssign, ...a.assign }); setTicket({ ...defaultTicket, ...a.ticket }); setDirty(false); setError(null); setTheirs(null)
  }
  const save = async (seen: number) => {
    setBusy(true)
    setError(null)
    try {
      load(await updateAccount(account.id, { version: seen, name, active, settings: settings as unknown as Settings, ...(Object.keys(secrets).length ? { secrets } : {}), assign, ticket }))
      toast(t('toast.saved'))
    } catch (err) {
      setError(err)
      if (isStale(err)) setTheirs(await get<ChannelAccount>(`/api/channel-accounts/${account.id}`))
      else if (err instanceof Problem && err.field) { const at = tabOf(err.field); if (at) setTab(at) }
    } finally { setBusy(false) }
  }
  const form = useMemo((): ChatForm => ({
    s: settings, lang, setLang, company: company?.locale ?? 'en', disabled: !edit,
    langs: [...new Set([...locales, ...settings.languages, ...(settings.language === 'auto' ? [] : [settings.language])])],
    set: (path, v) => { setSettings((old) => write(old, path, v) as typeof old); setDirty(true) },
    wrong: (path) => (error instanceof Problem && (error.field === path || error.field.replace(/^settings\./, '') === path || (path === 'domains' && error.field.startsWith('domains'))) ? error.message : undefined),
  }), [settings, lang, company, edit, error])
  const spare = { channel: spec.channel, settings: settings as unknown as Settings, secrets, stored: account.secrets_set ?? [], error: error instanceof Problem && error.field ? { field: error.field, message: error.message } : undefined,
    onSettings: touch((v: Settings) => setSettings(whole(v))), onSecrets: touch(setSecrets) }
  const panels: Record<Tab, React.ReactNode> = {
    configure: (
      <Stack gap="lg">
        <section className={s.card} aria-label={t('chatset.channel')}>
          <TextInput label={t('channels.name')} value={name} onChange={(e) => touch(setName)(e.currentTarget.value)} />
          <p>{t('channels.inbox')}: <strong>{inboxes.find((i) => i.id === account.inbox_id)?.name}</strong>{' '}{may('channels.move') && inboxes.length > 1 ? <Button variant="default" size="xs" component={Link} to={`/settings/help-desk/channels/move/${account.id}`}>{t('moves.title')}</Button> : null}</p>
          <Switch label={t('channels.active')} description={t('chatset.active_text')} checked={active} onChange={(e) => touch(setActive)(e.currentTarget.checked)} />
        </section>
        <Configure />
      </Stack>
    ),
    heading: <HeadingTab />, availability: <AvailabilityTab accountId={account.id} version={version} />, privacy: <PrivacyTab />, texts: <TextsTab />, email: <EmailTab />, flows: <FlowsTab accountId={account.id} />,
    routing: <Stack gap="lg" className={s.narrow}><h2>{t('wizard.routing_title')}</h2><RoutingFields value={assign} onChange={touch(setAssign)} account={account.id} inbox={inbox} mayEdit={edit} /><h2>{t('wizard.ticket_title')}</h2><TicketForm value={ticket} onChange={touch(setTicket)} /></Stack>,
    code: (
      <CodeTab accountId={account.id} domains={settings.domains}>
        <section className={s.card} aria-label={t('chatset.signed')}><h2>{t('chatset.signed')}</h2><p className={s.text}>{t('chatset.signed_text')}</p><SpecForm {...spare} fields={fieldsOf(spec, 'details', '')} /></section>
      </CodeTab>
    ),
    advanced: <Stack gap="lg" className={s.narrow}><Affects object="channel" id={account.id} /><TextInput label={t('channels.slug')} value={account.slug ?? ''} readOnly />{edit ? <div><Button variant="default" color="red" onClick={() => setRemoving(true)}>{t('channels.remove')}</Button></div> : null}</Stack>,
  }
  return (
    <ChatContext value={form}>
      <div className={s.pageHead}><div><h1>{account.name}</h1><p className={s.text}>{t('chatset.subtitle')} <HealthTag account={account} /></p></div>{edit ? <AsTextButton onClick={() => setAsText(true)} /> : null}</div>
      <UnsavedGuard dirty={dirty} />
      <SaveError error={error} {...(theirs ? { onTheirs: () => load(theirs), onMine: () => void save(theirs.version ?? 0), differences: [
        { label: t('channels.name'), theirs: theirs.name, mine: name }, { label: t('chatset.settings'), theirs: JSON.stringify(theirs.settings), mine: JSON.stringify(settings) },
        { label: t('channels.automation'), theirs: JSON.stringify([theirs.assign, theirs.ticket]), mine: JSON.stringify([assign, ticket]) },
      ].filter((d) => d.theirs !== d.mine) } : {})} />
      <fieldset disabled={!edit} className={s.fieldset}>
        <Tabs value={tab} onChange={(v) => v && setTab(v as Tab)} keepMounted={false}>
          <Tabs.List className={s.tabs}>{tabs.map((x) => <Tabs.Tab key={x} value={x}>{t(`chatset.tab.${x}` as Key)}</Tabs.Tab>)}</Tabs.List>
          <div className={previewed.has(tab) ? s.page : undefined}>
            <div className={s.pages}>{tabs.map((x) => <Tabs.Panel key={x} value={x} pt="md">{panels[x]}</Tabs.Panel>)}</div>
            {previewed.has(tab) ? <Preview /> : null}
          </div>
        </Tabs>
      </fieldset>
      {edit ? <div className={s.saveBar} data-dirty={dirty || undefined}><span>{dirty ? t('state.unsaved') : ''}</span><Button loading={busy} disabled={!dirty} onClick={() => void save(version)}>{t('action.save')}</Button></div> : null}
      {removing ? <RemoveChannel account={account} onClose={() => setRemoving(false)} onGone={() => void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels' } })} /> : null}
      {account.slug ? <AsText section="channels" slug={account.slug} opened={asText} onClose={() => setAsText(false)} /> : null}
    </ChatContext>
  )
}

/** Where the field of a refusal stands. */
function tabOf(field: string): Tab | undefined {
  const head = field.replace(/^settings\./, '').split('.')[0] ?? ''
  if (head === 'heading' || head === 'availability' || head === 'privacy' || head === 'texts' || head === 'email') return head
  if (head === 'assign' || head === 'ticket') return 'routing'
  if (head === 'identity') return 'code'
  return ['surface', 'domains', 'appearance', 'files', 'closed', 'language', 'name'].includes(head) ? 'configure' : undefined
}
