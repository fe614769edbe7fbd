// The list of settings pages. To add one: a defineSettingsPage below, in its group, with `load` of a lazily imported component;
// nothing else is needed for its place in the navigation, its route, the search over settings and the palette.

import { defineSettingsPage } from './registry.ts'

// One's own
defineSettingsPage({ path: 'profile', group: 'me', title: 'profile.title', icon: 'user', words: 'profile.words', fields: [{ id: 'name', label: 'field.your_name' }, { id: 'locale', label: 'company.locale' }, { id: 'timezone', label: 'company.timezone' }, { id: 'password', label: 'profile.password' }], load: () => import('@/features/admin/index.ts').then((m) => m.Profile) })
defineSettingsPage({ path: 'preferences', group: 'me', title: 'prefs.title', icon: 'settings', words: 'prefs.words', fields: [{ id: 'undo', label: 'prefs.undo' }, { id: 'after_close', label: 'prefs.after_close' }, { id: 'scheme', label: 'prefs.scheme' }, { id: 'contrast', label: 'appearance.contrast' }, { id: 'density', label: 'appearance.compact' }], load: () => import('@/features/admin/index.ts').then((m) => m.Preferences) })
defineSettingsPage({ path: 'sessions', group: 'me', title: 'sessions.title', icon: 'key', words: 'sessions.words', load: () => import('@/features/admin/index.ts').then((m) => m.Sessions) })
defineSettingsPage({ path: 'my-sign-in', group: 'me', title: 'mysignin.title', icon: 'shield', words: 'mysignin.words', fields: [{ id: 'factor', label: 'factor.title' }, { id: 'passkeys', label: 'passkey.title' }], load: () => import('@/features/signin/index.ts').then((m) => m.MySignIn) })

// Inbox & Help Desk
defineSettingsPage({ path: 'help-desk/channels', group: 'helpdesk', under: 'settings.sources', title: 'settings.channels', icon: 'plug', words: 'channels.words', load: () => import('@/features/channels/index.ts').then((m) => m.ChannelList) })
defineSettingsPage({ path: 'help-desk/channels/connect/$channel', group: 'helpdesk', title: 'channels.connect', icon: 'plug', needs: 'account.access', nav: false, load: () => import('@/features/channels/index.ts').then((m) => m.ConnectPage) })
defineSettingsPage({ path: 'help-desk/channels/$accountId', group: 'helpdesk', title: 'settings.channels', icon: 'plug', needs: 'account.access', nav: false, load: () => import('@/features/channels/index.ts').then((m) => m.ChannelPage) })
defineSettingsPage({ path: 'help-desk/chatflows', group: 'helpdesk', under: 'settings.sources', title: 'flow.title', icon: 'comment', needs: 'chatflows.manage', words: 'flow.words', load: () => import('@/features/chatflows/index.ts').then((m) => m.ChatflowList) })
defineSettingsPage({ path: 'help-desk/chatflows/$flowId', group: 'helpdesk', title: 'flow.title', icon: 'comment', needs: 'chatflows.manage', nav: false, full: true, load: () => import('@/features/chatflows/index.ts').then((m) => m.ChatflowPage) })
defineSettingsPage({ path: 'help-desk/forms', group: 'helpdesk', under: 'settings.sources', title: 'forms.page', icon: 'rows', needs: 'forms.manage', words: 'forms.words', load: () => import('@/features/forms/index.ts').then((m) => m.FormList) })
defineSettingsPage({ path: 'help-desk/forms/$formId', group: 'helpdesk', title: 'forms.page', icon: 'rows', needs: 'forms.manage', nav: false, full: true, load: () => import('@/features/forms/index.ts').then((m) => m.FormPage) })
defineSettingsPage({ path: 'help-desk/submissions', group: 'helpdesk', under: 'settings.sources', title: 'submissions.title', icon: 'inbox', needs: 'submissions.view', words: 'submissions.words', wide: true, load: () => import('@/features/forms/index.ts').then((m) => m.Submissions) })
defineSettingsPage({ path: 'help-desk/submissions/$formId', group: 'helpdesk', title: 'submissions.title', icon: 'inbox', needs: 'submissions.view', nav: false, wide: true, load: () => import('@/features/forms/index.ts').then((m) => m.Submissions) })
defineSettingsPage({ path: 'help-desk/statuses', group: 'helpdesk', under: 'settings.tickets', title: 'pipelines.title', icon: 'flag', words: 'pipelines.words', fields: [{ id: 'statuses', label: 'pipelines.statuses' }], load: () => import('@/features/admin/index.ts').then((m) => m.Pipelines) })
defineSettingsPage({ path: 'snippets', group: 'helpdesk', under: 'settings.tickets', title: 'settings.snippets', icon: 'bolt', needs: 'tickets.comment', words: 'settings.snippets_words', load: () => import('@/features/snippets/index.ts').then((m) => m.SnippetsSettings) })
defineSettingsPage({ path: 'inboxes', group: 'inbox', title: 'settings.inboxes', icon: 'inbox', words: 'inboxes.words', fields: [{ id: 'current', label: 'inboxes.current' }, { id: 'access', label: 'inboxes.access' }, { id: 'channels', label: 'inboxes.channels' }], load: () => import('@/features/admin/index.ts').then((m) => m.Inboxes) })

