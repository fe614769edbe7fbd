import { Link, useParams } from '@tanstack/react-router'
import type { View } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { count } from '@/shell/format.ts'
import { openIn, useViews, viewIcon, viewName } from './queries.ts'
import s from './views.module.css'

const quiet = new Set(['closed', 'spam', 'trash'])

export function ViewNav({ onPick }: { onPick?: () => void }) {
  const views = useViews()
  const { view } = useParams({ strict: false }) as { view?: string }
  const inboxes = views.filter((v) => v.id.startsWith('inbox:'))
  const own = views.filter((v) => !v.id.includes(':') && !quiet.has(v.id))
  const rest = views.filter((v) => quiet.has(v.id))
  return (
    <nav aria-label={t('nav.views')} className={s.nav}>
      <Group items={own} current={view} onPick={onPick} />
      {inboxes.length > 0 ? <Group title={t('nav.inboxes')} items={inboxes} current={view} onPick={onPick} /> : null}
      <Group title={t('nav.archive')} items={rest} current={view} onPick={onPick} />
    </nav>
  )
}

function Open({ of: v }: { of: View }) {
  const { n, capped } = openIn(v)
  return n > 0 && !(quiet.has(v.id) && v.id !== 'spam') ? <span className={s.count}>{count(n, capped)}</span> : null
}

function Group({ title, items, current, onPick }: { title?: string; items: View[]; current: string | undefined; onPick?: (() => void) | undefined }) {
  return (
    <div className={s.group}>
      {title ? <h2 className={s.title}>{title}</h2> : null}
      <ul>
        {items.map((v) => (
          <li key={v.id}>
            <Link to="/tickets/$view" params={{ view: v.id }} className={s.item} aria-current={current === v.id ? 'page' : undefined} onClick={onPick}>
              <Icon name={viewIcon(v.id)} />
              <span className="k-cut">{viewName(v)}</span>
              <Open of={v} />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}
