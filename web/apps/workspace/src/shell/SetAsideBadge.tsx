import { useEffect, useRef } from 'react'
import { useSetAsideCount } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { actionContext } from './actions.ts'
import { toast } from './toast.tsx'
import s from './shell.module.css'

/** How many items wait for an administrator; with notice it also says when one is added. */
export function SetAsideBadge({ notice = false }: { notice?: boolean }) {
  const allowed = useCan()('account.access')
  const n = useSetAsideCount(allowed)
  const before = useRef<number | null>(null)
  useEffect(() => {
    if (notice && before.current !== null && n > before.current) toast(t('inbound.notice'), { tone: 'danger', action: { label: t('inbound.look'), run: () => actionContext().navigate?.('/settings/inbound') } })
    before.current = n
  }, [n, notice])
  if (!allowed || n === 0) return null
  return <span className={s.badge} title={t('inbound.waiting', { n })}><span aria-hidden>{n >= 100 ? '99+' : n}</span><span className="k-hidden">{t('inbound.waiting', { n })}</span></span>
}
