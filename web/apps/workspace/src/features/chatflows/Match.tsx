import { Button, Modal, NativeSelect, NumberInput, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ChannelAccount } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { maybe, t, type Key } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { example, languageName, widgetLanguages } from './languages.ts'
import { match, type Kindred } from './queries.ts'
import type { MatchAnswer } from './types.ts'
import s from './chatflows.module.css'

/** CF-17: which chatflow a page shows to a kind of visitor, and why each other does not. */
export function Match({ accounts, onClose }: { accounts: ChannelAccount[]; onClose(): void }) {
  const [url, setUrl] = useState('https://')
  const [who, setWho] = useState<Kindred>({ known: false, language: 'en', country: '', device: 'desktop', returning: false, referrer: '', visits: 1 })
  const [contact, setContact] = useState('')
  const [account, setAccount] = useState('')
  const [answer, setAnswer] = useState<MatchAnswer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const go = async (e: React.FormEvent) => {
    e.preventDefault()
    setBusy(true)
    try { setAnswer(await match(account || undefined, url.trim(), { ...who, returning: who.visits > 1 }, contact.trim())); setError(null) } catch (err) { setError(err); setAnswer(null) } finally { setBusy(false) }
  }
  const set = (part: Partial<Kindred>) => { setWho({ ...who, ...part }); setAnswer(null) }
  const winner = answer?.why.find((w) => w.flow === answer.winner)
  return (
    <Modal opened onClose={onClose} size={640} title={<strong>{t('flow.which')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => void go(e)}>
        <p className={s.text}>{t('flow.which_text')}</p>
        <TextInput data-autofocus label={t('flow.which_url')} value={url} onChange={(e) => { setUrl(e.currentTarget.value); setAnswer(null) }} />
        <div className={s.grid}>
          <NativeSelect label={t('flow.known_visitor')} value={who.known ? 'known' : 'unknown'} data={(['unknown', 'known'] as const).map((v) => ({ value: v, label: t(`flow.visitor.${v}` as Key) }))} onChange={(e) => set({ known: e.currentTarget.value === 'known' })} />
          <NumberInput label={t('flow.which_visits')} min={1} max={10000} value={who.visits} onChange={(n) => set({ visits: Math.max(1, Number(n) || 1) })} />
          <NativeSelect label={t('flow.devices')} value={who.device} data={(['desktop', 'mobile'] as const).map((v) => ({ value: v, label: t(`flow.device.${v}` as Key) }))} onChange={(e) => set({ device: e.currentTarget.value })} />
          <NativeSelect label={t('flow.visitor_language')} value={who.language} data={widgetLanguages.map((v) => ({ value: v, label: languageName(v) }))} onChange={(e) => set({ language: e.currentTarget.value })} />
          <TextInput label={t('flow.country')} placeholder={example.country} maxLength={2} value={who.country} onChange={(e) => set({ country: e.currentTarget.value.toUpperCase() })} />
          <TextInput label={t('flow.which_from')} placeholder="https://" value={who.referrer} onChange={(e) => set({ referrer: e.currentTarget.value })} />
          <TextInput type="email" label={t('flow.which_contact')} value={contact} onChange={(e) => { setContact(e.currentTarget.value); setAnswer(null) }} />
          {accounts.length > 1 ? <Select label={t('flow.channel')} clearable placeholder={t('flow.any_channel')} data={accounts.map((a) => ({ value: a.id, label: a.name }))} value={account || null} onChange={(v) => { setAccount(v ?? ''); setAnswer(null) }} /> : null}
        </div>
        <div className={s.foot}><Button type="submit" loading={busy}>{t('flow.which_ask')}</Button></div>
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {answer ? (
          <div className={s.answer} role="status">
            <p className={s.winner}><Icon name={winner ? 'check' : 'x'} />{winner ? t('flow.which_wins', { name: winner.name }) : t('flow.which_none')}</p>
            <ol>
              {answer.why.map((w, i) => (
                <li key={w.flow} data-wins={w.flow === answer.winner || undefined}>
                  <span className={s.place}>{i + 1}</span><strong>{w.name}</strong>
                  <span>{maybe(`flow.why.${w.reason}`, w.reason, { detail: w.detail ?? '' })}</span>
                </li>
              ))}
            </ol>
          </div>
        ) : null}
      </form>
    </Modal>
  )
}
