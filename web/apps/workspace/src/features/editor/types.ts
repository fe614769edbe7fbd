export interface EditorValue { html: string; text: string; mentions: string[] }

/** What a toolbar or a composer asks of whichever editor is in place. */
export interface EditorHandle {
  focus(): void
  insertText(text: string): void
  insertHtml(html: string): void
  insertImage(src: string, alt: string): void
  isEmpty(): boolean
  clear(): void
}

export interface Person { id: string; name: string; hint?: string }
export interface SnippetSource { find(query: string): { id: string; name: string; hint: string; text: string }[]; html(id: string): Promise<string> }

export interface EditorProps {
  value: string
  label: string
  placeholder: string
  autoFocus?: boolean
  /** people who may be mentioned with @; none: mentions are off */
  mentionable?: Person[]
  /** people looked for at the server instead; who is picked is told of */
  findPeople?: ((query: string) => Promise<Person[]>) | undefined
  onPerson?(p: Person): void
  /** what a slash offers */
  snippets?: SnippetSource
  emoji?: boolean
  onChange(v: EditorValue): void
  onSubmit?(): void
  /** Enter submits, and Shift+Enter begins a line: for chats */
  enterSends?: boolean
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
