import { useQuery } from '@tanstack/react-query'
import { useCan } from '@/features/session/index.ts'
import { get, type Spec } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { maybe } from '@/locales/index.ts'

const specs = { queryKey: ['channels'], queryFn: async () => { const b = await get<{ items: Spec[] | null } | Spec[]>('/api/channels'); return Array.isArray(b) ? b : (b.items ?? []) } }

/** How channels are connected: for those who may connect them. */
export const useSpecs = (): Spec[] => { const enabled = useCan()('account.access'); return useQuery({ ...specs, enabled }).data ?? none }
const none: Spec[] = []
export const channelName = (channel: string, list: Spec[]): string => maybe(`channel.${channel}`, list.find((x) => x.channel === channel)?.name ?? channel)

/** The adapter's own icon, shown as an image so that its markup never enters the page. */
export function ChannelIcon({ channel, size = 16 }: { channel: string; size?: number }) {
  const list = useSpecs()
  const icon = list.find((x) => x.channel === channel)?.icon
  if (!icon) return <Icon name={channel === 'chat' ? 'comment' : 'mail'} size={size} />
  const url = `url("data:image/svg+xml,${encodeURIComponent(icon)}")`
  return <span aria-hidden="true" style={{ display: 'block', flex: 'none', width: size, height: size, background: 'currentColor', mask: `${url} center / contain no-repeat` }} />
}
