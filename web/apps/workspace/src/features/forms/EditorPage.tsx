import { ActionIcon, Button, Menu, Modal, NativeSelect, Tabs, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Form } from '@kanal/api'
import { EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { languageName } from '@/features/conditions/index.ts'
import { useCan } from '@/features/session/index.ts'
import { AsText, SaveError, UnsavedGuard, type SettingsPageProps } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useProvideActions, type FormDeed } from '@/shell/actions.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { Archive } from './Archive.tsx'
import { BuildTab } from './BuildTab.tsx'
import { DeskContext, type Desk } from './context.ts'
import { EmbedTab } from './EmbedTab.tsx'
import { faultText, placeName, tabOf, type Tab } from './faults.ts'
import { differences, fieldOf, listed, type Fault } from './model.ts'
import { ConsentTab, OptionsTab } from './OptionsTab.tsx'
import { Preview } from './Preview.tsx'
import { changeForm, copyForm, formQuery } from './queries.ts'
import { TicketTab } from './TicketTab.tsx'
import { useFormEditor, type FormEditor } from './useFormEditor.ts'
import { baseOf, languagesOf, missing } from './words.ts'
import s from './forms.module.css'

const toList = { to: '/settings/$', params: { _splat: 'help-desk/forms' } } as const

/** One form, over the whole width. */
export function FormPage({ params }: SettingsPageProps) {
  const q = useQuery(formQuery(params.formId!))
  if (q.isError) return <div className={s.page}><h1>{t('forms.page')}</h1><EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button><Button component={Link} {...(toList as object)}>{t('forms.back')}</Button></EmptyState></div>
  if (!q.data?.definition || (q.isFetching && !q.isFetchedAfterMount)) return <div className={s.page}><SkeletonLines label={t('state.loading')} /></div>
  return <Editing key={q.data.id} first={q.data} />
}

/** What a server's refusal points at, as a place in the form. */
const serverFault = (err: unknown): { at: string; message: string } | null => {
  const e = err as { field?: string; message?: string } | null
  return e?.field && e.message ? { at: e.field.replace(/^definition\./, '').replace(/\[(\w+)\]/g, '.$1'), message: e.message } : null
}

/** Everything the parts of an editor read, made of the editor and what is chosen. */
export function useDeskOf(editor: FormEditor, mayEdit: boolean, lang: string): Desk {
  const [chosen, choose] = useState<string | null>(() => (matchMedia('(max-width: 900px)').matches ? null : listed(editor.def)[0]?.name ?? null))
  const base = baseOf(editor.def)
  return useMemo<Desk>(() => {
    const server = serverFault(editor.error)
    const named = server && { ...server, at: server.at.replace(/^fields\.(\d+)/, (_, n: string) => `fields.${editor.def.fields?.[Number(n)]?.name ?? n}`) }
    return {
      editor, lang, base, mayEdit, chosen, choose,
      fault: (at) => {
        if (named && (named.at === at || named.at.startsWith(`${at}.`))) return named.message
        const f = editor.faults.find((x) => x.at === at || x.at.startsWith(`${at}.`))
        return f && faultText(f)
      },
    }
  }, [editor.def, editor.faults, editor.error, editor.form, editor.dirty, lang, base, mayEdit, chosen])
}

