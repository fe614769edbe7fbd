import { ChannelEdit } from './ChannelEdit.tsx'
import { ConnectWizard } from './ConnectWizard.tsx'

export function ConnectPage({ params }: { params: Record<string, string> }) {
  return <ConnectWizard key={params.channel} channel={params.channel ?? ''} />
}
export function ChannelPage({ params }: { params: Record<string, string> }) {
  return <ChannelEdit key={params.accountId} accountId={params.accountId ?? ''} />
}
