// How people sign in, until the generated types have it.
import type { Time } from './types.ts'

export type SignInNeeds = 'code' | 'passkey' | 'enrol'
export interface SignInAnswer { needs?: '' | SignInNeeds; attempt?: string; recovery_codes?: string[] }
export interface SignInWays { passwords: boolean; passkeys: boolean; providers: { slug: string; name: string }[] }
export interface Enrolment { secret: string; uri: string; qr: string[] }
export interface Ceremony { attempt: string; options: Record<string, unknown> }
export interface Passkey { id: string; name: string; created_at: Time; last_used_at: Time | null; synced: boolean }
export interface Factors {
  code: boolean
  since: Time | null
  recovery_left: number
  required: boolean
  passkeys: Passkey[]
  passkeys_offered: boolean
  passkeys_why_not: '' | 'no_address' | 'needs_https' | 'needs_name'
  identities: { provider: string; name: string; email: string; last_used_at: Time | null }[]
}
export interface SignInRules { passwords: 'everybody' | 'owners'; second_factor: 'optional' | 'administrators' | 'everybody'; allow: string[] }
export interface ProviderTrust { domains: string[]; create: boolean; role: string; unverified: boolean; second_factor: boolean }
export interface SignInProvider { slug: string; name: string; issuer: string; client_id: string; has_secret: boolean; active: boolean; settings: ProviderTrust; redirect_uri: string; updated_at: Time }
