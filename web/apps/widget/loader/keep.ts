// What is written of the chat into this browser: cookies on the registrable domain, and storage beside them. Failing is allowed (store.ts).
import { attempt, cookie, HIDE, LOCAL, OPEN, TOKEN, type Place } from './store.ts'

let home: string | undefined
/** Sets a cookie on the widest domain that takes one here: example.com for www.example.com, never a public suffix. Seconds 0 removes it, -1 lets it end with the session. */
export function setCookie(name: string, value: string, seconds: number): void {
  attempt(() => {
    const put = (pair: string, more: string) => { document.cookie = `${pair};path=/;SameSite=Lax${more}` + (location.protocol === 'https:' ? ';Secure' : '') }
    if (home === undefined) {
      home = ''
      const labels = location.hostname.split('.')
      for (let i = labels.length, name = ''; i-- && !home;) {
        name = labels[i]! + (name && '.' + name)
        put('kanal-d=1', `;domain=${name}`)
        if (cookie('kanal-d')) home = `;domain=${name}`
        put('kanal-d=', `;domain=${name};max-age=0`)
      }
    }
    put(name + '=' + encodeURIComponent(value), home + (seconds < 0 ? '' : `;max-age=${seconds}`))
  })
}

const put = (where: Place, key: string, value: string) => { attempt(() => value ? window[where].setItem(key, value) : window[where].removeItem(key)) }

export function keepToken(token: string, expires: number, person: string, brief: boolean): void {
  const lasting = person || brief ? '' : token
  put('sessionStorage', LOCAL + person, lasting ? '' : token)
  if (person) return
  put('localStorage', LOCAL, lasting)
  // One that the customer's server has set stays as it is: written by a script it would live shorter.
  if (cookie(TOKEN) !== lasting) setCookie(TOKEN, lasting, lasting && Math.max(0, expires - Date.now()) / 1000 | 0 || 0)
}

export function forget(person: string): void {
  put('sessionStorage', LOCAL + person, '')
  keepToken('', 0, '', true)
  setCookie(OPEN, '', 0)
  setCookie(HIDE, '', 0)
}
