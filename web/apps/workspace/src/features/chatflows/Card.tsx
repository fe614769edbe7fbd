import { memo } from 'react'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { portText, stepIcons, stepText, stepTitle, typeName } from './describe.ts'
import { heightOf, rowsOf, WIDTH } from './geometry.ts'
import { ports } from './model.ts'
import type { Step } from './types.ts'
import s from './canvas.module.css'

interface Props {
  step: Step; x: number; y: number; start: boolean; selected: boolean; focusable: boolean; lit: boolean; passed: boolean; target: boolean; fault: '' | 'error' | 'warning'
  lang: string; base: string; spoken: string; jump: string
}

/** A step on the canvas. Only what it shows makes it draw again, so that two hundred of them move lightly. */
export const Card = memo(function Card({ step, x, y, start, selected, focusable, lit, passed, target, fault, lang, base, spoken, jump }: Props) {
  const ways = ports(step)
  const rows = rowsOf(step)
  const text = step.type === 'jump' ? jump : stepText(step, lang, base)
  return (
    <div
      className={s.card} role="option" aria-selected={selected} aria-current={lit ? 'step' : undefined} tabIndex={focusable ? 0 : -1} data-step={step.id} data-type={step.type}
      data-lit={lit || undefined} data-passed={passed || undefined} data-target={target || undefined} data-fault={fault || undefined} style={{ transform: `translate(${x}px, ${y}px)`, width: WIDTH, height: heightOf(step) }}
    >
      <span className="k-hidden">{spoken}</span>
      <div className={s.head} aria-hidden="true">
        <span className={s.icon}><Icon name={stepIcons[step.type]} size={14} /></span>
        <strong className="k-cut">{stepTitle(step)}</strong>
        {start ? <span className={s.flag}>{t('flow.start')}</span> : null}
        {fault ? <span className={s.warn}><Icon name="warn" size={14} /></span> : null}
        <span className={s.stepId}>{step.id}</span>
      </div>
      <p className={s.body} aria-hidden="true" dir="auto" data-empty={text ? undefined : ''}>{text || (step.title ? typeName(step.type) : t('flow.nothing_written'))}</p>
      {rows ? (
        <div className={s.ways} aria-hidden="true">
          {ways.map((p) => <div key={p.key} className={s.way} data-kind={p.kind}><span className="k-cut" dir="auto">{portText(step, p, lang, base)}</span><span className={s.port} data-port={p.key} data-used={p.to ? '' : undefined} /></div>)}
        </div>
      ) : ways.length === 1 ? <span className={s.port} data-single="" data-port={ways[0]!.key} data-used={ways[0]!.to ? '' : undefined} /> : null}
    </div>
  )
})
