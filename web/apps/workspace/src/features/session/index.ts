export { SignIn, Setup } from './AuthForms.tsx'
export { sessionQuery, signOut, updateMe, useCan, useSession } from './queries.ts'
