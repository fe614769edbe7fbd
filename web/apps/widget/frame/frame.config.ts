// The chat frame. Hashed files, no inline script or style: it runs under script-src 'self'; style-src 'self'. What else it loads (emoji, languages) are chunks of their own.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const server = process.env.KANAL_DEV_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/widget/frame/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../../../dist/widget/frame', import.meta.url)),
    emptyOutDir: true,
    target: 'es2020',
    sourcemap: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    manifest: true,
    modulePreload: { polyfill: false },
  },
  server: { port: 5174, proxy: { '/widget': { target: server, changeOrigin: false, bypass: (req) => (/^\/widget\/frame\//.test(req.url ?? '') ? req.url : undefined) } } },
})
