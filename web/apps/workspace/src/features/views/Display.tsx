import { ActionIcon, Button, Checkbox, NativeSelect, Popover, SegmentedControl } from '@mantine/core'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { useProperties } from '@/features/lookups/index.ts'
import { boardable, boardField } from './boardable.ts'
import { fieldName, useFields } from './fields.ts'
import { usualColumns, type ViewState } from './look.ts'
import type { Look } from './arrange.ts'
import s from './tools.module.css'
import nav from './views.module.css'

/** How a list is shown: layout, order, groups, columns. Kept for this person and this view. */
export function Display({ state, onClose }: { state: ViewState; onClose(): void }) {
  const fields = useFields()
  const { look } = state
  const properties = useProperties('ticket')
  const board = look.layout === 'board'
  // A phone has no room for a table.
  const narrow = matchMedia('(max-width: 900px)').matches
  const set = (l: Partial<Look>) => void state.setLook(l).catch(toastError)
  const byName = (a: { label: string }, b: { label: string }) => a.label.localeCompare(b.label)
  const named = (keep: (f: (typeof fields)[number]) => boolean) => fields.filter(keep).map((f) => ({ value: f.name, label: fieldName(f) })).sort(byName)
  const field = look.sort.replace(/^-/, '')
  const down = look.sort.startsWith('-')
  const columns = fields.filter((f) => f.column)
  const label = (name: string) => { const f = fields.find((x) => x.name === name); return f ? fieldName(f) : name }
  const move = (i: number, by: number) => { const next = [...look.columns]; next.splice(i + by, 0, ...next.splice(i, 1)); set({ columns: next }) }
  return (
    <Popover opened onChange={(o) => { if (!o) onClose() }} position="bottom-end" width={300} trapFocus returnFocus>
      <Popover.Target><ActionIcon aria-label={t('action.display')} aria-expanded="true" className={nav.tool!} data-on onClick={onClose}><Icon name="columns" /></ActionIcon></Popover.Target>
      <Popover.Dropdown aria-label={t('action.display')} className={s.display}>
        <SegmentedControl
          fullWidth size="xs" aria-label={t('layout.title')} value={narrow && !board ? 'split' : look.layout} onChange={(v) => set({ layout: v as Look['layout'] })}
          data={(narrow ? ['split', 'board'] as const : ['split', 'table', 'board'] as const).map((value) => ({ value, label: t(`layout.${value}`) }))}
        />
        <span className={s.sortRow}>
          <NativeSelect
            label={t('display.sort')} value={field} data={[{ value: '', label: t('display.usual') }, ...named((f) => f.sort)]}
            onChange={(e) => { const f = fields.find((x) => x.name === e.currentTarget.value); set({ sort: f ? (f.type === 'moment' || f.type === 'number' || f.name === 'priority' ? `-${f.name}` : f.name) : '' }) }}
          />
          <ActionIcon aria-label={t(down ? 'display.down' : 'display.up')} disabled={!field} onClick={() => set({ sort: down ? field : `-${field}` })}><Icon name={down ? 'down' : 'up'} /></ActionIcon>
        </span>
        {board
          ? <NativeSelect label={t('board.by')} value={boardField(look.group, properties)} data={named(boardable)} onChange={(e) => set({ group: e.currentTarget.value })} />
          : <NativeSelect label={t('display.group')} value={look.group} data={[{ value: '', label: t('display.no_group') }, ...named((f) => f.group)]} onChange={(e) => set({ group: e.currentTarget.value })} />}
        <fieldset className={s.columns} hidden={board}>
          <legend>{t('display.columns')}</legend>
          <p className={s.quiet}>{t('display.columns_text')}</p>
          {look.columns.map((name, i) => (
            <div key={name} className={s.column}>
              <Checkbox size="xs" checked label={label(name)} disabled={look.columns.length === 1} onChange={() => set({ columns: look.columns.filter((x) => x !== name) })} />
              <ActionIcon size={24} className={s.step} aria-label={t('nav.move_up', { name: label(name) })} disabled={i === 0} onClick={() => move(i, -1)}><Icon name="up" size={13} /></ActionIcon>
              <ActionIcon size={24} className={s.step} aria-label={t('nav.move_down', { name: label(name) })} disabled={i === look.columns.length - 1} onClick={() => move(i, 1)}><Icon name="down" size={13} /></ActionIcon>
            </div>
          ))}
          {columns.filter((f) => !look.columns.includes(f.name)).sort((a, b) => fieldName(a).localeCompare(fieldName(b))).map((f) => (
            <Checkbox key={f.name} size="xs" checked={false} label={fieldName(f)} disabled={look.columns.length >= 30} onChange={() => set({ columns: [...look.columns, f.name] })} />
          ))}
        </fieldset>
        <Button variant="subtle" color="gray" onClick={() => set({ layout: 'split', sort: '', group: '', columns: usualColumns })}>{t('display.reset')}</Button>
      </Popover.Dropdown>
    </Popover>
  )
}
