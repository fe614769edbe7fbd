import './actions.ts'

export { FormList } from './ListPage.tsx'
export { FormPage } from './EditorPage.tsx'
export { FormChannelOptions, FormChoice } from './FormChannel.tsx'
export { FormRemoval, offerBack } from './Removal.tsx'
export { Submissions } from './SubmissionsPage.tsx'
