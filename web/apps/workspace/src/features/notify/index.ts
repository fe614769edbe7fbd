import './actions.ts'

export { Bell } from './Bell.tsx'
export { hearNews } from './hear.ts'
export { desktopState, turnDesktop, type DesktopState } from './permission.ts'
export { defaultsPath, defaultsQuery, minePath, prefsQuery, type MailPrefs, type Prefs, type PrefsChange, type PrefTarget, type QuietPrefs } from './prefs.ts'
