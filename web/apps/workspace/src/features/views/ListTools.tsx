import { ActionIcon, Tooltip } from '@mantine/core'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Icon } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t, withMore } from '@/locales/index.ts'
import { defineAction, keysOf, useProvideActions } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import type { ViewState } from './look.ts'
import s from './views.module.css'

const load = withMore(() => import('./tools.ts'))
const FilterBar = lazy(() => load().then((m) => ({ default: m.FilterBar })))
const FilterDialog = lazy(() => load().then((m) => ({ default: m.FilterDialog })))
export const ViewGone = lazy(() => load().then((m) => ({ default: m.ViewGone })))
const Display = lazy(() => load().then((m) => ({ default: m.Display })))

defineAction({ id: 'list.filter', label: 'action.filter', group: 'list', icon: 'filter', shortcut: 'shift+f', when: (c) => !!c.lists, run: (c) => c.lists!.filter() })
defineAction({ id: 'list.display', label: 'action.display', group: 'list', icon: 'columns', shortcut: 'shift+d', when: (c) => !!c.lists, run: (c) => c.lists!.display() })
defineAction({ id: 'list.layout', label: 'action.layout', group: 'list', icon: 'rows', shortcut: 'v', when: (c) => !!c.lists, run: (c) => c.lists!.layout() })
defineAction({ id: 'list.board', label: 'action.board', group: 'list', icon: 'columns', shortcut: 'shift+v', when: (c) => !!c.lists, run: (c) => c.lists!.board() })

/** The buttons of a list's head: filter, and how it is shown. */
export function ListTools({ state, filtering, setFiltering }: { state: ViewState; filtering: boolean; setFiltering(on: boolean): void }) {
  const [display, setDisplay] = useState(false)
  const table = state.look.layout !== 'split'
  const swap = () => void state.setLook({ layout: table ? 'split' : 'table' }).catch(toastError)
  useProvideActions({ lists: { filter: () => setFiltering(true), display: () => setDisplay(true), layout: swap, board: () => void state.setLook({ layout: state.look.layout === 'board' ? 'split' : 'board' }).catch(toastError) } }, [state.look.layout, state.setLook])
  return (
    <span className={s.tools}>
      <Tooltip label={`${t('action.filter')} (${keysOf('shift+f').join('')})`}>
        <ActionIcon aria-label={t('action.filter')} aria-haspopup="dialog" data-on={state.ask.filter !== '' || undefined} className={s.tool} onClick={() => setFiltering(!filtering)} onPointerEnter={() => void load()}><Icon name="filter" /></ActionIcon>
      </Tooltip>
      <Tooltip label={`${t('action.layout')} (${keysOf('v').join('')})`}>
        <ActionIcon aria-label={t(table ? 'layout.to_split' : 'layout.to_table')} className={`${s.tool} ${s.wideOnly}`} onClick={swap}><Icon name={table ? 'panel' : 'rows'} /></ActionIcon>
      </Tooltip>
      {display
        ? <Suspense fallback={<DisplayButton open={() => {}} />}><Display state={state} onClose={() => setDisplay(false)} /></Suspense>
        : <DisplayButton open={() => setDisplay(true)} />}
    </span>
  )
}

function DisplayButton({ open }: { open: () => void }) {
  return <Tooltip label={`${t('action.display')} (${keysOf('shift+d').join('')})`}><ActionIcon aria-label={t('action.display')} aria-haspopup="dialog" className={s.tool} onClick={open} onPointerEnter={() => void load()}><Icon name="columns" /></ActionIcon></Tooltip>
}

/** What is filtered for, in words, and what can be done with it. Loads only when there is something to say. */
export function FilterArea({ view, state, filtering, setFiltering }: { view: string; state: ViewState; filtering: boolean; setFiltering(on: boolean): void }) {
  const share = useCan()('views.share')
  useEffect(() => setFiltering(false), [view])
  return (
    <Suspense fallback={null}>
      {state.dirty || state.saved ? <FilterBar view={view} state={state} share={share} onEdit={() => setFiltering(true)} /> : null}
      {filtering ? <FilterDialog view={view} state={state} onClose={() => setFiltering(false)} /> : null}
    </Suspense>
  )
}
