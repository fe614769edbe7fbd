import { ActionIcon, Button, Modal, NativeSelect, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { del, patch, post, put, type HeldSkill, type Skill, type SkillCategory, type User } from '@kanal/api'
import { Banner, Icon, SkeletonLines, Tag } from '@kanal/ui'
import { useUsers } from '@/features/lookups/index.ts'
import { useCan } from '@/features/session/index.ts'
import { SettingsFrame } from '@/features/settings/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { dateTime } from '@/shell/format.ts'
import { categoryName, heldQuery, skillName, skillOptions, skillsQuery, usesQuery, useSkills } from './queries.ts'
import s from './skills.module.css'

const refresh = () => queries.invalidateQueries({ queryKey: ['skills'] })

type Open = { what: 'category'; category?: SkillCategory } | { what: 'add'; category: SkillCategory } | { what: 'skill'; skill: Skill } | { what: 'uses'; skill: Skill } | { what: 'person'; user: User }

/** SK-03, SK-04: categories, skills, and what each person knows. */
export function SkillsPage() {
  const q = useQuery(skillsQuery)
  const users = useUsers()
  const can = useCan()
  const manage = can('routing.manage')
  const give = manage || can('users.manage')
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const list = q.data
  return (
    <SettingsFrame title={t('skills.title')} text={t('skills.text')} query={q} section="skills" action={manage ? <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setOpen({ what: 'category' })}>{t('skills.category_add')}</Button> : null}>
      {(list?.items ?? []).map((c) => (
        <section key={c.slug} className={s.category} aria-label={categoryName(list!, c.slug)}>
          <div className={s.head}>
            <div><h2>{categoryName(list!, c.slug)}</h2>{c.built_in ? <p className={s.hint}>{t('skills.languages_text')}</p> : null}</div>
            {manage ? (
              <div className={s.actions}>
                <Button variant="subtle" color="gray" size="compact-sm" aria-label={t('users.edit', { name: categoryName(list!, c.slug) })} onClick={() => setOpen({ what: 'category', category: c })}>{t('action.edit')}</Button>
                {c.built_in ? null : <Button variant="light" size="compact-sm" leftSection={<Icon name="plus" size={13} />} aria-label={t('skills.add_to', { name: c.name })} onClick={() => setOpen({ what: 'add', category: c })}>{t('skills.add')}</Button>}
              </div>
            ) : null}
          </div>
          {c.skills.length ? (
            <ul className={s.rows}>
              {c.skills.map((k) => (
                <li key={k.slug} className={s.row}>
                  <span className={s.name}>{skillName(list!, k.slug)}</span>
                  {manage ? <Button variant="subtle" color="gray" size="compact-sm" aria-label={`${t('skills.n_users', { n: k.users })} · ${t('skills.n_rules', { n: k.rules })}: ${t('skills.uses_of', { name: skillName(list!, k.slug) })}`} onClick={() => setOpen({ what: 'uses', skill: k })}>{t('skills.n_users', { n: k.users })} · {t('skills.n_rules', { n: k.rules })}</Button> : <span className={s.hint}>{t('skills.n_users', { n: k.users })}</span>}
                  {manage && !c.built_in ? <Button variant="default" size="compact-sm" aria-label={t('users.edit', { name: k.name })} onClick={() => setOpen({ what: 'skill', skill: k })}>{t('action.edit')}</Button> : null}
                </li>
              ))}
            </ul>
          ) : <p className={s.hint}>{t(c.built_in ? 'skills.languages_empty' : 'skills.category_empty')}</p>}
        </section>
      ))}
      <section className={s.category} aria-label={t('skills.people')} data-setting="skills.people">
        <div><h2>{t('skills.people')}</h2><p className={s.hint}>{t('skills.people_text')}</p></div>
        <ul className={s.rows}>{users.filter((u) => u.active).map((u) => <PersonRow key={u.id} user={u} onEdit={give ? () => setOpen({ what: 'person', user: u }) : undefined} />)}</ul>
      </section>
      {open?.what === 'category' ? <CategoryModal category={open.category} onClose={close} /> : null}
      {open?.what === 'add' ? <AddModal category={open.category} onClose={close} /> : null}
      {open?.what === 'skill' ? <SkillModal skill={open.skill} onClose={close} /> : null}
      {open?.what === 'uses' ? <UsesModal skill={open.skill} onClose={close} /> : null}
      {open?.what === 'person' ? <PersonModal user={open.user} onClose={close} /> : null}
    </SettingsFrame>
  )
}

