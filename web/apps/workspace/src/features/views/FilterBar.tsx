import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { del, patch, type SavedView } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { useWords } from './fields.ts'
import { asGroup, group, isEmpty } from './filter.ts'
import type { ViewState } from './look.ts'
import { viewsQuery } from './queries.ts'
import { SaveDialog } from './SaveDialog.tsx'
import s from './tools.module.css'

/** The filter in words, one mark a condition; what is unsaved can be saved, put into the view, or dropped. */
export function FilterBar({ view, state, share, onEdit }: { view: string; state: ViewState; share: boolean; onEdit(): void }) {
  const words = useWords()
  const { filter, saved } = state
  const { word, items } = asGroup(filter)
  const [saving, setSaving] = useState<'new' | 'rename' | null>(null)
  const [removing, setRemoving] = useState(false)
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const without = (i: number) => { const left = items.filter((_, x) => x !== i); state.setFilter(left.length || saved ? group(word, left) : null) }
  const update = async () => {
    if (!saved) return
    setBusy(true)
    try {
      await patch<SavedView>(`/api/custom-views/${saved.id}`, { filter, columns: state.look.columns, sort: state.look.sort, group: state.look.group, layout: state.look.layout, version: saved.version })
      await queries.invalidateQueries({ queryKey: viewsQuery.queryKey })
      await queries.invalidateQueries({ queryKey: ['tickets', view] })
      state.discard()
      toast(t('views.updated', { name: saved.name }))
    } catch (err) { toastError(err) } finally { setBusy(false) }
  }
  const remove = async () => {
    if (!saved) return
    try {
      await del(`/api/custom-views/${saved.id}`)
      setRemoving(false)
      void navigate({ to: '/tickets/$view', params: { view: 'open' }, search: {} })
      await queries.invalidateQueries({ queryKey: viewsQuery.queryKey })
      toast(t('views.removed', { name: saved.name }))
    } catch (err) { toastError(err) }
  }
  if (isEmpty(filter) && !saved && !state.dirty) return null
  return (
    <div className={s.bar} role="group" aria-label={t('filter.title')}>
      {items.length > 0 ? (
        <ul className={s.chips}>
          {items.map((c, i) => {
            const text = words(c)
            return (
              <li key={i} className={s.chip}>
                {i > 0 ? <span className={s.word}>{t(word === 'any' ? 'filter.or' : 'filter.and')}</span> : null}
                <span className={s.pill}>
                  <button type="button" className={`${s.chipText} k-cut`} onClick={onEdit} title={text}>{text}</button>
                  <button type="button" className={s.chipX} aria-label={t('filter.remove', { text })} onClick={() => without(i)}><Icon name="x" size={11} /></button>
                </span>
              </li>
            )
          })}
        </ul>
      ) : saved ? <span className={s.quiet}>{t('filter.everything')}</span> : null}
      <span className={s.barActions}>
        {state.dirty && saved?.editable ? <Button size="compact-xs" loading={busy} onClick={() => void update()}>{t('views.update')}</Button> : null}
        {state.dirty ? <Button size="compact-xs" variant={saved?.editable ? 'default' : 'filled'} onClick={() => setSaving('new')}>{t('views.save_as')}</Button> : null}
        {state.dirty ? <Button size="compact-xs" variant="subtle" color="gray" onClick={state.discard}>{t('views.discard')}</Button> : null}
        {saved ? (
          <Menu>
            <Menu.Target><ActionIcon size={24} aria-label={t('views.more', { name: saved.name })}><Icon name="more" /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={onEdit}>{t('views.edit_filter')}</Menu.Item>
              {saved.editable ? <Menu.Item onClick={() => setSaving('rename')}>{t('views.rename')}</Menu.Item> : null}
              <Menu.Item onClick={() => setSaving('new')}>{t('views.duplicate')}</Menu.Item>
              {saved.editable ? <Menu.Item color="red" onClick={() => setRemoving(true)}>{t('views.remove')}</Menu.Item> : null}
            </Menu.Dropdown>
          </Menu>
        ) : null}
      </span>
      {saving ? <SaveDialog view={view} state={state} share={share} rename={saving === 'rename' ? saved : undefined} onClose={() => setSaving(null)} /> : null}
      {removing && saved ? (
        <Modal opened onClose={() => setRemoving(false)} title={t('views.remove_title', { name: saved.name })} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
          <p>{t(saved.visibility === 'private' ? 'views.remove_text' : 'views.remove_shared')}</p>
          <div className={s.foot}><Button variant="default" onClick={() => setRemoving(false)}>{t('action.cancel')}</Button><Button color="red" onClick={() => void remove()}>{t('views.remove')}</Button></div>
        </Modal>
      ) : null}
    </div>
  )
}
