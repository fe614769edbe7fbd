import { ActionIcon, Button, Menu } from '@mantine/core'
import { useRef } from 'react'
import type { Status, Ticket } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useStatuses } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { keysOf } from '@/shell/actions.ts'
import type { DraftState } from './draft.ts'
import s from './composer.module.css'

export function ComposerFoot({ ticket, comment, state, from, canAttach, onFiles, onSend, onDiscard, discardable }: {
  ticket: Ticket | null; comment: boolean; state: DraftState; from: { name: string; address: string } | undefined; canAttach: boolean
  onFiles(f: File[]): void; onSend(status?: Status): void; onDiscard(): void; discardable: boolean
}) {
  const statuses = useStatuses(ticket?.pipeline_id)
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className={s.foot}>
      {canAttach ? (
        <>
          <ActionIcon aria-label={t('composer.attach')} title={t('composer.attach')} onClick={() => input.current?.click()}><Icon name="clip" /></ActionIcon>
          <input ref={input} type="file" multiple hidden onChange={(e) => { onFiles([...(e.currentTarget.files ?? [])]); e.currentTarget.value = '' }} />
        </>
      ) : null}
      {discardable ? <ActionIcon aria-label={t('composer.discard')} title={t('composer.discard')} onClick={onDiscard}><Icon name="trash" /></ActionIcon> : null}
      <span className={s.state} role="status">
        {state === 'saved' ? t('draft.saved') : state === 'local' ? t('draft.local') : !comment && from ? t('composer.from', { address: from.address }) : ''}
      </span>
      <div className={s.send}>
        <Button size="xs" onClick={() => onSend()} leftSection={<Icon name={comment ? 'comment' : 'send'} size={14} />} title={keysOf('mod+enter').join(' ')}>{t(comment ? 'composer.add_comment' : 'composer.send')}</Button>
        {ticket ? (
          <Menu position="top-end">
            <Menu.Target><Button size="xs" px={6} aria-label={t('composer.send_and')}><Icon name="down" size={14} /></Button></Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{t(comment ? 'composer.comment_and_set' : 'composer.send_and_set')}</Menu.Label>
              {statuses.map((st) => <Menu.Item key={st.id} leftSection={<Icon name={st.state === 'closed' ? 'closed' : 'open'} size={14} />} onClick={() => onSend(st)}>{st.name}</Menu.Item>)}
            </Menu.Dropdown>
          </Menu>
        ) : null}
      </div>
    </div>
  )
}
