// Channels whose settings are more than fields: what stands on the account step of the wizard, and on the Options of a connected one.

import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { withMore } from '@/locales/index.ts'
import type { Settings } from './model.ts'

interface OwnStep { settings: Settings; onSettings(s: Settings): void; error?: { field: string; message: string } | undefined; account?: ChannelAccount | undefined; inbox?: string | null | undefined }
type Own = Record<string, LazyExoticComponent<ComponentType<OwnStep>>>

const forms = withMore(() => import('@/features/forms/index.ts'))

/** FM-04: instead of the adapter's fields, where somebody connects. */
export const channelSteps: Own = { form: lazy(async () => ({ default: (await forms()).FormChoice })) }
/** FM-11: instead of them, where it is connected. */
export const channelOptions: Own = { form: lazy(async () => ({ default: (await forms()).FormChannelOptions })) }
/** GEN-14, FM-12: what else a removal does, told before it, and the way back, offered after it. */
export const channelRemovals: Own = { form: lazy(async () => ({ default: (await forms()).FormRemoval })) }
export async function removed(account: ChannelAccount): Promise<void> { if (account.channel === 'form') (await forms()).offerBack(account) }
