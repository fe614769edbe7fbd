import { Button, Radio, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { ChannelAccount, Form } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import { BuildTab } from './BuildTab.tsx'
import { DeskContext } from './context.ts'
import { useDeskOf } from './EditorPage.tsx'
import { listed, ticketFields } from './model.ts'
import { NewFormFields } from './NewForm.tsx'
import { OptionsTab } from './OptionsTab.tsx'
import { formQuery, formsQuery, mailAccountsQuery } from './queries.ts'
import { TicketTab } from './TicketTab.tsx'
import { useFormEditor } from './useFormEditor.ts'
import { baseOf, read } from './words.ts'
import s from './forms.module.css'

type Settings = Record<string, unknown>
export interface FormChannelProps { settings: Settings; onSettings(s: Settings): void; error?: { field: string; message: string } | undefined; account?: ChannelAccount | undefined; inbox?: string | null | undefined }

const slugOf = (x: Settings): string => (typeof x.form === 'string' ? x.form : '')

/** FM-04: the step of the wizard that chooses the form: one that there is, or a new one made here. */
export function FormChoice({ settings, onSettings, error, inbox }: FormChannelProps) {
  const q = useQuery(formsQuery())
  const can = useCan()
  const wanted = (useSearch({ strict: false }) as { form?: string }).form
  const free = (q.data ?? []).filter((f) => !f.channel)
  const [way, setWay] = useState<'existing' | 'new' | null>(null)
  const chosen = (q.data ?? []).find((f) => f.slug === slugOf(settings))
  const at = way ?? (q.data && !free.length ? 'new' : 'existing')
  useEffect(() => { if (wanted && free.some((f) => f.slug === wanted) && !slugOf(settings)) onSettings({ ...settings, form: wanted }) }, [wanted, free.length])
  if (q.isPending) return <SkeletonLines label={t('state.loading')} />
  if (q.isError) return <EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button></EmptyState>
  return (
    <div className={s.choice}>
      <Radio.Group label={t('forms.which')} value={at} onChange={(v) => { setWay(v as 'new'); if (v === 'new' && chosen) onSettings({ ...settings, form: '' }) }}>
        <div className={s.stack} style={{ marginTop: 6 }}>
          <Radio value="existing" disabled={!free.length} label={t('forms.existing')} description={free.length ? t('forms.existing_text') : t('forms.existing_none')} />
          {can('forms.manage') ? <Radio value="new" label={t('forms.new_here')} description={t('forms.new_here_text')} /> : null}
        </div>
      </Radio.Group>
      {at === 'existing' && free.length ? (
        <>
          <Radio.Group aria-label={t('forms.choose_form')} value={slugOf(settings) || null} onChange={(v) => onSettings({ ...settings, form: v })} error={error?.field === 'form' ? error.message : undefined}>
            <div className={s.templates}>
              {free.map((f) => (
                <Radio.Card key={f.id} value={f.slug} className={s.template!}>
                  <Radio.Indicator size="sm" />
                  <span><strong>{f.name}</strong><span>{t('forms.card_text', { n: f.fields ?? 0, count: count(f.submissions ?? 0) })}</span></span>
                </Radio.Card>
              ))}
            </div>
          </Radio.Group>
          {chosen ? <About form={chosen} /> : null}
        </>
      ) : null}
      {at === 'new' ? chosen ? <Inline key={chosen.id} id={chosen.id} /> : <NewFormFields onMade={(f) => onSettings({ ...settings, form: f.slug })} /> : null}
      <ReplyFrom settings={settings} onSettings={onSettings} error={error} inbox={inbox} />
    </div>
  )
}

/** What the chosen form asks, and what tickets will be called when it asks nothing of them (FM-19). */
function About({ form }: { form: Form }) {
  const q = useQuery(formQuery(form.id))
  const def = q.data?.definition
  if (!def) return <SkeletonLines lines={2} label={t('state.loading')} />
  return (
    <>
      <p className={s.fieldTags} style={{ justifyContent: 'flex-start' }}>{listed(def).map((f) => <Tag key={f.name}>{read(f.label, baseOf(def), baseOf(def)) || f.name}</Tag>)}</p>
      {ticketFields(def).length ? null : <Banner tone="note" icon="info">{t('forms.no_ticket_fields')}</Banner>}
    </>
  )
}

/** FM-04: name, fields, options of the new form, without leaving the wizard. */
function Inline({ id }: { id: string }) {
  const q = useQuery(formQuery(id))
  if (!q.data?.definition) return <SkeletonLines label={t('state.loading')} />
  return <InlineEditor first={q.data} />
}

function InlineEditor({ first }: { first: Form }) {
  const editor = useFormEditor(first)
  const desk = useDeskOf(editor, true, baseOf(editor.def))
  const [part, setPart] = useState<'fields' | 'options' | 'ticket'>('fields')
  // nobody sees the form yet: what is changed is kept by itself
  useEffect(() => {
    if (!editor.dirty || editor.faults.length || editor.busy || editor.error) return
    const timer = setTimeout(() => void editor.save(), 600)
    return () => clearTimeout(timer)
  }, [editor.def, editor.dirty, editor.busy, editor.error])
  return (
    <DeskContext value={desk}>
      <Banner tone="plain" icon="check">{t('forms.made', { name: first.name })}</Banner>
      {editor.error ? <Banner tone="danger" icon="warn" role="alert" action={t('action.retry')} onAction={() => void editor.save()}>{sentence(editor.error)}</Banner> : null}
      <div className={s.fieldTags} style={{ justifyContent: 'flex-start' }} role="group" aria-label={t('forms.parts')}>
        {(['fields', 'options', 'ticket'] as const).map((x) => <Button key={x} size="compact-sm" variant={part === x ? 'light' : 'subtle'} aria-pressed={part === x} onClick={() => setPart(x)}>{t(x === 'fields' ? 'forms.tab.build' : x === 'options' ? 'forms.tab.options' : 'forms.tab.ticket')}</Button>)}
        <span className={s.saving} role="status">{editor.faults.length ? t('forms.faults', { n: editor.faults.length }) : editor.dirty || editor.busy ? t('forms.keeping') : t('forms.kept')}</span>
      </div>
      <div className={s.builderIn} data-form-tab>{part === 'fields' ? <BuildTab /> : <div className={s.scroll}>{part === 'options' ? <OptionsTab /> : <TicketTab />}</div>}</div>
    </DeskContext>
  )
}

/** FM-14: what an answer comes from. Without an email channel there is nothing to answer with, and that is said. */
function ReplyFrom({ settings, onSettings, error, inbox }: FormChannelProps) {
  const q = useQuery(mailAccountsQuery)
  const can = useCan()
  if (!q.data) return null
  const mail = q.data.filter((a) => a.inbox_id === inbox)
  if (!mail.length) {
    return <Banner tone="warn" icon="mail">{t('forms.no_mail')} {can('account.access') ? <Link to="/settings/$" params={{ _splat: 'help-desk/channels/connect/email' }}>{t('forms.connect_mail')}</Link> : null}</Banner>
  }
  const value = typeof settings.reply_from === 'string' ? settings.reply_from : ''
  return (
    <Select label={t('forms.reply_from')} description={t('forms.reply_from_text')} data={mail.map((a) => ({ value: a.slug ?? a.id, label: `${a.name} (${a.delivery_identifier})` }))} value={value || null} placeholder={mail[0]!.delivery_identifier} clearable clearButtonProps={{ 'aria-label': t('property.clear') }}
      error={error?.field === 'reply_from' ? error.message : undefined} onChange={(v) => onSettings({ ...settings, reply_from: v ?? '' })} />
  )
}

/** FM-11: at the channel: the form it belongs to with the way to its fields, and the address that answers come from. */
export function FormChannelOptions({ settings, onSettings, error, account, inbox }: FormChannelProps) {
  const q = useQuery(formsQuery(true))
  const can = useCan()
  const form = q.data?.find((f) => f.slug === slugOf(settings))
  return (
    <div className={s.stack}>
      <section className={s.part} aria-label={t('forms.of_channel')}>
        <h2>{t('forms.of_channel')}</h2>
        {form ? (
          <div className={s.row} style={{ padding: 0 }}>
            <span className={s.rowIcon}><Icon name="rows" size={18} /></span>
            <span className={s.rowText}><strong>{form.name}</strong><span className={s.rowSub}>{t('forms.card_text', { n: form.fields ?? 0, count: count(form.submissions ?? 0) })}</span></span>
            {can('submissions.view') ? <Button variant="subtle" component={Link} to="/settings/$" {...({ params: { _splat: `help-desk/submissions/${form.id}` } } as object)}>{t('forms.submissions')}</Button> : null}
            {can('forms.manage') ? <Button variant="default" component={Link} to="/settings/$" {...({ params: { _splat: `help-desk/forms/${form.id}` } } as object)} leftSection={<Icon name="compose" size={14} />}>{t('forms.manage')}</Button> : null}
          </div>
        ) : q.data ? <Banner tone="warn" icon="warn">{t('forms.gone', { slug: slugOf(settings) })}</Banner> : <SkeletonLines lines={1} label={t('state.loading')} />}
      </section>
      <ReplyFrom settings={settings} onSettings={onSettings} error={error} inbox={inbox ?? account?.inbox_id} />
    </div>
  )
}
