import { Button, CopyButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { useDesk } from './context.ts'
import { Part } from './fields.tsx'
import { embedQuery } from './queries.ts'
import s from './forms.module.css'

const ways = ['url', 'script', 'inline', 'iframe', 'html', 'api'] as const

/** FM-18: the form's own page, and three ways onto anybody's. */
export function EmbedTab() {
  const { editor } = useDesk()
  const { form } = editor
  const can = useCan()
  const q = useQuery({ ...embedQuery(form.id), staleTime: 0 })
  if (q.isPending) return <div className={s.form}><SkeletonLines label={t('state.loading')} /></div>
  if (q.isError) return <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  const test = `${q.data.url}${q.data.url.includes('?') ? '&' : '?'}test=1`
  return (
    <div className={s.form}>
      {editor.dirty ? <Banner tone="note" icon="info">{t('forms.embed_unsaved')}</Banner> : null}
      {!form.active ? <Banner tone="warn" icon="warn">{t('forms.embed_off')}</Banner> : null}
      {form.channel ? null : (
        <Banner tone="note" icon="plug">{t('forms.embed_unconnected')} {can('account.access') ? <Link to="/settings/$" params={{ _splat: 'help-desk/channels/connect/form' }} search={{ form: form.slug } as never}>{t('forms.connect')}</Link> : null}</Banner>
      )}
      {ways.map((w) => (
        <Part key={w} title={t(`forms.embed.${w}` as Key)} text={t(`forms.embed_text.${w}` as Key)}>
          <pre className={s.code} tabIndex={0} aria-label={t(`forms.embed.${w}` as Key)}>{q.data[w]}</pre>
          <div className={s.foot}>
            {w === 'url' ? <><Button variant="default" component="a" href={test} target="_blank" rel="noopener" leftSection={<Icon name="eye" size={14} />}>{t('forms.test_link')}</Button><Button variant="default" component="a" href={q.data.url} target="_blank" rel="noopener" leftSection={<Icon name="link" size={14} />}>{t('forms.open_page')}</Button></> : null}
            <CopyButton value={q.data[w]}>{({ copied, copy }) => <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />} onClick={copy} aria-label={t('forms.copy_code', { what: t(`forms.embed.${w}` as Key) })}>{t(copied ? 'action.copied' : 'action.copy')}</Button>}</CopyButton>
          </div>
          {w === 'url' ? <p className={s.hint}>{t('forms.test_text')}</p> : null}
        </Part>
      ))}
    </div>
  )
}
