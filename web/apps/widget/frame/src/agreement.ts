// What the visitor must agree to before anything they type leaves the browser (CO-04, CO-09), and what is told to the server of it.

import { Problem } from './api.ts'
import type { Chat } from './chat.ts'
import type { Hello } from '../../shared/types.ts'
import type { ConsentState } from './state.ts'

export class Agreement {
  /** The server knows. */
  private told = false

  constructor(private readonly chat: Chat) {}

  forget(): void { this.told = false }

  of(hello: Hello): ConsentState {
    const c = hello.flow?.consent
    if (!c) return 'none'
    if (c.kind === 'implicit') return 'implicit'
    if (c.state === 'given') { this.told = true; return 'given' }
    const here = this.chat.keep.agreed(hello.flow!.id, c.version)
    return here === 'given' && c.state !== 'withdrawn' ? 'given' : here === 'declined' || c.state === 'declined' ? 'declined' : 'needed'
  }

  /** Nothing leaves before the visitor is somebody and has agreed to what must be agreed to (CO-09). */
  async allowed(): Promise<void> {
    const flow = this.chat.state.hello?.flow
    if (this.chat.state.consent === 'needed' || this.chat.state.consent === 'declined') throw new Problem({ status: 409, message: '', code: 'consent' })
    await this.chat.ensureVisitor()
    const c = flow?.consent
    if (!c || this.told) return
    if (c.kind === 'implicit') await this.tell('shown').catch(() => { /* the server takes the message as agreement to what it shows */ })
    else await this.tell('given')
    this.told = true
  }

  private async tell(action: 'given' | 'declined' | 'withdrawn' | 'shown'): Promise<void> {
    const { flow, texts } = this.chat.state.hello!
    if (!flow?.consent) return
    try {
      await this.chat.api.ask('POST', '/widget/consent', { ...this.chat.about(), action, version: flow.consent.version, text: flow.consent.text, locale: texts.locale })
    } catch (err) {
      if (err instanceof Problem && err.reason === 'consent.changed') await this.askAgain() // other words than those that were shown
      throw err
    }
  }

  /** What was agreed to does not hold any more: the words are read anew. */
  async askAgain(): Promise<void> {
    const flow = this.chat.state.hello?.flow
    if (flow?.consent) this.chat.keep.setAgreed(flow.id, flow.consent.version, '')
    this.told = false
    await this.chat.sayHello('refresh')
    if (this.chat.state.hello?.flow?.consent?.kind === 'explicit' && this.chat.state.consent === 'given') this.chat.set({ consent: 'needed' })
  }

  readonly answer = (yes: boolean): void => {
    const flow = this.chat.state.hello?.flow
    if (!flow?.consent) return
    this.chat.set({ consent: yes ? 'given' : 'declined', focus: this.chat.state.focus + 1 })
    if (this.chat.preview) return
    this.chat.keep.setAgreed(flow.id, flow.consent.version, yes ? 'given' : 'declined')
    this.told = false
    if (yes) void this.allowed().then(() => this.chat.flush(), () => { /* told again before the first message */ })
    else if (this.chat.api.token) void this.tell('declined').catch(() => {})
  }

  /** A copy of all that was agreed to in this browser (CO-06). */
  readonly copy = async (): Promise<void> => {
    const all = await this.chat.api.ask<unknown>('GET', '/widget/consent')
    const a = document.createElement('a')
    a.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: 'application/json' }))
    a.download = 'consent.json'
    a.click()
    setTimeout(() => URL.revokeObjectURL(a.href), 10_000)
  }

  /** Asks again after a refusal, or takes the agreement back (CO-06). */
  readonly reconsider = (): void => {
    const flow = this.chat.state.hello?.flow
    if (!flow?.consent) return
    const withdraw = this.chat.state.consent === 'given' && this.told
    this.chat.keep.setAgreed(flow.id, flow.consent.version, '')
    this.told = false
    this.chat.set({ consent: 'needed' })
    if (withdraw && !this.chat.preview) void this.tell('withdrawn').catch(() => {})
  }
}
