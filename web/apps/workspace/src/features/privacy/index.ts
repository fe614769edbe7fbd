export { KeepingPage } from './KeepingPage.tsx'
export { RedactionPage } from './RedactionPage.tsx'
export { HoldDialog, RedactedItems, RedactSelected, ShownDialog } from './dialogs.tsx'
