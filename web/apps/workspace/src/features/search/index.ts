export { SearchPage } from './SearchPage.tsx'
export { useSuggestions } from './queries.ts'
