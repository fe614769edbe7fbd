export { ChannelList } from './ChannelList.tsx'
export { ChannelPage, ConnectPage } from './pages.tsx'
export { RoutingForm } from './RoutingForm.tsx'
