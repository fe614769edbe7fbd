import { Problem } from '@kanal/api'
import { t } from '@/locales/index.ts'
import { toast } from './toast.tsx'

/** A sentence for a person: the server's own, or ours when no answer came. */
export function sentence(err: unknown): string {
  if (err instanceof Problem) return err.status === 0 ? t('error.offline') : (err.unreachable && !err.reason) || err.mute ? t('error.unavailable') : err.message
  return t('error.unknown')
}

export function toastError(err: unknown): void { toast(sentence(err), { tone: 'danger' }) }

export const fieldOf = (err: unknown, field: string): string | undefined => (err instanceof Problem && err.field === field ? err.message : undefined)
