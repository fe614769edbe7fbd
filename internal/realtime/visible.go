package realtime

import (
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
)

// sight is who is told of a kind of event.
type sight int

const (
	ofInbox   sight = iota // who sees its inbox, whole
	ofPerson               // the user it concerns and who may read the audit log, whole
	ofDesk                 // everybody who may see tickets, whole: contacts are everybody's
	ofAll                  // everybody is told that it happened; its particulars are for who holds the permission
	ofOneself              // the user it concerns alone
	ofRight                // only who holds the permission (and sees its inbox, when it has one)
)

// rule is one row of the table: events whose type begins with prefix.
type rule struct {
	prefix string
	who    sight
	right  access.Permission
}

// table says who is told of what. What stands in no row is for the audit log's readers alone.
var table = []rule{
	{"ticket.", ofInbox, ""}, {"thread.", ofInbox, ""}, {"message.", ofInbox, ""}, {"comment.", ofInbox, ""}, {"sender.", ofInbox, ""},
	{"contact.", ofDesk, ""}, {"visitor.", ofDesk, ""}, {"consent.", ofDesk, ""}, {"snippet.", ofAll, access.SettingsManage}, {"tag.", ofDesk, ""},
	{"user.", ofAll, access.UsersManage}, {"team.", ofAll, access.UsersManage},
	{"customview.", ofAll, access.SettingsManage}, {"space.", ofAll, access.AccountAccess}, {"settings.", ofAll, access.SettingsManage}, {"channel_account.", ofAll, access.AccountAccess},
	{"inbound.", ofRight, access.AccountAccess}, {"terms.", ofRight, access.AccountAccess}, {"mail.", ofRight, access.AccountAccess},
	{"form.submitted", ofRight, access.SubmissionsView}, {"form.released", ofRight, access.SubmissionsView}, {"form.", ofAll, access.FormsManage},
	{"role.", ofAll, access.RolesManage}, {"notification.", ofOneself, ""},
	{"keeping.", ofRight, access.SettingsManage}, {"hold.", ofAll, access.ContactsErase},
	{"session.", ofPerson, ""}, {"bulk.", ofPerson, ""}, {"token.", ofPerson, ""},
}

// frame is what a viewer gets of an event, without what is hidden from them of properties.
func (it *item) frame(v *access.Viewer) []byte {
	f := it.sight(v)
	if len(f) > 0 && &f[0] == &it.full[0] && !v.Veil.Clear() {
		ev := it.ev
		ev.Veil(v.Veil)
		if len(ev.Data) != len(it.ev.Data) {
			return encode(ev)
		}
	}
	return f
}

// sight is all of an event, that it happened, or nothing.
func (it *item) sight(v *access.Viewer) []byte {
	r := rule{who: ofRight, right: access.AuditView}
	for _, row := range table {
		if strings.HasPrefix(it.ev.Type, row.prefix) {
			r = row
			break
		}
	}
	switch r.who {
	case ofInbox:
		if it.inbox != 0 && v.SeesInbox(it.inbox) {
			return it.reach(v)
		}
	case ofDesk:
		if v.Can(access.TicketsView) {
			if !v.Contacts.Whole() { // whose contact it is would have to be looked up: the browser asks, within its reach
				return it.bare
			}
			return it.full
		}
	case ofPerson:
		if it.ev.UserID != 0 && it.ev.UserID == v.User.ID || it.ev.Actor == desk.ByUser(v.User.ID) || v.Can(access.AuditView) {
			return it.full
		}
	case ofOneself:
		if it.ev.UserID != 0 && it.ev.UserID == v.User.ID {
			return it.full
		}
	case ofAll:
		if v.Can(r.right) {
			return it.full
		}
		return it.bare
	case ofRight:
		if v.Can(r.right) && (it.inbox == 0 || v.SeesInbox(it.inbox)) {
			return it.full
		}
	}
	return nil
}