defineSettingsPage({ path: 'help-desk/satisfaction', group: 'helpdesk', under: 'settings.tickets', title: 'survey.title', icon: 'sun', words: 'survey.words', fields: [{ id: 'survey.on', label: 'survey.on' }, { id: 'survey.delay', label: 'survey.delay' }, { id: 'survey.every', label: 'survey.every' }, { id: 'survey.inboxes', label: 'survey.inboxes' }], load: () => import('@/features/survey/index.ts').then((m) => m.SurveyPage) })

defineSettingsPage({ path: 'skills', group: 'helpdesk', under: 'settings.sources', title: 'skills.title', icon: 'users', needs: 'tickets.assign', words: 'skills.words', fields: [{ id: 'skills.people', label: 'skills.people' }], load: () => import('@/features/skills/index.ts').then((m) => m.SkillsPage) })
defineSettingsPage({ path: 'capacity', group: 'helpdesk', under: 'settings.sources', title: 'capacity.title', icon: 'rows', needs: 'tickets.assign', words: 'capacity.words', fields: [{ id: 'capacity.default', label: 'capacity.defaults' }, { id: 'capacity.exclude', label: 'capacity.exclude' }, { id: 'capacity.weights', label: 'capacity.weights' }, { id: 'capacity.people', label: 'capacity.people' }], load: () => import('@/features/capacity/index.ts').then((m) => m.CapacityPage) })

// Data
defineSettingsPage({ path: 'data/ticket-properties', group: 'data', title: 'properties.ticket_title', icon: 'flag', words: 'properties.words', load: () => import('@/features/admin/index.ts').then((m) => m.TicketProperties) })
defineSettingsPage({ path: 'data/contact-properties', group: 'data', title: 'properties.contact_title', icon: 'user', words: 'properties.words', load: () => import('@/features/admin/index.ts').then((m) => m.ContactProperties) })

defineSettingsPage({ path: 'help-desk/senders', group: 'helpdesk', under: 'settings.sources', title: 'senders.title', icon: 'shield', needs: 'account.access', words: 'senders.words', fields: [{ id: 'senders.add', label: 'senders.value' }, { id: 'senders.lists', label: 'senders.which' }], load: () => import('@/features/bulk/index.ts').then((m) => m.Senders) })
defineSettingsPage({ path: 'help-desk/banned', group: 'helpdesk', under: 'settings.sources', title: 'banned.title', icon: 'shield', needs: 'tickets.edit', words: 'banned.words', load: () => import('@/features/chat/index.ts').then((m) => m.BannedVisitors) })
defineSettingsPage({ path: 'help-desk/spam', group: 'helpdesk', under: 'settings.sources', title: 'spam.title', icon: 'spam', needs: 'account.access', words: 'spam.words', fields: [{ id: 'spam.spoofed', label: 'spam.kind.spoofed' }, { id: 'spam.marketing', label: 'spam.kind.marketing' }, { id: 'spam.role_address', label: 'spam.kind.role_address' }, { id: 'spam.automated', label: 'spam.kind.automated' }], load: () => import('@/features/bulk/index.ts').then((m) => m.SpamFilter) })

