// The one element on the page: a closed world of its own. Its style sheet is an object, not an element, so that a policy without 'unsafe-inline' allows
// it; what it says with !important inside the shadow wins over whatever the page says about the host, also with !important.
// What is written above the button (extra.ts) has its own sheet.

import { attempt } from './store.ts'

export const SHEET = `:host{all:initial!important;position:fixed!important;inset:auto 0 0!important;height:0!important;display:block!important;z-index:2147483000!important}
*{position:fixed;border:0;margin:0;padding:0;box-sizing:border-box;font:600 15px system-ui,sans-serif;inset:auto var(--r) var(--y) var(--l)}
div{position:static}
[hidden]{display:none!important}
button{min-width:56px;height:56px;padding:0 16px;border-radius:28px;background:var(--c);color:var(--t);box-shadow:0 2px 12px #0004;cursor:pointer}
:focus-visible{outline:3px solid var(--t);outline-offset:-6px}
svg{position:static;vertical-align:middle;width:24px;fill:none;stroke:currentColor;stroke-width:2}
b{margin:0 0 40px;padding:0 7px;border-radius:10px;background:#c00;color:#fff;font-size:12px;line-height:20px;pointer-events:none}
iframe{margin:0 0 68px;width:384px;max-width:calc(100vw - 32px);height:640px;max-height:calc(100dvh - var(--y) - 84px);border-radius:14px;background:canvas;box-shadow:0 6px 32px #0004}
@media (max-width:480px),(max-height:420px){iframe{inset:0;margin:0;width:100%;max-width:none;height:100dvh;max-height:none;border-radius:0}.o button{display:none}}`

const SVG = 'http://www.w3.org/2000/svg'
const SHAPES: Record<string, string> = { chat: 'M4 4h16v12H9l-5 4z', question: 'M9 9a3 3 0 1 1 4 3l-1 2m0 3v1', close: 'M5 5l14 14M19 5L5 19' }

export function icon(name: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg'), path = document.createElementNS(SVG, 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  path.setAttribute('d', SHAPES[name] ?? SHAPES.chat!)
  svg.append(path)
  return svg
}

/** Gives a shadow, or the page, rules of ours without an element of style. */
export function dress(root: ShadowRoot | Document, rules: string): void {
  attempt(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(rules)
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  })
}
