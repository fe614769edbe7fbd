// The loader (kanal.js, one file under a fixed name), what it loads later and what the full page adds (hashed names, listed in loader.json), and the
// service worker. No framework; each file for itself, nothing shared between them at run time.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, defineConfig, type InlineConfig } from 'vite'

const here = (p: string) => fileURLToPath(new URL(p, import.meta.url))
const out = here('../../dist/widget')

const one = (entry: string, format: 'es' | 'iife', name: string, define: Record<string, string> = {}): InlineConfig => ({
  configFile: false, root: here('.'), publicDir: false, logLevel: 'warn', define,
  build: {
    outDir: out, emptyOutDir: false, target: 'es2022', sourcemap: false, modulePreload: false,
    rollupOptions: { input: here(`./loader/${entry}`), preserveEntrySignatures: format === 'es' ? 'strict' : false, output: { format, entryFileNames: name } },
  },
})

/** Builds one file and says under which name it was written. */
async function file(...args: Parameters<typeof one>): Promise<string> {
  const done = await build(one(...args))
  const output = Array.isArray(done) ? done[0]! : done
  if (!('output' in output)) throw new Error('the build watches')
  return output.output[0].fileName
}

export default defineConfig(async () => {
  rmSync(`${out}/assets`, { recursive: true, force: true })
  const extra = await file('extra.ts', 'es', 'assets/extra-[hash].js')
  const push = await file('push.ts', 'iife', 'assets/push-[hash].js')
  await file('worker.ts', 'iife', 'sw.js')
  writeFileSync(`${out}/loader.json`, JSON.stringify({ extra, push }))
  const size = readFileSync(`${out}/${extra}`).length
  if (!size) throw new Error(`${extra} is empty`)
  return one('main.ts', 'iife', 'kanal.js', { __EXTRA__: JSON.stringify('/widget/' + extra) })
})
