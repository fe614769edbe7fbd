import { ActionIcon, Button, Modal, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { del, get, post, type Page } from '@kanal/api'
import { Banner, EmptyState, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useNames } from '@/features/lookups/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago, count, fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import s from './bulk.module.css'

type Kind = 'allow' | 'deny'
interface Rule { id: string; kind: 'address' | 'domain'; value: string; action: Kind; note: string; created_by: string | null; created_at: string; hits: number; last_hit_at: string | null }
interface Put { items: Rule[]; refused: { line: number; value: string; sentence: string }[] }

const put = async (rules: { value: string; action: Kind; note?: string }[]): Promise<Put> => {
  const out = await post<Put>('/api/spam/rules', { rules })
  await queries.invalidateQueries({ queryKey: ['spam'] })
  return out
}

/** EM-35: whose mail is always let through, and whose is never. */
export function Senders() {
  const [list, setList] = useState<'' | Kind>('')
  const [find, setFind] = useState('')
  const [many, setMany] = useState(false)
  const q = useDeferredValue(find)
  const rules = useInfiniteQuery({
    queryKey: ['spam', 'rules', list, q], queryFn: ({ pageParam }) => get<Page<Rule>>('/api/spam/rules', { action: list, q, cursor: pageParam, limit: 100 }),
    initialPageParam: '', getNextPageParam: (l) => l.next || undefined, placeholderData: (before) => before,
  })
  const shown = rules.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <SettingsFrame title={t('senders.title')} text={t('senders.text')} section="spam" action={<Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setMany(true)}>{t('senders.many')}</Button>}>
      <Add />
      <div className={s.filters} data-setting="senders.lists">
        <SegmentedControl aria-label={t('senders.which')} value={list} onChange={(v) => setList(v as '' | Kind)} data={[{ value: '', label: t('senders.all') }, { value: 'deny', label: t('senders.deny') }, { value: 'allow', label: t('senders.allow') }]} />
        <TextInput leftSection={<Icon name="search" size={14} />} aria-label={t('senders.find')} placeholder={t('senders.find')} value={find} onChange={(e) => setFind(e.currentTarget.value)} />
      </div>
      {rules.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {rules.isError ? <EmptyState icon="warn" title={t('error.title')} text={sentence(rules.error)}><Button variant="default" onClick={() => void rules.refetch()}>{t('action.retry')}</Button></EmptyState> : null}
      {rules.data && shown.length === 0 ? <EmptyState icon="shield" title={t(find ? 'senders.none_found' : 'senders.empty')} text={t(find ? 'senders.none_found_text' : 'senders.empty_text')} /> : null}
      <ul className={s.rows}>{shown.map((r) => <Row key={r.id} rule={r} />)}</ul>
      {rules.hasNextPage ? <div className={s.foot}><Button variant="default" loading={rules.isFetchingNextPage} onClick={() => void rules.fetchNextPage()}>{t('search.more')}</Button></div> : null}
      <Many opened={many} onClose={() => setMany(false)} />
    </SettingsFrame>
  )
}

const sample = ['promotions.example', 'somebody@mail.example'].join('\n')

function Add() {
  const [value, setValue] = useState('')
  const [action, setAction] = useState<Kind>('deny')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const add = async () => {
    setBusy(true)
    setError('')
    try {
      const out = await put([{ value, action }])
      const refused = out.refused[0]
      if (refused) { setError(refused.sentence); return }
      setValue('')
      toast(t(action === 'deny' ? 'senders.denied' : 'senders.allowed', { value: out.items[0]?.value ?? value }))
    } catch (err) { setError(sentence(err)) } finally { setBusy(false) }
  }
  return (
    <form className={s.add} data-setting="senders.add" onSubmit={(e) => { e.preventDefault(); void add() }}>
      <TextInput aria-label={t('senders.value')} placeholder={t('senders.value_hint')} value={value} error={error || undefined} onChange={(e) => { setValue(e.currentTarget.value); setError('') }} />
      <SegmentedControl aria-label={t('senders.which')} value={action} onChange={(v) => setAction(v as Kind)} data={[{ value: 'deny', label: t('senders.deny_one') }, { value: 'allow', label: t('senders.allow_one') }]} />
      <Button type="submit" loading={busy} disabled={!value.trim()}>{t('action.add')}</Button>
    </form>
  )
}

