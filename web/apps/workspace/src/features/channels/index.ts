export { ChannelList } from './ChannelList.tsx'
export { ChannelEdit } from './ChannelEdit.tsx'
export { ConnectWizard } from './ConnectWizard.tsx'
