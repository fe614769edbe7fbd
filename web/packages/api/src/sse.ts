// A reader of server-sent events over a streaming fetch: a pure parser, so that it can be tested without a network.

export interface Frame { id: string; event: string; data: string }

/** Feed it text as it arrives; it calls back with each whole frame. Comments (heartbeats) call onBeat. */
export class FrameParser {
  private rest = ''
  private id = ''
  private event = ''
  private data: string[] = []
  private readonly onFrame: (f: Frame) => void
  private readonly onBeat: () => void

  constructor(onFrame: (f: Frame) => void, onBeat: () => void = () => {}) {
    this.onFrame = onFrame
    this.onBeat = onBeat
  }

  push(chunk: string): void {
    const text = this.rest + chunk
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) this.line(line)
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length || this.event) this.onFrame({ id: this.id, event: this.event || 'message', data: this.data.join('\n') })
      this.id = ''
      this.event = ''
      this.data = []
      return
    }
    if (line.startsWith(':')) return this.onBeat()
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    let value = colon < 0 ? '' : line.slice(colon + 1)
    if (value.startsWith(' ')) value = value.slice(1)
    if (name === 'id') this.id = value
    else if (name === 'event') this.event = value
    else if (name === 'data') this.data.push(value)
  }
}
