package webchat

import (
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// Reader is who reads a conversation in a browser, or is sent what was said there.
type Reader struct {
	Proven bool           // it is proven whose the browser is
	Email  string         // the address that was typed in it
	Mailed desk.MessageID // the first mail that somebody wrote into the conversation; 0: nobody has
}

// Between reports whether a message stands between the team and who sits at the browser. What came over the widget does (live). A mail is its writer's: it is shown to nobody
// but who has proven to be them. What the team has mailed is shown to whom it was mailed, and not once somebody else's mails are in the conversation: it answers those.
func Between(m desk.Message, live bool, th desk.Thread, r Reader) bool {
	switch {
	case m.Direction == desk.Outgoing && m.ForwardOf != 0:
		return false // passed on to somebody else
	case live:
		return true
	case m.Direction == desk.Incoming:
		return r.Proven && m.ContactID != 0 && m.ContactID == th.ContactID
	case !r.Proven && r.Mailed != 0 && m.ID > r.Mailed:
		return false
	}
	for _, p := range m.Recipients {
		if p.Contact != 0 && p.Contact == th.ContactID || p.Kind != desk.AddrPhone && r.Email != "" && strings.EqualFold(p.Address, r.Email) {
			return true
		}
	}
	return len(m.Recipients) == 0
}
