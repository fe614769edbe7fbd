import { useQuery } from '@tanstack/react-query'
import { Icon, Tag } from '@kanal/ui'
import { pipelinesQuery, useProperties } from '@/features/lookups/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { AdminPage } from './Page.tsx'
import s from './admin.module.css'

/** The pipelines with their statuses, and the custom properties, as they are set (changed by settings file or API so far). */
export function Statuses() {
  const q = useQuery(pipelinesQuery)
  const custom = useProperties('ticket')
  return (
    <AdminPage title={t('statuses.title')} text={t('statuses.text')} query={q}>
      {(q.data ?? []).map((p) => (
        <section key={p.id} className={s.block}>
          <h2>{p.name}</h2>
          <ul className={s.rows}>{p.statuses.map((x) => <li key={x.id} className={s.row}><Icon name={x.state === 'closed' ? 'closed' : 'open'} /><span className={s.rowText}><span className={s.name}>{x.name}</span></span><code className={s.slug}>{x.slug}</code><Tag tone={x.state === 'closed' ? 'plain' : 'accent'}>{t(x.state === 'closed' ? 'status.closed' : 'status.open')}</Tag></li>)}</ul>
        </section>
      ))}
      {custom.length ? (
        <section className={s.block}>
          <h2>{t('statuses.properties')}</h2>
          <ul className={s.rows}>{custom.map((x) => <li key={x.id} className={s.row}><Icon name="flag" /><span className={s.rowText}><span className={s.name}>{x.label}</span>{x.options?.length ? <span className={s.sub}>{x.options.join(', ')}</span> : null}</span><code className={s.slug}>{x.name}</code><Tag>{maybe(`property_type.${x.type}`, x.type)}</Tag></li>)}</ul>
        </section>
      ) : null}
    </AdminPage>
  )
}
