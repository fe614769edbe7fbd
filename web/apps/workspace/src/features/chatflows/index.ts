import './actions.ts'

export { ChatflowList } from './ListPage.tsx'
export { ChatflowPage } from './EditorPage.tsx'
