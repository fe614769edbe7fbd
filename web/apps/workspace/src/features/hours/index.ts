export { HolidayList, HoursEditor } from './HoursEditor.tsx'
export { HoursPick, useBusinessHours } from './HoursPick.tsx'
export { momentIn, spanTrouble, wallIn, type Holiday, type Hours, type Range } from './model.ts'
