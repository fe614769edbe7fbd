export { Outcome, type Tried } from './TryRule.tsx'
export { RoutingFields, type RoutingFieldsProps } from './RoutingFields.tsx'
export { noAssign, unfinishedPolicy } from './model.ts'
