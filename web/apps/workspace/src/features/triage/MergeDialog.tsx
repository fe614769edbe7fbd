import { useState } from 'react'
import type { Ticket, TicketRow } from '@kanal/api'
import { Button } from '@mantine/core'
import { t } from '@/locales/index.ts'
import { toastError } from '@/shell/errors.ts'
import { Frame } from './Frame.tsx'
import { merge, unmerge } from './run.ts'
import { TicketLine, TicketPick } from './TicketPick.tsx'
import s from './triage.module.css'

/** Which tickets are one, and which of them stays. */
export function MergeDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const [chosen, choose] = useState<TicketRow[]>([])
  const [keep, setKeep] = useState('')
  const all = [ticket as TicketRow, ...chosen]
  const oldest = all.reduce((a, b) => (b.number < a.number ? b : a))
  const survivor = all.find((x) => x.id === keep) ?? oldest
  return (
    <Frame title={t('merge.title', { number: ticket.number })} size={620} button={t('merge.do', { n: all.length })} ready={chosen.length > 0} onClose={onClose} onDo={() => merge(survivor.id, all.filter((x) => x.id !== survivor.id))}>
      <TicketPick ticket={ticket} many chosen={chosen} onChoose={choose} />
      {chosen.length > 0 ? (
        <fieldset className={s.set}>
          <legend>{t('merge.which')}</legend>
          <ul className={s.list}>
            {all.map((row) => <li key={row.id}><label className={s.pick} data-keep={row.number}><input type="radio" name="keep" checked={row.id === survivor.id} onChange={() => setKeep(row.id)} /><TicketLine row={row} /></label></li>)}
          </ul>
          <p className={s.hint}>{t('merge.what', { number: survivor.number })}</p>
        </fieldset>
      ) : null}
      {(ticket.merged ?? []).length > 0 ? (
        <fieldset className={s.set}>
          <legend>{t('merge.before')}</legend>
          <ul className={s.list}>
            {ticket.merged!.map((m) => <li key={m.merge_id} className={s.linked}><span className={`${s.line} k-cut`}><b className="k-num">#{m.number}</b><span className="k-cut">{m.subject}</span></span><Button size="xs" variant="default" onClick={() => { onClose(); void unmerge(m.merge_id).catch(toastError) }}>{t('merge.undo')}</Button></li>)}
          </ul>
        </fieldset>
      ) : null}
    </Frame>
  )
}
