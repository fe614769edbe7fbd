import { ActionIcon, Button, Checkbox, Menu, Popover, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import type { Status, Ticket } from '@kanal/api'
import { Icon } from '@kanal/ui'
import type { DraftState } from '@/features/composer/index.ts'
import { useStatuses } from '@/features/lookups/index.ts'
import { useSession } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { keysOf } from '@/shell/actions.ts'
import { dateTime } from '@/shell/format.ts'
import { fromField, presets, toField } from './wallTime.ts'
import s from './writing.module.css'

/** How it is sent: when, and what becomes of the ticket. */
export interface SendHow { status?: Status; at?: Date; ifQuiet?: boolean; snooze?: 'reply' | Date }

export function Foot({ ticket, comment, later = false, state, from, canAttach, tools, onFiles, onSend, onDiscard, discardable }: {
  ticket: Ticket | null; comment: boolean; later?: boolean; state: DraftState; from: { name: string; address: string } | undefined; canAttach: boolean; tools?: React.ReactNode
  onFiles(f: File[]): void; onSend(how?: SendHow): void; onDiscard(): void; discardable: boolean
}) {
  const statuses = useStatuses(ticket?.pipeline_id)
  const input = useRef<HTMLInputElement>(null)
  const zone = useSession().user.timezone || undefined
  const mornings = () => presets(new Date(), zone).filter((p) => p.name === 'tomorrow' || p.name === 'monday')
  return (
    <div className={s.foot}>
      {canAttach ? (
        <>
          <ActionIcon aria-label={t('composer.attach')} title={t('composer.attach')} onClick={() => input.current?.click()}><Icon name="clip" /></ActionIcon>
          <input ref={input} type="file" multiple hidden onChange={(e) => { onFiles([...(e.currentTarget.files ?? [])]); e.currentTarget.value = '' }} />
        </>
      ) : null}
      {tools}
      {discardable ? <ActionIcon aria-label={t('composer.discard')} title={t('composer.discard')} onClick={onDiscard}><Icon name="trash" /></ActionIcon> : null}
      <span className={s.state} role="status">
        {state === 'saved' ? t('draft.saved') : state === 'local' ? t('draft.local') : !comment && from ? t('composer.from', { address: from.address }) : ''}
      </span>
      {later ? <Later zone={zone} onPick={(at, ifQuiet) => onSend({ at, ifQuiet })} /> : null}
      <div className={s.send}>
        <Button size="xs" onClick={() => onSend()} leftSection={<Icon name={comment ? 'comment' : 'send'} size={14} />} title={keysOf('mod+enter').join(' ')}>{t(comment ? 'composer.add_comment' : 'composer.send')}</Button>
        {ticket ? (
          <Menu position="top-end">
            <Menu.Target><Button size="xs" px={6} aria-label={t('composer.send_and')}><Icon name="down" size={14} /></Button></Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{t(comment ? 'composer.comment_and_set' : 'composer.send_and_set')}</Menu.Label>
              {statuses.map((st) => <Menu.Item key={st.id} leftSection={<Icon name={st.state === 'closed' ? 'closed' : 'open'} size={14} />} onClick={() => onSend({ status: st })}>{st.name}</Menu.Item>)}
              {comment ? null : (
                <>
                  <Menu.Divider />
                  <Menu.Label>{t('composer.send_and_snooze')}</Menu.Label>
                  <Menu.Item leftSection={<Icon name="clock" size={14} />} onClick={() => onSend({ snooze: 'reply' })}>{t('later.until_reply')}</Menu.Item>
                  {mornings().map((p) => <Menu.Item key={p.name} leftSection={<Icon name="clock" size={14} />} onClick={() => onSend({ snooze: p.at })}>{t(`later.${p.name}` as Key)}</Menu.Item>)}
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        ) : null}
      </div>
    </div>
  )
}

/** When it leaves, on the person's own clock. */
export function Later({ zone, onPick, now, quiet: was = true, label }: { zone: string | undefined; onPick(at: Date, ifQuiet: boolean): void; now?: Date; quiet?: boolean; label?: string }) {
  const [open, setOpen] = useState(false)
  const [quiet, setQuiet] = useState(was)
  const [own, setOwn] = useState('')
  const at = own ? fromField(own, zone) : null
  const past = !!at && at.getTime() <= Date.now()
  const pick = (x: Date) => { setOpen(false); onPick(x, quiet) }
  return (
    <Popover opened={open} onChange={setOpen} trapFocus withinPortal position="top-end" shadow="md">
      <Popover.Target>
        {label
          ? <Button size="compact-xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>{label}</Button>
          : <ActionIcon aria-label={t('later.title')} title={t('later.title')} aria-expanded={open} onClick={() => { setOwn(''); setOpen(!open) }}><Icon name="clock" /></ActionIcon>}
      </Popover.Target>
      <Popover.Dropdown>
        <div className={s.later} role="group" aria-label={t('later.title')}>
          <strong>{t('later.title')}</strong>
          {presets(now ?? new Date(), zone).map((p, i) => (
            <button key={p.name} type="button" className={s.preset} {...(i === 0 ? { 'data-autofocus': true } : {})} onClick={() => pick(p.at)}><span>{t(`later.${p.name}` as Key)}</span><span className={s.presetTime}>{dateTime(p.at.toISOString())}</span></button>
          ))}
          <div className={s.laterOwn}>
            <TextInput size="xs" type="datetime-local" aria-label={t('later.own')} value={own} min={toField(new Date(), zone)} onChange={(e) => setOwn(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter' && at && !past) { e.preventDefault(); pick(at) } }} error={past ? t('later.past') : undefined} />
            <Button size="xs" variant="default" disabled={!at || past} onClick={() => at && pick(at)}>{t('later.pick')}</Button>
          </div>
          <Checkbox size="xs" checked={quiet} onChange={(e) => setQuiet(e.currentTarget.checked)} label={t('later.quiet')} />
          <p className={s.hint}>{t('later.zone', { zone: zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone })}</p>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
