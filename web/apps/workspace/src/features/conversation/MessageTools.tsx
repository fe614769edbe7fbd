import { Menu } from '@mantine/core'
import { post, type Message, type Party } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { RedactedItems } from '@/features/privacy/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { actionById, actionContext } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { looks, partyText, recipientsOf } from './Delivery.tsx'
import { pickOne } from './picking.tsx'
import s from './message.module.css'

export function MessageTools({ message: m, onFacts }: { message: Message; onFacts(): void }) {
  const cancellable = m.direction === 'outgoing' && m.status === 'queued' && !m.send_rule
  const source = m.has_source ?? !!m.raw_id
  const open = (mode: 'reply' | 'reply_all' | 'forward') => actionContext().composer?.open(mode, m)
  const split = actionById('ticket.split')
  return (
    <>
      {m.type === 'message' ? (
        <>
          <Menu.Item leftSection={<Icon name="reply" />} onClick={() => open('reply')}>{t('message.reply_to_this')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="replyAll" />} onClick={() => open('reply_all')}>{t('composer.reply_all')}</Menu.Item>
          <Menu.Item leftSection={<Icon name="forward" />} onClick={() => open('forward')}>{t('composer.forward')}</Menu.Item>
        </>
      ) : null}
      <Menu.Item leftSection={<Icon name="copy" />} onClick={() => void navigator.clipboard?.writeText(m.text).then(() => toast(t('message.copied')))}>{t('message.copy')}</Menu.Item>
      {m.type === 'message' ? <Menu.Item leftSection={<Icon name="info" />} onClick={onFacts}>{t('message.details')}</Menu.Item> : null}
      {m.html ? <Menu.Item leftSection={<Icon name="eye" />} onClick={() => printMessage(m.id)}>{t('message.print')}</Menu.Item> : null}
      {split && m.ticket_id && m.type !== 'system' && split.when(actionContext()) ? <Menu.Item leftSection={<Icon name="archive" />} onClick={() => { split.run(actionContext()); pickOne(m.ticket_id!, m.id) }}>{t('message.split')}</Menu.Item> : null}
      {source ? <Menu.Item leftSection={<Icon name="code" />} component="a" href={`/api/messages/${m.id}/source`} target="_blank" rel="noopener">{t('message.source')}</Menu.Item> : null}
      {source ? <Menu.Item leftSection={<Icon name="download" />} component="a" href={`/api/messages/${m.id}/source?download=1`}>{t('message.download_source')}</Menu.Item> : null}
      <RedactedItems message={m} />
      {cancellable ? <Menu.Item leftSection={<Icon name="x" />} onClick={() => void post(`/api/messages/${m.id}/cancel`).catch(toastError)}>{t('delivery.cancel')}</Menu.Item> : null}
    </>
  )
}

/** The message alone, in a frame of its own in which nothing can run. */
function printMessage(id: string): void {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-same-origin allow-modals')
  frame.className = 'k-hidden'
  frame.src = `/api/messages/${id}/html?images=0&quoted=1`
  frame.onload = () => { frame.contentWindow?.print(); setTimeout(() => frame.remove(), 60_000) }
  document.body.append(frame)
}

/** Every recipient with its own state, and every attempt. */
export function DeliveryDetails({ message }: { message: Message }) {
  const parties = recipientsOf(message)
  return (
    <dl className={s.facts}>
      <dt>{t('message.from')}</dt><dd>{partyText(message.from)}</dd>
      {(['to', 'cc', 'bcc', 'reply_to'] as const).map((f) => {
        const list = parties.filter((p) => (p.field || 'to') === f)
        return list.length ? <FieldRow key={f} label={t(`message.${f}` as Key)} list={list} outgoing={message.direction === 'outgoing'} /> : null
      })}
      {message.subject ? <><dt>{t('message.subject')}</dt><dd>{message.subject}</dd></> : null}
      <dt>{t('message.time')}</dt><dd>{dateTime(message.sent_at ?? message.created_at)}</dd>
      {message.remote_id ? <><dt>{t('message.remote_id')}</dt><dd className={s.mono}>{message.remote_id}</dd></> : null}
      {(message.attempts ?? []).map((a) => (
        <AttemptRow key={a.number} number={a.number} at={a.started_at} outcome={a.outcome} detail={a.detail} />
      ))}
    </dl>
  )
}

function FieldRow({ label, list, outgoing }: { label: string; list: Party[]; outgoing: boolean }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{list.map((p) => (
        <span key={p.address} className={s.recipient}>
          {partyText(p)}{outgoing && p.status ? <>{' '}<Tag tone={looks[p.status]?.tone ?? 'plain'} title={p.detail ?? ''}>{t(`delivery.${p.status}` as Key)}</Tag></> : null}
        </span>
      ))}</dd>
    </>
  )
}

function AttemptRow({ number, at, outcome, detail }: { number: number; at: string; outcome: string; detail: string }) {
  return <><dt>{t('message.attempt', { n: number })}</dt><dd>{dateTime(at)} · {maybe(`outcome.${outcome}`, outcome)}{detail ? ` · ${detail}` : ''}</dd></>
}
