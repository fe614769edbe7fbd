export { Convo } from './convo.ts'
export type { Entry, Item, PageOf, Port, Snapshot, Status, Stored } from './types.ts'
