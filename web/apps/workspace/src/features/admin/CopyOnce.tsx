import { Button, CopyButton } from '@mantine/core'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './admin.module.css'

/** A value that is shown this once. */
export function CopyOnce({ value, text }: { value: string; text: string }) {
  return (
    <div className={s.once} role="status">
      <p>{text}</p>
      <div className={s.copyLine}><code>{value}</code><CopyButton value={value}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton></div>
    </div>
  )
}
