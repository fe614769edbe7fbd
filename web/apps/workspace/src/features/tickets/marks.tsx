import type { Priority } from '@kanal/api'
import { t, type Key } from '@/locales/index.ts'
import s from './list.module.css'

export const priorities: Exclude<Priority, ''>[] = ['urgent', 'high', 'medium', 'low']
export const priorityName = (p: Priority): string => (p ? t(`priority.${p}` as Key) : t('priority.none'))

/** Only what stands out is marked: urgent and high. The mark has a shape, not only a colour. */
export function PriorityMark({ priority, always = false }: { priority: Priority; always?: boolean }) {
  if (!priority || (!always && (priority === 'low' || priority === 'medium'))) return null
  const bars = { low: 1, medium: 2, high: 3, urgent: 4 }[priority]
  return (
    <span className={s.priority} data-priority={priority} title={priorityName(priority)}>
      <svg width="13" height="12" viewBox="0 0 13 12" aria-hidden="true">
        {[0, 1, 2, 3].map((i) => <rect key={i} x={i * 3.4} y={9 - i * 2.6} width="2.4" height={3 + i * 2.6} rx=".8" fill="currentColor" opacity={i < bars ? 1 : 0.22} />)}
      </svg>
      <span className="k-hidden">{priorityName(priority)}</span>
    </span>
  )
}
