import { Checkbox } from '@mantine/core'
import type { Prefs, PrefTarget } from '@/features/notify/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { save } from './save.ts'
import { useShown } from './useShown.ts'
import s from './mynews.module.css'

const nameOf = (target: PrefTarget) => maybe(`mynews.target.${target.name}`, target.name)

/** What by which way: a row for each kind of news, a column for each way of telling. */
export function Matrix({ prefs, own }: { prefs: Prefs; own: boolean }) {
  return (
    <table className={s.matrix} data-setting="mynews.matrix">
      <thead><tr><td><span className="k-hidden">{t('mynews.what')}</span></td>{prefs.targets.map((x) => <th key={x.name} scope="col">{nameOf(x)}</th>)}</tr></thead>
      <tbody>
        {prefs.kinds.map((k) => {
          const name = maybe(`mynews.kind.${k.kind}`, k.kind)
          return (
            <tr key={k.kind}>
              <th scope="row">{name}{maybe(`mynews.about.${k.kind}`, '') ? <span className={s.about}>{t(`mynews.about.${k.kind}` as Key)}</span> : null}</th>
              {prefs.targets.map((x) => (
                <td key={x.name}><Tick label={`${name}: ${nameOf(x)}`} checked={!!k.targets[x.name]} onChange={(on) => void save({ kinds: { [k.kind]: { [x.name]: on } } }, own)} /></td>
              ))}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function Tick({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  const [on, show] = useShown(checked)
  return <Checkbox aria-label={label} checked={on} onChange={(e) => { const v = e.currentTarget.checked; show(v); onChange(v) }} />
}