function PersonRow({ user, onEdit }: { user: User; onEdit: (() => void) | undefined }) {
  const list = useSkills()
  const held = useQuery(heldQuery(user.id)).data
  const name = user.name || user.email
  return (
    <li className={s.row}>
      <span className={s.name}>{name}</span>
      <span className={s.held}>{held?.length ? held.map((h) => <Tag key={h.slug} tone={gone(h) ? 'plain' : 'accent'}>{skillName(list, h.slug)} {h.level}{h.main ? ` · ${t('skills.main_short')}` : ''}{gone(h) ? ` · ${t('skills.expired')}` : ''}</Tag>) : <span className={s.hint}>{held ? t('skills.none') : ''}</span>}</span>
      {onEdit ? <Button variant="default" size="compact-sm" aria-label={t('users.edit', { name })} onClick={onEdit}>{t('action.edit')}</Button> : null}
    </li>
  )
}

const gone = (h: HeldSkill): boolean => !!h.expires_at && Date.parse(h.expires_at) < Date.now()

function Dialog({ title, error, onClose, busy, onSave, may = true, remove, children }: { title: string; error: unknown; onClose(): void; busy: boolean; onSave?: () => void; may?: boolean; remove?: { label: string; run(): void }; children: React.ReactNode }) {
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{title}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <Stack gap="md">
        {error ? <Banner tone="danger" icon="warn" role="alert">{sentence(error)}</Banner> : null}
        {children}
        <div className={s.foot}>{remove ? <><Button variant="subtle" color="red" onClick={remove.run}>{remove.label}</Button><span className={s.space} /></> : null}<Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>{onSave ? <Button loading={busy} disabled={!may} onClick={onSave}>{t('action.save')}</Button> : null}</div>
      </Stack>
    </Modal>
  )
}

/** Saves, and closes when the server took it. */
function useSave(onClose: () => void) {
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const run = async (fn: () => Promise<unknown>) => {
    setBusy(true)
    setError(null)
    try { await fn(); await refresh(); onClose() } catch (err) { setError(err); setBusy(false) }
  }
  return { error, busy, run }
}

function CategoryModal({ category, onClose }: { category: SkillCategory | undefined; onClose(): void }) {
  const list = useSkills()
  const [name, setName] = useState(category ? categoryName(list, category.slug) : '')
  const { error, busy, run } = useSave(onClose)
  return (
    <Dialog title={category ? t('skills.rename', { name: categoryName(list, category.slug) }) : t('skills.category_add')} error={error} busy={busy} onClose={onClose} may={!!name.trim()}
      onSave={() => void run(() => (category ? patch(`/api/skill-categories/${category.slug}`, { name }) : post('/api/skill-categories', { name })))}
      {...(category && !category.built_in ? { remove: { label: t('skills.delete', { name: category.name }), run: () => void run(() => del(`/api/skill-categories/${category.slug}`)) } } : {})}>
      <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
    </Dialog>
  )
}

function AddModal({ category, onClose }: { category: SkillCategory; onClose(): void }) {
  const [text, setText] = useState('')
  const { error, busy, run } = useSave(onClose)
  const names = text.split('\n').map((x) => x.trim()).filter(Boolean)
  return (
    <Dialog title={t('skills.add_to', { name: category.name })} error={error} busy={busy} onClose={onClose} may={names.length > 0} onSave={() => void run(() => post('/api/skills', { category: category.slug, names }))}>
      <Textarea label={t('skills.names')} description={t('skills.names_text')} required autosize minRows={3} maxRows={12} value={text} onChange={(e) => setText(e.currentTarget.value)} data-autofocus />
    </Dialog>
  )
}

