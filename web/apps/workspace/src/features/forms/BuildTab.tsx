import '@mantine/core/styles/Drawer.layer.css'
import { Button, Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import { EmptyState, Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useProvideActions, type FormDeed } from '@/shell/actions.ts'
import { AddField } from './AddField.tsx'
import { useDesk } from './context.ts'
import { FieldList } from './FieldList.tsx'
import { WordsInput } from './fields.tsx'
import { Inspector } from './Inspector.tsx'
import { duplicate, fieldOf, listed, remove } from './model.ts'
import s from './forms.module.css'

const focusField = (name: string | null) => requestAnimationFrame(() => document.querySelector<HTMLElement>(name ? `[data-field-name="${name}"]` : '[data-fields] button')?.focus())

/** The fields at one side, what can be set on the chosen one beside them. */
export function BuildTab({ deeds, children }: { deeds?: Partial<Record<FormDeed, (() => void) | null>>; children?: React.ReactNode }) {
  const { editor, mayEdit, chosen, choose } = useDesk()
  const [adding, setAdding] = useState(false)
  const narrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false })
  const field = fieldOf(editor.def, chosen)
  const drop = () => {
    if (!field) return
    const list = listed(editor.def)
    const at = list.findIndex((f) => f.name === field.name)
    const next = list[at + 1] ?? list[at - 1]
    editor.edit((d) => remove(d, field.name))
    choose(next?.name ?? null)
    focusField(next?.name ?? null)
  }
  const copy = () => {
    const made = field && duplicate(editor.def, field.name)
    if (!made) return
    editor.edit(() => made.next)
    choose(made.name)
    focusField(made.name)
  }
  const mine = useMemo<Partial<Record<FormDeed, (() => void) | null>>>(() => (mayEdit ? { ...deeds, add: () => setAdding(true), duplicate: field ? copy : null, remove: field ? drop : null } : { ...deeds }), [deeds, mayEdit, field, editor.def])
  useProvideActions({ form: mine }, [mine])
  const inspector = field ? <Inspector key={field.name} field={field} onRemove={drop} onDuplicate={copy} {...(narrow ? {} : { onClose: () => { choose(null); focusField(field.name) } })} /> : null
  return (
    <>
      <div className={s.build}>
        <div className={s.column}>
          <section className={s.part} aria-label={t('forms.head')}>
            <WordsInput label={t('forms.title_text')} at="title" value={editor.def.title} onChange={(title) => editor.edit((d) => ({ ...d, title }), 'title')} />
            <WordsInput label={t('forms.intro')} long at="intro" value={editor.def.intro} onChange={(intro) => editor.edit((d) => ({ ...d, intro }), 'intro')} />
          </section>
          <FieldList onAdd={() => setAdding(true)} />
          <section className={s.part} aria-label={t('forms.button')}>
            <WordsInput label={t('forms.submit')} at="submit" value={editor.def.submit} onChange={(submit) => editor.edit((d) => ({ ...d, submit }), 'submit')} />
          </section>
        </div>
        {narrow ? null : <div className={s.side}>{inspector ?? <EmptyState icon="compose" title={t('forms.choose_field')} text={t('forms.choose_field_text')}>{mayEdit ? <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>{t('forms.add_field')}</Button> : null}</EmptyState>}</div>}
        {children}
      </div>
      {narrow ? <Drawer opened={!!field} onClose={() => { choose(null); focusField(chosen) }} position="bottom" size="92%" title={<strong>{t('forms.field')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>{inspector}</Drawer> : null}
      {adding ? <AddField def={editor.def} after={field?.name ?? listed(editor.def).at(-1)?.name ?? null} onClose={() => setAdding(false)} onAdd={(next, name) => { editor.edit(() => next); choose(name); setTimeout(() => document.querySelector<HTMLElement>('[data-inspector] input')?.focus(), 60) }} /> : null}
    </>
  )
}
