// Tells that the visitor is typing, and what, where the channel's preview of it is on: seldom, only in a conversation that exists, and never before consent.

import type { Chat } from './chat.ts'

const every = 1_500
const idle = 4_000

export class Typing {
  private on = false
  private text = ''
  private last = 0
  private soon: ReturnType<typeof setTimeout> | undefined
  private end: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly chat: Chat) {}

  typed(text: string): void {
    const { hello, thread, consent, connection } = this.chat.state
    if (!hello?.typing || !thread || this.chat.preview || consent === 'needed' || consent === 'declined' || connection === 'offline') return
    this.text = text
    clearTimeout(this.end)
    if (!text.trim()) return this.stop()
    this.end = setTimeout(() => this.stop(), idle)
    if (this.soon !== undefined) return
    this.soon = setTimeout(() => {
      this.soon = undefined
      this.last = Date.now()
      this.on = true
      this.tell(true)
    }, Math.max(0, this.last + every - Date.now()))
  }

  /** sent: the message itself says that typing is over. */
  stop(sent = false): void {
    clearTimeout(this.end)
    clearTimeout(this.soon)
    this.soon = undefined
    if (this.on && !sent) { this.text = ''; this.tell(false) }
    this.on = false
  }

  private tell(on: boolean): void {
    const { hello, thread } = this.chat.state
    void this.chat.api.ask('POST', '/widget/typing', { thread, text: on && hello?.account.typing_preview ? this.text.slice(0, 2000) : '', on }).catch(() => {})
  }
}
