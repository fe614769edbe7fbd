import type { ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import { get, type Permission, type Role } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import s from './admin.module.css'

interface RoleTable { roles: { role: Role; permissions: Permission[]; sees_every_inbox: boolean }[]; permissions: Permission[] }

/** PM-12: what each role may do, as the server enforces it. */
export function Roles() {
  const q = useQuery({ queryKey: ['roles'], queryFn: () => get<RoleTable>('/api/roles'), staleTime: Infinity })
  const users = useUsers()
  const roles = q.data?.roles ?? []
  const mark = (yes: boolean) => <td className={`${s.mid} ${yes ? s.yes : ''}`}>{yes ? <Icon name="check" /> : <span aria-hidden="true">–</span>}<span className="k-hidden">{t(yes ? 'roles.yes' : 'roles.no')}</span></td>
  return (
    <SettingsFrame title={t('roles.title')} text={t('roles.text')} query={q}>
      <div className={s.scroll} tabIndex={0} role="region" aria-label={t('roles.title')}>
        <table className={s.table}>
          <thead><tr><th scope="col">{t('roles.permission')}</th>{roles.map((r) => <th key={r.role} scope="col" className={s.mid} title={t(`role.${r.role}_text` as Key)}>{t(`role.${r.role}` as Key)}</th>)}</tr></thead>
          <tbody>
            {(q.data?.permissions ?? []).map((p) => <tr key={p}><th scope="row">{maybe(`permission.${p}`, p)}</th>{roles.map((r) => <Cell key={r.role}>{mark(r.permissions.includes(p))}</Cell>)}</tr>)}
            <tr><th scope="row">{t('roles.every_inbox')}</th>{roles.map((r) => <Cell key={r.role}>{mark(r.sees_every_inbox)}</Cell>)}</tr>
            <tr><th scope="row">{t('roles.people')}</th>{roles.map((r) => <td key={r.role} className={s.mid}>{users.filter((u) => u.active && u.role === r.role).length}</td>)}</tr>
          </tbody>
        </table>
      </div>
      <dl className={s.facts}>{roles.map((r) => <div key={r.role} className={s.roleFact}><dt>{t(`role.${r.role}` as Key)}</dt><dd>{t(`role.${r.role}_text` as Key)}</dd></div>)}</dl>
    </SettingsFrame>
  )
}

const Cell = ({ children }: { children: ReactNode }) => <>{children}</>
