// The list of settings pages. To add one: a defineSettingsPage below, in its group, with `load` of a lazily imported component;
// nothing else is needed for its place in the navigation, its route, the search over settings and the palette.

import { defineSettingsPage } from './registry.ts'

// Inbox & Help Desk
defineSettingsPage({ path: 'help-desk/channels', group: 'helpdesk', under: 'settings.sources', title: 'settings.channels', icon: 'plug', load: () => import('@/features/channels/index.ts').then((m) => m.ChannelList) })
defineSettingsPage({ path: 'help-desk/channels/connect/$channel', group: 'helpdesk', title: 'channels.connect', icon: 'plug', needs: 'account.access', nav: false, load: () => import('@/features/channels/index.ts').then((m) => m.ConnectPage) })
defineSettingsPage({ path: 'help-desk/channels/$accountId', group: 'helpdesk', title: 'settings.channels', icon: 'plug', needs: 'account.access', nav: false, load: () => import('@/features/channels/index.ts').then((m) => m.ChannelPage) })
defineSettingsPage({ path: 'help-desk/statuses', group: 'helpdesk', under: 'settings.tickets', title: 'settings.statuses', icon: 'flag', load: () => import('@/features/admin/index.ts').then((m) => m.Statuses) })
defineSettingsPage({ path: 'snippets', group: 'helpdesk', title: 'settings.snippets', icon: 'bolt', needs: 'tickets.comment', words: 'settings.snippets_words', fields: [{ id: 'undo', label: 'snippets.undo' }], load: () => import('@/features/snippets/index.ts').then((m) => m.SnippetsSettings) })
defineSettingsPage({ path: 'inboxes', group: 'inbox', title: 'settings.inboxes', icon: 'inbox', load: () => import('@/features/admin/index.ts').then((m) => m.Inboxes) })

defineSettingsPage({ path: 'help-desk/satisfaction', group: 'helpdesk', under: 'settings.tickets', title: 'survey.title', icon: 'sun', words: 'survey.words', fields: [{ id: 'survey.on', label: 'survey.on' }, { id: 'survey.delay', label: 'survey.delay' }, { id: 'survey.every', label: 'survey.every' }, { id: 'survey.inboxes', label: 'survey.inboxes' }], load: () => import('@/features/survey/index.ts').then((m) => m.SurveyPage) })

// Me
defineSettingsPage({ path: 'my-notifications', group: 'me', title: 'mynews.title', icon: 'bell', words: 'mynews.words', fields: [{ id: 'mynews.matrix', label: 'mynews.what' }, { id: 'mynews.desktop', label: 'mynews.desktop_here' }, { id: 'mynews.sound', label: 'mynews.sound' }, { id: 'mynews.email', label: 'mynews.mode' }, { id: 'mynews.quiet', label: 'mynews.quiet_on' }], load: () => import('@/features/mynews/index.ts').then((m) => m.MyNotifications) })

// Company
defineSettingsPage({ path: 'notification-defaults', group: 'company', title: 'newsdefaults.title', icon: 'bell', needs: 'settings.manage', words: 'mynews.words', fields: [{ id: 'mynews.email', label: 'mynews.mode' }, { id: 'mynews.quiet', label: 'mynews.quiet_on' }], load: () => import('@/features/mynews/index.ts').then((m) => m.NotificationDefaults) })
defineSettingsPage({ path: 'users', group: 'company', title: 'settings.users', icon: 'user', load: () => import('@/features/admin/index.ts').then((m) => m.Users) })
defineSettingsPage({ path: 'teams', group: 'company', title: 'settings.teams', icon: 'team', load: () => import('@/features/admin/index.ts').then((m) => m.Teams) })

// System
defineSettingsPage({ path: 'tokens', group: 'system', title: 'settings.tokens', icon: 'key', load: () => import('@/features/admin/index.ts').then((m) => m.Tokens) })
defineSettingsPage({ path: 'inbound', group: 'system', title: 'settings.inbound', icon: 'archive', needs: 'account.access', load: () => import('@/features/admin/index.ts').then((m) => m.SetAside) })
