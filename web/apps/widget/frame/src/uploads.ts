// Files on their way to the next message: uploaded at once, shown with their progress, cancelled or tried again one by one.

import { Problem, refused, uuid } from './api.ts'
import type { Chat } from './chat.ts'
import type { Draft } from './model.ts'
import type { Upload } from './state.ts'

const most = 10

export class Uploads {
  private readonly running = new Map<string, { file: File; abort: AbortController }>()

  constructor(private readonly chat: Chat) {}

  get all(): Upload[] { return this.chat.state.uploads }
  get busy(): boolean { return this.all.some((u) => u.state === 'up') }

  add(files: Iterable<File>): void {
    const allowed = this.chat.state.hello?.files
    if (!allowed?.enabled || !this.chat.state.options.attachments) return
    for (const file of [...files].slice(0, most - this.all.length)) {
      const id = uuid()
      const big = allowed.max_bytes > 0 && file.size > allowed.max_bytes
      const picture = /^image\/(png|jpe?g|gif|webp|avif)$/.test(file.type) ? URL.createObjectURL(file) : ''
      this.chat.set({ uploads: [...this.all, { id, name: file.name || 'image.png', type: file.type, size: file.size, part: 0, state: big ? 'failed' : 'up', error: big ? 'size' : '', why: '', receipt: '', picture }] })
      this.running.set(id, { file, abort: new AbortController() })
      if (!big) void this.run(id)
    }
  }

  readonly retry = (id: string): void => { this.change(id, { state: 'up', error: '', part: 0 }); void this.run(id) }

  readonly remove = (id: string): void => {
    const u = this.all.find((x) => x.id === id)
    if (u?.picture) URL.revokeObjectURL(u.picture)
    this.running.get(id)?.abort.abort()
    this.running.delete(id)
    this.chat.set({ uploads: this.all.filter((x) => x.id !== id) })
  }

  /** What can go with a message now. */
  ready(): Draft['files'] { return this.all.filter((u) => u.state === 'done').map(({ receipt, name, type, size }) => ({ receipt, name, type, size })) }

  clear(): void { for (const u of this.all) this.remove(u.id) }

  private change(id: string, part: Partial<Upload>): void { this.chat.set({ uploads: this.all.map((u) => (u.id === id ? { ...u, ...part } : u)) }) }

  private async run(id: string): Promise<void> {
    const r = this.running.get(id)
    if (!r) return
    if (this.chat.preview) return this.change(id, { state: 'done', part: 1, receipt: id })
    try {
      await this.chat.agreement.allowed()
      const done = await this.chat.api.upload(r.file, this.chat.state.hello!.account.id, (part) => this.change(id, { part }), r.abort.signal)
      this.change(id, { state: 'done', part: 1, receipt: done.receipt, name: done.name, type: done.type })
    } catch (err) {
      if (r.abort.signal.aborted) return
      this.change(id, { state: 'failed', error: err instanceof Problem && err.status === 413 ? 'size' : refused(err) ? 'refused' : 'offline', why: err instanceof Problem ? err.message : '' })
    }
  }
}
