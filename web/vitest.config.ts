import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./apps/workspace/src', import.meta.url)) } },
  // A busy machine is slow, not wrong.
  test: { testTimeout: 60_000, include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'apps/widget/**/*.test.ts', 'scripts/**/*.test.ts'] },
})
