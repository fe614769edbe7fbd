import { useEffect, useState } from 'react'
import { useDebouncedValue } from '@mantine/hooks'
import { Avatar } from '@kanal/ui'
import { useSession } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { read, type Settings } from './model.ts'
import { previewSender } from './queries.ts'
import s from './channels.module.css'

/** EM-08: what a contact will see, beside the form and as typed. The server makes it with the code that makes the mail. */
export function SenderPreview({ channel, settings }: { channel: string; settings: Settings }) {
  const me = useSession().user
  const [debounced] = useDebouncedValue(settings, 300)
  const [seen, setSeen] = useState<{ from_name: string; signature_html: string } | null>(null)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    let live = true
    previewSender(channel, debounced).then((p) => { if (live) { setSeen(p); setFailed(false) } }).catch(() => { if (live) setFailed(true) })
    return () => { live = false }
  }, [channel, debounced])
  const address = String(read(settings, 'address') ?? '')
  const doc = `<!doctype html><meta charset="utf-8"><base target="_blank"><body style="margin:0;font:14px/1.5 system-ui,sans-serif;color:#16211f;overflow-wrap:anywhere">${seen?.signature_html ?? ''}</body>`
  return (
    <section className={s.preview} aria-label={t('preview.title')}>
      <h2>{t('preview.title')}</h2>
      <div className={s.mail}>
        <div className={s.mailHead}><Avatar name={seen?.from_name || me.name} size={32} /><div><strong>{seen?.from_name || '…'}</strong><div className={s.mailAddress}>{address ? `<${address}>` : ''}</div></div></div>
        <p className={s.mailText}>{t('preview.text', { name: me.first_name || me.name })}</p>
        <iframe className={s.mailFrame} title={t('preview.signature')} sandbox="" srcDoc={doc} />
      </div>
      {failed ? <p className={s.hint}>{t('preview.failed')}</p> : null}
    </section>
  )
}
