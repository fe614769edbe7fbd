import { Button, Modal, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Icon, Tag } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { maybe, t, type Key } from '@/locales/index.ts'
import { RoleModal } from './RoleModal.tsx'
import { grouped, roleName, rolesQuery, type RoleRow } from './roles.ts'
import s from './admin.module.css'

/** PM-10, PM-12: the roles there are, and what each may do, as the server enforces it. */
export function Roles() {
  const q = useQuery(rolesQuery)
  const manage = useCan()('roles.manage')
  const [editing, setEditing] = useState<{ from: RoleRow; copy: boolean } | null>(null)
  const [table, setTable] = useState(false)
  const roles = q.data?.roles ?? []
  const agent = roles.find((r) => r.role === 'agent')
  const add = manage && agent ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({ from: agent, copy: true })}>{t('roles.add')}</Button> : null
  return (
    <SettingsFrame title={t('roles.title')} text={t('roles.text')} query={q} action={add}>
      <ul className={s.rows}>
        {roles.map((r) => {
          const name = roleName(roles, r.role)
          return (
            <li key={r.role} className={s.row}>
              <Icon name="shield" size={20} />
              <span className={s.rowText}>
                <span className={s.name}>{name}</span>
                <span className={s.sub}>{[r.built_in ? t(`role.${r.role}_text` as Key) : r.description, r.built_in ? '' : `${t('roles.tickets')}: ${t(`roles.reach_${r.tickets.view || 'all'}` as Key)}`, t('roles.n_people', { n: r.users })].filter(Boolean).join(' · ')}</span>
              </span>
              {r.built_in ? <Tag>{t('roles.built_in')}</Tag> : null}
              {manage ? <Button variant="subtle" onClick={() => setEditing({ from: r, copy: true })} aria-label={t('roles.copy_role', { name })}>{t('roles.copy')}</Button> : null}
              {manage && !r.built_in ? <Button variant="default" disabled={!r.may_give} onClick={() => setEditing({ from: r, copy: false })} aria-label={t('users.edit', { name })}>{t('action.edit')}</Button> : null}
            </li>
          )
        })}
      </ul>
      <Button variant="subtle" mt="md" onClick={() => setTable(true)}>{t('roles.compare')}</Button>
      {table ? <Compare roles={roles} permissions={q.data?.permissions ?? []} onClose={() => setTable(false)} /> : null}
      {editing && q.data ? <RoleModal table={q.data} from={editing.from} copy={editing.copy} onClose={() => setEditing(null)} /> : null}
    </SettingsFrame>
  )
}

function Compare({ roles, permissions, onClose }: { roles: RoleRow[]; permissions: string[]; onClose: () => void }) {
  const users = useUsers()
  const mark = (yes: boolean) => <>{yes ? <Icon name="check" /> : <span aria-hidden="true">–</span>}<span className="k-hidden">{t(yes ? 'roles.yes' : 'roles.no')}</span></>
  return (
    <Modal opened onClose={onClose} size="xl" title={<strong>{t('roles.compare')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        <div className={s.scroll} tabIndex={0} role="region" aria-label={t('roles.compare')}>
          <table className={s.table}>
            <thead><tr><th scope="col">{t('roles.permission')}</th>{roles.map((r) => <th key={r.role} scope="col" className={s.mid}>{roleName(roles, r.role)}</th>)}</tr></thead>
            <tbody>
              {grouped(permissions as RoleRow['permissions']).flatMap((g) => g.permissions).map((p) => <tr key={p}><th scope="row">{maybe(`permission.${p}`, p)}</th>{roles.map((r) => <td key={r.role} className={`${s.mid} ${r.permissions.includes(p) ? s.yes : ''}`}>{mark(r.permissions.includes(p))}</td>)}</tr>)}
              <tr><th scope="row">{t('roles.people')}</th>{roles.map((r) => <td key={r.role} className={s.mid}>{users.filter((u) => u.active && u.role === r.role).length}</td>)}</tr>
            </tbody>
          </table>
        </div>
      </Stack>
    </Modal>
  )
}
