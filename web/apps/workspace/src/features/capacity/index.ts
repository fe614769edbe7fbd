export { CapacityPage } from './CapacityPage.tsx'