function SkillModal({ skill, onClose }: { skill: Skill; onClose(): void }) {
  const list = useSkills()
  const [name, setName] = useState(skill.name)
  const [category, setCategory] = useState(skill.category)
  const { error, busy, run } = useSave(onClose)
  return (
    <Dialog title={skill.name} error={error} busy={busy} onClose={onClose} may={!!name.trim()} onSave={() => void run(() => patch(`/api/skills/${skill.slug}`, { name, category }))} remove={{ label: t('skills.delete', { name: skill.name }), run: () => void run(() => del(`/api/skills/${skill.slug}`)) }}>
      <TextInput label={t('field.name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
      <NativeSelect label={t('skills.category')} value={category} data={list.items.filter((c) => !c.built_in).map((c) => ({ value: c.slug, label: c.name }))} onChange={(e) => setCategory(e.currentTarget.value)} />
    </Dialog>
  )
}

function UsesModal({ skill, onClose }: { skill: Skill; onClose(): void }) {
  const list = useSkills()
  const q = useQuery(usesQuery(skill.slug))
  return (
    <Modal opened onClose={onClose} size="lg" title={<strong>{skillName(list, skill.slug)}</strong>} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      {q.isPending ? <SkeletonLines label={t('state.loading')} /> : null}
      {q.isError ? <Banner tone="danger" icon="warn" role="alert">{sentence(q.error)}</Banner> : null}
      {q.data ? (
        <Stack gap="md">
          <section><h2>{t('skills.who_has')}</h2>{q.data.users.length ? <ul className={s.plain}>{q.data.users.map((u) => <li key={u.user_id}>{u.name} <span className={s.hint}>{t('skills.level_n', { level: u.level })}{u.expires_at ? ` · ${t('skills.until', { date: dateTime(u.expires_at) })}` : ''}</span></li>)}</ul> : <p className={s.hint}>{t('skills.nobody')}</p>}</section>
          <section><h2>{t('skills.which_rules')}</h2>{q.data.rules.length ? <ul className={s.plain}>{q.data.rules.map((r, i) => <li key={i}>{r.rule} <span className={s.hint}>{r.name}</span></li>)}</ul> : <p className={s.hint}>{t('skills.no_rule')}</p>}</section>
        </Stack>
      ) : null}
    </Modal>
  )
}

/** A person's skills: level, main language, until when. Also reached from the list of people. */
function PersonModal({ user, onClose }: { user: User; onClose(): void }) {
  const q = useQuery(heldQuery(user.id))
  if (!q.data) return null
  return <PersonForm user={user} held={q.data} onClose={onClose} />
}

function PersonForm({ user, held, onClose }: { user: User; held: HeldSkill[]; onClose(): void }) {
  const list = useSkills()
  const [rows, setRows] = useState(held)
  const { error, busy, run } = useSave(onClose)
  const change = (i: number, part: Partial<HeldSkill>) => setRows((xs) => xs.map((x, at) => (at === i ? { ...x, ...part } : x)))
  const options = skillOptions(list, false).map((g) => ({ ...g, items: g.items.filter((o) => !rows.some((r) => r.slug === o.value)) })).filter((g) => g.items.length)
  return (
    <Dialog title={t('skills.of', { name: user.name || user.email })} error={error} busy={busy} onClose={onClose} onSave={() => void run(() => put(`/api/users/${user.id}/skills`, { skills: rows.map((r) => ({ slug: r.slug, level: r.level, main: r.main, ...(r.expires_at ? { expires_at: r.expires_at } : {}) })) }))}>
      {rows.length ? (
        <ul className={s.rows}>
          {rows.map((r, i) => {
            const name = skillName(list, r.slug)
            return (
              <li key={r.slug} className={s.heldRow}>
                <span className={s.name}>{name}</span>
                <NativeSelect aria-label={t('skills.level', { name })} value={String(r.level)} data={[1, 2, 3, 4, 5].map((n) => ({ value: String(n), label: t('skills.level_n', { level: n }) }))} onChange={(e) => change(i, { level: Number(e.currentTarget.value) })} />
                {list.languages.includes(r.slug) ? <Switch label={t('skills.main_short')} aria-label={t('skills.main', { name })} checked={r.main} onChange={(e) => change(i, { main: e.currentTarget.checked })} /> : <span />}
                <TextInput type="date" aria-label={t('skills.expires', { name })} value={(r.expires_at ?? '').slice(0, 10)} onChange={(e) => change(i, { expires_at: e.currentTarget.value ? `${e.currentTarget.value}T23:59:59Z` : null })} />
                <ActionIcon aria-label={t('filter.remove', { text: name })} onClick={() => setRows((xs) => xs.filter((_, at) => at !== i))}><Icon name="x" /></ActionIcon>
              </li>
            )
          })}
        </ul>
      ) : <p className={s.hint}>{t('skills.none')}</p>}
      <Select key={rows.length} label={t('skills.give')} placeholder={t('skills.give_which')} searchable data={options} value={null} onChange={(v) => v && setRows((xs) => [...xs, { slug: v, level: 3, main: false, expires_at: null }])} nothingFoundMessage={t('state.nothing_found')} data-autofocus />
    </Dialog>
  )
}