function Editing({ first }: { first: Form }) {
  const editor = useFormEditor(first)
  const { form, def } = editor
  const mayEdit = useCan()('forms.manage') && !form.archived_at
  const [picked, setPicked] = useState<string | null>(null)
  const lang = picked && languagesOf(def).includes(picked) ? picked : baseOf(def)
  const desk = useDeskOf(editor, mayEdit, lang)
  const [tab, setTab] = useState<Tab>('build')
  const [asText, setAsText] = useState(false)
  const narrow = useMediaQuery('(max-width: 1180px)', false, { getInitialValueInEffect: false })
  const [looking, setLooking] = useState(false)

  const goTo = (at: string) => {
    setTab(tabOf(at))
    const [, name = ''] = at.split('.')
    if (at.startsWith('fields.') && fieldOf(def, name)) desk.choose(name)
    setTimeout(() => {
      const el = document.querySelector<HTMLElement>('[data-inspector] [aria-invalid="true"], [data-form-tab] [aria-invalid="true"]') ?? document.querySelector<HTMLElement>(`[data-at="${at}"]`) ?? document.querySelector<HTMLElement>('[data-inspector] input')
      el?.scrollIntoView({ block: 'center' })
      el?.focus({ preventScroll: true })
    }, 80)
  }
  const save = () => {
    if (editor.faults.length) { goTo(editor.faults[0]!.at); toast(t('forms.mend_first', { n: editor.faults.length }), { tone: 'danger' }); return }
    void editor.save().then((f) => { if (f) toast(t('toast.saved')) })
  }
  const deeds = useMemo<Partial<Record<FormDeed, (() => void) | null>>>(() => ({
    undo: mayEdit ? editor.undo : null, redo: mayEdit ? editor.redo : null, save: mayEdit && editor.dirty ? save : null, faults: editor.faults.length ? () => goTo(editor.faults[0]!.at) : null,
  }), [editor.def, editor.dirty, editor.faults, mayEdit])
  const building = tab === 'build'
  useProvideActions(building ? {} : { form: deeds }, [building, deeds])
  const preview = <Preview def={def} lang={lang} onLang={setPicked} />
  const beside = narrow ? null : <aside className={s.beside}>{preview}</aside>
  return (
    <DeskContext value={desk}>
      <div className={s.editor}>
        <Head editor={editor} mayEdit={mayEdit} lang={lang} onLang={setPicked} onSave={save} onText={() => setAsText(true)} {...(narrow ? { onLook: () => setLooking(true) } : {})} />
        {editor.error ? <div className={s.above}><SaveError error={editor.error} {...(editor.theirs ? { onTheirs: () => editor.take('theirs'), onMine: () => editor.take('mine'), differences: differences(editor.theirs.definition ?? {}, def).slice(0, 30).map((x) => ({ label: placeName(x.at, def), theirs: x.was, mine: x.is })) } : {})} /></div> : null}
        <UnsavedGuard dirty={editor.dirty} />
        <Tabs value={tab} onChange={(v) => setTab(v as Tab)} className={s.tabs!} keepMounted={false}>
          <div className={s.tabBar}>
            <Tabs.List>{(['build', 'consent', 'ticket', 'options', 'embed'] as const).map((x) => {
              const n = editor.faults.filter((f) => tabOf(f.at) === x).length
              return <Tabs.Tab key={x} value={x}>{t(`forms.tab.${x}` as Key)}{n ? <span className={s.badge} aria-label={t('forms.faults', { n })}>{n}</span> : null}</Tabs.Tab>
            })}</Tabs.List>
            <FaultMenu faults={editor.faults} onGo={goTo} />
          </div>
          <Tabs.Panel value="build" className={s.panel!} data-form-tab><BuildTab deeds={deeds}>{beside}</BuildTab></Tabs.Panel>
          <Tabs.Panel value="consent" className={s.panel!} data-form-tab><div className={s.scroll}><ConsentTab /></div>{beside}</Tabs.Panel>
          <Tabs.Panel value="ticket" className={s.panel!} data-form-tab><div className={s.scroll}><TicketTab /></div></Tabs.Panel>
          <Tabs.Panel value="options" className={s.panel!} data-form-tab><div className={s.scroll}><OptionsTab /></div>{beside}</Tabs.Panel>
          <Tabs.Panel value="embed" className={s.panel!} data-form-tab><div className={s.scroll}><EmbedTab /></div></Tabs.Panel>
        </Tabs>
        {looking && narrow ? <Modal opened fullScreen onClose={() => setLooking(false)} title={<strong>{t('forms.preview')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }} classNames={{ body: s.looking! }}>{preview}</Modal> : null}
        <AsText section="forms" slug={form.slug} opened={asText} onClose={() => setAsText(false)} />
      </div>
    </DeskContext>
  )
}

function FaultMenu({ faults, onGo }: { faults: readonly Fault[]; onGo(at: string): void }) {
  if (!faults.length) return <span className={s.noFaults}><Icon name="check" size={13} /><span>{t('forms.no_faults')}</span></span>
  return (
    <Menu position="bottom-end" width={380}>
      <Menu.Target><Button variant="subtle" color="red" leftSection={<Icon name="warn" size={14} />}>{t('forms.faults', { n: faults.length })}</Button></Menu.Target>
      <Menu.Dropdown className={s.tall!}>{faults.map((f, i) => <Menu.Item key={i} leftSection={<Icon name="warn" size={14} />} onClick={() => onGo(f.at)}><strong>{f.field ?? t(`forms.tab.${tabOf(f.at)}` as Key)}</strong> {faultText(f)}</Menu.Item>)}</Menu.Dropdown>
    </Menu>
  )
}

