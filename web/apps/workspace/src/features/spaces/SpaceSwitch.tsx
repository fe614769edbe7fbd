import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { get, type Page, type Space } from '@kanal/api'
import { Icon } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { useArrangement, useSpaces } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { count } from '@/shell/format.ts'
import { enterSpace, refreshPlace } from './enter.ts'
import s from './spaces.module.css'

/** Says which space the side bar is of, and leads to the others. */
export function SpaceSwitch() {
  const known = useSpaces()
  const at = useArrangement().space ?? ''
  const can = useCan()
  const [opened, setOpened] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const open = useQuery({ queryKey: ['spaces', 'counts'], queryFn: async () => (await get<Page<Space>>('/api/spaces', { counts: true })).items ?? [], enabled: opened, staleTime: 2_000 }).data
  useEffect(() => { if (known && (known.space_id ?? '') !== at) refreshPlace() }, [at])
  useEffect(() => {
    const fn = () => { button.current?.focus(); setOpened(true) }
    addEventListener('kanal:spaces', fn)
    return () => removeEventListener('kanal:spaces', fn)
  }, [])
  const here = known?.spaces.find((x) => x.id === at)
  const item = (id: string, name: string, n?: Space) => (
    <Menu.Item key={id} aria-current={id === (here?.id ?? '') || undefined} leftSection={<Icon name={id ? 'team' : 'inbox'} size={14} />} rightSection={n ? <span className={s.count}>{count(n.open ?? 0, !!n.capped)}</span> : null} onClick={() => enterSpace(id)} className={s.item}>
      <span className="k-cut">{name}</span>
    </Menu.Item>
  )
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start" width="target" withinPortal>
      <Menu.Target>
        <button type="button" ref={button} className={s.switch} data-space-switch aria-label={t('spaces.switch', { name: here?.name ?? t('spaces.all') })} title={`${t('action.go_space')} (G P)`}>
          <Icon name={here ? 'team' : 'inbox'} /><span className="k-cut">{here?.name ?? t('spaces.all')}</span><Icon name="down" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={s.menu}>
        {item('', t('spaces.all'))}
        {(known?.spaces ?? []).map((x) => item(x.id, x.name, open?.find((o) => o.id === x.id)))}
        {can('account.access') ? <><Menu.Divider /><Menu.Item component={Link} to="/settings/help-desk/spaces" leftSection={<Icon name="settings" size={14} />}>{t('spaces.manage')}</Menu.Item></> : null}
      </Menu.Dropdown>
    </Menu>
  )
}
