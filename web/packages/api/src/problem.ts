// Problem is every way a request can go wrong: the server's problem+json, or no answer at all.

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly reason: string
  readonly field: string
  readonly requestId: string

  constructor(init: { status: number; message: string; code?: string; reason?: string; field?: string; requestId?: string }) {
    super(init.message)
    this.name = 'Problem'
    this.status = init.status
    this.code = init.code ?? ''
    this.reason = init.reason ?? ''
    this.field = init.field ?? ''
    this.requestId = init.requestId ?? ''
  }

  /** No answer came: offline, a dropped connection or a server that is restarting. */
  get unreachable(): boolean { return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504 }

  /** The server failed without a word of its own. */
  get mute(): boolean { return this.status >= 500 && !this.reason && !this.requestId }
}

export async function problemOf(res: Response): Promise<Problem> {
  let body: Record<string, unknown> = {}
  try { body = (await res.json()) as Record<string, unknown> } catch { /* a proxy's page, not ours */ }
  const text = (k: string) => (typeof body[k] === 'string' ? (body[k] as string) : '')
  const listed = Array.isArray(body.errors) ? (body.errors[0] as { message?: string; location?: string } | undefined) : undefined
  return new Problem({
    status: res.status,
    message: text('detail') || listed?.message || text('title') || res.statusText || String(res.status),
    code: text('code'),
    reason: text('reason'),
    field: text('field') || (listed?.location ?? '').replace(/^body\./, ''),
    requestId: text('request_id'),
  })
}
