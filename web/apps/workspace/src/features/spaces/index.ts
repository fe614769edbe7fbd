export { SpaceSwitch } from './SpaceSwitch.tsx'
export { SpacesPage } from './SpacesPage.tsx'
export { enterSpace } from './enter.ts'
