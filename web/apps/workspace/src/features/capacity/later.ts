export { OwnerLoad, sayOver } from './OwnerLoad.tsx'
