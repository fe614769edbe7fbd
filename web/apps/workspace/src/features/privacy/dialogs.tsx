import { Button, Menu, Modal, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { get, post, type Id, type Message, type Page } from '@kanal/api'
import { Banner, Icon } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { openDialog } from '@/features/triage/later.ts'
import { maybe, t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { holdQuery, setHold, type Shown } from './queries.ts'
import s from './privacy.module.css'

interface Frame { title: string; onClose(): void; children: ReactNode }
const Box = ({ title, onClose, children }: Frame) => <Modal opened onClose={onClose} title={<strong>{title}</strong>} size={520} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>{children}</Modal>

/** CO-10: a legal hold on a ticket or a contact, laid or lifted. */
export function HoldDialog({ object, id, name, onClose }: { object: 'ticket' | 'contact'; id: Id; name: string; onClose(): void }) {
  const { data } = useQuery(holdQuery(object, id))
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const hold = data?.items[0]
  const go = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try { await setHold(object, id, !hold, reason); toast(t(hold ? 'hold.lifted_toast' : 'hold.set_toast')); onClose() } catch (err) { setError(err); setBusy(false) }
  }
  return (
    <Box title={t('hold.title', { name })} onClose={onClose}>
      <form className={s.dialog} onSubmit={(e) => void go(e)}>
        <p>{t(object === 'ticket' ? 'hold.what_ticket' : 'hold.what_contact')}</p>
        {hold ? <Banner icon="shield" tone="warn">{t('hold.stands', { reason: hold.reason })}<br /><span className={s.hint}>{fullTime(hold.created_at)}</span></Banner> : null}
        {data?.held && !hold ? <Banner icon="shield" tone="warn">{t('hold.elsewhere')}</Banner> : null}
        {data && !hold ? <Textarea data-autofocus label={t('hold.reason')} description={t('hold.reason_text')} required maxLength={400} autosize minRows={2} value={reason} onChange={(e) => setReason(e.currentTarget.value)} /> : null}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}><span className={s.grow} /><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy || !data} disabled={!hold && !reason.trim()}>{t(hold ? 'hold.lift' : 'hold.lay')}</Button></div>
      </form>
    </Box>
  )
}

/** What is selected on the page, or in the frame that shows a message. */
export function selectedIn(message: Id): string {
  const at = document.querySelector(`[data-message="${message}"]`)
  for (const frame of at?.querySelectorAll('iframe') ?? []) {
    const text = frame.contentDocument?.getSelection()?.toString().trim()
    if (text) return text
  }
  const sel = window.getSelection()
  return sel?.anchorNode && at?.contains(sel.anchorNode) ? sel.toString().trim() : ''
}

/** CO-12: a passage or a file is taken out of a message for good. */
function RedactDialog({ message: m, onClose }: { message: Message; onClose(): void }) {
  const [passage, setPassage] = useState(() => selectedIn(m.id))
  const [sure, setSure] = useState<Id | 'passage' | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const files = m.attachments ?? []
  const go = async (body: { passage?: string; attachment_id?: Id }) => {
    setBusy(true)
    setError(null)
    try { await post(`/api/messages/${m.id}/redact`, body); await queries.invalidateQueries(); toast(t('redact.done')); onClose() } catch (err) { setError(err) } finally { setBusy(false); setSure(null) }
  }
  return (
    <Box title={t('redact.title')} onClose={onClose}>
      <form className={s.dialog} onSubmit={(e) => { e.preventDefault(); if (sure === 'passage') void go({ passage }); else setSure('passage') }}>
        <p>{t('redact.text')}</p>
        <Textarea data-autofocus label={t('redact.passage')} description={t('redact.passage_text')} autosize minRows={2} maxRows={8} value={passage} onChange={(e) => { setPassage(e.currentTarget.value); setSure(null) }} />
        {files.length ? (
          <div><span className={s.label}>{t('redact.files')}</span>
            <ul className={s.rows}>{files.map((f) => <li key={f.id}><span className={s.rowText}>{f.name}</span><Button size="xs" variant="default" color="red" loading={busy && sure === f.id} onClick={() => (sure === f.id ? void go({ attachment_id: f.id }) : setSure(f.id))}>{t(sure === f.id ? 'redact.sure' : 'redact.remove_file')}</Button></li>)}</ul>
          </div>
        ) : null}
        {sure === 'passage' ? <Banner icon="warn" tone="warn" role="alert">{t('redact.warn')}</Banner> : null}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}><span className={s.grow} /><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" color={sure === 'passage' ? 'red' : ''} loading={busy && sure === 'passage'} disabled={passage.trim().length < 3}>{t(sure === 'passage' ? 'redact.sure' : 'redact.do')}</Button></div>
      </form>
    </Box>
  )
}

/** CO-12: what was blanked out, for those who may see it; the audit log says that they looked. */
export function ShownDialog({ message, onClose }: { message: Id; onClose(): void }) {
  const { data, error } = useQuery({ queryKey: ['redacted', message], queryFn: async () => (await post<Page<Shown>>(`/api/messages/${message}/redacted`, {})).items ?? [], staleTime: Infinity, gcTime: 0, retry: false })
  return (
    <Box title={t('redacted.title')} onClose={onClose}>
      <div className={s.dialog}>
        <p className={s.hint}>{t('redacted.text')}</p>
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {data?.length === 0 ? <p className={s.none}>{t('redacted.none')}</p> : null}
        <ul className={s.rows}>{(data ?? []).map((x, i) => <li key={i}><Icon name="shield" size={13} /><span className={s.rowText}><strong>{maybe(`redaction.kind.${x.kind}`, x.kind)}</strong>{' '}{x.text ? <code data-original>{x.text}</code> : <span className={s.hint}>{t('redacted.gone')}</span>}</span></li>)}</ul>
      </div>
    </Box>
  )
}

/** The message whose text is selected, else the last one. */
function selectedMessage(): Id | null {
  const ids = [...document.querySelectorAll<HTMLElement>('[data-message]')].map((el) => el.dataset.message ?? '')
  return ids.find((id) => selectedIn(id)) ?? ids.at(-1) ?? null
}

export function RedactSelected({ id: given, onClose }: { id: Id | null; onClose(): void }) {
  const [id] = useState(() => given ?? selectedMessage())
  const { data } = useQuery({ queryKey: ['message', id], queryFn: () => get<Message>(`/api/messages/${id}`), enabled: !!id, staleTime: 0 })
  return data ? <RedactDialog message={data} onClose={onClose} /> : null
}

/** What stands in a message's menu: taking something out, and looking at what was. */
export function RedactedItems({ message: m }: { message: Message }) {
  const can = useCan()
  if (m.type === 'system') return null
  const show = (name: 'redact' | 'redacted') => openDialog(name, m.ticket_id ?? null, m.thread_id, m.id)
  return (
    <>
      {can('tickets.delete') ? <Menu.Item leftSection={<Icon name="shield" />} onClick={() => show('redact')}>{t('redact.menu')}</Menu.Item> : null}
      {m.flags?.includes('redacted') && can('sensitive.view') ? <Menu.Item leftSection={<Icon name="eye" />} onClick={() => show('redacted')}>{t('redacted.menu')}</Menu.Item> : null}
    </>
  )
}
