// Everything an agent can do to a ticket, as actions.

import type { Priority, Status, Ticket } from '@kanal/api'
import { t } from '@/locales/index.ts'
import { actionContext, defineAction, type ActionContext } from '@/shell/actions.ts'
import { toastError } from '@/shell/errors.ts'
import { leave } from '@/shell/leave.ts'
import { toast } from '@/shell/toast.tsx'
import { queries } from '@/shell/client.ts'
import { pipelinesQuery } from '@/features/lookups/index.ts'
import { belongs, ticketTitle } from './model.ts'
import { dropFromList, updateTicket, type Change } from './queries.ts'

const can = (ctx: ActionContext, p: string) => !!ctx.session?.permissions.includes(p as never)
const editable = (ctx: ActionContext) => !!ctx.ticket && can(ctx, 'tickets.edit')

/** Applies a change; when the ticket thereby leaves the shown view, the next one opens and the row goes. */
export async function change(ticket: Ticket, c: Change, shown: Partial<Ticket> = {}, undo = false): Promise<void> {
  const ctx = actionContext()
  const { view } = ctx
  const after = { ...ticket, ...(c as Partial<Ticket>), ...shown }
  const leaves = view !== null && belongs(view, ticket, ctx.session?.user.id ?? '') === true && belongs(view, after, ctx.session?.user.id ?? '') === false
  if (leaves && ctx.ticket?.id === ticket.id) leave(ctx)
  try {
    const saved = await updateTicket(ticket, c, shown)
    const stands = saved.owner_load
    if (stands?.over && c.owner_id) void import('@/features/capacity/later.ts').then((m) => m.sayOver(stands))
    if (leaves && view) dropFromList(view, ticket.id)
    if (undo) {
      const back: Change = {}
      for (const k of Object.keys(c) as (keyof Change)[]) (back as Record<string, unknown>)[k] = ticket[k as keyof Ticket] ?? null
      toast(t('toast.changed', { subject: ticketTitle(ticket) }), { action: { label: t('action.undo'), run: () => { void updateTicket({ ...ticket, ...saved }, back, { open: ticket.open, status: ticket.status }).then(() => queries.invalidateQueries({ queryKey: ['tickets'] })).catch(toastError) } } })
    }
  } catch (err) { toastError(err) }
}

export function setStatus(ticket: Ticket, status: Status): void {
  void change(ticket, { status_id: status.id }, { status, open: status.state === 'open' }, status.state === 'closed')
}

export const setPriority = (ticket: Ticket, priority: Priority) => void change(ticket, { priority })

export const setOwner = (ticket: Ticket, owner: { id: string; name: string } | null) => void change(ticket, { owner_id: owner?.id ?? null }, { owner })

/** The first status of that kind in the ticket's pipeline. Whoever is quicker than the pipelines' arrival waits for them: no key is lost. */
async function turn(ticket: Ticket, state: 'open' | 'closed'): Promise<void> {
  try {
    const all = queries.getQueryData(pipelinesQuery.queryKey) ?? await queries.ensureQueryData(pipelinesQuery)
    const status = (all.find((p) => p.id === ticket.pipeline_id) ?? all[0])?.statuses.find((s) => s.state === state)
    if (status) setStatus(ticket, status)
  } catch (err) { toastError(err) }
}

defineAction({
  id: 'ticket.close', label: 'action.close', group: 'ticket', icon: 'check', shortcut: 'e',
  when: (c) => editable(c) && c.ticket!.open && !c.ticket!.hidden,
  run: (c) => void turn(c.ticket!, 'closed'),
})
defineAction({
  id: 'ticket.reopen', label: 'action.reopen', group: 'ticket', icon: 'refresh', shortcut: 'shift+e',
  when: (c) => editable(c) && !c.ticket!.open && !c.ticket!.hidden,
  run: (c) => void turn(c.ticket!, 'open'),
})
defineAction({
  id: 'ticket.assign', label: 'action.assign', group: 'ticket', icon: 'user', shortcut: 'a', types: true,
  when: (c) => !!c.ticket && can(c, 'tickets.assign') && !!c.menu, run: (c) => c.menu!.open('assign'),
})
defineAction({
  id: 'ticket.take', label: 'action.take', group: 'ticket', icon: 'user', shortcut: 'shift+a',
  when: (c) => !!c.ticket && can(c, 'tickets.assign') && c.ticket.owner_id !== c.session?.user.id,
  run: (c) => setOwner(c.ticket!, { id: c.session!.user.id, name: c.session!.user.name }),
})
defineAction({
  id: 'ticket.release', label: 'action.release', group: 'ticket', icon: 'unassigned',
  when: (c) => !!c.ticket && can(c, 'tickets.assign') && !!c.ticket.owner_id, run: (c) => setOwner(c.ticket!, null),
})
defineAction({
  id: 'ticket.status', label: 'action.status', group: 'ticket', icon: 'flag', shortcut: 's',
  when: (c) => editable(c) && !!c.menu, run: (c) => c.menu!.open('status'),
})
defineAction({
  id: 'ticket.priority', label: 'action.priority', group: 'ticket', icon: 'flag', shortcut: 'p',
  when: (c) => editable(c) && !!c.menu, run: (c) => c.menu!.open('priority'),
})
defineAction({
  id: 'ticket.copy_link', label: 'action.copy_link', group: 'ticket', icon: 'copy',
  when: (c) => !!c.ticket,
  run: (c) => { void navigator.clipboard?.writeText(`${location.origin}/ticket/${c.ticket!.number}`).then(() => toast(t('toast.copied'))) },
})
defineAction({ id: 'list.next', label: 'action.next', group: 'list', shortcut: 'j', quiet: true, when: (c) => !!c.list, run: (c) => c.list!.next() })
defineAction({ id: 'list.previous', label: 'action.previous', group: 'list', shortcut: 'k', quiet: true, when: (c) => !!c.list, run: (c) => c.list!.previous() })
defineAction({ id: 'list.refresh', label: 'action.show_new', group: 'list', shortcut: '.', when: (c) => !!c.list, run: (c) => c.list!.refresh() })
