import { Button, Checkbox, Radio, Select, Stack, TextInput, VisuallyHidden } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Problem, type ChannelAccount, type Kind, type Spec, type TicketPolicy } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { noAssign, RoutingFields } from '@/features/routing/index.ts'
import { channelName, useSpecs } from '@/features/tickets/index.ts'
import { maybe, t, withMore, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { fieldsOf, initialSettings, missing, read, type Settings } from './model.ts'
import { channelSteps } from './own.ts'
import { ProbeList } from './ProbeList.tsx'
import { createAccount } from './queries.ts'
import { SenderPreview } from './SenderPreview.tsx'
import { SpecForm } from './SpecForm.tsx'
import { defaultTicket, TicketForm } from './TicketForm.tsx'
import { VerifyForwarding } from './VerifyForwarding.tsx'
import s from './channels.module.css'

const ChatDone = lazy(withMore(() => import('@/features/chatchannel/index.ts').then((m) => ({ default: m.ChatDone }))))

/** GEN-15: the inbox is made together with its channel. */
const newInbox = 'new'

type Step = 'where' | 'terms' | 'account' | 'details' | 'routing' | 'ticket' | 'done'

export function ConnectWizard({ channel }: { channel: string }) {
  const specs = useSpecs()
  const spec = specs.find((x) => x.channel === channel)
  if (specs.length === 0) return <SkeletonLines label={t('state.loading')} />
  if (!spec) return <EmptyState icon="plug" title={t('channels.unknown')} text={t('channels.unknown_text')} />
  return <Wizard spec={spec} />
}

function Wizard({ spec }: { spec: Spec }) {
  const navigate = useNavigate()
  const inboxes = useInboxes()
  const kinds = spec.kinds ?? []
  const [chosen, setChosen] = useState<Kind | null>(kinds.length === 1 ? kinds[0]! : null)
  const kind = chosen?.comes_later ? (kinds.find((k) => k.name === chosen.use_kind) ?? null) : chosen
  const [accepted, setAccepted] = useState(false)
  const [settings, setSettings] = useState<Settings>(() => initialSettings(spec, kind, chosen))
  const [secrets, setSecrets] = useState<Settings>({})
  const [name, setName] = useState('')
  const wanted = (useSearch({ strict: false }) as { inbox?: string | number }).inbox
  const [inbox, setInbox] = useState<string | null>(wanted === undefined ? null : String(wanted))
  const [inboxName, setInboxName] = useState('')
  const [assign, setAssign] = useState(noAssign)
  const [ticket, setTicket] = useState<TicketPolicy | null>(null)
  const [at, setAt] = useState(0)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [made, setMade] = useState<ChannelAccount | null>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => { heading.current?.focus() }, [at, made])

  const accountFields = fieldsOf(spec, 'account', kind?.name ?? '')
  const live = spec.can.live
  const Own = channelSteps[spec.channel]
  const detailFields = live || Own ? [] : fieldsOf(spec, 'details', kind?.name ?? '')
  const automation = fieldsOf(spec, 'automation', kind?.name ?? '')
  const steps: Step[] = [...(kinds.length > 1 ? ['where' as const] : []), ...(spec.terms ? ['terms' as const] : []), 'account', ...(detailFields.length ? ['details' as const] : []), 'routing', 'ticket']
  const step: Step = made ? 'done' : (steps[at] ?? 'account')
  const target = inbox ?? inboxes.find((i) => i.kind === 'helpdesk')?.id ?? inboxes[0]?.id ?? null
  // IH-02, IH-03: the help desk makes tickets, an inbox where it is told to
  const policy = ticket ?? { ...defaultTicket, create: target !== newInbox && inboxes.find((i) => i.id === target)?.kind === 'helpdesk' ? 'always' as const : 'never' as const }
  const label = name || String(read(settings, 'address') ?? '').split('@')[0] || channelName(spec.channel, [spec])
  const gap = step === 'account' ? missing(accountFields, settings, secrets, false) : step === 'details' ? missing(detailFields, settings, secrets, false) : undefined
  const blocked = (step === 'where' && !chosen) || (step === 'terms' && !accepted) || (step === 'account' && target === newInbox && !inboxName.trim()) || !!gap

  const choose = (k: Kind) => {
    setChosen(k)
    setSettings(initialSettings(spec, k.comes_later ? (kinds.find((x) => x.name === k.use_kind) ?? k) : k, k))
  }
  const finish = async () => {
    setBusy(true)
    setError(null)
    try {
      setMade(await createAccount({ channel: spec.channel, name: label, ...(target === newInbox ? { new_inbox: { name: inboxName } } : { inbox_id: target }), active: true, settings, secrets, assign, ticket: policy, ...(spec.terms ? { accepted_terms: spec.terms.version } : {}) }))
    } catch (err) {
      setError(err)
      const f = err instanceof Problem ? err.field.replace(/^(settings|secrets)\./, '') : ''
      if (f && accountFields.some((x) => x.path === f)) setAt(steps.indexOf('account'))
      else if (f && detailFields.some((x) => x.path === f)) setAt(steps.indexOf('details'))
    } finally { setBusy(false) }
  }
  const next = () => { setError(null); if (at === steps.length - 1) void finish(); else setAt(at + 1) }
  const wrong = error instanceof Problem && error.field ? { field: error.field, message: error.message } : undefined
  const form = { channel: spec.channel, settings, secrets, stored: [], error: wrong, onSettings: setSettings, onSecrets: setSecrets }

  return (
    <div className={s.wizard}>
      <ol className={s.steps} aria-label={t('wizard.steps')}>
        {steps.map((x, i) => <li key={x} aria-current={x === step ? 'step' : undefined} data-done={made || i < at || undefined}><span>{made || i < at ? <Icon name="check" size={12} /> : i + 1}</span><b>{t(`wizard.${x}` as Key)}</b></li>)}
      </ol>
      <div className={s.wizardBody}>
        <h1 ref={heading} tabIndex={-1}>{step === 'done' ? t('wizard.done_title') : t(`wizard.${step}_title` as Key)}</h1>
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {step === 'where' ? <Where spec={spec} kinds={kinds} chosen={chosen} onChoose={choose} /> : null}
        {step === 'terms' && spec.terms ? (
          <Stack gap="md">
            <p className={s.text}>{t('wizard.terms_text')}</p>
            <ul className={s.terms}>{spec.terms.points.map((p, i) => <li key={i}><Icon name="info" /><span>{maybe(`terms.${spec.channel}.${spec.terms!.version}.${i}`, p)}</span></li>)}</ul>
            <Checkbox label={t('wizard.terms_accept')} checked={accepted} onChange={(e) => setAccepted(e.currentTarget.checked)} />
            <p className={s.hint}>{t('wizard.terms_kept')}</p>
          </Stack>
        ) : null}
        {step === 'account' ? (
          <Stack gap="md">
            {chosen?.comes_later ? <Banner tone="note" icon="info">{maybe(`kind.${spec.channel}.${chosen.name}.later`, chosen.comes_later)}</Banner> : null}
            <TextInput label={t('channels.name')} description={t('channels.name_text')} value={name} placeholder={label} onChange={(e) => setName(e.currentTarget.value)} />
            <Select label={t('channels.inbox')} data={[...inboxes.map((i) => ({ value: i.id, label: i.name })), { value: newInbox, label: t('inboxes.new') }]} value={target} onChange={setInbox} allowDeselect={false} />
            {target === newInbox ? <TextInput label={t('inboxes.new_name')} required value={inboxName} onChange={(e) => setInboxName(e.currentTarget.value)} /> : null}
            {Own ? <Suspense fallback={<SkeletonLines label={t('state.loading')} />}><Own settings={settings} onSettings={setSettings} error={wrong} inbox={target} /></Suspense> : <SpecForm {...form} fields={accountFields} />}
            {live || Own ? null : <ProbeList channel={spec.channel} settings={settings} secrets={secrets} />}
          </Stack>
        ) : null}
        {step === 'details' ? <div className={s.beside}><SpecForm {...form} fields={detailFields} /><SenderPreview channel={spec.channel} settings={settings} /></div> : null}
        {step === 'routing' ? <><VisuallyHidden component="h2">{t('wizard.routing')}</VisuallyHidden><RoutingFields value={assign} onChange={setAssign} inbox={target === newInbox ? null : target} />{automation.length ? <SpecForm {...form} fields={automation} /> : null}</> : null}
        {step === 'ticket' ? <TicketForm value={policy} onChange={setTicket} /> : null}
        {step === 'done' && made ? live ? <Suspense fallback={<SkeletonLines label={t('state.loading')} />}><ChatDone account={made} /></Suspense> : <Done account={made} /> : null}
        <div className={s.wizardFoot}>
          {step === 'done' ? <Button onClick={() => void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels' } })}>{t('wizard.to_list')}</Button> : (
            <>
              <Button variant="default" onClick={() => (at === 0 ? void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels' } }) : setAt(at - 1))}>{t(at === 0 ? 'action.cancel' : 'action.back')}</Button>
              <Button disabled={blocked} loading={busy} onClick={next}>{t(at === steps.length - 1 ? 'wizard.finish' : 'action.next_step')}</Button>
            </>
          )}
        </div>
      </div>
    </div>
  )
}

/** EM-02, EM-03: the administrator picks by where the mail is hosted. */
function Where({ spec, kinds, chosen, onChoose }: { spec: Spec; kinds: Kind[]; chosen: Kind | null; onChoose(k: Kind): void }) {
  return (
    <Radio.Group value={chosen?.name ?? null} onChange={(v) => { const k = kinds.find((x) => x.name === v); if (k) onChoose(k) }} aria-label={t('wizard.where_title')}>
      <div className={s.kinds}>
        {kinds.map((k) => (
          <Radio.Card key={k.name} value={k.name} className={s.kind}>
            <Radio.Indicator size="sm" />
            <span><strong>{maybe(`kind.${spec.channel}.${k.name}`, k.label)}</strong><span className={s.kindText}>{maybe(`kind.${spec.channel}.${k.name}.text`, k.description)}</span>
              {k.comes_later ? <span className={s.later}>{maybe(`kind.${spec.channel}.${k.name}.later`, k.comes_later)}</span> : null}</span>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  )
}

function Done({ account }: { account: ChannelAccount }) {
  const hosted = read(account.settings ?? {}, 'kind') === 'hosted' || read(account.settings ?? {}, 'kind') === 'forward'
  return (
    <Stack gap="md">
      <p className={s.text}>{t(hosted ? 'wizard.done_forward' : 'wizard.done_text', { address: account.delivery_identifier })}</p>
      {hosted ? <VerifyForwarding account={account} /> : null}
    </Stack>
  )
}
