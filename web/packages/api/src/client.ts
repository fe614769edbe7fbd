// The one fetch of the workspace. Same-origin cookie session; problems are thrown as Problem.

import { Problem, problemOf } from './problem.ts'

export type Query = Record<string, string | number | boolean | null | undefined>

export interface RequestOptions {
  query?: Query
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  keepalive?: boolean
}

let onSignedOut: () => void = () => {}

/** Called once when a request other than the session's own says that nobody is signed in. */
export function whenSignedOut(fn: () => void): void { onSignedOut = fn }

export function urlOf(path: string, query?: Query): string {
  if (!query) return path
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== null && v !== '') q.set(k, String(v))
  const s = q.toString()
  return s ? `${path}?${s}` : path
}

export async function request<T>(method: string, path: string, opts: RequestOptions = {}): Promise<T> {
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    headers: { Accept: 'application/json', ...opts.headers },
    ...(opts.signal ? { signal: opts.signal } : {}),
    ...(opts.keepalive ? { keepalive: true } : {}),
  }
  if (opts.body instanceof FormData || opts.body instanceof Blob) init.body = opts.body
  else if (opts.body !== undefined) {
    init.body = JSON.stringify(opts.body)
    ;(init.headers as Record<string, string>)['Content-Type'] = 'application/json'
  }
  let res: Response
  try {
    res = await fetch(urlOf(path, opts.query), init)
  } catch (err) {
    if (opts.signal?.aborted) throw err
    throw new Problem({ status: 0, message: 'offline', code: 'offline' })
  }
  if (!res.ok) {
    const p = await problemOf(res)
    if (p.status === 401 && path !== '/api/session') onSignedOut()
    throw p
  }
  if (res.status === 204 || res.headers.get('Content-Length') === '0') return undefined as T
  const type = res.headers.get('Content-Type') ?? ''
  return (type.includes('json') ? await res.json() : await res.text()) as T
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) =>
  request<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) })
export const post = <T>(path: string, body?: unknown, headers?: Record<string, string>) =>
  request<T>('POST', path, { body: body ?? {}, ...(headers ? { headers } : {}) })
export const patch = <T>(path: string, body: unknown) => request<T>('PATCH', path, { body })
export const put = <T>(path: string, body: unknown, query?: Query) => request<T>('PUT', path, { body, ...(query ? { query } : {}) })
export const del = <T>(path: string, query?: Query) => request<T>('DELETE', path, query ? { query } : {})

/** Uploads one file; progress is 0 to 1. XMLHttpRequest because fetch tells nothing of an upload's progress. */
export function upload<T>(file: File, onProgress?: (part: number) => void, signal?: AbortSignal, fields: Record<string, string> = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open('POST', urlOf('/api/attachments', { name: file.name, ...fields }))
    xhr.setRequestHeader('Accept', 'application/json')
    xhr.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
    xhr.upload.onprogress = (e) => { if (e.lengthComputable) onProgress?.(e.loaded / e.total) }
    xhr.onerror = () => reject(new Problem({ status: 0, message: 'offline', code: 'offline' }))
    xhr.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    xhr.onload = () => {
      if (xhr.status < 300) return resolve(JSON.parse(xhr.responseText) as T)
      void problemOf(new Response(xhr.responseText, { status: xhr.status === 0 ? 500 : xhr.status })).then(reject)
    }
    signal?.addEventListener('abort', () => xhr.abort())
    xhr.send(file)
  })
}
