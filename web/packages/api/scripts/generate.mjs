// Writes src/generated.ts from a running server's /api/openapi.json: one interface a schema, and the list of operations. It
// needs no package: OpenAPI 3.1's schemas are JSON Schema, of which the server uses a small part.
import { readFileSync, writeFileSync } from 'node:fs'

const from = process.argv[2] ?? 'http://127.0.0.1:8080'
const doc = from.startsWith('http') ? await (await fetch(new URL('/api/openapi.json', from))).json() : JSON.parse(readFileSync(from, 'utf8'))

const nameOf = (ref) => ref.split('/').pop().replace(/\W/g, '_')
const key = (k) => (/^[A-Za-z_$][\w$]*$/.test(k) ? k : JSON.stringify(k))

function type(s, indent = '') {
  if (!s || s === true) return 'unknown'
  if (s.$ref) return nameOf(s.$ref)
  if (s.enum) return s.enum.map((v) => JSON.stringify(v)).join(' | ')
  if (s.oneOf || s.anyOf) return (s.oneOf ?? s.anyOf).map((x) => type(x, indent)).join(' | ')
  if (s.allOf) return s.allOf.map((x) => type(x, indent)).join(' & ')
  if (Array.isArray(s.type)) return s.type.map((t) => type({ ...s, type: t }, indent)).join(' | ')
  switch (s.type) {
    case 'string': return 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'null': return 'null'
    case 'array': { const t = type(s.items, indent); return /[|&]/.test(t) ? `(${t})[]` : `${t}[]` }
    case 'object': {
      if (!s.properties) return s.additionalProperties && s.additionalProperties !== true ? `Record<string, ${type(s.additionalProperties, indent)}>` : 'Record<string, unknown>'
      return `{\n${fields(s, `${indent}  `)}${indent}}`
    }
    default: return 'unknown'
  }
}

function fields(s, indent) {
  const required = new Set(s.required ?? [])
  return Object.entries(s.properties ?? {}).map(([k, v]) => `${v.description ? `${indent}/** ${v.description.replace(/\*\//g, '* /')} */\n` : ''}${indent}${key(k)}${required.has(k) ? '' : '?'}: ${type(v, indent)}\n`).join('')
}

let out = '// Generated from /api/openapi.json by packages/api/scripts/generate.mjs. Do not edit.\n/* eslint-disable */\n\n'
for (const [name, s] of Object.entries(doc.components?.schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
  out += s.type === 'object' && s.properties ? `export interface ${nameOf(name)} {\n${fields(s, '  ')}}\n\n` : `export type ${nameOf(name)} = ${type(s)}\n\n`
}
const ops = Object.entries(doc.paths ?? {}).flatMap(([path, item]) => Object.entries(item).filter(([m]) => /^(get|put|post|patch|delete)$/.test(m)).map(([m, op]) => [op.operationId ?? `${m} ${path}`, m.toUpperCase(), path]))
out += `export const operations = {\n${ops.sort().map(([id, m, p]) => `  ${key(id)}: [${JSON.stringify(m)}, ${JSON.stringify(p)}],\n`).join('')}} as const\n`
writeFileSync(new URL('../src/generated.ts', import.meta.url), out)
console.log(`${Object.keys(doc.components?.schemas ?? {}).length} schemas, ${ops.length} operations`)
