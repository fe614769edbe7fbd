export { openDialog } from './store.ts'
