import { setLocale, locales, localeNames } from '@/locales/index.ts'
import { signOut, updateMe } from '@/features/session/index.ts'
import { defineAction, type ActionContext } from './actions.ts'
import { appearance, setAppearance } from './appearance.ts'
import { toastError } from './errors.ts'

const signedIn = (c: ActionContext) => !!c.session
const go = (id: string, label: Parameters<typeof defineAction>[0]['label'], to: string, shortcut: string, icon: Parameters<typeof defineAction>[0]['icon'], permission?: string) =>
  defineAction({ id, label, group: 'go', ...(shortcut ? { shortcut } : {}), ...(icon ? { icon } : {}), types: to === '/compose', when: (c) => signedIn(c) && (!permission || c.session!.permissions.includes(permission as never)), run: (c) => c.navigate(to) })

go('go.mine', 'action.go_mine', '/tickets/mine', 'g m', 'user')
go('go.unassigned', 'action.go_unassigned', '/tickets/unassigned', 'g u', 'unassigned')
go('go.open', 'action.go_open', '/tickets/open', 'g o', 'open')
go('go.closed', 'action.go_closed', '/tickets/closed', 'g d', 'closed')
go('go.mentions', 'action.go_mentions', '/tickets/mentions', 'g @', 'mention')
go('go.contacts', 'action.go_contacts', '/contacts', 'g c', 'users', 'tickets.view')
go('contact.new', 'action.new_contact', '/contacts?new=1', '', 'plus', 'contacts.edit')
go('contact.duplicates', 'action.go_duplicates', '/contacts/duplicates', '', 'copy', 'tickets.view')
go('go.settings', 'action.go_settings', '/settings', 'g s', 'settings')
go('compose.new', 'action.compose', '/compose', 'n', 'compose', 'tickets.reply')
defineAction({ id: 'search.open', label: 'action.search', group: 'go', shortcut: '/', types: true, icon: 'search', when: signedIn, run: (c) => { if (dispatchEvent(new Event('kanal:search', { cancelable: true }))) c.navigate('/search') } })

defineAction({ id: 'shell.palette', label: 'action.palette', group: 'general', shortcut: 'mod+k', types: true, quiet: true, when: signedIn, run: (c) => c.shell?.palette() })
defineAction({ id: 'shell.sheet', label: 'action.sheet', group: 'general', icon: 'info', shortcut: '?', when: signedIn, run: (c) => c.shell?.sheet() })
defineAction({ id: 'shell.details', label: 'action.details', group: 'ticket', icon: 'panel', shortcut: 'd', when: (c) => (!!c.ticket || !!c.conversation) && !!c.shell, run: (c) => c.shell!.details() })
defineAction({ id: 'shell.back', label: 'action.back', group: 'ticket', icon: 'left', shortcut: 'u', when: (c) => (!!c.ticket || !!c.conversation) && !!c.shell, run: (c) => c.shell!.back() })
defineAction({
  id: 'me.available', label: 'action.available', group: 'general', icon: 'check', when: (c) => signedIn(c) && !c.session!.user.available,
  run: () => void updateMe({ available: true }).catch(toastError),
})
defineAction({
  id: 'me.away', label: 'action.away', group: 'general', icon: 'clock', when: (c) => signedIn(c) && c.session!.user.available,
  run: () => void updateMe({ available: false }).catch(toastError),
})
for (const l of locales) {
  defineAction({
    id: `me.locale.${l}`, label: `language.${l}`, group: 'general', when: signedIn,
    run: () => void setLocale(l).then(() => updateMe({ locale: l })).catch(toastError),
  })
}
defineAction({ id: 'me.contrast', label: 'appearance.contrast', group: 'general', when: signedIn, run: () => setAppearance({ contrast: appearance().contrast === 'more' ? 'auto' : 'more' }) })
defineAction({ id: 'me.density', label: 'appearance.compact', group: 'general', when: signedIn, run: () => setAppearance({ density: appearance().density === 'compact' ? 'comfortable' : 'compact' }) })
defineAction({ id: 'me.direction', label: 'appearance.direction', group: 'general', when: signedIn, run: () => setAppearance({ direction: appearance().direction === 'rtl' ? 'ltr' : 'rtl' }) })
defineAction({ id: 'me.sign_out', label: 'action.sign_out', group: 'general', when: signedIn, run: () => void signOut().catch(toastError) })
export { localeNames }
