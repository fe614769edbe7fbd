// A mail from a customer, handed in by SMTP like any other.
import { createConnection } from 'node:net'

export function sendMail({ host = process.env.KANAL_SMTP_HOST ?? '127.0.0.1', port = Number(process.env.KANAL_SMTP_PORT ?? 2525), from, name = '', to, subject, text, html = '', headers = '', multipart = false }) {
  const id = `${Date.now()}.${Math.random().toString(36).slice(2)}@customers.example`
  const type = multipart ? 'multipart/mixed; boundary=B' : html ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8'
  const body = [`From: ${name ? `"${name}" ` : ''}<${from}>`, `To: <${to}>`, `Subject: ${subject}`, `Message-ID: <${id}>`, `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, 'MIME-Version: 1.0', `Content-Type: ${type}`, 'Content-Transfer-Encoding: 8bit', ...(headers ? [headers] : []), '', (html || text).replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..')].join('\r\n')
  const say = ['EHLO e2e.example', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', `${body}\r\n.`, 'QUIT']
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, host)
    let buffer = ''
    let step = 0
    socket.setTimeout(15_000, () => reject(new Error('smtp: timeout')))
    socket.on('error', reject)
    socket.on('data', (d) => {
      buffer += d
      for (;;) {
        const end = buffer.indexOf('\r\n')
        if (end < 0) return
        const line = buffer.slice(0, end)
        buffer = buffer.slice(end + 2)
        if (line[3] === '-') continue
        if (Number(line[0]) > 3) { socket.destroy(); return reject(new Error(`smtp: ${line}`)) }
        if (step === say.length) { socket.end(); return resolve(id) }
        socket.write(`${say[step++]}\r\n`)
      }
    })
  })
}
