export { ViewNav } from './ViewNav.tsx'
export { openIn, useViews, viewsQuery, viewName, viewIcon } from './queries.ts'
