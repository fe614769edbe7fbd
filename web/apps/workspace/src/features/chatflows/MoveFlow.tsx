import { Button, Modal, Select } from '@mantine/core'
import { useState } from 'react'
import { post, type ChannelAccount, type Id } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { useInboxes } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { refreshFlows } from './queries.ts'
import type { Chatflow } from './types.ts'
import s from './chatflows.module.css'

const moveFlow = (id: Id, account: Id) => post<Chatflow>(`/api/chatflows/${id}/move`, { account_id: account })

/** MG-03: a chatflow goes to another chat as it is, rather than being made anew. */
export function MoveFlow({ flow, accounts, onClose }: { flow: Chatflow; accounts: readonly ChannelAccount[]; onClose(): void }) {
  const places = new Map(useInboxes().map((i) => [i.id, i.name]))
  const others = accounts.filter((a) => a.id !== flow.account_id)
  const from = accounts.find((a) => a.id === flow.account_id)
  const [to, setTo] = useState(others[0]?.id ?? '')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const target = others.find((a) => a.id === to)
  const go = async (account: Id, back: boolean) => {
    setBusy(true)
    setError(null)
    try {
      await moveFlow(flow.id, account)
      await refreshFlows()
      const name = accounts.find((a) => a.id === account)?.name ?? ''
      toast(t('flow.moved', { name: flow.name, to: name }), back && from ? { action: { label: t('action.undo'), run: () => void go(from.id, false) } } : {})
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.move_title', { name: flow.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => { e.preventDefault(); void go(to, true) }}>
        <Select data-autofocus label={t('flow.move_to')} data={others.map((a) => ({ value: a.id, label: `${a.name} · ${places.get(a.inbox_id) ?? ''}` }))} value={to} allowDeselect={false} onChange={(v) => setTo(v ?? to)} />
        <ul className={s.moves}>
          <li>{t('flow.move_text_new', { to: target?.name ?? '' })}</li>
          <li>{t('flow.move_text_old', { from: from?.name ?? '' })}</li>
          <li>{t('flow.move_text_order')}</li>
        </ul>
        {target && !target.active ? <Banner tone="warn" icon="warn">{t('flow.move_off', { to: target.name })}</Banner> : null}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={!target}>{t('flow.move_go')}</Button></div>
      </form>
    </Modal>
  )
}
