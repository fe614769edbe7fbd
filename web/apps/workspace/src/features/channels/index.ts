export { ChoosePage } from './Choose.tsx'
export { ChannelList } from './ChannelList.tsx'
export { ChannelPage, ConnectPage } from './pages.tsx'
