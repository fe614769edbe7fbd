import { t } from '@/locales/index.ts'
import s from './signin.module.css'

/** A picture from rows of 0 and 1, with the quiet zone that readers need. Always dark on light: readers fail at the other way round. */
export function QrCode({ rows }: { rows: string[] }) {
  const n = rows.length + 8
  const d = rows.flatMap((row, y) => [...row].map((bit, x) => (bit === '1' ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join('')
  return <svg className={s.qr} viewBox={`0 0 ${n} ${n}`} role="img" aria-label={t('factor.qr')} shapeRendering="crispEdges"><rect width={n} height={n} fill="#fff" /><path d={d} fill="#000" /></svg>
}
