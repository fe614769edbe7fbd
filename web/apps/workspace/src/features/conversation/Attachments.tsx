import type { Attachment } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { bytes, dateTime } from '@/shell/format.ts'
import s from './message.module.css'

const shown = /^image\/(png|jpeg|gif|webp|avif)$/

export function Attachments({ list }: { list: Attachment[] }) {
  if (list.length === 0) return null
  return (
    <ul className={s.files} aria-label={t('message.attachments')}>
      {list.map((a) => (
        <li key={a.id}>
          <a className={s.file} href={`/api/attachments/${a.id}${shown.test(a.type) ? '?inline=1' : ''}`} target="_blank" rel="noopener" title={a.name}>
            {shown.test(a.type) && a.size < 8_000_000
              ? <img src={`/api/attachments/${a.id}?inline=1`} alt="" loading="lazy" className={s.thumb} />
              : <span className={s.fileIcon}><Icon name="clip" /></span>}
            <span className={s.fileText}><span className="k-cut">{a.name || t('message.unnamed_file')}</span><span className={s.fileSize}>{bytes(a.size)}{a.as === 'link' && a.link_until ? ` · ${t('message.as_link', { time: dateTime(a.link_until) })}` : ''}</span></span>
          </a>
          <a className={s.fileGet} href={`/api/attachments/${a.id}`} download={a.name} aria-label={t('message.download', { name: a.name })}><Icon name="download" size={14} /></a>
        </li>
      ))}
    </ul>
  )
}