function Head({ editor, mayEdit, lang, onLang, onSave, onText, onLook }: { editor: FormEditor; mayEdit: boolean; lang: string; onLang(l: string): void; onSave(): void; onText(): void; onLook?: () => void }) {
  const { form, def } = editor
  const can = useCan()
  const navigate = useNavigate()
  const [renaming, setRenaming] = useState(false)
  const [gone, setGone] = useState(false)
  const copy = () => void copyForm(form.id).then((f) => navigate({ to: '/settings/$', params: { _splat: `help-desk/forms/${f.id}` } }), toastError)
  const toggle = () => void changeForm(form.id, { active: !form.active, version: form.version }).then((f) => { editor.adopt(f); toast(t('toast.saved')) }, toastError)
  return (
    <header className={s.bar}>
      <ActionIcon component={Link} {...(toList as object)} aria-label={t('forms.back')} title={t('forms.back')}><Icon name="left" /></ActionIcon>
      <div className={s.barTitle}>
        <h1 className="k-cut">{form.name}</h1>
        {mayEdit ? <ActionIcon size={24} aria-label={t('forms.rename')} title={t('forms.rename')} onClick={() => setRenaming(true)}><Icon name="compose" size={13} /></ActionIcon> : null}
        {form.archived_at ? <Tag>{t('forms.archived_tag')}</Tag> : !form.active ? <Tag tone="warn">{t('forms.off_tag')}</Tag> : form.channel ? <Tag tone="ok">{form.channel.name}</Tag> : <Tag>{t('forms.unconnected_tag')}</Tag>}
        <span className={s.saving} role="status">{editor.dirty ? t('state.unsaved') : ''}</span>
      </div>
      <div className={s.barTools}>
        <NativeSelect className={s.langPick!} aria-label={t('forms.writing_in')} value={lang} onChange={(e) => onLang(e.currentTarget.value)}
          data={languagesOf(def).map((l) => { const n = missing(def, l).length; return { value: l, label: n ? t('forms.language_missing', { language: languageName(l), n }) : languageName(l) } })} />
        {mayEdit ? <><ActionIcon aria-label={t('forms.undo')} title={t('forms.undo')} disabled={!editor.undo} onClick={() => editor.undo?.()}><Icon name="undo" /></ActionIcon><ActionIcon aria-label={t('forms.redo')} title={t('forms.redo')} disabled={!editor.redo} onClick={() => editor.redo?.()} className={s.mirrored!}><Icon name="undo" /></ActionIcon></> : null}
        {onLook ? <Button variant="default" leftSection={<Icon name="eye" size={14} />} onClick={onLook}>{t('forms.preview')}</Button> : null}
        <Menu>
          <Menu.Target><ActionIcon aria-label={t('forms.more')}><Icon name="more" /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            {can('submissions.view') ? <Menu.Item component={Link} to={`/settings/help-desk/submissions/${form.id}`} leftSection={<Icon name="rows" />}>{t('forms.submissions')}</Menu.Item> : null}
            {can('settings.manage') ? <Menu.Item leftSection={<Icon name="code" />} onClick={onText}>{t('astext.button')}</Menu.Item> : null}
            {mayEdit ? <Menu.Item leftSection={<Icon name="copy" />} onClick={copy}>{t('forms.copy')}</Menu.Item> : null}
            {mayEdit ? <Menu.Item leftSection={<Icon name={form.active ? 'x' : 'check'} />} onClick={toggle}>{t(form.active ? 'forms.switch_off' : 'forms.switch_on')}</Menu.Item> : null}
            {mayEdit ? <Menu.Item color="red" leftSection={<Icon name="archive" />} onClick={() => setGone(true)}>{t('forms.archive')}</Menu.Item> : null}
          </Menu.Dropdown>
        </Menu>
        {mayEdit ? <Button loading={editor.busy} disabled={!editor.dirty} onClick={onSave}>{t('action.save')}</Button> : null}
      </div>
      {renaming ? <Rename form={form} onClose={() => setRenaming(false)} onDone={(f) => { editor.adopt(f); setRenaming(false) }} /> : null}
      {gone ? <Archive form={form} onClose={() => setGone(false)} onDone={() => void navigate(toList)} /> : null}
    </header>
  )
}

function Rename({ form, onClose, onDone }: { form: Form; onClose(): void; onDone(f: Form): void }) {
  const [name, setName] = useState(form.name)
  const go = async (e: React.FormEvent) => { e.preventDefault(); try { onDone(await changeForm(form.id, { name: name.trim(), version: form.version })) } catch (err) { toastError(err) } }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('forms.rename')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => void go(e)}><TextInput data-autofocus label={t('forms.form_name')} value={name} onChange={(e) => setName(e.currentTarget.value)} /><div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" disabled={!name.trim()}>{t('action.save')}</Button></div></form>
    </Modal>
  )
}
