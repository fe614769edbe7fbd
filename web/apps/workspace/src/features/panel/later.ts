export { ThreadWhy } from './Why.tsx'
