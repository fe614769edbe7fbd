export { ChatChannel } from './ChatChannel.tsx'
export { ChatDone } from './ChatDone.tsx'
