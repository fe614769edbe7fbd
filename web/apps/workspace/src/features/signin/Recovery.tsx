import { Button, CopyButton } from '@mantine/core'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import s from './signin.module.css'

/** Codes for a day without the app, shown this once. */
export function Recovery({ codes, onDone }: { codes: string[]; onDone(): void }) {
  const save = () => {
    const a = document.createElement('a')
    a.href = URL.createObjectURL(new Blob([`${t('factor.recovery_title')}\n${location.host}\n\n${codes.join('\n')}\n`], { type: 'text/plain' }))
    a.download = 'recovery-codes.txt'
    a.click()
    URL.revokeObjectURL(a.href)
  }
  return (
    <div className={s.form} role="status">
      <p className={s.text}>{t('factor.recovery_text')}</p>
      <ul className={s.codes} aria-label={t('factor.recovery_title')}>{codes.map((c) => <li key={c}>{c}</li>)}</ul>
      <div className={s.line}>
        <CopyButton value={codes.join('\n')}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton>
        <Button variant="default" onClick={save}>{t('factor.recovery_save')}</Button>
        <span className={s.space} />
        <Button onClick={onDone}>{t('factor.recovery_done')}</Button>
      </div>
    </div>
  )
}
