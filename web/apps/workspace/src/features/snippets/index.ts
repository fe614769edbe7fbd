export { SnippetsSettings } from './SnippetsSettings.tsx'
