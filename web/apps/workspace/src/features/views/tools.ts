// What of the list tools loads when first used.
export { FilterBar } from './FilterBar.tsx'
export { FilterDialog } from './FilterDialog.tsx'
export { Display } from './Display.tsx'
export { ViewGone } from './ViewGone.tsx'
