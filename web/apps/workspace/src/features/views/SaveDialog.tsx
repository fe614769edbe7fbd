import { Button, Modal, NativeSelect, Radio, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { patch, post, type SavedView } from '@kanal/api'
import { Banner } from '@kanal/ui'
import { useInboxes, useTeams } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence } from '@/shell/errors.ts'
import { both, filterOf } from './filter.ts'
import type { ViewState } from './look.ts'
import { useSpaces, viewsQuery } from './queries.ts'
import s from './tools.module.css'

/** Saves what is shown as a view, or renames one. */
export function SaveDialog({ view, state, share, rename, onClose }: { view: string; state: ViewState; share: boolean; rename: SavedView | undefined; onClose(): void }) {
  const teams = useTeams()
  const inboxes = useInboxes()
  const navigate = useNavigate()
  const [name, setName] = useState(rename?.name ?? '')
  const [who, setWho] = useState<SavedView['visibility']>(rename?.visibility ?? 'private')
  const [team, setTeam] = useState(rename?.team_id ?? teams[0]?.id ?? '')
  const { spaces = [], space_id: at = null } = useSpaces() ?? {}
  const [space, setSpace] = useState((rename ? rename.space_id : at) ?? '')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState('')
  // A built-in view becomes part of the filter, so that the saved view shows what is on the screen.
  const base = state.saved ? {} : filterOf(view, inboxes.find((i) => i.kind === 'helpdesk')?.id)
  const save = async () => {
    setBusy(true)
    setError('')
    const to = { name, visibility: who, ...(who === 'team' ? { team_id: team } : {}), space_id: space || null }
    try {
      if (rename) await patch(`/api/custom-views/${rename.id}`, { ...to, version: rename.version })
      else {
        const { look } = state
        const made = await post<SavedView>('/api/custom-views', { ...to, filter: both(base ?? {}, state.filter), columns: look.columns, sort: look.sort, group: look.group, layout: look.layout })
        await queries.invalidateQueries({ queryKey: viewsQuery.queryKey })
        state.discard()
        onClose()
        void navigate({ to: '/tickets/$view', params: { view: `custom:${made.id}` }, search: {} })
        return
      }
      await queries.invalidateQueries({ queryKey: viewsQuery.queryKey })
      onClose()
    } catch (err) { setError(sentence(err)); setBusy(false) }
  }
  return (
    <Modal opened onClose={onClose} title={t(rename ? 'views.rename' : 'views.save_as')} closeButtonProps={{ 'aria-label': t('action.close_dialog') }}>
      <form className={s.form} onSubmit={(e) => { e.preventDefault(); void save() }}>
        {error ? <Banner tone="danger" icon="warn" role="alert">{error}</Banner> : null}
        {base === null ? <Banner tone="note" icon="info">{t('views.not_a_filter')}</Banner> : null}
        <TextInput label={t('views.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={100} required data-autofocus />
        {share || rename ? (
          <Radio.Group label={t('views.who')} value={who} onChange={(v) => setWho(v as SavedView['visibility'])}>
            <div className={s.radios}>
              <Radio value="private" label={t('views.private')} disabled={!!rename && rename.visibility !== 'private' && !share} />
              <Radio value="team" label={t('views.team')} disabled={!share || teams.length === 0} />
              <Radio value="everyone" label={t('views.everyone')} disabled={!share} />
            </div>
          </Radio.Group>
        ) : <p className={s.quiet}>{t('views.private_only')}</p>}
        {who === 'team' ? <NativeSelect label={t('views.which_team')} value={team} onChange={(e) => setTeam(e.currentTarget.value)} data={teams.map((x) => ({ value: x.id, label: x.name }))} /> : null}
        {spaces.length ? <NativeSelect label={t('views.space')} description={t('views.space_text')} value={space} onChange={(e) => setSpace(e.currentTarget.value)} data={[{ value: '', label: t('views.space_none') }, ...spaces.map((x) => ({ value: x.id, label: x.name }))]} /> : null}
        <div className={s.foot}><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={busy}>{t('action.save')}</Button></div>
      </form>
    </Modal>
  )
}
