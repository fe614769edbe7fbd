import { queryOptions } from '@tanstack/react-query'
import { get } from '@kanal/api'

interface PrefKind { kind: string; targets: Record<string, boolean>; default: Record<string, boolean>; chosen: boolean }
export interface PrefTarget { name: string; available: boolean; reason: string; sentence: string }
export interface MailPrefs { mode: 'at_once' | 'hours' | 'daily' | 'off'; hours: number; at: string }
export interface QuietPrefs { on: boolean; from: string; to: string; days: string[]; days_off: string[]; zone: string }
export interface Prefs { kinds: PrefKind[]; targets: PrefTarget[]; email: MailPrefs; quiet: QuietPrefs; sound: boolean; zone: string; address: string; chosen: boolean }
export interface PrefsChange { kinds?: Record<string, Record<string, boolean>>; email?: MailPrefs; quiet?: QuietPrefs; sound?: boolean }

export const minePath = '/api/me/notifications'
export const defaultsPath = '/api/settings/notifications'
export const prefsQuery = queryOptions({ queryKey: ['my-notifications'], queryFn: () => get<Prefs>(minePath) })
export const defaultsQuery = queryOptions({ queryKey: ['notification-defaults'], queryFn: () => get<Prefs>(defaultsPath) })
