import { Button, CopyButton, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Banner, Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { useDesk } from './context.ts'
import { previewLink } from './queries.ts'
import s from './chatflows.module.css'

/** CF-23: the draft on a page, for whoever has the address, for an hour. */
export function PreviewLink({ onClose }: { onClose(): void }) {
  const { editor } = useDesk()
  const [page, setPage] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [link, setLink] = useState<{ url: string; expires_at: string } | null>(null)
  const go = async (e: React.FormEvent) => {
    e.preventDefault()
    setBusy(true)
    try { if (await editor.flush()) setLink(await previewLink(editor.flow.id, page.trim())); setError(null) } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.preview')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => void go(e)}>
        <p className={s.text}>{t('flow.preview_text')}</p>
        <TextInput data-autofocus type="url" label={t('flow.preview_page')} description={t('flow.preview_page_text')} placeholder="https://www.example.com/" value={page} onChange={(e) => { setPage(e.currentTarget.value); setLink(null) }} />
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {link ? <div className={s.linkBox} role="status"><code>{link.url}</code><p className={s.hint}>{t('flow.preview_until', { at: dateTime(link.expires_at) })}</p></div> : null}
        <div className={s.foot}>
          {link ? <><CopyButton value={link.url}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton><Button component="a" href={link.url} target="_blank" rel="noreferrer" leftSection={<Icon name="eye" size={14} />}>{t('flow.preview_open')}</Button></> : <Button type="submit" loading={busy}>{t('flow.preview_make')}</Button>}
        </div>
      </form>
    </Modal>
  )
}
