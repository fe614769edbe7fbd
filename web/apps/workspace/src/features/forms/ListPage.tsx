import { ActionIcon, Button, Menu, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Form } from '@kanal/api'
import { EmptyState, Icon, Tag } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { SettingsFrame, type SettingsPageProps } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { ago, count, fullTime } from '@/shell/format.ts'
import { toast } from '@/shell/toast.tsx'
import { Archive } from './Archive.tsx'
import { NewForm } from './NewForm.tsx'
import { changeForm, copyForm, formsQuery } from './queries.ts'
import s from './forms.module.css'

const toForm = (id: string) => ({ to: '/settings/$', params: { _splat: `help-desk/forms/${id}` } } as const)

/** The forms: what was submitted with each, and the channel it feeds. */
export function FormList(_: SettingsPageProps) {
  const can = useCan()
  const mayEdit = can('forms.manage')
  const [archived, setArchived] = useState(false)
  const q = useQuery(formsQuery(archived))
  const [adding, setAdding] = useState(false)
  const [gone, setGone] = useState<Form | null>(null)
  const add = mayEdit ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>{t('forms.new')}</Button> : null
  const empty = q.data && q.data.length === 0 ? <EmptyState icon="rows" title={t('forms.empty')} text={t('forms.empty_text')}>{add}</EmptyState> : undefined
  return (
    <>
      <SettingsFrame title={t('forms.page')} text={t('forms.page_text')} action={add} query={q} empty={empty} section="forms">
        <ul className={s.rows}>{(q.data ?? []).map((f) => <Row key={f.id} form={f} mayEdit={mayEdit} archivedShown={archived} onArchive={() => setGone(f)} />)}</ul>
      </SettingsFrame>
      {q.data ? <Switch label={t('forms.show_archived')} checked={archived} onChange={(e) => setArchived(e.currentTarget.checked)} /> : null}
      {adding ? <NewForm onClose={() => setAdding(false)} /> : null}
      {gone ? <Archive form={gone} onClose={() => setGone(null)} /> : null}
    </>
  )
}

function Row({ form: f, mayEdit, archivedShown, onArchive }: { form: Form; mayEdit: boolean; archivedShown: boolean; onArchive(): void }) {
  const navigate = useNavigate()
  const can = useCan()
  const key = formsQuery(archivedShown).queryKey
  const toggle = (active: boolean) => {
    const put = (v: boolean) => queries.setQueryData(key, (l) => l?.map((x) => (x.id === f.id ? { ...x, active: v } : x)))
    put(active)
    changeForm(f.id, { active, version: f.version }).catch((err) => { put(!active); toastError(err) })
  }
  const copy = () => { copyForm(f.id).then((x) => toast(t('forms.copied', { name: x.name }), { action: { label: t('action.edit'), run: () => void navigate(toForm(x.id)) } }), toastError) }
  const restore = () => { changeForm(f.id, { archived: false }).then(() => toast(t('forms.restored', { name: f.name })), toastError) }
  const submissions = f.submissions ?? 0
  return (
    <li className={s.row} data-archived={f.archived_at ? true : undefined}>
      <span className={s.rowIcon} aria-hidden="true"><Icon name="rows" size={18} /></span>
      <span className={s.rowText}>
        <Link {...toForm(f.id)} className={s.rowName}>{f.name}</Link>
        <span className={s.rowSub}>
          {f.channel ? can('account.access') ? <Link to="/settings/$" params={{ _splat: `help-desk/channels/${f.channel.id}` }}>{f.channel.name}</Link> : f.channel.name : t('forms.unconnected')}
          {' · '}{can('submissions.view') ? <Link to="/settings/$" params={{ _splat: `help-desk/submissions/${f.id}` }}>{t('forms.n_submissions', { n: submissions, count: count(submissions) })}</Link> : t('forms.n_submissions', { n: submissions, count: count(submissions) })}
          {f.last_submission_at ? <span title={fullTime(f.last_submission_at)}>{` · ${t('forms.last_at', { ago: ago(f.last_submission_at) })}`}</span> : null}
        </span>
      </span>
      <span className={s.fieldTags}>
        {f.held ? <Tag tone="warn">{t('forms.n_held', { n: f.held })}</Tag> : null}
        {f.archived_at ? <Tag>{t('forms.archived_tag')}</Tag> : f.active ? f.channel ? <Tag tone="ok">{t('forms.connected_tag')}</Tag> : <Tag>{t('forms.unconnected_tag')}</Tag> : <Tag tone="warn">{t('forms.off_tag')}</Tag>}
      </span>
      {f.archived_at ? (mayEdit ? <Button size="compact-sm" variant="default" onClick={restore}>{t('forms.restore')}</Button> : null) : (
        <>
          <Switch checked={f.active} disabled={!mayEdit} onChange={(e) => toggle(e.currentTarget.checked)} aria-label={t('forms.switch', { name: f.name })} />
          <Menu>
            <Menu.Target><ActionIcon aria-label={t('forms.more_of', { name: f.name })}><Icon name="more" /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component={Link} to={`/settings/help-desk/forms/${f.id}`} leftSection={<Icon name="compose" />}>{t('action.edit')}</Menu.Item>
              {can('submissions.view') ? <Menu.Item component={Link} to={`/settings/help-desk/submissions/${f.id}`} leftSection={<Icon name="rows" />}>{t('forms.submissions')}</Menu.Item> : null}
              {mayEdit ? <Menu.Item leftSection={<Icon name="copy" />} onClick={copy}>{t('forms.copy')}</Menu.Item> : null}
              {mayEdit ? <Menu.Item color="red" leftSection={<Icon name="archive" />} onClick={onArchive}>{t('forms.archive')}</Menu.Item> : null}
            </Menu.Dropdown>
          </Menu>
        </>
      )}
    </li>
  )
}
