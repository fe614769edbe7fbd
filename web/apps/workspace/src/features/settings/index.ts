export { SettingsHome, SettingsLayout, SettingsRoute } from './SettingsLayout.tsx'
export { defineSettingsPage, settingsPages, matchSettings, type SettingsPage, type SettingsField, type SettingsPageProps } from './registry.ts'
