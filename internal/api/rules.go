package api

import "github.com/kanalhq/kanal/internal/access"

// Rule is what an operation needs: nothing (Public), anybody who is signed in (the zero value), or a permission.
type Rule struct {
	Public bool
	Needs  access.Permission
	Limit  Limit
	// Whole operations concern the signed-in person's own account: a token with fewer scopes than all has no business there.
	Whole bool
}

func needs(p access.Permission) Rule { return Rule{Needs: p} }

var (
	signedIn = Rule{}
	oneself  = Rule{Whole: true}
	signIn   = Rule{Public: true, Limit: LimitSignIn}
)

// rules is the one table of who may do what. An operation without a row stops the server at start-up. What a rule cannot say — whose inbox,
// whose draft — the handlers' read models check: what is out of sight is not found.
var rules = map[string]Rule{
	"GET /api/skills":                     needs(access.TicketsView),
	"POST /api/skills":                    needs(access.RoutingManage),
	"PATCH /api/skills/{slug}":            needs(access.RoutingManage),
	"DELETE /api/skills/{slug}":           needs(access.RoutingManage),
	"GET /api/skills/{slug}/uses":         needs(access.RoutingManage),
	"POST /api/skill-categories":          needs(access.RoutingManage),
	"PATCH /api/skill-categories/{slug}":  needs(access.RoutingManage),
	"DELETE /api/skill-categories/{slug}": needs(access.RoutingManage),
	"GET /api/users/{id}/skills":          needs(access.TicketsView),
	"PUT /api/users/{id}/skills":          needs(access.TicketsView), // routing.manage or users.manage: the handler asks
	"GET /api/routing/fields":             signedIn,
	"POST /api/routing/try":               signedIn, // routing.manage, account.access or chatflows.manage
	"GET /api/threads/{id}/why":           needs(access.TicketsView),
	"GET /api/capacity":                   needs(access.TicketsAssign),
	"PATCH /api/capacity":                 needs(access.RoutingManage),
	"PUT /api/users/{id}/capacity":        needs(access.TicketsView), // routing.manage or users.manage: the handler asks

	"GET /api/forms":                      needs(access.TicketsView), // which there are; definitions are asked for one by one
	"POST /api/forms":                     needs(access.FormsManage),
	"GET /api/forms/{id}":                 needs(access.TicketsView),
	"PATCH /api/forms/{id}":               needs(access.FormsManage),
	"DELETE /api/forms/{id}":              needs(access.FormsManage),
	"POST /api/forms/{id}/copy":           needs(access.FormsManage),
	"POST /api/forms/{id}/ticket-fields":  needs(access.FormsManage),
	"POST /api/forms/preview":             needs(access.FormsManage),
	"GET /api/forms/{id}/embed":           needs(access.TicketsView),
	"GET /api/forms/{id}/submissions":     needs(access.SubmissionsView),
	"GET /api/forms/{id}/submissions.csv": needs(access.SubmissionsView),
	"GET /api/submissions/{id}":           needs(access.SubmissionsView),
	"GET /api/submissions/{id}/files/{n}": needs(access.TicketsView), // submissions.view, or the ticket: the handler asks
	"POST /api/submissions/{id}/release":  needs(access.SubmissionsView),
	"GET /api/tickets/{id}/submission":    needs(access.TicketsView), // hidden fields only with submissions.view
	"GET /api/contacts/{id}/submissions":  needs(access.TicketsView), // hidden fields only with submissions.view

	"POST /api/session":                      signIn,
	"GET /api/sign-in":                       {Public: true, Limit: LimitPublic}, // which buttons the page has
	"POST /api/session/code":                 signIn,
	"POST /api/session/enrol":                signIn,
	"POST /api/session/enrol/confirm":        signIn,
	"POST /api/session/passkey":              signIn,
	"POST /api/session/passkey/answer":       signIn,
	"GET /api/me/factors":                    oneself,
	"POST /api/me/factors/code":              oneself,
	"POST /api/me/factors/code/confirm":      oneself,
	"POST /api/me/factors/code/remove":       oneself,
	"POST /api/me/factors/recovery":          oneself,
	"POST /api/me/passkeys":                  oneself,
	"POST /api/me/passkeys/answer":           oneself,
	"DELETE /api/me/passkeys/{id}":           oneself,
	"GET /api/users/{id}/factors":            needs(access.UsersManage),
	"DELETE /api/users/{id}/factors":         needs(access.UsersManage),
	"GET /api/sign-in/settings":              needs(access.SettingsManage),
	"PUT /api/sign-in/settings":              needs(access.SettingsManage),
	"GET /api/sign-in/providers":             needs(access.SettingsManage),
	"PUT /api/sign-in/providers/{slug}":      needs(access.SettingsManage),
	"DELETE /api/sign-in/providers/{slug}":   needs(access.SettingsManage),
	"POST /api/sign-in/providers/{slug}/try": needs(access.SettingsManage),
	"GET /api/session":                       signedIn,
	"DELETE /api/session":                    signedIn,
	"GET /api/setup":                         signIn,
	"POST /api/setup":                        signIn,

	"GET /api/views":                    needs(access.TicketsView),
	"GET /api/custom-views":             needs(access.TicketsView),
	"GET /api/custom-views/fields":      needs(access.TicketsView),
	"GET /api/custom-views/{id}":        needs(access.TicketsView),
	"POST /api/custom-views":            needs(access.TicketsView), // one's own; sharing needs views.share
	"PATCH /api/custom-views/{id}":      needs(access.TicketsView),
	"DELETE /api/custom-views/{id}":     needs(access.TicketsView),
	"GET /api/tickets/count":            needs(access.TicketsView),
	"GET /api/tickets":                  needs(access.TicketsView),
	"POST /api/tickets":                 needs(access.TicketsEdit),
	"POST /api/bulk":                    needs(access.TicketsView), // each action needs its own, for each ticket
	"GET /api/bulk":                     needs(access.TicketsView), // one's own
	"GET /api/bulk/{id}":                needs(access.TicketsView),
	"GET /api/bulk/{id}/failures":       needs(access.TicketsView),
	"POST /api/bulk/{id}/cancel":        needs(access.TicketsView),
	"POST /api/bulk/{id}/undo":          needs(access.TicketsView),
	"GET /api/spam/rules":               needs(access.AccountAccess),
	"POST /api/spam/rules":              needs(access.AccountAccess),
	"DELETE /api/spam/rules/{id}":       needs(access.AccountAccess),
	"GET /api/spam/settings":            needs(access.AccountAccess),
	"PATCH /api/spam/settings":          needs(access.AccountAccess),
	"GET /api/spam/preview":             needs(access.AccountAccess),
	"GET /api/tickets/{id}":             needs(access.TicketsView),
	"PATCH /api/tickets/{id}":           needs(access.TicketsView), // each changed field needs its own: edit, assign, delete
	"GET /api/tickets/{id}/timeline":    needs(access.TicketsView),
	"GET /api/queue":                    needs(access.TicketsView),
	"POST /api/tickets/{id}/rotate":     needs(access.TicketsAssign),
	"POST /api/routing/replay":          needs(access.RoutingManage),
	"GET /api/settings/waiting":         signedIn,
	"PATCH /api/settings/waiting":       needs(access.RoutingManage),
	"GET /api/tickets/{id}/why":         needs(access.TicketsView),
	"GET /api/tickets/{id}/ledger":      needs(access.TicketsView),
	"POST /api/tickets/{id}/join":       needs(access.TicketsEdit),
	"POST /api/tickets/{id}/assign":     needs(access.TicketsAssign),
	"POST /api/tickets/{id}/snooze":     needs(access.TicketsEdit),
	"POST /api/tickets/{id}/wake":       needs(access.TicketsEdit),
	"POST /api/tickets/{id}/follow":     needs(access.TicketsView),
	"POST /api/tickets/{id}/unfollow":   needs(access.TicketsView),
	"POST /api/tickets/{id}/followers":  needs(access.TicketsComment),
	"POST /api/tickets/{id}/links":      needs(access.TicketsEdit),
	"POST /api/tickets/{id}/transfer":   needs(access.TicketsAssign),
	"POST /api/tickets/{id}/merge":      needs(access.TicketsEdit),
	"POST /api/merges/{id}/undo":        needs(access.TicketsEdit),
	"POST /api/tickets/{id}/split":      needs(access.TicketsEdit),
	"POST /api/splits/{id}/undo":        needs(access.TicketsEdit),
	"POST /api/tickets/{id}/move":       needs(access.TicketsEdit),
	"POST /api/tickets/{id}/spam":       needs(access.TicketsEdit),
	"POST /api/tickets/{id}/not_spam":   needs(access.TicketsEdit),
	"POST /api/tickets/{id}/trash":      needs(access.TicketsDelete),
	"POST /api/tickets/{id}/restore":    needs(access.TicketsEdit),
	"POST /api/threads/{id}/close":      needs(access.TicketsEdit),
	"POST /api/threads/{id}/reopen":     needs(access.TicketsEdit),
	"POST /api/threads/{id}/spam":       needs(access.TicketsEdit),
	"POST /api/threads/{id}/trash":      needs(access.TicketsDelete),
	"POST /api/threads/{id}/restore":    needs(access.TicketsEdit),
	"POST /api/threads/{id}/assign":     needs(access.TicketsAssign),
	"POST /api/threads/{id}/move":       needs(access.TicketsEdit),
	"GET /api/threads":                  needs(access.TicketsView),
	"GET /api/threads/{id}":             needs(access.TicketsView),
	"GET /api/threads/{id}/timeline":    needs(access.TicketsView),
	"POST /api/threads/{id}/ticket":     needs(access.TicketsEdit),
	"POST /api/threads/{id}/messages":   needs(access.TicketsComment), // a reply needs tickets.reply as well
	"GET /api/visitors/{id}":            needs(access.TicketsView),
	"GET /api/visitors/banned":          needs(access.TicketsEdit),
	"GET /api/visitors/online":          needs(access.TicketsView),
	"GET /api/visitors/{id}/views":      needs(access.TicketsView),
	"POST /api/visitors/{id}/ban":       needs(access.TicketsEdit),
	"POST /api/visitors/{id}/unban":     needs(access.TicketsEdit),
	"POST /api/visitors/{id}/link":      needs(access.ContactsEdit),
	"POST /api/threads/{id}/join":       needs(access.TicketsReply),
	"POST /api/threads/{id}/end":        needs(access.TicketsEdit),
	"POST /api/threads/{id}/seen":       needs(access.TicketsView),
	"GET /api/messages/{id}":            needs(access.TicketsView),
	"GET /api/messages/{id}/source":     needs(access.TicketsView),
	"GET /api/messages/{id}/html":       needs(access.TicketsView),
	"POST /api/messages/{id}/resend":    needs(access.TicketsReply),
	"POST /api/messages/{id}/sender":    needs(access.TicketsEdit),
	"POST /api/messages/{id}/cancel":    needs(access.TicketsReply),
	"POST /api/attachments":             needs(access.TicketsComment),
	"POST /api/recipients/check":        needs(access.TicketsReply),
	"GET /api/messages/scheduled":       needs(access.TicketsView),
	"PATCH /api/messages/{id}":          needs(access.TicketsReply),
	"GET /api/snippets":                 needs(access.TicketsComment), // what is for one
	"GET /api/snippets/tokens":          needs(access.TicketsComment),
	"POST /api/snippets":                needs(access.TicketsReply),
	"PATCH /api/snippets/{id}":          needs(access.TicketsReply), // of others: settings.manage
	"DELETE /api/snippets/{id}":         needs(access.TicketsReply),
	"POST /api/snippets/{id}/render":    needs(access.TicketsComment),
	"POST /api/snippets/preview":        needs(access.TicketsComment),
	"POST /api/snippets/{id}/apply":     needs(access.TicketsEdit),
	"GET /api/attachments/{id}":         {Public: true, Limit: LimitPublic}, // a session and the inbox, or a signed address
	"GET /api/proxy/image":              {Public: true, Limit: LimitPublic}, // signed addresses only
	"GET /api/drafts":                   needs(access.TicketsComment),
	"PUT /api/drafts":                   needs(access.TicketsComment),
	"DELETE /api/drafts":                needs(access.TicketsComment),
	"GET /api/contacts":                 needs(access.TicketsView),
	"GET /api/contacts/{id}":            needs(access.TicketsView),
	"PATCH /api/contacts/{id}":          needs(access.ContactsEdit),
	"GET /api/contacts/{id}/tickets":    needs(access.TicketsView),
	"GET /api/search":                   needs(access.TicketsView),
	"GET /api/search/facets":            needs(access.TicketsView),
	"GET /api/search/suggest":           needs(access.TicketsView),
	"GET /api/events":                   signedIn,
	"GET /api/notifications":            needs(access.TicketsView), // one's own, as far as one may still see what they are about
	"GET /api/notifications/count":      needs(access.TicketsView),
	"POST /api/notifications/read":      needs(access.TicketsView),
	"GET /api/me/notifications":         signedIn,
	"PATCH /api/me/notifications":       oneself,
	"DELETE /api/me/notifications":      oneself,
	"POST /api/me/notifications/test":   oneself,
	"GET /api/settings/notifications":   needs(access.SettingsManage),
	"PATCH /api/settings/notifications": needs(access.SettingsManage),
	"POST /api/presence":                needs(access.TicketsView),
	"GET /api/trace/{id}":               needs(access.TicketsView),

	"GET /api/chatflows":                        needs(access.ChatflowsManage),
	"POST /api/chatflows":                       needs(access.ChatflowsManage),
	"GET /api/chatflows/templates":              needs(access.ChatflowsManage),
	"POST /api/chatflows/validate":              needs(access.ChatflowsManage),
	"POST /api/chatflows/simulate":              needs(access.ChatflowsManage),
	"POST /api/chatflows/order":                 needs(access.ChatflowsManage),
	"POST /api/chatflows/match":                 needs(access.ChatflowsManage),
	"GET /api/chatflows/{id}":                   needs(access.ChatflowsManage),
	"PATCH /api/chatflows/{id}":                 needs(access.ChatflowsManage),
	"DELETE /api/chatflows/{id}":                needs(access.ChatflowsManage),
	"PUT /api/chatflows/{id}/draft":             needs(access.ChatflowsManage),
	"POST /api/chatflows/{id}/publish":          needs(access.ChatflowsManage),
	"POST /api/chatflows/{id}/rollback":         needs(access.ChatflowsManage),
	"POST /api/chatflows/{id}/duplicate":        needs(access.ChatflowsManage),
	"GET /api/chatflows/{id}/versions":          needs(access.ChatflowsManage),
	"GET /api/chatflows/{id}/versions/{number}": needs(access.ChatflowsManage),
	"GET /api/chatflows/{id}/preview-link":      needs(access.ChatflowsManage),

	"GET /api/users":                            signedIn,
	"POST /api/users":                           needs(access.UsersManage),
	"PATCH /api/users/{id}":                     needs(access.AvailabilityManage), // all but availability needs users.manage
	"POST /api/users/{id}/link":                 needs(access.UsersManage),
	"GET /api/teams":                            signedIn,
	"GET /api/me/availability":                  signedIn,
	"PUT /api/me/availability":                  oneself,
	"PUT /api/me/hours":                         oneself,
	"POST /api/me/absences":                     oneself,
	"PUT /api/me/absences/{id}":                 oneself,
	"DELETE /api/me/absences/{id}":              oneself,
	"POST /api/me/seen":                         oneself,
	"GET /api/availability":                     needs(access.AvailabilityManage),
	"GET /api/availability/log":                 signedIn, // one's own; everybody's with availability.manage
	"GET /api/availability/totals":              signedIn,
	"GET /api/availability/totals.csv":          signedIn,
	"GET /api/users/{id}/availability":          needs(access.AvailabilityManage),
	"PUT /api/users/{id}/availability":          needs(access.AvailabilityManage),
	"PUT /api/users/{id}/hours":                 needs(access.AvailabilityManage),
	"POST /api/users/{id}/absences":             needs(access.AvailabilityManage),
	"PUT /api/users/{id}/absences/{absence}":    needs(access.AvailabilityManage),
	"DELETE /api/users/{id}/absences/{absence}": needs(access.AvailabilityManage),
	"GET /api/settings/idle":                    needs(access.SettingsManage),
	"PUT /api/settings/idle":                    needs(access.SettingsManage),
	"GET /api/business-hours":                   signedIn, // whoever chooses them in a channel
	"PUT /api/business-hours/{slug}":            needs(access.SettingsManage),
	"DELETE /api/business-hours/{slug}":         needs(access.SettingsManage),
	"GET /api/holiday-calendars":                signedIn,
	"PUT /api/holiday-calendars/{slug}":         needs(access.SettingsManage),
	"DELETE /api/holiday-calendars/{slug}":      needs(access.SettingsManage),
	"POST /api/holiday-calendars/{slug}/import": needs(access.SettingsManage),
	"POST /api/teams":                           needs(access.UsersManage),
	"PATCH /api/teams/{id}":                     needs(access.UsersManage),
	"GET /api/me":                               signedIn,
	"PATCH /api/me":                             oneself,
	"POST /api/me/password":                     {Whole: true, Limit: LimitSignIn},
	"GET /api/me/preferences":                   signedIn,

	"GET /api/channels":                           needs(access.AccountAccess),
	"GET /api/channel-accounts":                   signedIn, // the rest of a row needs account.access
	"POST /api/channel-accounts":                  needs(access.AccountAccess),
	"GET /api/channel-accounts/{id}":              needs(access.AccountAccess),
	"PATCH /api/channel-accounts/{id}":            needs(access.AccountAccess),
	"DELETE /api/channel-accounts/{id}":           needs(access.AccountAccess),
	"POST /api/channel-accounts/check":            needs(access.AccountAccess),
	"POST /api/channel-accounts/{id}/preview":     needs(access.AccountAccess),
	"POST /api/channels/{channel}/preview":        needs(access.AccountAccess),
	"GET /api/channel-accounts/{id}/verification": needs(access.AccountAccess),
	"GET /api/channel-accounts/{id}/availability": needs(access.AccountAccess),
	"POST /api/tracking-code/mail":                needs(access.AccountAccess),
	"GET /api/tracking-code":                      needs(access.AccountAccess),
	"POST /api/channel-accounts/{id}/moves/plan":  needs(access.ChannelsMove),
	"POST /api/channel-accounts/{id}/moves":       needs(access.ChannelsMove),
	"GET /api/channel-accounts/{id}/moves":        needs(access.ChannelsMove),
	"GET /api/moves/{id}":                         needs(access.ChannelsMove),
	"POST /api/moves/{id}/cancel":                 needs(access.ChannelsMove),
	"POST /api/moves/{id}/undo":                   needs(access.ChannelsMove),
	"POST /api/chatflows/{id}/move":               needs(access.ChannelsMove),
	"GET /api/settings/associations":              needs(access.AccountAccess),
	"PATCH /api/settings/associations":            needs(access.AccountAccess),
	"GET /api/associations":                       needs(access.AccountAccess),
	"GET /api/inboxes":                            signedIn,
	"POST /api/inboxes":                           needs(access.AccountAccess),
	"PATCH /api/inboxes/{id}":                     needs(access.AccountAccess),
	"GET /api/pipelines":                          signedIn,
	"POST /api/pipelines":                         needs(access.SettingsManage),
	"PATCH /api/pipelines/{id}":                   needs(access.SettingsManage),
	"GET /api/properties":                         signedIn,
	"POST /api/properties":                        needs(access.PropertiesManage),
	"PATCH /api/properties/{id}":                  needs(access.PropertiesManage),
	"GET /api/tokens":                             oneself, // one's own; others' need tokens.manage
	"POST /api/tokens":                            oneself, // one's own; others' need tokens.manage
	"DELETE /api/tokens/{id}":                     oneself, // one's own; others' need tokens.manage
	"GET /api/inbound":                            needs(access.AccountAccess),
	"POST /api/inbound/{id}/replay":               needs(access.AccountAccess),
	"GET /api/settings/company":                   signedIn,
	"PATCH /api/settings/company":                 needs(access.SettingsManage),
	"GET /api/audit":                              needs(access.AuditView),
	"GET /api/audit/export":                       needs(access.AuditView),
	"GET /api/settings/text":                      needs(access.SettingsManage), // and what its sections need
	"POST /api/settings/text/diff":                needs(access.SettingsManage), // and what its sections need
	"POST /api/settings/text/apply":               needs(access.SettingsManage), // and what its sections need
	"GET /api/settings/affects":                   signedIn,                     // each object needs its own
	"GET /api/roles":                              signedIn,
	"POST /api/roles":                             needs(access.RolesManage),
	"PATCH /api/roles/{slug}":                     needs(access.RolesManage),
	"DELETE /api/roles/{slug}":                    needs(access.RolesManage),
	"POST /api/roles/{slug}/try":                  needs(access.RolesManage),
	"GET /api/system":                             needs(access.SettingsManage),
	"GET /api/system/windows":                     needs(access.SettingsManage),
	"DELETE /api/inboxes/{id}":                    needs(access.AccountAccess),
	"DELETE /api/teams/{id}":                      needs(access.UsersManage),
	"POST /api/pipelines/{id}/retire":             needs(access.SettingsManage),
	"POST /api/users/{id}/deactivate":             needs(access.UsersManage),
	"GET /api/users/{id}/sessions":                needs(access.UsersManage),
	"DELETE /api/users/{id}/sessions":             needs(access.UsersManage),
	"GET /api/sessions":                           oneself, // one's own
	"DELETE /api/sessions/{id}":                   oneself,
	"GET /api/surveys":                            needs(access.TicketsView),
	"GET /api/surveys/summary":                    needs(access.TicketsView),
	"GET /api/settings/survey":                    signedIn,
	"PUT /api/settings/survey":                    needs(access.SettingsManage),
	"POST /api/test/clock":                        {Public: true, Limit: LimitPublic}, // refused unless the server was started for a test

	"POST /api/contacts":                               needs(access.ContactsEdit),
	"GET /api/contacts/duplicates":                     needs(access.TicketsView),
	"GET /api/contacts/{id}/timeline":                  needs(access.TicketsView),
	"GET /api/contacts/{id}/files":                     needs(access.TicketsView),
	"GET /api/contacts/{id}/duplicates":                needs(access.TicketsView),
	"POST /api/contacts/{id}/dismiss":                  needs(access.ContactsEdit),
	"POST /api/contacts/{id}/merge":                    needs(access.ContactsEdit),
	"POST /api/contact-merges/{id}/undo":               needs(access.ContactsEdit),
	"POST /api/contacts/{id}/addresses":                needs(access.ContactsEdit),
	"PATCH /api/contacts/{id}/addresses/{address_id}":  needs(access.ContactsEdit),
	"DELETE /api/contacts/{id}/addresses/{address_id}": needs(access.ContactsEdit),
	"DELETE /api/contacts/{id}":                        needs(access.ContactsDelete),
	"POST /api/contacts/{id}/restore":                  needs(access.ContactsDelete),
	"GET /api/contacts/{id}/export":                    needs(access.ContactsExport),
	"GET /api/contacts/{id}/holds":                     needs(access.ContactsErase),
	"POST /api/contacts/{id}/erase":                    needs(access.ContactsErase),
	"GET /api/companies/{id}":                          needs(access.TicketsView),
	"PATCH /api/companies/{id}":                        needs(access.ContactsEdit),

	"POST /api/channel-accounts/{id}/installation": needs(access.AccountAccess),
}

// Rules lists the operations that have one, so that a test finds a rule without an operation.
func (s *Server) Rules() []string {
	out := make([]string, 0, len(rules))
	for k := range rules {
		out = append(out, k)
	}
	return out
}
