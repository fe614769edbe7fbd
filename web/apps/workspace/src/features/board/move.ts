// Moves a card: at once on the screen, then on the server. What the server refuses goes back and says why.

import { type InfiniteData } from '@tanstack/react-query'
import { patch, post, type Ticket } from '@kanal/api'
import { dropFromList, listQuery, patchRow, ticketQuery, type ListPage, type Row } from '@/features/tickets/index.ts'
import type { ListAsk } from '@/features/views/index.ts'
import { t } from '@/locales/index.ts'
import { queries } from '@/shell/client.ts'
import { sentence, toastError } from '@/shell/errors.ts'
import { toast } from '@/shell/toast.tsx'
import { put, timedIn, wayBack, type CardChange, type Column } from './model.ts'

type Lists = InfiniteData<ListPage, string>
export interface Place { column: Column; ask: ListAsk }

/** The name of a card in a sentence. */
export const nameOf = (row: Row): string => row.subject || `#${row.number}`

function stand(view: string, row: Row, at: Place): void {
  dropFromList(view, row.id)
  queries.setQueryData<Lists>(listQuery(view, at.ask).queryKey, (d) => d && { ...d, pages: put(d.pages, row, timedIn(at.ask)) })
}

async function save(id: string, change: CardChange): Promise<Ticket> {
  const after = 'owner_id' in change || 'team_id' in change ? await post<Ticket>(`/api/tickets/${id}/assign`, change) : await patch<Ticket>(`/api/tickets/${id}`, change)
  const key = ticketQuery(id).queryKey
  if (queries.getQueryData(key)) queries.setQueryData(key, (now) => now && { ...now, ...after })
  return after
}

/** Resolves to the place where the card stands in the end. */
export async function move(view: string, row: Row, from: Place, to: Place, open: () => void): Promise<Place> {
  const { gone: _, ...was } = row
  const now: Row = { ...was, ...to.column.shown, ...(to.column.change.properties ? { properties: { ...row.properties, ...to.column.change.properties } } : {}) }
  // A list that is being read now was asked for before the move.
  await Promise.all([from, to].map((p) => queries.cancelQueries({ queryKey: listQuery(view, p.ask).queryKey })))
  stand(view, now, to)
  try {
    const after = await save(row.id, to.column.change)
    if (after?.id) patchRow({ ...now, ...after })
    void queries.invalidateQueries({ queryKey: ['why', row.id] })
  } catch (err) {
    stand(view, was, from)
    toast(sentence(err), { tone: 'danger', action: { label: t('board.open'), run: open } })
    return from
  }
  toast(t('board.moved', { subject: nameOf(row), column: to.column.label }), {
    action: {
      label: t('action.undo'),
      run: () => {
        stand(view, was, from)
        save(row.id, wayBack(row, to.column.change)).then((b) => { if (b?.id) patchRow({ ...was, ...b }) }, (err) => { stand(view, now, to); toastError(err) })
      },
    },
  })
  return to
}
