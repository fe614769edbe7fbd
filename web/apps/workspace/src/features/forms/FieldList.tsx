import { Button } from '@mantine/core'
import { Icon, Tag } from '@kanal/ui'
import { useProperties } from '@/features/lookups/index.ts'
import { Sortable } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { shortMap, typeIcons, typeName } from './describe.ts'
import { listed, ordered } from './model.ts'
import { read } from './words.ts'
import s from './forms.module.css'

/** The fields in their order: by dragging, or with the arrows on the handle. */
export function FieldList({ onAdd }: { onAdd(): void }) {
  const { editor, lang, base, mayEdit, chosen, choose, fault } = useDesk()
  const properties = [...useProperties('contact'), ...useProperties('ticket')]
  const list = listed(editor.def)
  const name = (f: (typeof list)[number]) => read(f.label, lang, base) || f.name
  return (
    <section className={s.fieldList} aria-label={t('forms.fields')} data-fields>
      {list.length ? (
        <Sortable items={list} idOf={(f) => f.name} nameOf={name} disabled={!mayEdit} onChange={(items) => editor.edit((d) => ordered(d, items))}>
          {(f) => (
            <button type="button" className={s.fieldButton} aria-pressed={chosen === f.name} data-field-name={f.name} data-fault={fault(`fields.${f.name}`) ? true : undefined} onClick={() => choose(f.name)}>
              <span className={s.fieldIcon} aria-hidden="true"><Icon name={typeIcons[f.type] ?? 'compose'} size={15} /></span>
              <span className={s.fieldText}>
                <span className={s.fieldName}>{name(f)}{f.required ? <span className={s.star} title={t('forms.required')}> *</span> : null}</span>
                <span className={s.fieldSub}>{f.maps ? shortMap(f.maps, properties) : typeName(f.type)}</span>
              </span>
              <span className={s.fieldTags}>
                {f.hidden || f.type === 'hidden' ? <Tag>{t('forms.hidden_tag')}</Tag> : null}
                {f.show_if?.when?.length ? <Tag tone="accent">{t('forms.conditional_tag')}</Tag> : null}
                {fault(`fields.${f.name}`) ? <Tag tone="danger">{t('forms.fault_tag')}</Tag> : null}
              </span>
            </button>
          )}
        </Sortable>
      ) : <p className={s.hint}>{t('forms.no_fields')}</p>}
      {mayEdit ? <Button variant="light" leftSection={<Icon name="plus" size={14} />} onClick={onAdd}>{t('forms.add_field')}</Button> : null}
    </section>
  )
}
