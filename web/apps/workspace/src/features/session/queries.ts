import { queryOptions, useQuery } from '@tanstack/react-query'
import { del, get, patch, post, Problem, type Permission, type Session, type SignInAnswer, type User } from '@kanal/api'
import { nearest, setLocale } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { setTimeZone } from '@/shell/format.ts'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      const s = await get<Session>('/api/session')
      setTimeZone(s.user.timezone)
      await setLocale(nearest([s.user.locale, ...navigator.languages].filter(Boolean)))
      return s
    } catch (err) {
      if (err instanceof Problem && err.status === 401) return null
      throw err
    }
  },
})

/** The signed-in person; only below the signed-in layout, where it is always there. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Error('no session')
  return data
}

export function useCan(): (p: Permission) => boolean {
  const s = useSession()
  return (p) => s.permissions.includes(p)
}

/** Checks a password. Where something more is asked for, nobody is signed in yet. */
export async function signIn(email: string, password: string): Promise<SignInAnswer> {
  const a = await post<SignInAnswer>('/api/session', { email, password })
  if (!a.needs) await entered()
  return a
}

/** Reads who is signed in now. */
export async function entered(): Promise<void> {
  queries.clear()
  await queries.fetchQuery(sessionQuery)
}

export async function signOut(): Promise<void> {
  await del('/api/session')
  queries.clear()
  location.assign('/signin')
}

export async function updateMe(change: Partial<Pick<User, 'available' | 'locale' | 'name'>>): Promise<void> {
  const before = queries.getQueryData(sessionQuery.queryKey)
  queries.setQueryData(sessionQuery.queryKey, (s) => (s ? { ...s, user: { ...s.user, ...change } } : s))
  try { await patch('/api/me', change) } catch (err) {
    queries.setQueryData(sessionQuery.queryKey, before)
    throw err
  }
}