function Row({ rule: r }: { rule: Rule }) {
  const names = useNames()
  const remove = async () => {
    try {
      await del(`/api/spam/rules/${r.id}`)
      await queries.invalidateQueries({ queryKey: ['spam'] })
      toast(t('senders.removed', { value: r.value }), { action: { label: t('action.undo'), run: () => void put([{ value: r.value, action: r.action, note: r.note }]).catch(toastError) } })
    } catch (err) { toastError(err) }
  }
  const other: Kind = r.action === 'deny' ? 'allow' : 'deny'
  const who = names.user(r.created_by)
  return (
    <li className={s.row}>
      <Icon name={r.kind === 'domain' ? 'team' : 'user'} size={16} />
      <span className={s.rowText}>
        <span className={s.name}>{r.kind === 'domain' ? `@${r.value}` : r.value}</span>
        <span className={s.sub}>{[r.note, r.hits ? t('senders.hits', { n: r.hits, count: count(r.hits) }) : t('senders.no_hits'), who].filter(Boolean).join(' · ')}{r.last_hit_at ? <> · <time dateTime={r.last_hit_at} title={fullTime(r.last_hit_at)}>{ago(r.last_hit_at)}</time></> : null}</span>
      </span>
      <Tag tone={r.action === 'deny' ? 'danger' : 'ok'}>{t(r.action === 'deny' ? 'senders.deny_one' : 'senders.allow_one')}</Tag>
      <Button size="xs" variant="subtle" onClick={() => void put([{ value: r.value, action: other, note: r.note }]).catch(toastError)}>{t(other === 'allow' ? 'senders.to_allow' : 'senders.to_deny')}</Button>
      <ActionIcon aria-label={t('senders.remove', { value: r.value })} onClick={() => void remove()}><Icon name="x" size={14} /></ActionIcon>
    </li>
  )
}

/** Many lines at once, as they were copied from somewhere. */
function Many({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const [text, setText] = useState('')
  const [action, setAction] = useState<Kind>('deny')
  const [out, setOut] = useState<Put | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const lines = text.split(/[\n,;]+/).map((x) => x.trim()).filter(Boolean)
  const add = async () => {
    setBusy(true)
    setError(null)
    const all: Put = { items: [], refused: [] }
    try {
      for (let i = 0; i < lines.length; i += 1000) {
        const part = await put(lines.slice(i, i + 1000).map((value) => ({ value: value.slice(0, 400), action })))
        all.items.push(...part.items)
        all.refused.push(...part.refused)
      }
      setOut(all)
      setText(all.refused.map((r) => r.value).join('\n'))
    } catch (err) { setError(err) } finally { setBusy(false) }
  }
  const close = () => { setOut(null); setText(''); onClose() }
  return (
    <Modal opened={opened} onClose={close} title={t('senders.many')} size="lg">
      <form className={s.dialog} onSubmit={(e) => { e.preventDefault(); void add() }}>
        <p className={s.text}>{t('senders.many_text')}</p>
        <Textarea label={t('senders.lines')} minRows={6} maxRows={14} autosize value={text} onChange={(e) => setText(e.currentTarget.value)} placeholder={sample} />
        <SegmentedControl aria-label={t('senders.which')} value={action} onChange={(v) => setAction(v as Kind)} data={[{ value: 'deny', label: t('senders.deny_one') }, { value: 'allow', label: t('senders.allow_one') }]} />
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {out ? <Banner tone={out.refused.length ? 'warn' : 'ok'} icon={out.refused.length ? 'warn' : 'check'} role="status">{t('senders.many_done', { count: count(out.items.length), refused: count(out.refused.length) })}</Banner> : null}
        {out?.refused.length ? <ul className={s.refused}>{out.refused.slice(0, 100).map((r) => <li key={`${r.line} ${r.value}`}>{r.sentence}</li>)}</ul> : null}
        <div className={s.foot}><Button variant="default" onClick={close}>{t('action.close_dialog')}</Button><Button type="submit" loading={busy} disabled={lines.length === 0}>{t('senders.add_n', { n: lines.length, count: count(lines.length) })}</Button></div>
      </form>
    </Modal>
  )
}
