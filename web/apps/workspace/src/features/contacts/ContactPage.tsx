import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Problem, type Person } from '@kanal/api'
import { Avatar, Banner, EmptyState, Icon, SkeletonLines } from '@kanal/ui'
import { HoldDialog } from '@/features/privacy/index.ts'
import { useCan } from '@/features/session/index.ts'
import { t } from '@/locales/index.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { ago, dateTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { About } from './About.tsx'
import { DuplicateBanner, nameOf } from './Duplicates.tsx'
import { EraseDialog } from './EraseDialog.tsx'
import { MergeDialog } from './MergeDialog.tsx'
import { personQuery, remove, restore } from './queries.ts'
import { Story } from './Story.tsx'
import s from './contacts.module.css'

/** One person: who they are at the side, everything with them in the middle. */
export function ContactPage() {
  const { contactId } = useParams({ strict: false }) as { contactId: string }
  const navigate = useNavigate()
  const q = useQuery({ ...personQuery(contactId), retry: (n, err) => n < 2 && !(err instanceof Problem && err.status === 404) })
  const c = q.data
  // a contact that was merged leads to the one that remains
  useEffect(() => { if (c && c.id !== contactId) void navigate({ to: '/contacts/$contactId', params: { contactId: c.id }, replace: true }) }, [c, contactId, navigate])
  if (q.isError && !c) {
    const gone = q.error instanceof Problem && q.error.status === 404
    return (
      <main id="main" className={s.page}>
        <h1 className="k-hidden">{t('nav.contacts')}</h1>
        <EmptyState icon={gone ? 'user' : 'warn'} title={t(gone ? 'contact.gone' : 'contact.error')} text={gone ? t('contact.gone_text') : sentence(q.error)}>
          {gone ? <Button variant="default" component={Link} to="/contacts">{t('nav.contacts')}</Button> : <Button variant="default" onClick={() => void q.refetch()}>{t('action.retry')}</Button>}
        </EmptyState>
      </main>
    )
  }
  if (!c) return <main id="main" className={s.page}><h1 className="k-hidden">{t('nav.contacts')}</h1><div className={s.column}><SkeletonLines lines={8} label={t('state.loading')} /></div></main>
  return <Known key={c.id} c={c} />
}

function Known({ c }: { c: Person }) {
  const can = useCan()
  const name = nameOf(c)
  return (
    <main id="main" className={s.page}>
      <header className={s.head}>
        <Avatar name={name} size={36} />
        <div className={s.headText}><p className={s.crumb}><Link to="/contacts">{t('nav.contacts')}</Link></p><h1 className="k-cut" title={name}>{name}</h1></div>
        <span className={s.grow} />
        {c.deleted_at && can('contacts.delete') ? <Button onClick={() => void restore(c.id).then(() => toast(t('contact.restored', { name }))).catch(toastError)}>{t('contact.restore')}</Button> : null}
        <Tools c={c} />
      </header>
      {c.deleted_at ? <Banner tone="warn" icon="trash">{t('contact.deleted_banner', { time: ago(c.deleted_at) })}</Banner> : <DuplicateBanner person={c} />}
      {c.erased_before ? <Banner tone="warn" icon="shield">{t('contact.erased_before', { date: dateTime(c.erased_before) })}</Banner> : null}
      <div className={s.two}>
        <About c={c} editable={can('contacts.edit') && !c.deleted_at} />
        <Story c={c} />
      </div>
    </main>
  )
}

function Tools({ c }: { c: Person }) {
  const can = useCan()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'merge' | 'erase' | 'hold' | null>(null)
  const link = useRef<HTMLAnchorElement>(null)
  const name = nameOf(c)
  const away = async () => {
    try {
      await remove(c.id)
      toast(t('contact.deleted', { name }), { action: { label: t('action.undo'), run: () => void restore(c.id).catch(toastError) } })
      void navigate({ to: '/contacts' })
    } catch (err) { toastError(err) }
  }
  const items = [
    can('contacts.edit') && !c.deleted_at ? <Menu.Item key="merge" leftSection={<Icon name="copy" />} onClick={() => setDialog('merge')}>{t('contact.merge_with')}</Menu.Item> : null,
    can('contacts.export') ? <Menu.Item key="export" leftSection={<Icon name="download" />} onClick={() => link.current?.click()}>{t('contact.export')}</Menu.Item> : null,
    can('contacts.delete') && !c.deleted_at ? <Menu.Item key="delete" leftSection={<Icon name="trash" />} onClick={() => void away()}>{t('contact.delete')}</Menu.Item> : null,
    can('contacts.erase') ? <Menu.Item key="hold" leftSection={<Icon name="shield" />} onClick={() => setDialog('hold')}>{t('action.hold')}</Menu.Item> : null,
    can('contacts.erase') ? <Menu.Item key="erase" color="red" leftSection={<Icon name="shield" />} onClick={() => setDialog('erase')}>{t('contact.erase')}</Menu.Item> : null,
  ].filter(Boolean)
  if (items.length === 0) return null
  return (
    <>
      <Menu>
        <Menu.Target><ActionIcon aria-label={t('action.more')}><Icon name="more" /></ActionIcon></Menu.Target>
        <Menu.Dropdown>{items}</Menu.Dropdown>
      </Menu>
      <a ref={link} hidden href={`/api/contacts/${c.id}/export`} download aria-hidden="true" tabIndex={-1}>{t('contact.export')}</a>
      {dialog === 'merge' ? <MergeDialog first={c} second={null} onClose={() => setDialog(null)} /> : null}
      {dialog === 'hold' ? <HoldDialog object="contact" id={c.id} name={name} onClose={() => setDialog(null)} /> : null}
      {dialog === 'erase' ? <EraseDialog c={c} onClose={() => setDialog(null)} /> : null}
    </>
  )
}
