import { Tooltip } from '@mantine/core'
import type { Viewer } from '@kanal/api'
import { Avatar } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './presence.module.css'

export function Others({ list }: { list: Viewer[] }) {
  if (list.length === 0) return null
  const typing = list.filter((v) => v.state === 'typing')
  return (
    <span className={s.others} role="status">
      <span className={s.faces}>{list.slice(0, 4).map((v) => <Tooltip key={v.id} label={t(v.state === 'typing' ? 'presence.typing' : 'presence.viewing', { name: v.name })}><span className={s.face} data-typing={v.state === 'typing' || undefined}><Avatar name={v.name} size={24} /></span></Tooltip>)}</span>
      <span className="k-hidden">{list.map((v) => t(v.state === 'typing' ? 'presence.typing' : 'presence.viewing', { name: v.name })).join('. ')}</span>
      {typing.length ? <span className={s.typing} aria-hidden="true">{t('presence.typing', { name: typing[0]!.name })}</span> : null}
    </span>
  )
}
