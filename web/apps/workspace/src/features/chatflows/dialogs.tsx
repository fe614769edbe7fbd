import { Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Icon } from '@kanal/ui'
import { t, type Key } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { portText, stepIcons, stepTitle, typeName } from './describe.ts'
import { connect, ports, stepOf } from './model.ts'
import { StepPick } from './pickers.tsx'
import { stepTypes, type StepType } from './types.ts'
import type { At } from './Canvas.tsx'
import s from './chatflows.module.css'

/** Which kind of step. Typing finds one, the arrows go through them. */
export function AddStep({ at, onPick, onClose }: { at: At; onPick(type: StepType): void; onClose(): void }) {
  const { editor, lang, base } = useDesk()
  const [q, setQ] = useState('')
  const [on, setOn] = useState(0)
  const from = stepOf(editor.def, at.after?.id)
  const way = from ? ports(from).find((p) => p.key === at.after!.port) : undefined
  const word = q.trim().toLowerCase()
  // what begins so comes first: "end" is the end, and then sending
  const rank = (x: StepType) => (typeName(x).toLowerCase().startsWith(word) ? 0 : typeName(x).toLowerCase().includes(word) ? 1 : 2)
  const found = stepTypes.filter((x) => `${typeName(x)} ${t(`flow.type_text.${x}` as Key)}`.toLowerCase().includes(word)).sort((a, b) => rank(a) - rank(b))
  const keys = (e: React.KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); setOn((was) => Math.max(0, Math.min(found.length - 1, was + (e.key === 'ArrowDown' ? 1 : -1)))) }
    if (e.key === 'Enter' && found[on]) { e.preventDefault(); onPick(found[on]) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.add_step')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }} returnFocus={false}>
      {from && way ? (
        <p className={s.addAfter}>{t('flow.add_after', { step: stepTitle(from), way: portText(from, way, lang, base) })}
          {way.to ? <Button variant="subtle" size="compact-sm" color="red" onClick={() => { editor.edit((d) => connect(d, from.id, way.key, '')); onClose() }}>{t('flow.disconnect')}</Button> : null}
        </p>
      ) : null}
      <TextInput data-autofocus role="combobox" aria-expanded aria-controls="flow-types" aria-activedescendant={found[on] ? `flow-type-${found[on]}` : undefined} aria-label={t('flow.find_type')} placeholder={t('flow.find_type')} leftSection={<Icon name="search" size={14} />} value={q} onChange={(e) => { setQ(e.currentTarget.value); setOn(0) }} onKeyDown={keys} />
      <ul id="flow-types" role="listbox" aria-label={t('flow.types')} className={s.types}>
        {found.map((x, i) => (
          <li key={x} id={`flow-type-${x}`} role="option" aria-selected={i === on} onPointerMove={() => setOn(i)} onClick={() => onPick(x)} data-type={x}>
            <span className={s.typeIcon}><Icon name={stepIcons[x]} /></span><span><strong>{typeName(x)}</strong><span>{t(`flow.type_text.${x}` as Key)}</span></span>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p className={s.hint}>{t('state.nothing_found')}</p> : null}
    </Modal>
  )
}

/** Where each way out of a step leads: connecting without a pointer. */
export function Connections({ id, onClose }: { id: string; onClose(): void }) {
  const { editor, lang, base } = useDesk()
  const step = stepOf(editor.def, id)
  if (!step) return null
  const ways = ports(step)
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.connections_of', { name: stepTitle(step), id })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }} returnFocus={false}>
      <div className={s.stack}>
        {ways.length ? ways.map((p) => <StepPick key={p.key} step={step} port={p.key} to={p.to} label={portText(step, p, lang, base)} none={t('flow.ends_here')} />) : <p>{t('flow.no_ways')}</p>}
        <div className={s.foot}><Button onClick={onClose}>{t('action.done')}</Button></div>
      </div>
    </Modal>
  )
}
