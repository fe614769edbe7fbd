// Forms of Kanal on any page: shows the form that a script tag names, or makes the one of its own page comfortable. No library, no cookie, nothing from anybody else.
(() => {
  'use strict'
  const self = document.currentScript
  if (!self) return
  const base = new URL(self.src).origin
  const here = base === location.origin && document.querySelector('form[data-kanal]')

  // SHA-256 (FIPS 180-4), of short ASCII texts.
  const K = [], H0 = []
  for (let n = 2, i = 0; i < 64; n++) {
    let prime = true
    for (let j = 2; j * j <= n; j++) if (n % j === 0) { prime = false; break }
    if (!prime) continue
    const frac = x => ((x - Math.floor(x)) * 4294967296) | 0
    if (i < 8) H0[i] = frac(Math.sqrt(n))
    K[i++] = frac(Math.cbrt(n))
  }
  const zeros = text => {
    const len = text.length, blocks = (len + 9 + 63) >> 6, w = new Int32Array(blocks * 16), m = new Int32Array(64)
    for (let i = 0; i < len; i++) w[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8)
    w[len >> 2] |= 0x80 << (24 - (len & 3) * 8)
    w[w.length - 1] = len * 8
    let h = H0.slice()
    const r = (x, n) => (x >>> n) | (x << (32 - n))
    for (let o = 0; o < w.length; o += 16) {
      let [a, b, c, d, e, f, g, k] = h
      for (let i = 0; i < 64; i++) {
        if (i < 16) m[i] = w[o + i]
        else {
          const x = m[i - 15], y = m[i - 2]
          m[i] = (m[i - 16] + (r(x, 7) ^ r(x, 18) ^ (x >>> 3)) + m[i - 7] + (r(y, 17) ^ r(y, 19) ^ (y >>> 10))) | 0
        }
        const t = (k + (r(e, 6) ^ r(e, 11) ^ r(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + m[i]) | 0
        const u = ((r(a, 2) ^ r(a, 13) ^ r(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
        k = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0
      }
      h = [a, b, c, d, e, f, g, k].map((x, i) => (x + h[i]) | 0)
    }
    return Math.clz32(h[0]) < 32 ? Math.clz32(h[0]) : 32 + Math.clz32(h[1])
  }

  // A small piece of work that a page of a person can do and a program that sends thousands does not like to. In slices, so that typing stays smooth.
  const work = (stamp, bits) => new Promise(done => {
    if (!stamp || !bits) return done('')
    let n = 0
    const slice = () => {
      const until = performance.now() + 12
      do {
        for (let i = 0; i < 32; i++, n++) if (zeros(stamp + ':' + n) >= bits) return done(String(n))
      } while (performance.now() < until)
      setTimeout(slice)
    }
    slice()
  })

  const cookie = name => {
    const found = document.cookie.split('; ').find(c => c.startsWith(name + '='))
    return found ? decodeURIComponent(found.slice(name.length + 1)) : ''
  }

  // Conditions, as the server evaluates them.
  const low = s => String(s).trim().toLowerCase()
  const order = (a, b) => {
    const x = parseFloat(a), y = parseFloat(b)
    if (!isNaN(Number(a)) && !isNaN(Number(b))) return x - y
    return /^\d{4}-\d\d-\d\d/.test(a) && /^\d{4}-\d\d-\d\d/.test(b) ? (a.slice(0, 10) < b.slice(0, 10) ? -1 : a.slice(0, 10) > b.slice(0, 10) ? 1 : 0) : 0
  }
  const same = (a, b) => a === b || (a !== '' && b !== '' && Number(a) === Number(b))
  const test = (c, have) => {
    const any = fit => have.some(h => (c.values || []).some(v => fit(low(h), low(v))))
    switch (c.op) {
      case 'is': case 'in': return any(same)
      case 'is_not': case 'not_in': return !any(same)
      case 'contains': return any((h, v) => h.includes(v))
      case 'not_contains': return !any((h, v) => h.includes(v))
      case 'begins': return any((h, v) => h.startsWith(v))
      case 'ends': return any((h, v) => h.endsWith(v))
      case 'exists': return have.length > 0
      case 'not_exists': return have.length === 0
      case 'greater': return any((h, v) => order(h, v) > 0)
      case 'less': return any((h, v) => order(h, v) < 0)
    }
    return false
  }

  // enhance makes a form that stands in a page check, show and hide, and send by itself.
  const enhance = (form, page) => {
    const root = form.getRootNode(), box = name => form.querySelector('[data-f="' + CSS.escape(name) + '"]')
    const value = name => form.elements.namedItem(name)
    const boxes = [...form.querySelectorAll('[data-if]')]
    const summary = form.parentNode.querySelector('.kf-s')
    for (const b of form.querySelectorAll('[data-plain]')) b.hidden = true
    for (const [name, v] of Object.entries({ kanal_page: page.url, kanal_title: page.title, kanal_referrer: page.referrer })) if (v && value(name)) value(name).value = v
    const have = name => {
      const b = box(name)
      if (b && b.hidden) return []
      const data = new FormData(form).getAll(name).filter(x => typeof x === 'string' && x.trim())
      if (data.length || !b) return data
      return b.querySelector('input[type=checkbox][value=true]') ? ['false'] : []
    }
    const settle = () => {
      for (let again = true, turns = 0; again && turns < 50; turns++) {
        again = false
        for (const b of boxes) {
          const set = JSON.parse(b.dataset.if), got = set.when.map(c => test(c, have(c.field)))
          const show = set.match === 'any' ? got.some(Boolean) : got.every(Boolean)
          if (b.hidden === show) { b.hidden = !show; if ('disabled' in b) b.disabled = !show; again = true }
        }
      }
    }
    form.addEventListener('input', settle)
    form.addEventListener('change', settle)
    settle()
    let proof
    const begin = () => (proof ||= work(value('kanal_time').value, Number(form.dataset.work)))
    form.addEventListener('focusin', begin, { once: true })
    const mark = (name, text) => {
      const b = box(name)
      if (!b) return
      const e = b.querySelector('.kf-e'), i = b.querySelector('input,textarea,select')
      if (e) e.textContent = text
      if (i) {
        i.classList.toggle('kf-bad', !!text && i.classList.contains('kf-i'))
        text ? i.setAttribute('aria-invalid', 'true') : i.removeAttribute('aria-invalid')
      }
    }
    const clear = () => { summary.textContent = ''; for (const b of form.querySelectorAll('[data-f]')) mark(b.dataset.f, '') }
    const say = (text, faults) => {
      summary.textContent = text
      for (const name in faults) mark(name, faults[name])
      const first = form.querySelector('[aria-invalid]')
      ;(first || summary).focus?.()
      if (!first) summary.scrollIntoView({ block: 'nearest' })
    }
    form.addEventListener('submit', async ev => {
      ev.preventDefault()
      const button = form.querySelector('button:not([data-plain])')
      if (button.disabled) return
      button.disabled = true
      form.setAttribute('aria-busy', 'true')
      clear()
      const data = new FormData(form)
      data.set('kanal_work', await begin())
      data.delete('kanal_shown')
      const visitor = cookie('hubspotutk')
      if (visitor) data.set('kanal_visitor', visitor)
      for (const f of form.querySelectorAll('input[type=file]')) if (!f.files.length) data.delete(f.name)
      const bar = document.createElement('progress')
      bar.className = 'kf-p'
      bar.setAttribute('aria-label', button.textContent)
      const x = new XMLHttpRequest()
      x.open('POST', base + '/forms/' + form.dataset.kanal)
      x.setRequestHeader('Accept', 'application/json')
      x.responseType = 'json'
      x.timeout = 600000
      if ([...data.values()].some(v => v instanceof File)) {
        button.after(bar)
        x.upload.onprogress = p => { if (p.lengthComputable) { bar.max = p.total; bar.value = p.loaded } }
      }
      x.onloadend = () => {
        bar.remove()
        form.removeAttribute('aria-busy')
        const a = x.response || {}
        if (x.status === 200 && a.ok) {
          form.dispatchEvent(new CustomEvent('kanal-form-sent', { bubbles: true, composed: true, detail: { form: form.dataset.kanal } }))
          if (a.redirect && /^https?:\/\//.test(a.redirect)) { (window.top === window ? location : window.top.location).href = a.redirect; return }
          const done = document.createElement('p')
          done.className = 'kf-t'
          done.setAttribute('role', 'status')
          done.tabIndex = -1
          done.textContent = a.message
          form.parentNode.replaceChildren(done)
          done.focus()
          return
        }
        button.disabled = false
        say(a.message || (x.status && a.detail) || form.dataset.failed, a.faults || {})
      }
      x.send(data)
    })
    return root
  }

  const told = () => ({ url: location.href, title: document.title, referrer: document.referrer })

  // The form's own page, and its frame, which says how tall it is.
  if (here) {
    enhance(here, window.parent === window ? told() : {})
  }
  if (base === location.origin && document.body?.classList.contains('kf-frame') && window.parent !== window) {
    const grow = () => window.parent.postMessage({ kanalForm: location.pathname.split('/')[2], height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, '*')
    new ResizeObserver(grow).observe(document.documentElement)
    grow()
    return
  }

  const slug = self.dataset.form
  // Frames of ours on this page are as tall as they say.
  if (!window.__kanalForms) {
    window.__kanalForms = 1
    addEventListener('message', ev => {
      if (ev.origin !== base || !ev.data || !ev.data.kanalForm || !(ev.data.height > 0)) return
      for (const f of document.querySelectorAll('iframe')) if (f.contentWindow === ev.source) f.style.height = Math.min(ev.data.height, 20000) + 'px'
    })
  }
  if (!slug) return
  const place = self.dataset.target && document.querySelector(self.dataset.target) || (() => { const d = document.createElement('div'); self.after(d); return d })()
  const lang = self.dataset.lang || document.documentElement.lang || ''
  const page = told()
  const query = new URLSearchParams({ page: page.url, title: page.title, referrer: page.referrer })
  if (lang) query.set('lang', lang)
  const frame = () => {
    const f = document.createElement('iframe')
    f.src = base + '/forms/' + slug + '/embed?' + query
    f.title = slug
    f.style.cssText = 'width:100%;border:0;height:640px'
    place.replaceChildren(f)
  }
  fetch(base + '/forms/' + encodeURIComponent(slug) + '/parts?' + query, { credentials: 'omit' }).then(async r => {
    if (!r.ok) throw r.status
    const p = await r.json(), inherit = self.dataset.style === 'inherit'
    const root = inherit ? place : place.shadowRoot || place.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync((inherit ? p.CSS || p.css.replace(':host,', '') + '.kf{max-width:none}' : p.css) + (p.style ? '.kf{' + p.style + '}' : ''))
    root.innerHTML = p.html
    if (inherit) {
      root.firstElementChild.classList.remove('kf-own')
      root.firstElementChild.classList.add('kf-in')
      sheet.insertRule('.kf-in{--ink:inherit;--soft:inherit;--line:currentColor;--field:transparent;--bad:#a3190f;--badground:transparent}')
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    } else root.adoptedStyleSheets = [sheet]
    const form = root.querySelector('form')
    if (form) { form.action = base + '/forms/' + slug; enhance(form, page) }
  }).catch(frame)
})()
