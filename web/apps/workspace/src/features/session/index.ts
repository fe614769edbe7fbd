export { entered, sessionQuery, signIn, signOut, updateMe, useCan, useSession } from './queries.ts'
