import type { DraftBody } from '@/features/composer/index.ts'
import type { Upload } from './useUploads.ts'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { bytes } from '@/shell/format.ts'
import s from './writing.module.css'

export function FileRow({ files, uploads, links, linkDays = 0, onRemove, onRetry, onCancel }: {
  files: DraftBody['attachments']; uploads: Upload[]; links?: Set<string>; linkDays?: number; onRemove(id: string): void; onRetry(u: Upload): void; onCancel(u: Upload): void
}) {
  if (files.length + uploads.length === 0) return null
  return (
    <ul className={s.files} aria-label={t('message.attachments')}>
      {files.map((f) => (
        <li key={f.id} data-link={links?.has(f.id) ? true : undefined}><Icon name="clip" size={13} /><span className="k-cut">{f.name || t('message.unnamed_file')}</span>{f.size ? <span className={s.fileSize}>{bytes(f.size)}</span> : null}{links?.has(f.id) ? <span className={s.fileLink}>{t('composer.as_link', { n: linkDays })}</span> : null}
          <button type="button" aria-label={t('composer.remove', { name: f.name })} onClick={() => onRemove(f.id)}><Icon name="x" size={12} /></button></li>
      ))}
      {uploads.map((u) => (
        <li key={u.key} data-error={u.error ? true : undefined} title={u.error}>
          <Icon name={u.error ? 'warn' : 'clip'} size={13} /><span className="k-cut">{u.name}</span>
          {u.error ? <button type="button" className={s.retry} onClick={() => onRetry(u)}>{t('action.retry')}</button> : <progress value={u.part} max={1} aria-label={t('composer.uploading', { name: u.name })} />}
          <button type="button" aria-label={t('composer.remove', { name: u.name })} onClick={() => onCancel(u)}><Icon name="x" size={12} /></button>
        </li>
      ))}
    </ul>
  )
}
