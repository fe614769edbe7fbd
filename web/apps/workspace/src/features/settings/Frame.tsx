import { useState, type ReactNode } from 'react'
import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { EmptyState, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { AsText, AsTextButton } from './AsText.tsx'
import s from './settings.module.css'

/** The heading of a settings page, its text beside it, and its states: reading, failed, empty. */
export function SettingsFrame({ title, text, action, query, empty, section, slug, children }: {
  title: string; text: string; action?: ReactNode; query?: UseQueryResult<unknown>; empty?: ReactNode; section?: string; slug?: string; children: ReactNode
}) {
  const [asText, setAsText] = useState(false)
  return (
    <>
      <div className={s.head}>
        <div><h1>{title}</h1><p className={s.text}>{text}</p></div>
        <div className={s.actions}>{section ? <AsTextButton onClick={() => setAsText(true)} /> : null}{action}</div>
      </div>
      {query?.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {query?.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(query.error)}><Button variant="default" onClick={() => void query.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {query && !query.data ? null : (empty ?? children)}
      {section ? <AsText section={section} {...(slug ? { slug } : {})} opened={asText} onClose={() => setAsText(false)} /> : null}
    </>
  )
}
