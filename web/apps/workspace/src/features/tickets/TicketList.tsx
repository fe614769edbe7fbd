import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { useQuery } from '@tanstack/react-query'
import { get, type ChannelAccount, type Page } from '@kanal/api'
import { EmptyState } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { settle, type Row } from './model.ts'
import { listQuery, ticketQuery, useTicketList } from './queries.ts'
import { RowList } from './RowList.tsx'
import { TicketRowLink } from './TicketRowLink.tsx'

export function TicketList({ view, selected, title }: { view: string; selected: string | undefined; title: string }) {
  const q = useTicketList(view)
  const navigate = useNavigate()
  const refresh = useCallback(() => queries.setQueryData(listQuery(view).queryKey, (d) => d && { ...d, pages: settle(d.pages, selected) }), [view, selected])
  const go = useCallback((r: Row | undefined) => void (r ? navigate({ to: '/tickets/$view/$ticketId', params: { view, ticketId: r.id } }) : navigate({ to: '/tickets/$view', params: { view } })), [navigate, view])
  return (
    <RowList<Row>
      label={title} view={view} q={q} isCurrent={(r) => r.id === selected} onRefresh={refresh} onGo={go} readAhead={(r) => void queries.prefetchQuery(ticketQuery(r.id))}
      empty={<ListEmpty view={view} />} row={(r, current) => <TicketRowLink row={r} view={view} current={current} />}
    />
  )
}

function ListEmpty({ view }: { view: string }) {
  const navigate = useNavigate()
  const can = useCan()('account.access')
  const accounts = useQuery({ queryKey: ['channel-accounts'], queryFn: async () => (await get<Page<ChannelAccount>>('/api/channel-accounts', { limit: 200 })).items ?? [], enabled: can }).data
  const known = ['mine', 'unassigned', 'open', 'closed', 'spam', 'trash', 'mentions']
  const name = known.includes(view) ? view : 'inbox'
  const jump = view === 'mine' ? 'unassigned' : view === 'unassigned' ? 'open' : null
  // Nothing is connected yet: an empty list then says how work gets here.
  const fallback = accounts?.find((a) => a.fallback)
  if (accounts && accounts.every((a) => a.fallback) && (view === 'open' || view === 'mine' || view === 'unassigned' || name === 'inbox')) {
    return (
      <EmptyState icon="plug" title={t('empty.first')} text={fallback ? t('empty.first_text', { address: fallback.delivery_identifier }) : t('channels.empty_text')}>
        <Button onClick={() => void navigate({ to: '/settings/$', params: { _splat: 'help-desk/channels' } })}>{t('channels.connect')}</Button>
      </EmptyState>
    )
  }
  return (
    <EmptyState icon={view === 'spam' || view === 'trash' ? 'check' : 'inbox'} title={t(`empty.${name}` as Key)} text={t(`empty.${name}_text` as Key)}>
      {jump ? <Button variant="default" onClick={() => void navigate({ to: '/tickets/$view', params: { view: jump } })}>{t(`empty.${name}_go` as Key)}</Button> : null}
    </EmptyState>
  )
}
