// What the frame loads after the first paint.
export { StatusItems } from './StatusItems.tsx'
export { Watch } from './Watch.tsx'
