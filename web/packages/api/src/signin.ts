// How people sign in.
import type * as G from './generated.ts'

export type SignInNeeds = 'code' | 'passkey' | 'enrol'
export interface SignInAnswer { needs?: '' | SignInNeeds; attempt?: string; recovery_codes?: string[] }
export type SignInWays = G.Ways
export type Enrolment = G.Enrolment
export interface Ceremony { attempt: string; options: Record<string, unknown> }
export type Passkey = G.Passkey
export type Factors = G.Factors
export type SignInRules = G.SignIn
export type ProviderTrust = G.Trust
export type SignInProvider = G.Provider
export interface DirectoryRules { address: string; role: string; tickets: 'rule' | 'release' | 'keep'; groups: { group: string; role: string }[] }
