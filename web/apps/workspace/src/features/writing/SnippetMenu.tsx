import { ActionIcon, Popover, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { post, type Snippet } from '@kanal/api'
import { Icon, Tag } from '@kanal/ui'
import { useNames } from '@/features/lookups/index.ts'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { deeds, findSnippets, useSnippets } from './snippets.ts'
import s from './writing.module.css'

/** Templates and snippets to search and take; a template that does something may also do it at once. */
export function SnippetMenu({ ticketId, comment, onUse }: { ticketId: string; comment: boolean; onUse(x: Snippet): void }) {
  const [open, setOpen] = useState(false)
  const [q, setQ] = useState('')
  const [at, setAt] = useState(0)
  const all = useSnippets()
  const names = useNames()
  const found = findSnippets(all, q, 30)
  const take = (x: Snippet) => { setOpen(false); if (x.text === '' && ticketId) apply(x); else onUse(x) }
  const apply = (x: Snippet) => { setOpen(false); post(`/api/snippets/${x.id}/apply`, { ticket_id: ticketId }).then(() => toast(t('macro.done', { name: x.name }))).catch(toastError) }
  return (
    <Popover opened={open} onChange={setOpen} trapFocus withinPortal position="top-start" shadow="md" width={380}>
      <Popover.Target><ActionIcon aria-label={t('snippet.insert')} title={t('snippet.insert')} aria-expanded={open} onClick={() => { setQ(''); setAt(0); setOpen(!open) }}><Icon name="bolt" /></ActionIcon></Popover.Target>
      <Popover.Dropdown p={6}>
        <TextInput
          size="xs" data-autofocus aria-label={t('snippet.search')} placeholder={t('snippet.search')} value={q} onChange={(e) => { setQ(e.currentTarget.value); setAt(0) }}
          role="combobox" aria-expanded aria-controls="snippet-menu" aria-activedescendant={found[at] ? `snippet-${found[at].id}` : undefined}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown') { e.preventDefault(); setAt((i) => Math.min(i + 1, found.length - 1)) }
            if (e.key === 'ArrowUp') { e.preventDefault(); setAt((i) => Math.max(i - 1, 0)) }
            if (e.key === 'Enter' && found[at]) { e.preventDefault(); take(found[at]) }
          }}
        />
        <ul className={s.menu} id="snippet-menu" role="listbox" aria-label={t('snippet.insert')}>
          {found.map((x, i) => {
            const does = comment ? '' : deeds(x.actions, names)
            return (
              <li key={x.id} id={`snippet-${x.id}`} role="option" aria-selected={i === at} onMouseEnter={() => setAt(i)} onMouseDown={(e) => { e.preventDefault(); take(x) }}>
                <span className={s.menuName}><strong className="k-cut">{x.name}</strong>{x.kind === 'template' ? <Tag>{t('snippet.template')}</Tag> : null}</span>
                <span className={`${s.menuText} k-cut`}>{x.text || does}</span>
                {does && x.text ? <span className={`${s.menuText} k-cut`}>{does}</span> : null}
              </li>
            )
          })}
          {found.length === 0 ? <li className={s.menuNone} role="option" aria-selected={false} aria-disabled>{all.length ? t('snippet.none_found') : t('snippet.none')}</li> : null}
        </ul>
        <div className={s.menuFoot}>
          {found[at] && found[at].text && ticketId && !comment && deeds(found[at].actions, names) ? <button type="button" onClick={() => apply(found[at]!)}>{t('macro.only')}</button> : <span />}
          <Link to="/settings/$" params={{ _splat: 'snippets' }}>{t('snippet.manage')}</Link>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
