package access

import (
	"slices"

	"github.com/kanalhq/kanal/internal/desk"
)

// Permission is one thing that a role may or may not do. The server asks for it at every door; a screen only hides what would be refused.
type Permission string

// The permissions (PM-05, PM-06, PM-12).
const (
	TicketsView        Permission = "tickets.view"
	TicketsReply       Permission = "tickets.reply"
	TicketsComment     Permission = "tickets.comment"
	TicketsEdit        Permission = "tickets.edit"
	TicketsAssign      Permission = "tickets.assign"
	TicketsDelete      Permission = "tickets.delete"
	ContactsEdit       Permission = "contacts.edit"
	ContactsDelete     Permission = "contacts.delete"
	ContactsExport     Permission = "contacts.export"     // everything held of one person, as a file
	ContactsErase      Permission = "contacts.erase"      // CR-14: a person and everything they said, for good
	SensitiveView      Permission = "sensitive.view"      // CO-12: look at what was blanked out of messages and is kept sealed
	ViewsShare         Permission = "views.share"         // WS-06: make and change views that others see
	AvailabilityManage Permission = "availability.manage" // switch somebody else's availability
	AccountAccess      Permission = "account.access"      // PM-01: connect channels, edit inboxes
	ChatflowsManage    Permission = "chatflows.manage"    // CF-07: what the widget says and asks
	RoutingManage      Permission = "routing.manage"      // RT, SK, CP: rules of assignment, skills, limits, hours
	FormsManage        Permission = "forms.manage"        // FM: make and change forms
	SubmissionsView    Permission = "submissions.view"    // RP-05: everything that forms were sent, hidden fields too (FM-10)
	ChannelsMove       Permission = "channels.move"       // MG-01: move a channel with what it brought to another inbox
	RolesManage        Permission = "roles.manage"        // PM-10: make and change roles
	PropertiesManage   Permission = "properties.manage"
	UsersManage        Permission = "users.manage"
	SettingsManage     Permission = "settings.manage"
	TokensManage       Permission = "tokens.manage"                                      // of others; one's own tokens need nothing
	InboxesAll         Permission = "inboxes.all"                                        // IH-09: see every inbox; work only in those one is a member of
	VisitorsIdentify   Permission = "conversations.visitor_identification.tokens.create" // TR-06: vouch for who a visitor is; the public API's own name
	AuditView          Permission = "audit.view"
)

// Permissions is every permission, in the order that screens show.
var Permissions = []Permission{
	TicketsView, TicketsReply, TicketsComment, TicketsEdit, TicketsAssign, TicketsDelete, ContactsEdit, ContactsDelete, ContactsExport, ContactsErase, SensitiveView, ViewsShare,
	AvailabilityManage, InboxesAll, AccountAccess, ChatflowsManage, RoutingManage, FormsManage, SubmissionsView, ChannelsMove, RolesManage, PropertiesManage, UsersManage, SettingsManage, TokensManage, AuditView, VisitorsIdentify,
}

// Roles says what each role may do (PM-12: roles stand where HubSpot has seats). Owners alone may make owners; see MayGrant.
var Roles = map[desk.Role][]Permission{
	desk.RoleOwner: Permissions,
	desk.RoleAdmin: Permissions,
	desk.RoleSupervisor: {
		TicketsView, TicketsReply, TicketsComment, TicketsEdit, TicketsAssign, TicketsDelete, ContactsEdit, ContactsDelete, ViewsShare, AvailabilityManage, RoutingManage, SubmissionsView, AuditView,
	},
	desk.RoleAgent:  {TicketsView, TicketsReply, TicketsComment, TicketsEdit, TicketsAssign, ContactsEdit},
	desk.RoleLight:  {TicketsView, TicketsComment},
	desk.RoleViewer: {TicketsView},
}

// RoleCan reports whether a built-in role has a permission. Of somebody's role, which may be one of the installation's own, ask UserCan.
func RoleCan(r desk.Role, p Permission) bool { return slices.Contains(Roles[r], p) }

// UserCan reports whether a user's role has a permission. It does not ask whether they are active.
func UserCan(u desk.User, p Permission) bool {
	if u.Powers != nil {
		return slices.Contains(u.Powers.Permissions, string(p))
	}
	return RoleCan(u.Role, p)
}

// SeesEveryInbox reports whether a user sees inboxes that they are no member of (IH-09: administrators see, and act only as members).
func SeesEveryInbox(u desk.User) bool { return UserCan(u, InboxesAll) }

// MayManage reports whether one user may change, deactivate or give a new password to another: nobody is managed by who may less.
func MayManage(by, other desk.User) bool {
	return UserCan(by, UsersManage) && (by.Role == desk.RoleOwner || other.Role != desk.RoleOwner && Exceeds(by, PowersOf(other)) == "")
}

// PowersOf is what a user's role gives, whichever it is.
func PowersOf(u desk.User) desk.Powers {
	if u.Powers != nil {
		return *u.Powers
	}
	return builtIn(u.Role)
}

