import { Button, Radio, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Banner } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { ChannelIcon, channelName, useSpecs } from '@/features/tickets/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { accountsQuery } from './queries.ts'
import s from './channels.module.css'

/** GEN-11, IH-12: one wizard for both places. It begins with the choice: a new channel, or one that exists in another inbox. */
export function ChoosePage() {
  const navigate = useNavigate()
  const can = useCan()
  const inboxes = useInboxes()
  const specs = useSpecs().filter((x) => (x.fields ?? []).length > 0 || (x.kinds ?? []).length > 0)
  const accounts = useQuery(accountsQuery)
  const wanted = (useSearch({ strict: false }) as { inbox?: string | number }).inbox
  const target = wanted === 'new' ? undefined : (inboxes.find((i) => i.id === String(wanted)) ?? inboxes.find((i) => i.kind === 'helpdesk'))
  const others = target && can('channels.move') ? (accounts.data ?? []).filter((a) => a.inbox_id !== target.id) : []
  const [what, setWhat] = useState<'new' | 'existing'>('new')
  const [pick, setPick] = useState<string | null>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => { heading.current?.focus() }, [])
  const one = what === 'new' && specs.length === 1 ? specs[0]!.channel : pick
  const next = () => {
    if (!one) return
    if (what === 'new') void navigate({ to: '/settings/$', params: { _splat: `help-desk/channels/connect/${one}` }, search: (wanted === undefined ? {} : { inbox: wanted }) as never })
    else void navigate({ to: '/settings/$', params: { _splat: `help-desk/channels/move/${one}` }, search: { to: target?.id } as never })
  }
  return (
    <div className={s.wizardBody}>
      <h1 ref={heading} tabIndex={-1}>{t('choose.title')}</h1>
      <Radio.Group label={t('choose.what')} value={what} onChange={(v) => { setWhat(v as typeof what); setPick(null) }}>
        <Stack gap={8} mt={6}>
          <Radio value="new" label={t('choose.new')} description={t('choose.new_text')} />
          <Radio value="existing" label={t('choose.existing')} description={t('choose.existing_text', { inbox: target?.name ?? '' })} disabled={others.length === 0} />
        </Stack>
      </Radio.Group>
      {!can('channels.move') ? <Banner tone="note" icon="info">{t('choose.may_not')}</Banner> : null}
      <Radio.Group value={one} onChange={setPick} aria-label={t(what === 'new' ? 'choose.which_new' : 'choose.which')}>
        <div className={s.kinds}>
          {what === 'new' ? specs.map((x) => (
            <Radio.Card key={x.channel} value={x.channel} className={s.kind}><Radio.Indicator size="sm" /><ChannelIcon channel={x.channel} size={18} /><span><strong>{channelName(x.channel, specs)}</strong><span className={s.kindText}>{maybe(`choose.about_${x.channel}`, '')}</span></span></Radio.Card>
          )) : others.map((a) => (
            <Radio.Card key={a.id} value={a.id} className={s.kind}><Radio.Indicator size="sm" /><ChannelIcon channel={a.channel} size={18} /><span><strong>{a.name}</strong><span className={s.kindText}>{[a.delivery_identifier, inboxes.find((i) => i.id === a.inbox_id)?.name].filter(Boolean).join(' · ')}</span></span></Radio.Card>
          ))}
        </div>
      </Radio.Group>
      <div className={s.wizardFoot}>
        <Button variant="default" onClick={() => void navigate({ to: '/settings/$', params: { _splat: wanted === undefined ? 'help-desk/channels' : 'inboxes' } })}>{t('action.cancel')}</Button>
        <Button disabled={!one} onClick={next}>{t('action.next_step')}</Button>
      </div>
    </div>
  )
}
