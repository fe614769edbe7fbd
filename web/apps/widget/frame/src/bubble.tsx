import { useState } from 'preact/hooks'
import type { ChatFile, Msg, QuickReply } from '../../shared/types.ts'
import { useChat } from './context.tsx'
import { fullTime, timeOf } from './format.ts'
import { Avatar, Icon } from './icons.tsx'
import { bytes, type ChatItem, onlyEmoji, type Row } from './model.ts'
import { Linked, Rich, safeHref, safeImage } from './rich.tsx'

export function Group({ row, mark }: { row: Extract<Row, { kind: 'group' }>; mark: { key: string; status: Msg['status'] } | null }) {
  const { s, t, locale } = useChat()
  // What nobody in particular has said comes from whoever stands at the top.
  const h = s.hello!.heading
  const nobody = !row.author?.name
  const face = nobody ? { name: h.people?.[0]?.name ?? h.name, avatar: h.people?.[0]?.avatar || h.avatar } : row.author!
  const bot = row.bot && !(nobody && s.hello!.flow?.kind !== 'bot')
  const name = bot ? row.author?.name || h.name : face.name
  const last = row.items[row.items.length - 1]!
  const ended = last.kind === 'entry'
  return (
    <div class={row.mine ? 'group me' : 'group them'}>
      {!row.mine && <Avatar name={bot ? name : face.name} url={bot ? h.avatar : face.avatar} size={28} bot={bot} />}
      <div class="stack">
        {!row.mine && name && <p class="by">{bot ? t('by.bot', { name }) : name}</p>}
        {row.mine && <span class="sr">{t('by.you')}</span>}
        {row.items.map((i) => <Bubble key={i.key} item={i} />)}
        {ended && last.value.at && (
          <p class={row.brief && !(row.mine && mark?.key === last.key) ? 'sr' : 'meta'}>
            <time dateTime={last.value.at} title={fullTime(last.value.at, locale)}>{timeOf(last.value.at, locale)}</time>
            {row.mine && s.hello?.read !== false && mark?.key === last.key && <Mark status={mark.status} />}
          </p>
        )}
      </div>
    </div>
  )
}

function Mark({ status }: { status: Msg['status'] }) {
  const { t } = useChat()
  return <span class={`mark ${status}`}><Icon name={status === 'sent' ? 'check' : 'checks'} size={15} /> {t(`status.${status}`)}</span>
}

function Bubble({ item }: { item: ChatItem }) {
  const { t } = useChat()
  if (item.kind === 'entry') return <Said m={item.value} />
  const d = item.draft
  const waiting = item.kind === 'failed' && item.uncertain
  return (
    <>
      {(d.text || d.quick) && <div class={item.kind === 'pending' ? 'bubble sending' : 'bubble unsent'}><p dir="auto">{d.text || d.quick?.label}</p></div>}
      {d.files.map((f) => <p key={f.receipt} class={item.kind === 'pending' ? 'file sending' : 'file unsent'}><Icon name="doc" size={18} /><span class="cut">{f.name}</span></p>)}
      {item.kind === 'pending' && <p class="meta"><Icon name="clock" size={13} /> {t('status.sending')}</p>}
      {waiting && <p class="meta waiting"><Icon name="clock" size={13} /> {t('status.waiting')} <button type="button" onClick={item.retry}>{t('retry')}</button></p>}
      {item.kind === 'failed' && !waiting && <p class="meta bad" role="alert"><Icon name="alert" size={14} /> <span>{(item.error as Error | null)?.message || t('status.refused')}</span> <button type="button" onClick={item.retry}>{t('retry')}</button> <button type="button" onClick={() => item.discard()}>{t('discard')}</button></p>}
    </>
  )
}

function Said({ m }: { m: Msg }) {
  const big = m.text !== '' && !m.html && onlyEmoji(m.text)
  const body = m.html || m.text
  return (
    <>
      {body && <div class={big ? 'bubble emoji' : 'bubble'} dir="auto">{m.html && m.from !== 'visitor' ? <Rich html={m.html} /> : <p dir="auto"><Linked text={m.text} /></p>}</div>}
      {m.files?.map((f) => <File key={f.id} f={f} />)}
    </>
  )
}

function File({ f }: { f: ChatFile }) {
  const { locale, t } = useChat()
  const [broken, set] = useState(false)
  const [big, show] = useState(false)
  const src = f.image ? safeImage(f.url) : ''
  if (src && !broken) {
    const style = f.width && f.height ? { aspectRatio: `${f.width} / ${f.height}`, width: `${Math.min(240, f.width)}px` } : { width: '200px', minHeight: '80px' }
    return (
      <>
        <button type="button" class="picture" aria-label={t('files.view', { name: f.name })} onClick={() => show(true)} style={style}><img src={src} alt="" loading="lazy" onError={() => set(true)} /></button>
        {big && <Viewer f={f} src={src} close={() => show(false)} />}
      </>
    )
  }
  return (
    <a class="file" href={safeHref(new URL(f.url || '#', location.href).href)} download={f.name} target="_blank" rel="noopener noreferrer">
      <Icon name="doc" size={20} /><span class="cut" dir="auto">{f.name}</span><small>{bytes(f.size, locale)}</small>
    </a>
  )
}

function Viewer({ f, src, close }: { f: ChatFile; src: string; close: () => void }) {
  const { t } = useChat()
  return (
    <dialog class="viewer" aria-label={f.name} ref={(d) => { if (d && !d.open) d.showModal() }} onClose={close} onClick={(e) => { if (e.target === e.currentTarget) (e.currentTarget as HTMLDialogElement).close() }} onKeyDown={(e) => e.stopPropagation()}>
      <form method="dialog">
        <a class="tool" href={src} download={f.name} target="_blank" rel="noopener noreferrer" aria-label={t('files.save', { name: f.name })}><Icon name="save" /></a>
        <button class="tool" aria-label={t('files.close')}><Icon name="close" /></button>
      </form>
      <img src={src} alt={f.name} />
    </dialog>
  )
}

export function QuickReplies({ m }: { m: Msg }) {
  const { chat, t } = useChat()
  if (!m.quick?.length) return null
  return (
    <div class="quick" role="group" aria-label={t('quick')}>
      {m.quick.map((q, n) => (
        q.url && safeHref(q.url)
          ? <a key={n} href={safeHref(q.url)} target="_blank" rel="noopener noreferrer" onClick={() => chat.event('quickReplyButtonClick', { value: [q.url] })}>{q.label}</a>
          : <button key={n} type="button" onClick={() => chat.send(q.label, chosen(m, q))}>{q.label}</button>
      ))}
    </div>
  )
}

const chosen = (m: Msg, q: QuickReply) => ({ step: q.step || m.input?.step || '', value: q.value || q.label, label: q.label })
