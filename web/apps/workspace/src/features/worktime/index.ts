export { HoursPage } from './HoursPage.tsx'
export { MyAvailability } from './MyAvailability.tsx'
export { TeamAvailability } from './TeamAvailability.tsx'
