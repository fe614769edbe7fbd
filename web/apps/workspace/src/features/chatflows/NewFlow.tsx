import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { Banner, Icon, SkeletonLines } from '@kanal/ui'
import { t } from '@/locales/index.ts'
import { fieldOf, sentence } from '@/shell/errors.ts'
import { createFlow, templatesQuery } from './queries.ts'
import type { Kind } from './types.ts'
import s from './chatflows.module.css'

interface Choice { id: string; kind: Kind; name: string; description: string }

/** CF-20: a chatflow begins with a template, or with nothing. */
export function NewFlow({ accounts, account, onClose }: { accounts: ChannelAccount[]; account: string; onClose(): void }) {
  const q = useQuery(templatesQuery)
  const navigate = useNavigate()
  const [to, setTo] = useState(account)
  const [picked, setPicked] = useState<Choice | null>(null)
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const blank: Choice[] = [
    { id: '', kind: 'bot', name: t('flow.blank_bot'), description: t('flow.blank_bot_text') },
    { id: '', kind: 'live_chat', name: t('flow.blank_live'), description: t('flow.blank_live_text') },
  ]
  const all: Choice[] = [...(q.data ?? []), ...blank]
  const go = async (e: React.FormEvent) => {
    e.preventDefault()
    const from = picked ?? all[0]
    if (!from) return
    setBusy(true)
    try {
      const f = await createFlow({ account_id: to, name: name.trim() || from.name, kind: from.kind, ...(from.id ? { template: from.id } : {}) })
      await navigate({ to: '/settings/$', params: { _splat: `help-desk/chatflows/${f.id}` } })
    } catch (err) { setError(err); setBusy(false) }
  }
  const on = picked ?? all[0]
  return (
    <Modal opened onClose={onClose} size={720} title={<strong>{t('flow.new')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => void go(e)}>
        {q.isPending ? <SkeletonLines lines={4} label={t('state.loading')} /> : (
          <div className={s.templates} role="radiogroup" aria-label={t('flow.begin_with')}>
            {all.map((x) => (
              <label key={x.id + x.kind} className={s.template} data-checked={on?.id === x.id && on.kind === x.kind || undefined}>
                <input type="radio" name="template" checked={on?.id === x.id && on.kind === x.kind} onChange={() => setPicked(x)} />
                <span><strong><Icon name={x.kind === 'bot' ? 'columns' : 'comment'} size={14} /> {x.name}</strong><span>{x.description}</span></span>
              </label>
            ))}
          </div>
        )}
        <TextInput label={t('flow.name')} placeholder={on?.name ?? ''} value={name} error={fieldOf(error, 'name')} onChange={(e) => setName(e.currentTarget.value)} />
        {accounts.length > 1 ? <Select label={t('flow.channel')} data={accounts.map((a) => ({ value: a.id, label: a.name }))} value={to} allowDeselect={false} onChange={(v) => setTo(v ?? to)} /> : null}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={!on}>{t('flow.create')}</Button></div>
      </form>
    </Modal>
  )
}
