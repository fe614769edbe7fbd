import { Button, Drawer, SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useEffect, useMemo, useRef, useState } from 'react'
import { EmptyState, Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { actionContext, useProvideActions, type FlowDeed } from '@/shell/actions.ts'
import { useAppearance } from '@/shell/appearance.ts'
import { runKey } from './actions.ts'
import { Canvas, type At } from './Canvas.tsx'
import { useDesk } from './context.ts'
import { typeName } from './describe.ts'
import { AddStep, Connections } from './dialogs.tsx'
import { arrange, bounds, freeSpot, heightOf, spotAfter, WIDTH } from './geometry.ts'
import { Inspector } from './Inspector.tsx'
import { addStep, duplicateSteps, ports, removeSteps, stepOf, steps } from './model.ts'
import { Simulator, type Trail } from './Simulator.tsx'
import { StepList } from './StepList.tsx'
import type { StepType } from './types.ts'
import { useView } from './useView.ts'
import s from './chatflows.module.css'

const nothing: Trail = { at: null, passed: new Set() }

/** The bot's steps: drawn or listed, with what is chosen beside them and the conversation they make. */
export function BotBuilder({ deeds, jump, testing, onTesting }: { deeds: Partial<Record<FlowDeed, (() => void) | null>>; jump: { step: string; n: number } | null; testing: boolean; onTesting(on: boolean): void }) {
  const { editor, mayEdit } = useDesk()
  const { def } = editor
  const phone = useMediaQuery('(max-width: 900px)', undefined, { getInitialValueInEffect: false }) ?? false
  const [shape, setShape] = useState<'canvas' | 'list'>(phone ? 'list' : 'canvas')
  const [selected, setSelected] = useState<string[]>([])
  const [focus, setFocus] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const [adding, setAdding] = useState<At | null>(null)
  const [connecting, setConnecting] = useState<string | null>(null)
  const [trail, setTrail] = useState<Trail>(nothing)
  const [said, setSaid] = useState('')
  const camera = useView(useAppearance().direction === 'rtl' ? -1 : 1)
  const box = useRef<HTMLDivElement>(null)
  const there = useMemo(() => new Set(steps(def).map((x) => x.id)), [def])
  const chosen = selected.filter((id) => there.has(id))
  const one = chosen.length === 1 ? stepOf(def, chosen[0]) : undefined
  // what the keys act on: what is chosen, else the step that has the focus
  const acting = chosen.length ? chosen : focus && there.has(focus) ? [focus] : []
  const empty = steps(def).length === 0

  useEffect(() => { if (shape === 'canvas') requestAnimationFrame(() => { const first = stepOf(def, def.start) ?? steps(def)[0]; camera.begin(bounds(steps(def)), first ? bounds([first]) : bounds([])) }) }, [shape, camera.begin])

  const focusStep = (id: string) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const el = box.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(id)}"], [data-list-step="${CSS.escape(id)}"]`)
    el?.focus({ preventScroll: shape === 'canvas' })
  }))
  const show = (id: string, focusIt = true) => {
    setSelected([id]); setFocus(id); setOpen(true)
    const x = stepOf(def, id)
    if (x && shape === 'canvas') camera.reveal({ x: x.x, y: x.y, w: WIDTH, h: heightOf(x) })
    if (focusIt) focusStep(id)
  }
  useEffect(() => { if (jump && there.has(jump.step)) show(jump.step, false) }, [jump?.n])

  const pick = (type: StepType) => {
    if (!adding) return
    const at = { ...adding, ...freeSpot(def, adding) }
    let id = ''
    editor.edit((d) => { const made = addStep(d, type, at, adding.after); id = made.ids[0]!; return made.def })
    // the same function of the same definition names it the same
    id = addStep(def, type, at, adding.after).ids[0]!
    setAdding(null)
    setSelected([id]); setFocus(id); setOpen(true)
    setSaid(t('flow.said_added', { name: typeName(type), id }))
    requestAnimationFrame(() => { camera.reveal({ ...at, w: WIDTH, h: 120 }); focusStep(id) })
  }
  const remove = (ids: readonly string[]) => {
    if (!ids.length) return
    const after = removeSteps(def, ids)
    editor.edit((d) => removeSteps(d, ids))
    const next = stepOf(after, after.start)?.id ?? null
    setSelected([]); setOpen(false); setFocus(next)
    setSaid(t('flow.said_removed', { n: ids.length }))
    if (next) focusStep(next)
  }
  const duplicate = (ids: readonly string[]) => {
    const made = duplicateSteps(def, ids)
    editor.edit((d) => duplicateSteps(d, ids).def)
    setSelected(made.ids); setFocus(made.ids[0] ?? null)
    if (made.ids[0]) focusStep(made.ids[0])
  }
  const addAfter = () => {
    const from = acting.length === 1 ? stepOf(def, acting[0]) : stepOf(def, focus)
    const way = from ? (ports(from).find((p) => !p.to && p.kind !== 'fail') ?? ports(from).find((p) => p.key === 'next')) : undefined
    setAdding(from && way ? { ...spotAfter(def, from.id), after: { id: from.id, port: way.key } } : spotAfter(def, from?.id ?? steps(def).at(-1)?.id ?? ''))
  }

  const canvas = shape === 'canvas'
  const can = (ok: unknown, fn: () => void) => (ok ? fn : null)
  const mine: Partial<Record<FlowDeed, (() => void) | null>> = {
    ...deeds,
    add: can(mayEdit, addAfter),
    connect: can(mayEdit && acting.length === 1, () => setConnecting(acting[0]!)),
    duplicate: can(mayEdit && acting.length, () => duplicate(acting)),
    remove: can(mayEdit && acting.length, () => remove(acting)),
    all: can(canvas, () => setSelected(steps(def).map((x) => x.id))),
    arrange: can(mayEdit && canvas && !empty, () => { editor.edit(arrange); requestAnimationFrame(() => camera.fit(bounds(steps(arrange(def))))) }),
    fit: can(canvas, () => camera.fit(bounds(steps(def)))),
    zoom_in: can(canvas, () => camera.zoom(1.25)),
    zoom_out: can(canvas, () => camera.zoom(1 / 1.25)),
    list: () => setShape(canvas ? 'list' : 'canvas'),
    test: () => onTesting(!testing),
  }
  useProvideActions({ flow: mine }, [editor.def, editor.undo, editor.redo, selected, focus, shape, testing, mayEdit, deeds])
  const onKey = (e: React.KeyboardEvent) => {
    if (e.key === 'Escape') { if (selected.length || open) { e.preventDefault(); setSelected([]); setOpen(false) } return }
    runKey(e.nativeEvent, actionContext())
  }

  const inspector = one && open ? <Inspector key={one.id} step={one} onDelete={() => remove([one.id])} onDuplicate={() => duplicate([one.id])} {...(phone ? {} : { onClose: () => { setOpen(false); focusStep(one.id) } })} /> : null
  const simulator = testing ? <Simulator onTrail={setTrail} {...(phone ? {} : { onClose: () => { onTesting(false); setTrail(nothing) } })} onShow={(id) => show(id, false)} /> : null
  return (
    <div className={s.builder} ref={box} onKeyDown={(e) => { if (!canvas && !e.defaultPrevented) { const el = e.target as HTMLElement; if (el.dataset.listStep && (e.key === 'Delete' || e.key === 'Backspace' || e.key === '+')) onKey(e) } }}>
      <div className={s.stage}>
        <div className={s.tools} role="toolbar" aria-label={t('flow.tools')}>
          {mayEdit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={addAfter}>{t('flow.add_step')}</Button> : null}
          {canvas && mayEdit && !empty && !phone ? <Button variant="default" leftSection={<Icon name="rows" size={14} />} onClick={() => mine.arrange?.()}>{t('flow.arrange')}</Button> : null}
          <SegmentedControl size="xs" aria-label={t('flow.shape')} value={shape} onChange={(v) => setShape(v as 'canvas')} data={[{ value: 'canvas', label: t('flow.drawn') }, { value: 'list', label: t('flow.listed') }]} />
          {chosen.length > 1 ? <><span className={s.count} role="status">{t('flow.selected', { n: chosen.length })}</span>{mayEdit ? <><Button variant="default" leftSection={<Icon name="copy" size={14} />} onClick={() => duplicate(chosen)}>{t('flow.duplicate')}</Button><Button variant="default" leftSection={<Icon name="trash" size={14} />} onClick={() => remove(chosen)}>{t('flow.delete')}</Button></> : null}</> : null}
        </div>
        {canvas
          ? <Canvas camera={camera} selected={chosen} onSelect={setSelected} onOpen={() => setOpen(true)} onAdd={setAdding} focus={focus} onFocus={setFocus} lit={trail.at} passed={trail.passed} onKey={onKey} />
          : <StepList selected={chosen} lit={trail.at} onOpen={(id) => show(id)} onAdd={setAdding} />}
        {empty ? <div className={s.emptyCanvas}><EmptyState icon="comment" title={t('flow.no_steps')} text={t('flow.no_steps_text')}>{mayEdit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding({ x: 0, y: 0 })}>{t('flow.first_step')}</Button> : null}</EmptyState></div> : null}
      </div>
      {phone ? (
        <>
          <Drawer opened={!!inspector} onClose={() => setOpen(false)} position="right" size="100%" title={<strong>{one ? typeName(one.type) : ''}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>{inspector}</Drawer>
          <Drawer opened={!!simulator} onClose={() => { onTesting(false); setTrail(nothing) }} position="right" size="100%" classNames={{ body: s.sheet! }} title={<strong>{t('flow.test')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>{simulator}</Drawer>
        </>
      ) : <>{inspector ? <div className={s.side}>{inspector}</div> : null}{simulator ? <div className={s.side}>{simulator}</div> : null}</>}
      {adding ? <AddStep at={adding} onPick={pick} onClose={() => setAdding(null)} /> : null}
      {connecting ? <Connections id={connecting} onClose={() => { setConnecting(null); focusStep(connecting) }} /> : null}
      <p className="k-hidden" role="status">{said}</p>
    </div>
  )
}
