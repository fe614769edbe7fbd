export { HolidayList, HoursEditor } from './HoursEditor.tsx'
export { momentIn, spanTrouble, wallIn, type Holiday, type Hours, type Range } from './model.ts'
