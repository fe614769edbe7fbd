// What of the views is needed only where tables and filters are: not on the first route.
export { fieldName, useFields } from './fields.ts'
export { boardable, boardField } from './boardable.ts'
