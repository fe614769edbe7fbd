import { useChat, useLate, useNow } from './context.tsx'
import { ago } from './format.ts'
import { Avatar, Icon } from './icons.tsx'

export function Home() {
  const { chat, s, t, locale } = useChat()
  const now = new Date(useNow())
  const late = useLate(s.threadsStatus === 'loading' && s.threads.length === 0)
  const canStart = s.options.newThreadLink && !!s.hello!.flow
  return (
    <main class="home">
      {canStart && <button type="button" class="start" onClick={chat.started}><span><strong>{t('home.new')}</strong><small>{t('home.new.hint')}</small></span><Icon name="send" flip /></button>}
      {s.threads.length > 0 && (
        <section aria-labelledby="earlier">
          <h2 id="earlier">{t('home.earlier')}</h2>
          <ul class="threads">
            {s.threads.map((th) => (
              <li key={th.id}>
                <button type="button" class={th.unread ? 'thread unread' : 'thread'} onClick={() => chat.show('chat', th.id)}>
                  <Avatar name={th.with?.name ?? s.hello!.heading.name} url={th.with?.avatar ?? s.hello!.heading.avatar} size={38} bot={th.bot} />
                  <span class="what">
                    <span class="first"><strong>{th.with?.name || s.hello!.heading.name || t('title')}</strong><time dateTime={th.last_at}>{ago(th.last_at, locale, t, now)}</time></span>
                    <span class="second"><span class="cut" dir="auto">{th.preview}</span>{th.unread > 0 ? <span class="count"><span aria-hidden="true">{th.unread}</span><span class="sr">{t('home.unread', { n: th.unread })}</span></span> : !th.open && <span class="over">{t('home.ended')}</span>}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {s.threadsNext && <button type="button" class="plain" onClick={() => void chat.loadThreads(true)}>{t('home.more')}</button>}
        </section>
      )}
      {late && <div class="skeleton" role="status" aria-label={t('loading')}><i /><i /><i /></div>}
      {s.threadsStatus === 'failed' && <div class="trouble" role="alert"><p>{t('home.failed')}</p><button type="button" class="button" onClick={() => void chat.loadThreads()}>{t('retry')}</button></div>}
      {s.threadsStatus === 'ready' && s.threads.length === 0 && <p class="empty">{canStart ? t('home.empty') : t('home.nothing')}</p>}
    </main>
  )
}
