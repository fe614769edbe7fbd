// A demo company on a server of a story's own, which may be killed and started again on the same data.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const freePort = () => new Promise((done) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })

/** A server that is not started yet. kill() leaves what it has written for the next start(), close() takes it away. */
export async function ownServer({ host = '127.0.0.1', flags = [] } = {}) {
  const [http, smtp, box] = [await freePort(), await freePort(), await freePort()]
  const url = `http://${host}:${http}`
  const dir = mkdtempSync(join(tmpdir(), 'kanal-own-'))
  let child
  const start = () => new Promise((ready, fail) => {
    let said = ''
    const hear = (d) => { said += d; if (said.includes('Sign in as')) ready() }
    child = spawn(process.env.KANAL_BIN ?? './bin/kanal', ['demo', '--data', dir, '--http', `127.0.0.1:${http}`, '--smtp', `127.0.0.1:${smtp}`, '--mailbox', `127.0.0.1:${box}`, '--base-url', url, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', fail)
    child.on('exit', (code) => fail(new Error(`the server ended: ${code} ${said.slice(-2000)}`)))
  })
  const kill = () => new Promise((gone) => {
    if (!child || child.exitCode !== null || child.signalCode) return gone()
    child.on('exit', gone)
    child.kill('SIGKILL')
  })
  const close = async () => { await kill(); rmSync(dir, { recursive: true, force: true }) }
  return { url, start, kill, close }
}
