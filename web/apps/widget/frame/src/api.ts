// Requests to /widget/…: the visitor's token in a header, never a cookie.

import { Problem, problemOf } from '@kanal/api/problem'
import type { Uploaded } from '../../shared/types.ts'

export { Problem }

const patience = 20_000

export class Api {
  token = ''
  /** The token opens nothing any more; the visitor may not write. */
  whenSignedOut: () => void = () => {}
  whenBanned: () => void = () => {}

  headers(): Record<string, string> { return this.token ? { Authorization: `Bearer ${this.token}` } : {} }

  async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const cut = new AbortController()
    const timer = setTimeout(() => cut.abort(), patience)
    signal?.addEventListener('abort', () => cut.abort())
    let res: Response
    try {
      res = await fetch(path, {
        method, credentials: 'omit', cache: 'no-store', signal: cut.signal,
        headers: { Accept: 'application/json', ...this.headers(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (err) {
      if (signal?.aborted) throw err
      throw new Problem({ status: 0, message: '', code: 'offline' })
    } finally { clearTimeout(timer) }
    if (!res.ok) throw this.heed(await problemOf(res))
    if (res.status === 204) return undefined as T
    const text = await res.text()
    return (text ? JSON.parse(text) : undefined) as T
  }

  /** A file with its progress, 0 to 1. XMLHttpRequest, because fetch tells nothing of an upload's progress. */
  upload(file: File, account: string, onProgress: (part: number) => void, signal: AbortSignal): Promise<Uploaded> {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest()
      xhr.open('POST', `/widget/files?name=${encodeURIComponent(file.name)}&account=${account}`)
      for (const [k, v] of Object.entries(this.headers())) xhr.setRequestHeader(k, v)
      xhr.setRequestHeader('Accept', 'application/json')
      xhr.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
      xhr.upload.onprogress = (e) => { if (e.lengthComputable) onProgress(e.loaded / e.total) }
      xhr.onerror = () => reject(new Problem({ status: 0, message: '', code: 'offline' }))
      xhr.onabort = () => reject(new DOMException('aborted', 'AbortError'))
      xhr.onload = () => {
        if (xhr.status < 300) return resolve(JSON.parse(xhr.responseText) as Uploaded)
        void problemOf(new Response(xhr.responseText, { status: xhr.status || 500 })).then((p) => reject(this.heed(p)))
      }
      signal.addEventListener('abort', () => xhr.abort())
      xhr.send(file)
    })
  }

  private heed(p: Problem): Problem {
    if (!/^en/.test(globalThis.document?.documentElement?.lang || 'en')) p.message = '' // the server says why in English; the frame has words of its own
    if (p.status === 401) this.whenSignedOut()
    if (p.status === 403 && /banned/.test(p.code + p.reason)) this.whenBanned()
    return p
  }
}

/** The server said no, and would say it again. */
export function refused(err: unknown): boolean {
  return err instanceof Problem && !err.unreachable && !err.mute && err.status !== 429 && err.status !== 401 && err.code !== 'consent'
}

export function uuid(): string {
  if (crypto.randomUUID) return crypto.randomUUID()
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 15) | 64
  b[8] = (b[8]! & 63) | 128
  const h = [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`
}
