import { useEffect, useRef, useState } from 'preact/hooks'
import { Choices, Line, takesLine } from './ask.tsx'
import { QuickReplies } from './bubble.tsx'
import { CaptureCard, ConsentCard, Declined, Rating, Sheet } from './cards.tsx'
import type { Chat } from './chat.ts'
import { Composer } from './composer.tsx'
import { ChatContext, useChat, useLate, useSnapshot } from './context.tsx'
import { Header } from './header.tsx'
import { Home } from './home.tsx'
import { Icon } from './icons.tsx'
import { openQuestion } from './model.ts'
import { firstWords } from './opening.ts'
import { Linked } from './rich.tsx'
import { captureNow, threadOf } from './state.ts'
import { Talk } from './talk.tsx'
import { useFrame } from './theme.ts'

export function App({ chat }: { chat: Chat }) {
  const s = useSnapshot(chat)
  useFrame(chat, s)
  const late = useLate(s.phase === 'boot', 300)
  const { words } = s
  if (s.phase === 'failed') return <Plain chat={chat} />
  if (!words || !s.hello) return late ? <div class="skeleton page" role="status" aria-busy="true"><i /><i /><i /></div> : null
  return (
    <ChatContext.Provider value={{ chat, s, t: words.t, locale: words.locale }}>
      <Frame />
    </ChatContext.Provider>
  )
}

/** No words have come, so there is only a sign and a way to try again. */
function Plain({ chat }: { chat: Chat }) {
  return <div class="plainpage"><Icon name="off" size={40} /><button type="button" class="button main" aria-label="↻" onClick={() => void chat.sayHello()}><Icon name="retry" /></button></div>
}

function Frame() {
  const { chat, s, t } = useChat()
  const [dialog, ask] = useState<'end' | 'transcript' | null>(null)
  const [over, drop] = useState(0)
  const root = useRef<HTMLDivElement>(null)
  const said = useRef(false)
  const banned = s.phase === 'banned'
  const canDrop = s.view === 'chat' && s.hello!.files?.enabled && s.options.attachments && !banned && s.consent !== 'needed' && s.consent !== 'declined'

  const onKey = (e: KeyboardEvent) => {
    if (e.key === 'Escape' && !e.defaultPrevented) { chat.close(); return }
    if (e.key !== 'Tab' || !s.phone || s.inline || s.mode !== 'frame') return
    // On a phone the chat covers the page: the focus stays in it.
    const all = [...root.current!.querySelectorAll<HTMLElement>('a[href],button:not([disabled]),input:not([hidden]):not([disabled]),textarea,[tabindex="0"]')].filter((x) => x.offsetParent !== null && x.tabIndex >= 0)
    const [first, last] = [all[0], all[all.length - 1]]
    if (e.shiftKey && document.activeElement === first) { e.preventDefault(); last?.focus() }
    else if (!e.shiftKey && document.activeElement === last) { e.preventDefault(); first?.focus() }
  }
  useEffect(() => { if (!s.open) ask(null) }, [s.open])
  const touched = () => { if (!said.current) { said.current = true; chat.event('userInteractedWithWidget', { message: '' }) } }
  const modal = s.phone && !s.inline && s.mode === 'frame'
  return (
    <div class="frame" ref={root} onKeyDown={onKey} onPointerDown={touched} {...(modal ? { role: 'dialog', 'aria-modal': 'true', 'aria-label': t('title') } : {})}
      onDragEnter={(e) => { if (canDrop && e.dataTransfer?.types.includes('Files')) { e.preventDefault(); drop(over + 1) } }} onDragLeave={() => drop(Math.max(0, over - 1))} onDragOver={(e) => { if (canDrop) e.preventDefault() }}
      onDrop={(e) => { drop(0); if (canDrop && e.dataTransfer?.files.length) { e.preventDefault(); chat.uploads.add(e.dataTransfer.files) } }}>
      <Header onDialog={ask} />
      <Connection />
      {banned ? <main class="home"><p class="empty">{t('banned')}</p></main> : s.view === 'home' ? <Home /> : <Conversation />}
      {over > 0 && <div class="drop" aria-hidden="true"><Icon name="file" size={32} />{t('files.drop')}</div>}
      {dialog && <Sheet kind={dialog} close={() => ask(null)} />}
      <div class="sr" aria-live="polite" role="status" key="said">{s.said.text && <span key={s.said.n}>{s.said.text}</span>}</div>
    </div>
  )
}

