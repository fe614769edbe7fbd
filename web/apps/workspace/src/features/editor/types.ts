export interface EditorValue { html: string; text: string; mentions: string[] }

/** What a toolbar or a composer asks of whichever editor is in place. */
export interface EditorHandle {
  focus(): void
  insertText(text: string): void
  insertImage(src: string, alt: string): void
  isEmpty(): boolean
}

export interface EditorProps {
  value: string
  label: string
  placeholder: string
  autoFocus?: boolean
  /** people who may be mentioned with @; none: mentions are off */
  mentionable?: { id: string; name: string }[]
  onChange(v: EditorValue): void
  onSubmit?(): void
  onEscape?(): void
  onFiles?(files: File[]): void
  handle?: { current: EditorHandle | null }
  toolbar?: boolean
  minHeight?: number
}

export const textToHtml = (text: string): string => text.split('\n').map((l) => `<p>${escape(l)}</p>`).join('')
export const escape = (s: string): string => s.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)

/** Text of simple HTML, for the plain field that stands in until the editor is there. */
export function htmlToText(html: string): string {
  const doc = new DOMParser().parseFromString(html.replace(/<\/p>\s*<p[^>]*>/gi, '</p>\n<p>').replace(/<br\s*\/?>/gi, '\n'), 'text/html')
  return doc.body.textContent ?? ''
}
