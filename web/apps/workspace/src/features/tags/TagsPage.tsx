import { ActionIcon, Button, Menu, Modal, Select, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type FormEvent, type ReactNode } from 'react'
import { Banner, EmptyState, Icon } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { SaveError, SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { sentence } from '@/shell/errors.ts'
import { count } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { addTag, countedQuery, mergeTag, removeTag, renameTag, setTicketing, ticketingQuery, type CountedTag } from './queries.ts'
import s from './tags.module.css'

type Doing = { what: 'rename' | 'merge' | 'remove'; tag: CountedTag } | null

/** TK-10: the tags that there are; each is renamed, merged and removed on all tickets at once. */
export function TagsPage() {
  const q = useQuery(countedQuery)
  const may = useCan()('settings.manage')
  const [name, setName] = useState('')
  const [find, setFind] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [doing, setDoing] = useState<Doing>(null)
  const tags = q.data ?? []
  const shown = tags.filter((x) => [x.name, ...x.former].some((n) => n.toLowerCase().includes(find.trim().toLowerCase())))
  const add = (e: FormEvent) => { e.preventDefault(); setError(null); addTag(name).then(() => setName('')).catch(setError) }
  return (
    <SettingsFrame title={t('tags.title')} text={t('tags.text')} query={q}>
      <div className={s.page}>
        <OpenTags may={may} />
        {may ? (
          <form className={s.add} onSubmit={add} data-setting="tags.add">
            <TextInput label={t('tags.new')} value={name} onChange={(e) => setName(e.currentTarget.value)} error={error ? sentence(error) : undefined} maxLength={60} />
            <Button type="submit" disabled={!name.trim()}>{t('tags.add')}</Button>
          </form>
        ) : null}
        {tags.length === 0 ? <EmptyState icon="flag" title={t('tags.none')} text={t('tags.none_text')} /> : (
          <>
            {tags.length > 8 ? <TextInput aria-label={t('tags.find')} placeholder={t('tags.find')} leftSection={<Icon name="search" size={14} />} value={find} onChange={(e) => setFind(e.currentTarget.value)} /> : null}
            <ul className={s.list} aria-label={t('tags.title')}>
              {shown.map((x) => (
                <li key={x.id}>
                  <span className={s.name}><strong>{x.name}</strong>{x.former.length ? <span className={s.former}>{t('tags.former', { names: x.former.join(', ') })}</span> : null}</span>
                  <Link className={s.count} to="/search" search={{ q: `is:ticket tag:"${x.name}"` } as never}>{t('tags.tickets', { n: x.tickets, count: count(x.tickets) })}</Link>
                  {may ? (
                    <Menu position="bottom-end">
                      <Menu.Target><ActionIcon aria-label={t('tags.menu', { name: x.name })}><Icon name="more" /></ActionIcon></Menu.Target>
                      <Menu.Dropdown>
                        <Menu.Item leftSection={<Icon name="compose" />} onClick={() => setDoing({ what: 'rename', tag: x })}>{t('tags.rename')}</Menu.Item>
                        {tags.length > 1 ? <Menu.Item leftSection={<Icon name="link" />} onClick={() => setDoing({ what: 'merge', tag: x })}>{t('tags.merge')}</Menu.Item> : null}
                        <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => setDoing({ what: 'remove', tag: x })}>{t('tags.remove')}</Menu.Item>
                      </Menu.Dropdown>
                    </Menu>
                  ) : null}
                </li>
              ))}
            </ul>
            {shown.length === 0 ? <p className={s.former}>{t('state.nothing_found')}</p> : null}
          </>
        )}
      </div>
      {doing ? <Dialog key={doing.what + doing.tag.id} doing={doing} tags={tags} onClose={() => setDoing(null)} /> : null}
    </SettingsFrame>
  )
}

function OpenTags({ may }: { may: boolean }) {
  const q = useQuery(ticketingQuery)
  const [error, setError] = useState<unknown>(null)
  if (!q.data) return null
  const now = q.data
  return (
    <div data-setting="tags.open">
      <SaveError error={error} />
      <Switch label={t('tags.open')} description={t('tags.open_text')} disabled={!may} checked={now.open_tags} onChange={(e) => { setError(null); setTicketing({ ...now, open_tags: e.currentTarget.checked }).then(() => toast(t('toast.saved'))).catch(setError) }} />
    </div>
  )
}

function Dialog({ doing: { what, tag }, tags, onClose }: { doing: NonNullable<Doing>; tags: CountedTag[]; onClose(): void }) {
  const [name, setName] = useState(tag.name)
  const [into, setInto] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const ready = what === 'rename' ? !!name.trim() && name !== tag.name : what === 'merge' ? !!into : true
  const go = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await (what === 'rename' ? renameTag(tag.id, name) : what === 'merge' ? mergeTag(tag.id, into!) : removeTag(tag.id))
      onClose()
    } catch (err) { setError(err); setBusy(false) }
  }
  const n = { name: tag.name, n: tag.tickets, count: count(tag.tickets) }
  const body: Record<typeof what, ReactNode> = {
    rename: <TextInput data-autofocus label={t('tags.name')} description={t('tags.rename_text')} value={name} maxLength={60} onChange={(e) => setName(e.currentTarget.value)} />,
    merge: <Select data-autofocus label={t('tags.into')} description={t('tags.merge_text', n)} searchable data={tags.filter((x) => x.id !== tag.id).map((x) => ({ value: x.id, label: x.name }))} value={into} onChange={setInto} nothingFoundMessage={t('state.nothing_found')} />,
    remove: <p className={s.say}>{t('tags.remove_text', n)}</p>,
  }
  return (
    <Modal opened onClose={onClose} title={t(what === 'rename' ? 'tags.rename_title' : what === 'merge' ? 'tags.merge_title' : 'tags.remove_title', n)} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.dialog} onSubmit={(e) => void go(e)}>
        {body[what]}
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy} disabled={!ready} {...(what === 'remove' ? { color: 'red' } : {})}>{t(what === 'rename' ? 'action.save' : what === 'merge' ? 'tags.merge_go' : 'tags.remove')}</Button></div>
      </form>
    </Modal>
  )
}
