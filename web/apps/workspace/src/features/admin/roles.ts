import { useQuery } from '@tanstack/react-query'
import { get, type Permission, type Role } from '@kanal/api'
import { maybe } from '@/locales/index.ts'

export interface Reach { view: '' | 'all' | 'team' | 'own'; unassigned: boolean; edit: '' | 'all' | 'team' | 'own' }
export interface RoleRow { role: Role; name: string; description: string; built_in: boolean; permissions: Permission[]; tickets: Reach; contacts: Reach; sees_every_inbox: boolean; users: number; may_give: boolean }
export interface RoleTable { roles: RoleRow[]; permissions: Permission[] }

export const rolesQuery = { queryKey: ['roles'], queryFn: () => get<RoleTable>('/api/roles'), staleTime: Infinity }
export const useRoles = () => useQuery(rolesQuery).data?.roles ?? []

/** What a role is called: the built-in ones in the reader's language, one's own as they were named. */
export const roleName = (roles: RoleRow[], role: Role): string => roles.find((r) => r.role === role)?.name || maybe(`role.${role}`, role)

/** Permissions as screens group them. What stands in no group comes last. */
export const groups: { id: 'tickets' | 'contacts' | 'lead' | 'setup' | 'system'; of: RegExp }[] = [
  { id: 'tickets', of: /^tickets\./ },
  { id: 'contacts', of: /^contacts\./ },
  { id: 'lead', of: /^(views\.|availability\.|inboxes\.|submissions\.|routing\.)/ },
  { id: 'setup', of: /^(account\.|chatflows\.|forms\.|channels\.|properties\.)/ },
  { id: 'system', of: /./ },
]

export function grouped(all: Permission[]) {
  const left = new Set(all)
  return groups.map((g) => {
    const of = all.filter((p) => left.has(p) && g.of.test(p))
    for (const p of of) left.delete(p)
    return { id: g.id, permissions: of }
  }).filter((g) => g.permissions.length)
}
