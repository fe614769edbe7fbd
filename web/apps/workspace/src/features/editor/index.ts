export { Editor, preloadEditor } from './Editor.tsx'
export { escape, htmlToText, textToHtml, type EditorHandle, type EditorValue } from './types.ts'
