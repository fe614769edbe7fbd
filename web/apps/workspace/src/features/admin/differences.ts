// What an event of the audit log changed, field by field.

export interface Difference { field: string; before: string; after: string }

const silent = new Set(['id', 'created_at', 'updated_at', 'last_seen_at', 'position', 'pipeline_id', 'uses', 'tokens'])

function text(v: unknown): string {
  if (v === null || v === undefined || v === '') return ''
  return typeof v === 'object' ? JSON.stringify(v) : String(v)
}

/** Lists of named things are compared by name: "Waiting (open)" says more than a whole object. */
function parts(v: unknown): unknown {
  if (Array.isArray(v)) return v.map((x) => (x && typeof x === 'object' && 'name' in x ? [String((x as { name: unknown }).name), (x as { state?: string }).state ? `(${(x as { state?: string }).state})` : ''].filter(Boolean).join(' ') : x)).join(', ')
  return v
}

/** data is {changes: {field: [before, after]}} or {before, after}; either side may be missing. */
export function differences(data: Record<string, unknown>): Difference[] {
  const out: Difference[] = []
  const put = (field: string, a: unknown, b: unknown) => {
    const before = text(parts(a))
    const after = text(parts(b))
    if (!silent.has(field) && before !== after) out.push({ field, before, after })
  }
  if (data.changes && typeof data.changes === 'object') {
    for (const [field, pair] of Object.entries(data.changes as Record<string, unknown>)) if (Array.isArray(pair)) put(field, pair[0], pair[1])
    return out
  }
  const before = (data.before ?? {}) as Record<string, unknown>
  const after = (data.after ?? {}) as Record<string, unknown>
  if (typeof before !== 'object' || typeof after !== 'object') return out
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) put(field, before[field], after[field])
  return out
}
