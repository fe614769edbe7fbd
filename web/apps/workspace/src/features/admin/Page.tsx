import type { ReactNode } from 'react'
import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import s from './admin.module.css'

/** The heading of a settings page, and its states: reading, failed, empty. */
export function AdminPage({ title, text, action, query, empty, children }: {
  title: string; text: string; action?: ReactNode; query?: UseQueryResult<unknown>; empty?: ReactNode; children: ReactNode
}) {
  return (
    <>
      <div className={s.head}><div><h1>{title}</h1><p className={s.text}>{text}</p></div>{action}</div>
      {query?.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {query?.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(query.error)}><Button variant="default" onClick={() => void query.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {query && !query.data ? null : (empty ?? children)}
    </>
  )
}
