import { ActionIcon, Button, Menu, Modal, NativeSelect, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { SaveError, type SettingsPageProps } from '@/features/settings/index.ts'
import { t, type Key } from '@/locales/index.ts'
import { useProvideActions, type FlowDeed } from '@/shell/actions.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { BotBuilder } from './BotBuilder.tsx'
import { pathName, placeName } from './Changes.tsx'
import { DeskContext, faultAt, useDesk, type Desk } from './context.ts'
import { diff } from './diff.ts'
import { DisplayForm, LiveChatForm, OptionsForm, TargetForm } from './forms.tsx'
import { FramePreview, helloOf } from './FramePreview.tsx'
import { languageName, languagesOf, missingIn, widgetLanguages } from './languages.ts'
import { stepOf } from './model.ts'
import { PreviewLink } from './PreviewLink.tsx'
import { Publish, Versions } from './Publish.tsx'
import { changeFlow, chatAccountsQuery, flowQuery } from './queries.ts'
import { StateTag } from './StateTag.tsx'
import { useEditor, type Saving } from './useEditor.ts'
import type { Chatflow, Fault } from './types.ts'
import s from './chatflows.module.css'

/** One chatflow, over the whole width. */
export function ChatflowPage({ params }: SettingsPageProps) {
  const q = useQuery(flowQuery(params.flowId!))
  if (q.isError) return <div className={s.page}><h1>{t('flow.title')}</h1><EmptyState icon="warn" title={t('error.title')} text={sentence(q.error)}><Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button><Button component={Link} to="/settings/$" {...({ params: { _splat: 'help-desk/chatflows' } } as object)}>{t('flow.back_to_list')}</Button></EmptyState></div>
  if (!q.data || (q.isFetching && !q.isFetchedAfterMount)) return <div className={s.page}><SkeletonLines label={t('state.loading')} /></div>
  return <Editing key={q.data.id} first={q.data} />
}

type Tab = 'build' | 'target' | 'display' | 'options'
const tabOf = (f: Fault): Tab => {
  const at = f.field ?? ''
  if (f.step || /^(steps|start|texts|handover)/.test(at)) return 'build'
  if (at.startsWith('targeting')) return 'target'
  return /^(trigger|hours|business_hours|language)/.test(at) ? 'display' : at.startsWith('capture') ? 'build' : 'options'
}

function Editing({ first }: { first: Chatflow }) {
  const editor = useEditor(first)
  const { flow, def } = editor
  const accounts = useQuery(chatAccountsQuery)
  const can = useCan()
  const mayEdit = can('chatflows.manage')
  const base = def.language && def.language !== 'auto' ? def.language : languagesOf(def)[0] ?? 'en'
  const [picked, setPicked] = useState<string | null>(null)
  const lang = picked ?? (languagesOf(def).includes('en') && (!def.language || def.language === 'auto') ? 'en' : base)
  const [tab, setTab] = useState<Tab>('build')
  const [dialog, setDialog] = useState<'publish' | 'versions' | 'preview' | null>(null)
  const [testing, setTesting] = useState(false)
  const [jump, setJump] = useState<{ step: string; n: number } | null>(null)
  const account = accounts.data?.find((a) => a.id === flow.account_id)
  const desk = useMemo<Desk>(() => ({ editor, account, lang, base, fault: (step, field) => faultAt(editor.faults, step, field), mayEdit }), [editor, account, lang, base, mayEdit])
  const bot = flow.kind === 'bot'

  const goTo = (f: Fault) => {
    const to = bot && tabOf(f) === 'build' && !f.step && !/^(steps|start)/.test(f.field ?? '') ? 'options' : tabOf(f)
    setTab(to)
    if (f.step) setJump({ step: f.step, n: Date.now() })
    setTimeout(() => {
      const field = document.querySelector<HTMLElement>('[data-inspector] [aria-invalid="true"], [data-flow-form] [aria-invalid="true"]') ?? (f.step ? document.querySelector<HTMLElement>('[data-inspector] input') : null)
      field?.scrollIntoView({ block: 'center' })
      field?.focus({ preventScroll: true })
    }, 80)
  }
  const deeds = useMemo<Partial<Record<FlowDeed, (() => void) | null>>>(() => ({
    undo: mayEdit ? editor.undo : null, redo: mayEdit ? editor.redo : null,
    publish: mayEdit ? () => setDialog('publish') : null, versions: () => setDialog('versions'),
    faults: editor.faults.length ? () => goTo(editor.faults[0]!) : null,
  }), [editor.undo, editor.redo, editor.faults, mayEdit])
  const building = bot && tab === 'build'
  useProvideActions(building ? {} : { flow: deeds }, [building, deeds])

  return (
    <DeskContext value={desk}>
      <div className={s.editor}>
        <Head editor={desk.editor} mayEdit={mayEdit} lang={lang} onLang={setPicked} onDialog={setDialog} testing={testing} {...(bot ? { onTest: () => { setTab('build'); setTesting(!testing) } } : {})} />
        {editor.saving === 'conflict' ? <Conflict desk={desk} /> : editor.saving === 'failed' ? <Banner tone="danger" icon="warn" role="alert" action={t('action.retry')} onAction={editor.retry}>{t('flow.not_saved', { why: sentence(editor.error) })}</Banner> : null}
        <Tabs value={tab} onChange={(v) => setTab(v as Tab)} className={s.tabs!} keepMounted={false}>
          <div className={s.tabBar}>
            <Tabs.List>{(['build', 'target', 'display', 'options'] as const).map((x) => {
              const n = editor.faults.filter((f) => f.severity !== 'warning' && (tabOf(f) === x)).length
              return <Tabs.Tab key={x} value={x}>{t(`flow.tab.${x}` as Key)}{n ? <span className={s.badge} aria-label={t('flow.faults_n', { n })}>{n}</span> : null}</Tabs.Tab>
            })}</Tabs.List>
            <FaultMenu faults={editor.faults} onGo={goTo} />
          </div>
          <Tabs.Panel value="build" className={s.panel!}>{bot ? <BotBuilder deeds={deeds} jump={jump} testing={testing} onTesting={setTesting} /> : <Beside><LiveChatForm /></Beside>}</Tabs.Panel>
          <Tabs.Panel value="target" className={s.panel!}><div className={s.scroll} data-flow-form tabIndex={-1}><TargetForm /></div></Tabs.Panel>
          <Tabs.Panel value="display" className={s.panel!}>{bot ? <div className={s.scroll} data-flow-form tabIndex={-1}><DisplayForm /></div> : <Beside><DisplayForm /></Beside>}</Tabs.Panel>
          <Tabs.Panel value="options" className={s.panel!}><div className={s.scroll} data-flow-form tabIndex={-1}><OptionsForm /></div></Tabs.Panel>
        </Tabs>
        {dialog === 'publish' ? <Publish onClose={() => setDialog(null)} onFault={() => { const f = editor.faults.find((x) => x.severity !== 'warning'); if (f) goTo(f) }} /> : null}
        {dialog === 'versions' ? <Versions onClose={() => setDialog(null)} /> : null}
        {dialog === 'preview' ? <PreviewLink onClose={() => setDialog(null)} /> : null}
      </div>
    </DeskContext>
  )
}

/** CH-09: a live chat's form with what visitors would see beside it. */
function Beside({ children }: { children: React.ReactNode }) {
  const { editor, account, lang } = useDesk()
  const { def } = editor
  const welcome = def.texts?.[lang]?.welcome || Object.values(def.texts ?? {}).map((x) => x.welcome).find(Boolean) || ''
  const shown = (text: string) => text.replace(/\{\{\s*[\w.]+\s*(?:\|([^{}]*))?\}\}/g, (_, otherwise?: string) => otherwise ?? '')
  const [away, setAway] = useState(false)
  const scheme = document.documentElement.dataset.mantineColorScheme === 'dark' ? 'dark' as const : 'light' as const
  const state = useMemo(() => ({ hello: helloOf(account, def, 'live_chat', lang, away ? 'away' : 'available', false, shown(away ? def.texts?.[lang]?.away || welcome : welcome)), view: 'chat' as const, threads: [], messages: [], typing: null, scheme }), [account, def, lang, away, welcome, scheme])
  return (
    <div className={s.split}>
      <div className={s.scroll} data-flow-form tabIndex={-1}>{children}</div>
      <aside className={s.beside} aria-label={t('flow.preview_beside')}>
        <div className={s.besideHead}><h2>{t('flow.preview_beside')}</h2><NativeSelect aria-label={t('sim.availability')} value={away ? 'away' : 'available'} data={(['available', 'away'] as const).map((v) => ({ value: v, label: t(`flow.state.${v}` as Key) }))} onChange={(e) => setAway(e.currentTarget.value === 'away')} /></div>
        <FramePreview title={t('sim.frame')} state={state} fallback={<div className={s.plainWelcome}><p dir="auto">{state.hello.flow?.welcome || t('flow.nothing_written')}</p></div>} />
      </aside>
    </div>
  )
}

function Conflict({ desk }: { desk: Desk }) {
  const { editor } = desk
  const lines = editor.theirs?.draft ? diff(editor.theirs.draft, editor.def) : []
  return (
    <div className={s.conflict}>
      <SaveError
        error={editor.error} onTheirs={() => editor.take('theirs')} onMine={() => editor.take('mine')}
        differences={lines.slice(0, 30).map((l) => ({ label: [placeName(l.place), pathName(l.path)].filter(Boolean).join(' · '), theirs: l.what === 'removed' ? t('flow.has_step') : l.before, mine: l.what === 'added' ? t('flow.has_step') : l.after }))}
      />
    </div>
  )
}

function FaultMenu({ faults, onGo }: { faults: readonly Fault[]; onGo(f: Fault): void }) {
  const { editor } = useDesk()
  const errors = faults.filter((f) => f.severity !== 'warning').length
  if (!faults.length) return <span className={s.noFaults}><Icon name="check" size={13} />{t('flow.no_faults')}</span>
  return (
    <Menu position="bottom-end" width={420}>
      <Menu.Target><Button variant="subtle" color={errors ? 'red' : 'gray'} leftSection={<Icon name="warn" size={14} />}>{errors ? t('flow.faults_n', { n: errors }) : t('flow.warnings_n', { n: faults.length })}</Button></Menu.Target>
      <Menu.Dropdown className={s.faultMenu}>
        {faults.slice(0, 60).map((f, i) => { const step = stepOf(editor.def, f.step); return <Menu.Item key={i} leftSection={<Icon name={f.severity === 'warning' ? 'info' : 'warn'} size={14} />} onClick={() => onGo(f)}><strong>{step ? placeName({ kind: 'step', step }) : t(`flow.tab.${tabOf(f)}` as Key)}</strong> {f.message}</Menu.Item> })}
      </Menu.Dropdown>
    </Menu>
  )
}

const savingText: Record<Saving, Key> = { saved: 'flow.saved', waiting: 'flow.saving', saving: 'flow.saving', failed: 'flow.save_failed', conflict: 'flow.save_conflict' }

function Head({ editor, mayEdit, lang, onLang, onDialog, testing, onTest }: { editor: Desk['editor']; mayEdit: boolean; lang: string; onLang(l: string): void; onDialog(d: 'publish' | 'versions' | 'preview'): void; testing: boolean; onTest?: () => void }) {
  const { flow, def } = editor
  const { account } = useDesk()
  const [renaming, setRenaming] = useState(false)
  const accountLanguages = (account?.settings as { languages?: string[] } | null)?.languages ?? []
  const languages = [...new Set([...languagesOf(def), ...accountLanguages, ...widgetLanguages, ...(def.language && def.language !== 'auto' ? [def.language] : []), lang])]
  const used = languagesOf(def)
  return (
    <header className={s.bar}>
      <ActionIcon component={Link} to="/settings/$" {...({ params: { _splat: 'help-desk/chatflows' } } as object)} aria-label={t('flow.back_to_list')} title={t('flow.back_to_list')}><Icon name="left" /></ActionIcon>
      <div className={s.barTitle}>
        <h1 className="k-cut">{flow.name}</h1>
        {mayEdit ? <ActionIcon size={24} aria-label={t('flow.rename')} title={t('flow.rename')} onClick={() => setRenaming(true)}><Icon name="compose" size={13} /></ActionIcon> : null}
        <StateTag flow={flow} />
        <span className={s.saving} role="status" data-state={editor.saving}>{t(savingText[editor.saving])}</span>
      </div>
      <div className={s.barTools}>
        <NativeSelect
          className={s.langPick} aria-label={t('flow.writing_in')} value={lang} onChange={(e) => onLang(e.currentTarget.value)}
          data={languages.map((l) => { const n = used.length && used.includes(l) ? missingIn(def, l) : 0; return { value: l, label: n ? t('flow.language_missing', { language: languageName(l), n }) : used.includes(l) || !used.length ? languageName(l) : t('flow.language_unused', { language: languageName(l) }) } })}
        />
        {mayEdit ? <><ActionIcon aria-label={t('flow.undo')} title={t('flow.undo')} disabled={!editor.undo} onClick={() => editor.undo?.()}><Icon name="undo" /></ActionIcon><ActionIcon aria-label={t('flow.redo')} title={t('flow.redo')} disabled={!editor.redo} onClick={() => editor.redo?.()} className={s.mirrored!}><Icon name="undo" /></ActionIcon></> : null}
        {onTest ? <Button variant="default" className={s.pressable!} aria-pressed={testing} leftSection={<Icon name="comment" size={14} />} onClick={onTest}>{t('flow.test')}</Button> : null}
        <Menu>
          <Menu.Target><ActionIcon aria-label={t('flow.more')}><Icon name="more" /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Icon name="eye" />} onClick={() => onDialog('preview')}>{t('flow.preview')}</Menu.Item>
            <Menu.Item leftSection={<Icon name="clock" />} onClick={() => onDialog('versions')}>{t('flow.versions')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        {mayEdit ? <Button leftSection={<Icon name="send" size={14} />} onClick={() => onDialog('publish')}>{t('flow.publish')}</Button> : null}
      </div>
      {renaming ? <Rename flow={flow} onClose={() => setRenaming(false)} onDone={(f) => { editor.adopt(f); setRenaming(false) }} /> : null}
    </header>
  )
}

function Rename({ flow, onClose, onDone }: { flow: Chatflow; onClose(): void; onDone(f: Chatflow): void }) {
  const [name, setName] = useState(flow.name)
  const go = async (e: React.FormEvent) => { e.preventDefault(); try { onDone(await changeFlow(flow.id, { name })) } catch (err) { toastError(err) } }
  return (
    <Modal opened onClose={onClose} title={<strong>{t('flow.rename')}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.stack} onSubmit={(e) => void go(e)}><TextInput data-autofocus label={t('flow.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} /><div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" disabled={!name.trim()}>{t('action.save')}</Button></div></form>
    </Modal>
  )
}
