import { ActionIcon, Button, Checkbox } from '@mantine/core'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { moved, sections, shown } from './arrange.ts'
import { arrange, useArrangement, useViews, viewName } from './queries.ts'
import { sectionTitle } from './ViewNav.tsx'
import s from './views.module.css'

/** Orders and hides views: buttons, so that it works the same by key, pointer and finger. */
export function Arranger({ onDone }: { onDone: () => void }) {
  const views = useViews()
  const a = useArrangement()
  return (
    <div className={s.arranger}>
      <p className={s.hint}>{t('nav.arrange_text')}</p>
      {sections(views, a).map((sec) => {
        const all = [...sec.items, ...sec.hidden]
        return (
          <fieldset key={sec.id} className={s.set}>
            <legend className={s.title}>{sectionTitle(sec.id) ?? t('nav.views')}</legend>
            {all.map((v) => {
              const at = sec.items.indexOf(v)
              const name = viewName(v)
              return (
                <div key={v.id} className={s.arrangeRow}>
                  <Checkbox size="xs" checked={at >= 0} label={name} classNames={{ label: s.arrangeLabel!, root: s.arrangeCheck! }} onChange={(e) => void arrange((x) => shown(x, v.id, e.currentTarget.checked)).catch(toastError)} />
                  <ActionIcon variant="transparent" size={24} className={s.onNav} aria-label={t('nav.move_up', { name })} disabled={at <= 0} onClick={() => void arrange((x) => moved(x, sec.items, v.id, -1)).catch(toastError)}><Icon name="up" size={13} /></ActionIcon>
                  <ActionIcon variant="transparent" size={24} className={s.onNav} aria-label={t('nav.move_down', { name })} disabled={at < 0 || at === sec.items.length - 1} onClick={() => void arrange((x) => moved(x, sec.items, v.id, 1)).catch(toastError)}><Icon name="down" size={13} /></ActionIcon>
                </div>
              )
            })}
          </fieldset>
        )
      })}
      <Button variant="default" onClick={onDone}>{t('action.done')}</Button>
    </div>
  )
}
