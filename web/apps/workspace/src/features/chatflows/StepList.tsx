import { Button } from '@mantine/core'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { useDesk } from './context.ts'
import { portText, stepIcons, stepText, stepTitle, typeName } from './describe.ts'
import { inOrder, ports } from './model.ts'
import type { At } from './Canvas.tsx'
import { spotAfter } from './geometry.ts'
import s from './list.module.css'

/** The same steps as a list: for phones, for screen readers, and for who would rather read than look. */
export function StepList({ selected, lit, onOpen, onAdd }: { selected: readonly string[]; lit: string | null; onOpen(id: string): void; onAdd(at: At): void }) {
  const { editor, lang, base, mayEdit } = useDesk()
  const { def } = editor
  const all = inOrder(def)
  const byId = new Map(all.map((r) => [r.step.id, r.step]))
  const lost = all.findIndex((r) => !r.reached)
  return (
    <div className={s.list} data-step-list>
      <ol>
        {all.map(({ step, depth, reached }, i) => {
          const faults = editor.faults.filter((f) => f.step === step.id)
          const ways = ports(step)
          return (
            <li key={step.id} className={s.item} style={{ ['--depth' as string]: Math.min(depth, 6) }} data-lit={lit === step.id || undefined}>
              {i === lost ? <p className={s.lost}>{t('flow.not_reached')}</p> : null}
              <button type="button" className={s.step} aria-pressed={selected.includes(step.id)} onClick={() => onOpen(step.id)} data-reached={reached || undefined} data-list-step={step.id}>
                <Icon name={stepIcons[step.type]} />
                <span className={s.words}><strong>{stepTitle(step)}</strong><span dir="auto">{stepText(step, lang, base, def) || typeName(step.type)}</span></span>
                {def.start === step.id ? <span className={s.tag}>{t('flow.start')}</span> : null}
                {faults.length ? <span className={s.fault}><Icon name="warn" size={14} /><span className="k-hidden">{t('flow.has_fault')}</span></span> : null}
                <span className={s.id}>{step.id}</span>
              </button>
              {ways.length ? (
                <ul className={s.ways} aria-label={t('flow.leads_to')}>
                  {ways.map((p) => {
                    const to = byId.get(p.to)
                    return <li key={p.key}><span dir="auto">{portText(step, p, lang, base)}</span><Icon name="right" size={12} />{to ? <button type="button" onClick={() => onOpen(to.id)}>{stepTitle(to)} <span className={s.id}>{to.id}</span></button>
                      : mayEdit ? <Button variant="subtle" size="compact-xs" onClick={() => onAdd({ ...spotAfter(def, step.id), after: { id: step.id, port: p.key } })}>{t('flow.add_step')}</Button> : <span>{t('flow.leads_nowhere')}</span>}</li>
                  })}
                </ul>
              ) : null}
            </li>
          )
        })}
      </ol>
      {mayEdit ? <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => onAdd(spotAfter(def, all.at(-1)?.step.id ?? ''))}>{t('flow.add_step')}</Button> : null}
    </div>
  )
}
