import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { lazy, memo, Suspense, useCallback, useState } from 'react'
import type { Message } from '@kanal/api'
import { Avatar, Banner, Icon, Tag } from '@kanal/ui'
import { t, withMore } from '@/locales/index.ts'
import { ago, dateTime, fullTime } from '@/shell/format.ts'
import { Attachments } from './Attachments.tsx'
import { DeliveryTag, DeliveryTrouble } from './Delivery.tsx'
import { looksPlain, MessageFrame } from './MessageFrame.tsx'
import { AuthTag, FlagNotices, ForwardNotice } from './MessageNotices.tsx'
import { useTakeBack } from './hooks.ts'
import { atOf, waits } from './model.ts'
import { PlainText } from './PlainText.tsx'
import s from './message.module.css'

const tools = withMore(() => import('./MessageTools.tsx'))
const Tools = lazy(async () => ({ default: (await tools()).MessageTools }))
const Details = lazy(async () => ({ default: (await tools()).DeliveryDetails }))
const Offered = lazy(withMore(async () => ({ default: (await import('./Offered.tsx')).Offered })))
const SendState = lazy(withMore(async () => ({ default: (await import('@/features/writing/index.ts')).SendState })))

export const authorOf = (m: Message): string => m.author?.name || m.from?.name || (m.author?.kind === 'visitor' ? t('chat.visitor') : m.from?.address) || t('message.system')

export const MessageItem = memo(function MessageItem({ message: m, initiallyOpen }: { message: Message; initiallyOpen: boolean }) {
  const [choice, setChoice] = useState<boolean | null>(null)
  const waiting = m.send_rule === 'undo' ? m.status === 'queued' : waits(m)
  const open = choice ?? (initiallyOpen || waiting || m.status === 'failed' || m.status === 'uncertain')
  const at = atOf({ kind: 'message', message: m })
  const kind = m.type === 'comment' ? 'comment' : m.type === 'system' ? 'system' : m.direction
  const name = authorOf(m)
  return (
    <article className={s.message} data-kind={kind} data-waits={waiting || undefined} data-gone={m.status === 'cancelled' && !waiting ? true : undefined} data-open={open || undefined} aria-label={t('message.label', { name, time: dateTime(m.sent_at ?? m.created_at) })} data-message={m.id}>
      <header className={s.head}>
        <button type="button" className={s.toggle} aria-expanded={open} onClick={() => setChoice(!open)}>
          <Avatar name={name} size={28} />
          <span className={s.names}>
            <span className={s.nameLine}>
              <span className={`${s.name} k-cut`}>{name}</span>
              {m.forward_of ? <Tag><Icon name="forward" size={12} />{t('message.forwarded')}</Tag> : null}
              {m.type === 'comment' ? <Tag tone="note"><Icon name="comment" size={12} />{t('message.internal')}</Tag> : null}
            </span>
            {open ? <Recipients message={m} /> : <span className={`${s.peek} k-cut`}>{m.text.slice(0, 200)}</span>}
          </span>
        </button>
        <span className={s.meta}>
          {open ? <AuthTag message={m} /> : null}
          <DeliveryTag message={m} />
          <time dateTime={at} title={fullTime(m.sent_at ?? m.created_at)} className={s.time}>{waiting ? null : ago(at)}</time>
          {open ? <MessageMenu message={m} /> : null}
        </span>
      </header>
      {open ? <MessageBody message={m} /> : null}
    </article>
  )
})

function Recipients({ message: m }: { message: Message }) {
  if (m.type === 'comment') return <span className={`${s.peek} k-cut`}>{t('message.only_team')}</span>
  const to = (m.recipients ?? []).filter((p) => p.field !== 'from' && p.field !== 'reply_to' && p.kind !== 'visitor')
  if (to.length === 0) return null
  const first = to.slice(0, 2).map((p) => p.name || p.address).join(', ')
  return <span className={`${s.peek} k-cut`}>{t('message.to_line', { names: first })}{to.length > 2 ? ` ${t('message.and_more', { n: to.length - 2 })}` : ''}</span>
}

function MessageBody({ message: m }: { message: Message }) {
  const [quoted, setQuoted] = useState(false)
  const [images, setImages] = useState(false)
  const [blocked, setBlocked] = useState(m.blocked_images ?? 0)
  const onBlocked = useCallback((n: number) => setBlocked(n), [])
  const html = m.html !== ''
  const hasQuoted = m.html_quoted !== '' || m.text_quoted !== ''
  const takeBack = useTakeBack()
  const files = (m.attachments ?? []).filter((a) => !(a.inline && html))
  return (
    <div className={s.body}>
      <ForwardNotice message={m} />
      <FlagNotices message={m} />
      <DeliveryTrouble message={m} />
      {m.direction === 'outgoing' && m.send_rule ? <Suspense fallback={null}><SendState message={m} onTakeBack={takeBack} /></Suspense> : null}
      {blocked > 0 && !images ? <Banner icon="image" action={t('message.show_images')} onAction={() => setImages(true)}>{t('message.images_blocked', { n: blocked })}</Banner> : null}
      {html
        ? <MessageFrame messageId={m.id} images={images} quoted={quoted} plainLook={looksPlain(m.html) && !(quoted && !looksPlain(m.html_quoted))} onBlocked={onBlocked} title={t('message.frame', { name: authorOf(m) })} />
        : m.text ? <PlainText text={m.text} /> : files.length ? null : <p className={s.nothing}>{t('message.empty')}</p>}
      {m.offers ? <Suspense fallback={null}><Offered offers={m.offers} /></Suspense> : null}
      {hasQuoted ? (
        <button type="button" className={s.quotedToggle} aria-expanded={quoted} onClick={() => setQuoted(!quoted)}>
          <Icon name="more" /> {t(quoted ? 'message.hide_quoted' : 'message.show_quoted')}
        </button>
      ) : null}
      {quoted && !html && m.text_quoted ? <div className={s.quoted}><PlainText text={m.text_quoted} /></div> : null}
      <Attachments list={files} />
    </div>
  )
}

/** What can be done with one message; the items load when somebody reaches for them. */
function MessageMenu({ message: m }: { message: Message }) {
  const [facts, setFacts] = useState(false)
  return (
    <>
      <Menu>
        <Menu.Target>
          <Tooltip label={t('action.more')}><ActionIcon aria-label={t('action.more')} onPointerEnter={() => void tools()} onFocus={() => void tools()}><Icon name="more" /></ActionIcon></Tooltip>
        </Menu.Target>
        <Menu.Dropdown><Suspense fallback={null}><Tools message={m} onFacts={() => setFacts(!facts)} /></Suspense></Menu.Dropdown>
      </Menu>
      {facts ? <div className={s.factsBox}><Suspense fallback={null}><Details message={m} /></Suspense></div> : null}
    </>
  )
}
