import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { get, type ChannelAccount, type Page } from '@kanal/api'
import { EmptyState } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import type { ViewState } from '@/features/views/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'

/** What an empty view says: why it is empty, and what to do. */
export function ListEmpty({ view, state }: { view: string; state: ViewState }) {
  const navigate = useNavigate()
  const can = useCan()('account.access')
  const filtered = state.ask.filter !== ''
  const accounts = useQuery({ queryKey: ['channel-accounts'], queryFn: async () => (await get<Page<ChannelAccount>>('/api/channel-accounts', { limit: 200 })).items ?? [], enabled: can && !filtered }).data
  const known = ['mine', 'unassigned', 'open', 'closed', 'recently_closed', 'snoozed', 'following', 'drafts', 'elsewhere', 'spam', 'trash', 'mentions']
  const name = known.includes(view) ? view : view.startsWith('custom:') ? 'custom' : view.startsWith('status:') ? 'status' : 'inbox'
  const jump = view === 'mine' ? 'unassigned' : view === 'unassigned' ? 'open' : null
  if (filtered) return <EmptyState icon="filter" title={t('empty.filtered')} text={t('empty.filtered_text')}><Button variant="default" onClick={() => state.setFilter(null)}>{t('empty.filtered_go')}</Button></EmptyState>
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
      {jump ? <Button variant="default" onClick={() => void navigate({ to: '/tickets/$view', params: { view: jump } })}>{maybe(`empty.${name}_go`, '')}</Button> : null}
    </EmptyState>
  )
}