func builtIn(r desk.Role) desk.Powers {
	p := desk.Powers{Permissions: make([]string, len(Roles[r])), Tickets: desk.Reach{}.Full(), Contacts: desk.Reach{}.Full()}
	for i, x := range Roles[r] {
		p.Permissions[i] = string(x)
	}
	return p
}

// Exceeds names what powers give that a user does not have themselves: a permission, "tickets" or "contacts" for a reach; "" when nothing.
func Exceeds(by desk.User, p desk.Powers) string {
	for _, x := range p.Permissions {
		if !UserCan(by, Permission(x)) {
			return x
		}
	}
	tickets, contacts := ReachOf(by)
	switch {
	case !p.Tickets.Within(tickets):
		return "tickets"
	case !p.Contacts.Within(contacts):
		return "contacts"
	}
	return ""
}

// Member reports whether a user belongs to an inbox (IH-09): everyone does, or they, one of their teams or a team above it are named.
func Member(a desk.Access, u desk.User) bool {
	if a.Everyone || slices.Contains(a.Users, u.ID) {
		return true
	}
	named := func(t desk.TeamID) bool { return slices.Contains(a.Teams, t) }
	return slices.ContainsFunc(u.Teams, named) || slices.ContainsFunc(u.TeamsAbove, named)
}

// ScopeAll lets a token do whatever its user may. ScopeDirectory lets it keep users and teams by SCIM, and nothing else; all does not give it.
const (
	ScopeAll       = "all"
	ScopeDirectory = "scim"
)

// checkScopes refuses scopes that mean nothing and returns them once each.
func checkScopes(scopes []string) ([]string, error) {
	out := []string{}
	for _, sc := range scopes {
		if sc != ScopeAll && sc != ScopeDirectory && !slices.Contains(Permissions, Permission(sc)) {
			names := ScopeAll + ", " + ScopeDirectory
			for _, p := range Permissions {
				names += ", " + string(p)
			}
			return nil, desk.Errorf(desk.Invalid, "token.scope_unknown", "%q is not a scope. The scopes are %s.", sc, names).In("scopes")
		}
		if !slices.Contains(out, sc) {
			out = append(out, sc)
		}
	}
	if len(out) == 0 {
		return nil, desk.Errorf(desk.Invalid, "token.scopes_missing", "A token needs at least one scope, or all.").In("scopes")
	}
	return out, nil
}

// Viewer is somebody signed in: who, by what, and what they may do. It is made anew for each request, so a changed role or access counts at once.
type Viewer struct {
	User       desk.User
	Actor      desk.Actor // ByUser(User.ID), also with a token: a token acts as the user it was made for
	Session    desk.SessionID
	Token      *Token         // set when an API token was used
	Scopes     []string       // of the token; a session has {"all"}
	Inboxes    []desk.InboxID // those the user is a member of
	AllInboxes bool           // sees the others too
	Tickets    Extent         // whose tickets and conversations they see and change
	Contacts   Extent         // whose contacts
	Veil       desk.Veil      // what they do not see or change of properties
}

// Can reports whether the viewer may do p: the role has it, and the token's scopes allow it.
func (v Viewer) Can(p Permission) bool {
	return v.User.Active && UserCan(v.User, p) && (slices.Contains(v.Scopes, ScopeAll) || slices.Contains(v.Scopes, string(p)))
}

// Need returns nil or a Forbidden error naming the permission.
func (v Viewer) Need(p Permission) error {
	if v.User.ID == 0 {
		return notSignedIn()
	}
	if !v.Can(p) {
		return desk.Errorf(desk.Forbidden, "access.forbidden", "You may not do this: it needs the permission %s. An administrator can change your role.", p)
	}
	return nil
}

// Permissions is what the viewer may do, in the order of the table.
func (v Viewer) Permissions() []Permission {
	out := []Permission{}
	for _, p := range Permissions {
		if v.Can(p) {
			out = append(out, p)
		}
	}
	return out
}

// SeesInbox reports whether the viewer may read an inbox's conversations.
func (v Viewer) SeesInbox(id desk.InboxID) bool {
	return v.Can(TicketsView) && (v.AllInboxes || slices.Contains(v.Inboxes, id))
}

// ActsIn reports whether the viewer may reply and change things in an inbox: only its members may (IH-09).
func (v Viewer) ActsIn(id desk.InboxID) bool { return slices.Contains(v.Inboxes, id) }

// NeedIn returns nil when the viewer may do p in an inbox. What cannot be seen is NotFound, what can be seen but not done is Forbidden.
func (v Viewer) NeedIn(id desk.InboxID, p Permission) error {
	if v.User.ID == 0 {
		return notSignedIn()
	}
	if !v.SeesInbox(id) {
		return desk.Errorf(desk.NotFound, "access.not_visible", "There is no such thing, or you may not see it.")
	}
	if err := v.Need(p); err != nil {
		return err
	}
	if p != TicketsView && !v.ActsIn(id) {
		return desk.Errorf(desk.Forbidden, "access.not_member", "You can see this inbox but are not a member of it. Add yourself to its members to work in it.")
	}
	return nil
}
