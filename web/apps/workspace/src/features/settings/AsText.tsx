import '@mantine/core/styles/Drawer.layer.css'
import { Button, CopyButton, Drawer } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { get } from '@kanal/api'
import { Banner, Icon, SkeletonLines } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import s from './settings.module.css'

export interface SettingsText { text: string; revision: string; sections: string[] }

/** What a page edits, as the settings file says it: the same things by the same names. */
export function AsText({ section, slug, opened, onClose }: { section: string; slug?: string; opened: boolean; onClose: () => void }) {
  const q = useQuery({ queryKey: ['settings-text', section, slug ?? ''], queryFn: () => get<SettingsText>('/api/settings/text', { section, slug }), enabled: opened, staleTime: 0 })
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size="lg" title={<strong>{t('astext.title')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <p className={s.hint}>{t('astext.text')}</p>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <Banner tone="danger" icon="warn" role="alert">{sentence(q.error)}</Banner> : null}
      {q.data ? (
        <>
          <pre className={s.yaml} tabIndex={0} aria-label={t('astext.title')}>{q.data.text}</pre>
          <div className={s.foot}>
            <CopyButton value={q.data.text}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton>
            <Button variant="default" component={Link} to="/settings/$" {...({ params: { _splat: 'system/text' } } as object)} leftSection={<Icon name="code" size={14} />}>{t('astext.edit')}</Button>
          </div>
        </>
      ) : null}
    </Drawer>
  )
}

/** The button of a page's heading that shows it as text. */
export function AsTextButton({ onClick }: { onClick: () => void }) {
  const can = useCan()
  return can('settings.manage') ? <Button variant="default" leftSection={<Icon name="code" size={14} />} onClick={onClick}>{t('astext.button')}</Button> : null
}
