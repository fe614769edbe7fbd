export { carryOver } from './carry.ts'
export { Composer, type ComposerPlace, type Mode } from './Composer.tsx'
export { DraftKeeper, handOver, isEmpty, moveLocal, newer, onOtherTab, readLocal, readServer, without, writeLocal, type DraftBody, type DraftPlace, type DraftState } from './draft.ts'
import './actions.ts'
