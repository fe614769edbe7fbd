export { WaitingEvent } from './WaitingEvent.tsx'
export { WaitingLine } from './WaitingLine.tsx'
export { WaitingPage } from './WaitingPage.tsx'
