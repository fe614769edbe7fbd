import { Button } from '@mantine/core'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Problem } from '@kanal/api'
import { EmptyState } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const missing = error instanceof Problem && error.status === 404
  return (
    <main id="main" style={{ height: '100%' }}>
      <EmptyState icon="warn" title={t(missing ? 'error.ticket_gone' : 'error.title')} text={missing ? t('error.ticket_gone_text') : sentence(error)}>
        <Button variant="default" onClick={() => { reset(); void router.invalidate() }}>{t('action.retry')}</Button>
        <Button variant="subtle" component="a" href="/">{t('error.home')}</Button>
      </EmptyState>
    </main>
  )
}

export function NotFound() {
  return <main id="main" style={{ height: '100%' }}><EmptyState icon="search" title={t('error.not_found')} text={t('error.not_found_text')}><Button variant="default" component="a" href="/">{t('error.home')}</Button></EmptyState></main>
}
