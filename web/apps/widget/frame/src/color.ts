// Colours that can be read, whatever colour the administrator chose.

export type RGB = [number, number, number]

export function parseColor(hex: string): RGB | null {
  const m = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(hex.trim())
  if (!m) return null
  const h = m[1]!.length === 3 ? [...m[1]!].map((c) => c + c).join('') : m[1]!
  return [0, 2, 4].map((i) => parseInt(h.slice(i, i + 2), 16)) as RGB
}

export const hex = (c: RGB) => '#' + c.map((x) => Math.round(x).toString(16).padStart(2, '0')).join('')

export function luminance([r, g, b]: RGB): number {
  const [x, y, z] = [r, g, b].map((v) => { const s = v / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4 }) as RGB
  return 0.2126 * x + 0.7152 * y + 0.0722 * z
}

export function contrast(a: RGB, b: RGB): number {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

const black: RGB = [0, 0, 0], white: RGB = [255, 255, 255]
const mix = (a: RGB, b: RGB, t: number): RGB => [0, 1, 2].map((i) => a[i]! + (b[i]! - a[i]!) * t) as RGB

/** Black or white, whichever is read more easily on it. */
export const inkOn = (c: RGB): RGB => (contrast(c, white) >= contrast(c, black) ? white : black)

/** The colour, moved towards black or white until it reaches the ratio on a ground. */
export function readableOn(c: RGB, ground: RGB, ratio = 4.5): RGB {
  const to = luminance(ground) > 0.4 ? black : white
  for (let t = 0; t < 1; t += 0.04) { const m = mix(c, to, t); if (contrast(m, ground) >= ratio) return m }
  return to
}

const lightGround: RGB = [240, 242, 244], darkGround: RGB = [38, 42, 47]

/** The custom properties that the style sheet reads. */
export function palette(color: string): Record<string, string> {
  const c = parseColor(color) ?? [31, 111, 235]
  const ink = inkOn(c)
  return {
    '--accent': hex(c),
    '--ink': hex(ink),
    '--accent-deep': hex(mix(c, ink === white ? black : white, 0.12)),
    '--link-light': hex(readableOn(c, lightGround)),
    '--link-dark': hex(readableOn(c, darkGround)),
    '--edge-light': contrast(c, white) < 1.3 ? '#8a949e' : 'transparent',
    '--edge-dark': contrast(c, darkGround) < 1.3 ? '#8a949e' : 'transparent',
    '--soft-light': hex(mix(c, white, 0.88)),
    '--soft-dark': hex(mix(c, [27, 30, 34], 0.8)),
  }
}
