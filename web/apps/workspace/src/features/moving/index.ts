export { MovePage } from './MovePage.tsx'
export { LimitsPage } from './LimitsPage.tsx'
