// The rules of this folder, read from the sources themselves.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'
import { describe, expect, it } from 'vitest'

const web = fileURLToPath(new URL('..', import.meta.url))
const app = join(web, 'apps/workspace/src')

function sources(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name)
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) && !/\.(test|d)\.ts$/.test(name) && name !== 'generated.ts' ? [path] : []
  })
}
function styles(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => { const path = join(dir, name); return statSync(path).isDirectory() ? styles(path) : name.endsWith('.css') ? [path] : [] })
}
const widget = sources(join(web, 'apps/widget')).filter((f) => !f.endsWith('.config.ts'))
const files = [...sources(app), ...widget, ...['api', 'convo', 'ui'].flatMap((p) => sources(join(web, 'packages', p, 'src')))]
const short = (f: string) => relative(web, f)

type Node = { type: string; [k: string]: unknown }
function walk(n: unknown, visit: (n: Node) => void): void {
  if (Array.isArray(n)) { for (const x of n) walk(x, visit); return }
  if (!n || typeof n !== 'object') return
  const node = n as Node
  if (typeof node.type === 'string') visit(node)
  for (const k of Object.keys(node)) if (k !== 'parent') walk(node[k], visit)
}

/** Words in what a reader would see: JSX text, and strings in the attributes that are read out. */
export function literalWords(name: string, code: string): string[] {
  const found: string[] = []
  const spoken = new Set(['title', 'label', 'aria-label', 'placeholder', 'alt', 'description', 'text', 'action', 'aria-description'])
  const ast = parseSync(name, code) as unknown as { program: unknown }
  walk(ast.program, (n) => {
    if (n.type === 'JSXText' && /\p{L}{2,}/u.test(String(n.value))) found.push(String(n.value).trim())
    if (n.type === 'JSXExpressionContainer') {
      const e = n.expression as Node
      if (e?.type === 'Literal' && typeof e.value === 'string' && /\p{L}{2,}/u.test(e.value)) found.push(e.value)
    }
    if (n.type === 'JSXAttribute') {
      const attr = (n.name as Node).name
      const v = n.value as Node | null
      if (typeof attr === 'string' && spoken.has(attr) && v?.type === 'Literal' && typeof v.value === 'string' && /\p{L}{2,}/u.test(v.value) && !/^https?:/.test(v.value)) found.push(`${attr}="${v.value}"`)
    }
  })
  return found
}

const file = (path: string) => JSON.parse(readFileSync(join(app, 'locales', path), 'utf8')) as Record<string, string>
const locale = (l: string) => ({ ...file(`${l}.json`), ...file(`more/${l}.json`) })
const en = locale('en')

describe('the rules of web/', () => {
  it('XC-07: no literal words in components', () => {
    const bad = files.filter((f) => f.endsWith('.tsx')).flatMap((f) => literalWords(f, readFileSync(f, 'utf8')).map((w) => `${short(f)}: ${w}`))
    expect(bad).toEqual([])
  })
  it('the rule sees what it should', () => {
    expect(literalWords('x.tsx', 'export const A = () => <p>Hello</p>')).toEqual(['Hello'])
    expect(literalWords('x.tsx', 'export const A = () => <a title="Go on" href="/x">{t("k")}</a>')).toEqual(['title="Go on"'])
    expect(literalWords('x.tsx', 'export const A = () => <a className="x">· {n}</a>')).toEqual([])
  })

  it.each(['en', 'da', 'de', 'sv', 'fi'])('%s has each text in one of its two files, the same as English', (l) => {
    const first = Object.keys(file(`${l}.json`)), more = Object.keys(file(`more/${l}.json`))
    expect(first.filter((k) => more.includes(k))).toEqual([])
    expect(first.sort()).toEqual(Object.keys(file('en.json')).sort())
  })
  it.each(['da', 'de', 'sv', 'fi'])('XC-07: %s has every text, with the same parameters', (l) => {
    const file = locale(l)
    expect(Object.keys(en).filter((k) => !(k in file))).toEqual([])
    expect(Object.keys(file).filter((k) => !(k in en))).toEqual([])
    const params = (s: string) => [...s.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort().join()
    expect(Object.keys(en).filter((k) => params(en[k]!) !== params(file[k]!))).toEqual([])
    expect(Object.keys(file).filter((k) => file[k]!.trim() === '')).toEqual([])
  })
  it.each(['en', 'da', 'de', 'sv', 'fi'])('XC-07: %s has every plural form that the language uses for counts', (l) => {
    const rules = new Intl.PluralRules(l)
    const used = new Set([0, 1, 2, 5, 11, 21, 101].map((n) => rules.select(n)))
    const file = locale(l)
    const bases = Object.keys(en).filter((k) => k.endsWith('_other')).map((k) => k.slice(0, -6))
    expect(bases.flatMap((b) => [...used].filter((u) => !(`${b}_${u}` in file)).map((u) => `${b}_${u}`))).toEqual([])
  })

  it('every text has its user', () => {
    const code = files.map((f) => readFileSync(f, 'utf8')).join('\n')
    const stems = [...code.matchAll(/`([a-z_]+(?:\.[a-z_]+)*[._])\$\{/g)].map((m) => m[1]!)
    const named = new Set(code.match(/(?<=')[\w.:@-]+(?=')/g))
    const orphans = Object.keys(en).filter((k) => !named.has(k) && !named.has(k.replace(/_(one|other)$/, '')) && !stems.some((s) => k.startsWith(s)))
    expect(orphans).toEqual([])
  })

  it('no default exports', () => {
    expect(files.filter((f) => /^export default /m.test(readFileSync(f, 'utf8'))).map(short)).toEqual([])
  })

  it('a feature is imported through its index only (or later.ts, what loads later), packages know nothing of the app, and ui, api and convo nothing of each other', () => {
    const bad: string[] = []
    for (const f of files) {
      const code = readFileSync(f, 'utf8')
      const own = /features\/([a-z]+)\//.exec(f)?.[1]
      for (const m of code.matchAll(/from '(@\/features\/([a-z]+)\/([^']+)|@\/routes[^']*|@kanal\/[a-z]+|\.\.\/[^']+)'/g)) {
        const [, path = '', feature, rest] = m
        if (feature && feature !== own && rest !== 'index.ts' && rest !== 'later.ts') bad.push(`${short(f)} reaches into ${path}`)
        if (f.includes('/packages/') && (path.startsWith('@/') || path.startsWith('@kanal/'))) bad.push(`${short(f)} imports ${path}`)
        if (own && path.startsWith('@/routes')) bad.push(`${short(f)} imports a route`)
      }
      if (!f.includes('/packages/ui/') && f.includes('/packages/') && /from 'react'/.test(code)) bad.push(`${short(f)} imports React`)
    }
    expect(bad).toEqual([])
  })

  it('XC-07: styles name no left and right, so that a page can be read from the right', () => {
    const sheets = [...styles(app), ...styles(join(web, 'apps/widget')), ...styles(join(web, 'packages/ui/src'))]
    expect(sheets.length).toBeGreaterThan(10)
    const physical = /(margin|padding|border)-(left|right)\b|[^-\w](left|right): (?!50%)|text-align: (left|right)|float: (left|right)/
    expect(sheets.flatMap((f) => readFileSync(f, 'utf8').split('\n').flatMap((line, i) => (physical.test(line) ? [`${short(f)}:${i + 1} ${line.trim().slice(0, 80)}`] : [])))).toEqual([])
  })

  it('files stay under 500 lines', () => {
    expect(files.filter((f) => readFileSync(f, 'utf8').split('\n').length > 500).map(short)).toEqual([])
  })
})
