import { Outlet, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { EmptyState, Keys } from '@kanal/ui'
import { TicketList, TicketScreen } from '@/features/tickets/index.ts'
import { useViews, viewName } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { count } from '@/shell/format.ts'
import s from './tickets.module.css'

/** The split layout: the list of a view, and one ticket beside it. On a phone one at a time. */
export function TicketsRoute() {
  const { view, ticketId } = useParams({ strict: false }) as { view: string; ticketId?: string }
  const views = useViews()
  const here = views.find((v) => v.id === view)
  const title = here ? viewName(here) : viewName({ id: view, name: '' })
  useEffect(() => { if (!ticketId) document.title = `${here && here.count > 0 ? `(${count(here.count, here.capped)}) ` : ''}${title} · Kanal` }, [title, ticketId, here])
  return (
    <main id="main" className={s.split} data-showing={ticketId ? true : undefined}>
      <div className={s.list}>
        <header className={s.head}>
          <h1 className="k-cut">{title}</h1>
          {here ? <span className={`${s.count} k-num`}>{count(here.count, here.capped)}</span> : null}
        </header>
        <TicketList key={view} view={view} selected={ticketId} title={title} />
      </div>
      <div className={s.ticket}>
        {ticketId ? <Outlet /> : (
          <div className={s.none}>
            <EmptyState icon="inbox" title={t('ticket.pick')} text={t('ticket.pick_text')}>
              <span className={s.hint}><Keys keys={['J']} /> <Keys keys={['K']} /> {t('ticket.pick_keys')}</span>
              <span className={s.hint}><Keys keys={['?']} /> {t('action.sheet')}</span>
            </EmptyState>
          </div>
        )}
      </div>
    </main>
  )
}

export function TicketRoute() {
  const { view, ticketId } = useParams({ strict: false }) as { view: string; ticketId: string }
  return <TicketScreen ticketId={ticketId} view={view} />
}