// Me
defineSettingsPage({ path: 'my-bulk', group: 'me', title: 'bulk.history', icon: 'rows', words: 'bulk.words', load: () => import('@/features/bulk/index.ts').then((m) => m.History) })
defineSettingsPage({ path: 'my-notifications', group: 'me', title: 'mynews.title', icon: 'bell', words: 'mynews.words', fields: [{ id: 'mynews.matrix', label: 'mynews.what' }, { id: 'mynews.desktop', label: 'mynews.desktop_here' }, { id: 'mynews.sound', label: 'mynews.sound' }, { id: 'mynews.email', label: 'mynews.mode' }, { id: 'mynews.quiet', label: 'mynews.quiet_on' }], load: () => import('@/features/mynews/index.ts').then((m) => m.MyNotifications) })

// Company
defineSettingsPage({ path: 'company', group: 'company', title: 'company.title', icon: 'team', words: 'company.words', fields: [{ id: 'name', label: 'company.name' }, { id: 'locale', label: 'company.locale' }, { id: 'timezone', label: 'company.timezone' }], load: () => import('@/features/admin/index.ts').then((m) => m.CompanyPage) })
defineSettingsPage({ path: 'users', group: 'company', title: 'settings.users', icon: 'user', words: 'users.words', load: () => import('@/features/admin/index.ts').then((m) => m.Users) })
defineSettingsPage({ path: 'teams', group: 'company', title: 'settings.teams', icon: 'users', words: 'teams.words', load: () => import('@/features/admin/index.ts').then((m) => m.Teams) })
defineSettingsPage({ path: 'roles', group: 'company', title: 'roles.title', icon: 'shield', words: 'roles.words', load: () => import('@/features/admin/index.ts').then((m) => m.Roles) })
defineSettingsPage({ path: 'notification-defaults', group: 'company', title: 'newsdefaults.title', icon: 'bell', needs: 'settings.manage', words: 'mynews.words', fields: [{ id: 'mynews.email', label: 'mynews.mode' }, { id: 'mynews.quiet', label: 'mynews.quiet_on' }], load: () => import('@/features/mynews/index.ts').then((m) => m.NotificationDefaults) })
defineSettingsPage({ path: 'sign-in', group: 'company', title: 'signinset.title', icon: 'shield', needs: 'settings.manage', words: 'signinset.words', fields: [{ id: 'passwords', label: 'signinset.passwords' }, { id: 'second_factor', label: 'signinset.factor' }, { id: 'allow', label: 'signinset.allow' }, { id: 'providers', label: 'provider.title' }], load: () => import('@/features/signin/index.ts').then((m) => m.SignInSettings) })

// System
defineSettingsPage({ path: 'tokens', group: 'system', title: 'settings.tokens', icon: 'key', words: 'tokens.words', load: () => import('@/features/admin/index.ts').then((m) => m.Tokens) })
defineSettingsPage({ path: 'inbound', group: 'system', title: 'settings.inbound', icon: 'archive', needs: 'account.access', load: () => import('@/features/admin/index.ts').then((m) => m.SetAside) })
defineSettingsPage({ path: 'audit', group: 'system', title: 'audit.title', icon: 'clock', needs: 'audit.view', words: 'audit.words', wide: true, load: () => import('@/features/admin/index.ts').then((m) => m.Audit) })
defineSettingsPage({ path: 'system/text', group: 'system', title: 'text.title', icon: 'code', needs: 'settings.manage', words: 'text.words', wide: true, load: () => import('@/features/admin/index.ts').then((m) => m.TextEditor) })
defineSettingsPage({ path: 'system/windows', group: 'system', title: 'windows.title', icon: 'clock', needs: 'settings.manage', words: 'windows.words', load: () => import('@/features/admin/index.ts').then((m) => m.Windows) })
defineSettingsPage({ path: 'system', group: 'system', title: 'system.title', icon: 'info', needs: 'settings.manage', words: 'system.words', load: () => import('@/features/admin/index.ts').then((m) => m.SystemPage) })
