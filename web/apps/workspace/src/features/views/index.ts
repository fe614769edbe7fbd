export { ViewNav } from './ViewNav.tsx'
export { useViews, viewsQuery, viewName, viewIcon } from './queries.ts'
