import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { TagPick } from '@/features/tags/later.ts'
import { t } from '@/locales/index.ts'
import type { Action } from './model.ts'
import s from './bulk.module.css'

/** Tags put on and taken off the selected tickets (TK-10). */
export function TagsDialog({ onDo, onClose }: { onDo(a: Action): void; onClose(): void }) {
  const [add, setAdd] = useState<string[]>([])
  const [remove, setRemove] = useState<string[]>([])
  return (
    <Modal opened onClose={onClose} title={t('bulk.tags_title')} centered closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.dialog} onSubmit={(e) => { e.preventDefault(); if (add.length + remove.length) onDo({ type: 'update', ...(add.length ? { add_tags: add } : {}), ...(remove.length ? { remove_tags: remove } : {}) }) }}>
        <TagPick label={t('bulk.tags_add')} value={add} onChange={setAdd} autoFocus />
        <TagPick label={t('bulk.tags_remove')} value={remove} onChange={setRemove} known />
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" disabled={add.length + remove.length === 0}>{t('action.save')}</Button></div>
      </form>
    </Modal>
  )
}
