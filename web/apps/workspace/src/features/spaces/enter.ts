import { actionContext, defineAction } from '@/shell/actions.ts'
import { queries } from '@/shell/client.ts'
import { toastError } from '@/shell/errors.ts'
import { arrange, viewsQuery } from '@/features/views/index.ts'

/** Goes to a space, or with '' to all tickets: the same view there, unless it is one of the space that is left. */
export function enterSpace(id: string): void {
  const { view, navigate } = actionContext()
  arrange((a) => ({ ...a, space: id })).catch(toastError)
  navigate(`/tickets/${encodeURIComponent(!view || view.startsWith('custom:') ? 'open' : view)}`)
}

/** What is counted and listed by place is of the space that was left. */
export function refreshPlace(): void {
  void queries.invalidateQueries({ queryKey: viewsQuery.queryKey, exact: true })
  void queries.resetQueries({ queryKey: ['conversations'] })
}

defineAction({ id: 'go.space', label: 'action.go_space', group: 'go', shortcut: 'g p', icon: 'team', when: (c) => !!c.session && !!document.querySelector('[data-space-switch]'), run: () => dispatchEvent(new Event('kanal:spaces')) })
