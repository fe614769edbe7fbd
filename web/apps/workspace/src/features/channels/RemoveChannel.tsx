import { Button, Modal, Stack } from '@mantine/core'
import { Suspense, useState } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { Affects } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { channelRemovals, removed } from './own.ts'
import { removeAccount } from './queries.ts'
import s from './channels.module.css'

/** GEN-14: what a removal touches stands there before the button. */
export function RemoveChannel({ account, onClose, onGone }: { account: ChannelAccount; onClose: () => void; onGone?: () => void }) {
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const Own = channelRemovals[account.channel]
  const run = async () => {
    setBusy(true)
    try { await removeAccount(account.id); void removed(account); onClose(); onGone?.() } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('channels.remove_title', { name: account.name })}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <p>{t('channels.remove_text')}</p>
        {Own ? <Suspense fallback={null}><Own settings={account.settings ?? {}} onSettings={() => { /* nothing to set */ }} account={account} /></Suspense> : null}
        <Affects object="channel" id={account.id} inDialog />
        <div className={s.modalFoot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button color="red.9" loading={busy} onClick={() => void run()}>{t('channels.remove')}</Button></div>
      </Stack>
    </Modal>
  )
}
