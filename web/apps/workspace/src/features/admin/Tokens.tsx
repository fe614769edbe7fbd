import { Button, Modal, MultiSelect, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, get, post, type ApiToken, type Page } from '@kanal/api'
import { Banner, EmptyState, Icon, Tag } from '@kanal/ui'
import { SettingsFrame } from '@/features/settings/index.ts'
import { maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago } from '@/shell/format.ts'
import { CopyOnce } from './CopyOnce.tsx'
import s from './admin.module.css'

const key = ['tokens']
const scopes = ['all', 'tickets.view', 'tickets.reply', 'tickets.comment', 'tickets.edit', 'tickets.assign', 'tickets.delete', 'contacts.edit', 'contacts.delete', 'contacts.export', 'contacts.erase', 'sensitive.view', 'views.share', 'availability.manage', 'account.access', 'chatflows.manage', 'properties.manage', 'users.manage', 'settings.manage', 'tokens.manage', 'audit.view', 'scim']

export function Tokens() {
  const q = useQuery({ queryKey: key, queryFn: async () => { const b = await get<Page<ApiToken> | ApiToken[]>('/api/tokens'); return Array.isArray(b) ? b : (b.items ?? []) } })
  const [making, setMaking] = useState(false)
  const revoke = (id: string) => void del(`/api/tokens/${id}`).then(() => queries.invalidateQueries({ queryKey: key })).catch(toastError)
  const add = <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>{t('tokens.add')}</Button>
  return (
    <SettingsFrame title={t('tokens.title')} text={t('tokens.text')} query={q} action={add} empty={q.data?.length === 0 && !making ? <EmptyState icon="key" title={t('tokens.empty')} text={t('tokens.empty_text')}>{add}</EmptyState> : undefined}>
      <ul className={s.rows}>
        {(q.data ?? []).map((x) => (
          <li key={x.id} className={s.row}>
            <Icon name="key" size={20} />
            <span className={s.rowText}><span className={s.name}>{x.name}</span><span className={s.sub}>{x.hint ? `…${x.hint} · ` : ''}{x.last_used_at ? t('tokens.used', { time: ago(x.last_used_at) }) : t('tokens.never_used')}</span></span>
            {(x.scopes ?? []).slice(0, 3).map((sc) => <Tag key={sc}>{sc}</Tag>)}
            <Button variant="default" onClick={() => revoke(x.id)} aria-label={t('tokens.revoke_named', { name: x.name })}>{t('tokens.revoke')}</Button>
          </li>
        ))}
      </ul>
      {making ? <TokenModal onClose={() => setMaking(false)} /> : null}
    </SettingsFrame>
  )
}

function TokenModal({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>(['all'])
  const [token, setToken] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const make = async () => {
    setBusy(true)
    try {
      const r = await post<{ token: string }>('/api/tokens', { name, scopes: chosen })
      setToken(r.token)
      await queries.invalidateQueries({ queryKey: key })
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('tokens.add')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {token ? <><CopyOnce value={token} text={t('tokens.once')} /><div className={s.foot}><Button onClick={onClose}>{t('action.done')}</Button></div></> : (
        <Stack gap="md">
          {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
          <TextInput label={t('field.name')} description={t('tokens.name_text')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
          <MultiSelect label={t('tokens.scopes')} data={scopes.map((x) => ({ value: x, label: maybe(`permission.${x}`, x) }))} value={chosen} onChange={setChosen} />
          <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button loading={busy} disabled={!name.trim() || chosen.length === 0} onClick={() => void make()}>{t('tokens.make')}</Button></div>
        </Stack>
      )}
    </Modal>
  )
}
