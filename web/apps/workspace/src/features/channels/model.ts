// Settings of a channel account are drawn from its Spec: fields at dotted paths, some of them secret, some for certain kinds.

import type { ChannelAccount, Field, Kind, Spec } from '@kanal/api'

export type Settings = Record<string, unknown>

export function read(o: Settings, path: string): unknown {
  return path.split('.').reduce<unknown>((v, k) => (v && typeof v === 'object' ? (v as Settings)[k] : undefined), o)
}

export function write(o: Settings, path: string, value: unknown): Settings {
  const [head = '', ...rest] = path.split('.')
  if (rest.length === 0) return { ...o, [head]: value }
  const inner = o[head]
  return { ...o, [head]: write(inner && typeof inner === 'object' ? (inner as Settings) : {}, rest.join('.'), value) }
}

/** The fields that stand on one step, for one way of connecting. */
export function fieldsOf(spec: Spec, step: Field['step'], kind: string): Field[] {
  return (spec.fields ?? []).filter((f) => (f.step || 'account') === step && f.path !== 'kind' && (!f.kinds?.length || f.kinds.includes(kind)))
}

export function initialSettings(spec: Spec, kind: Kind | null, chosen: Kind | null): Settings {
  let s: Settings = {}
  for (const f of spec.fields ?? []) {
    if (f.secret || f.default === null || f.default === undefined || (f.kinds?.length && kind && !f.kinds.includes(kind.name))) continue
    s = write(s, f.path, f.default)
  }
  if (kind) s = write(s, 'kind', kind.name)
  for (const [path, v] of Object.entries(chosen?.preset ?? {})) s = typeof v === 'object' && v !== null && !Array.isArray(v) ? mergeAt(s, path, v as Settings) : write(s, path, v)
  return s
}
function mergeAt(s: Settings, path: string, v: Settings): Settings {
  for (const [k, x] of Object.entries(v)) s = write(s, `${path}.${k}`, x)
  return s
}

/** The first field that must be filled and is not. */
export function missing(fields: Field[], settings: Settings, secrets: Settings, stored: boolean): Field | undefined {
  return fields.find((f) => f.required && (f.secret ? !stored && !read(secrets, f.path) : blank(read(settings, f.path))))
}
const blank = (v: unknown) => v === undefined || v === null || v === ''

export type Health = 'off' | 'disconnected' | 'trouble' | 'connecting' | 'connected'

/** GEN-21: dead credentials are "disconnected", the administrator's switch is "off"; the one never hides the other. */
export function health(a: ChannelAccount): Health {
  if (!a.authorized || a.state === 'reconnect') return 'disconnected'
  if (!a.active) return 'off'
  return a.state === 'trouble' ? 'trouble' : a.state === 'connecting' ? 'connecting' : 'connected'
}
