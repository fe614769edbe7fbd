export { ChannelList } from './ChannelList.tsx'
export { ChannelPage, ConnectPage } from './pages.tsx'