/** The button that was chosen is gone, so the focus waits at the conversation and goes on to what is asked next; where a finger chose, no keyboard springs up. */
function useFollow(chat: Chat, key: string): void {
  useEffect(() => {
    if (!key) return
    if (!chat.following || document.activeElement !== document.querySelector('.scroll')) { chat.following = false; return }
    const next = document.querySelector<HTMLElement>('.quick button') ?? (matchMedia('(pointer: coarse)').matches ? null : document.querySelector<HTMLElement>('.askline input, .composer textarea'))
    next?.focus({ preventScroll: true })
  }, [key])
}

function Connection() {
  const { s, t } = useChat()
  if (s.connection !== 'offline' && s.connection !== 'reconnecting') return null
  return <p class="connection" role="status"><Icon name="off" size={16} /> {s.connection === 'offline' ? t('offline') : t('reconnecting')}</p>
}

function Conversation() {
  const { chat, s, t } = useChat()
  const th = threadOf(s)
  const items = s.convo?.getSnapshot().items ?? []
  const words = !s.thread ? firstWords(s) : []
  const stored = items.some((i) => i.kind === 'entry' && i.value.from !== 'visitor')
  const all = stored ? items : [...words.map((value) => ({ kind: 'entry' as const, key: value.id, value })), ...items]
  const closed = !!th && !th.open
  const question = closed ? null : openQuestion(all)
  const agreed = s.consent !== 'needed' && s.consent !== 'declined'
  const wrote = items.some((i) => i.kind !== 'entry' || i.value.from === 'visitor')
  const capture = agreed && !closed && captureNow(s, wrote)
  const must = capture && s.hello!.flow!.capture.required
  const survey = closed && !!th?.can_rate && !th.rated && s.hello!.flow?.survey !== false && wrote
  // The stream may tell that it was rated before there was time to say thank you.
  const asking = useRef('')
  if (survey) asking.current = s.thread
  const said = items[items.length - 1]
  const again = s.hello!.account.closed === 'reopen'
  const startable = !!s.thread || !!s.hello!.flow
  useEffect(() => { if (must) chat.typing.stop() }, [must])
  const newest = all[all.length - 1]
  useFollow(chat, question?.id ?? (newest?.kind === 'entry' && newest.value.from !== 'visitor' ? newest.key : ''))
  const foot = (
    <>
      {s.thread && closed && !(said?.kind === 'entry' && said.value.system?.code === 'ended') && <p class="notice"><span>{t('ended')}</span></p>}
      {s.consent === 'needed' && <ConsentCard />}
      {s.consent === 'declined' && <Declined />}
      {s.gave && !closed && !(said?.kind === 'entry' && said.value.from === 'agent' && wrote) && <p class="notice" role="status"><span>{t('capture.saved', { email: s.gave })}</span></p>}
      {capture && <CaptureCard />}
      {closed && asking.current !== '' && asking.current === s.thread && <Rating key={s.thread} done={() => { asking.current = ''; chat.rated(); chat.touched() }} />}
      {agreed && !must && question && <QuickReplies m={question} />}
      {agreed && !must && question?.input && <Choices m={question} />}
    </>
  )
  return (
    <main class="chat">
      <Talk foot={foot} />
      <div class="bottom">
        {s.consent === 'implicit' && !wrote && s.hello!.flow?.consent && <p class="implicit" dir="auto"><Linked text={s.hello!.flow.consent.text} /></p>}
        {!startable ? <p class="empty">{t('home.nothing')}</p>
          : closed && !again ? (s.options.newThreadLink && s.hello!.flow && <div class="buttons pad"><button type="button" class="button main wide" onClick={chat.started}>{t('home.new')}</button></div>)
          : agreed && !must && (question && takesLine(question.input) ? <Line key={question.id} m={question} /> : <Composer />)}
      </div>
    </main>
  )
}
