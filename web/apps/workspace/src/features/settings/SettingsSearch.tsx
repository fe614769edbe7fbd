import { TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useId, useMemo, useState } from 'react'
import { Icon, Keys } from '@kanal/ui'
import { useCan } from '@/features/session/index.ts'
import { t, useLocale } from '@/locales/index.ts'
import { foundBy, settingsEntries } from './index-of.ts'
import s from './settings.module.css'

/** Finds a page or a field by its name or by another word for it, and goes there. */
export function SettingsSearch() {
  const locale = useLocale()
  const can = useCan()
  const navigate = useNavigate()
  const id = useId()
  const [q, setQ] = useState('')
  const [at, setAt] = useState(0)
  const all = useMemo(() => settingsEntries(can), [locale]) // eslint-style: what one may do does not change while the page is open
  const found = useMemo(() => foundBy(all, q).slice(0, 12), [all, q])
  const go = (i: number) => {
    const e = found[i]
    if (!e) return
    setQ('')
    void navigate({ to: '/settings/$', params: { _splat: e.path }, ...(e.field ? { hash: e.field } : {}) })
  }
  const open = q.trim() !== ''
  return (
    <div className={s.search} role="search">
      <TextInput
        aria-label={t('settings.search')} placeholder={t('settings.search')} value={q} leftSection={<Icon name="search" size={14} />} role="combobox" aria-expanded={open} aria-controls={`${id}-list`} aria-autocomplete="list"
        {...(open && found[at] ? { 'aria-activedescendant': `${id}-${at}` } : {})}
        onChange={(e) => { setQ(e.currentTarget.value); setAt(0) }}
        onKeyDown={(e) => {
          if (e.key === 'ArrowDown') { e.preventDefault(); setAt((i) => Math.min(found.length - 1, i + 1)) }
          if (e.key === 'ArrowUp') { e.preventDefault(); setAt((i) => Math.max(0, i - 1)) }
          if (e.key === 'Enter') { e.preventDefault(); go(at) }
          if (e.key === 'Escape') setQ('')
        }}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={t('settings.search')} className={s.found} hidden={!open}>
        {found.map((e, i) => (
          <li key={`${e.path}#${e.field ?? ''}`} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onMouseDown={(ev) => ev.preventDefault()} onClick={() => go(i)}>
            <Icon name={e.icon} /><span><strong>{e.label}</strong>{e.within ? <span className={s.within}>{e.within}</span> : null}</span>
          </li>
        ))}
        {open && found.length === 0 ? <li role="option" aria-selected="false" aria-disabled="true">{t('state.nothing_found')}</li> : null}
      </ul>
      {open ? <p className={s.keys}><Keys keys={['↵']} /></p> : null}
    </div>
  )
}
