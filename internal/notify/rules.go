package notify

import (
	"encoding/json"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Kind is a sort of news.
type Kind string

// The kinds.
const (
	Assigned        Kind = "assigned"
	ChatWaiting     Kind = "chat_waiting" // somebody is there and waits, and nobody has them
	UnassignedNew   Kind = "unassigned_new"
	CustomerReplied Kind = "customer_replied"
	FollowedMessage Kind = "followed_message"
	Mentioned       Kind = "mentioned"
	TicketReopened  Kind = "ticket_reopened"
	Woken           Kind = "woken"
	SendFailed      Kind = "send_failed"
	ChannelBroken   Kind = "channel_broken"
	SetAside        Kind = "set_aside"
	HeldDigest      Kind = "held_digest"
	LimitReached    Kind = "limit_reached" // a contact may have no more tickets (TK-05)
	Switched        Kind = "switched"      // somebody else switched one's availability (AV-06)
	Test            Kind = "test"          // "send me one": by no event, to whoever asked
)

// The targets (CC-35: the list may grow, see Targets).
const (
	InApp   = "in_app"
	Desktop = "desktop"
	Email   = "email"
)

// Target is one way of reaching a person.
type Target struct {
	Name string `json:"name"`
	// Rests in quiet hours: what is due then waits for their end.
	Rests bool `json:"rests"`
	// Gathers: what comes within a short while about one ticket goes as one.
	Gathers bool `json:"gathers"`
}

// Targets is the list. Another way of reaching people is a row here and a sender in Deps.Senders.
var Targets = []Target{{Name: InApp}, {Name: Desktop, Rests: true}, {Name: Email, Rests: true, Gathers: true}}

// KindSpec describes a kind: which targets are on for who has chosen nothing, and whom it concerns at all.
type KindSpec struct {
	Kind    Kind
	On      []string
	Needs   access.Permission // "": everybody who sees tickets
	Once    bool              // not told again while the last about the same thing is unread
	Own     bool              // is about the person, not about an inbox
	NoTicks bool              // stands in no matrix: it goes where the person said when asking
}

// Kinds is the table of kinds, in the order that screens show.
var Kinds = []KindSpec{
	{Kind: Mentioned, On: []string{InApp, Desktop, Email}},
	{Kind: Assigned, On: []string{InApp, Desktop}},
	{Kind: CustomerReplied, On: []string{InApp, Desktop}},
	{Kind: FollowedMessage, On: []string{InApp}},
	{Kind: Woken, On: []string{InApp, Desktop}},
	{Kind: TicketReopened, On: []string{InApp}},
	{Kind: SendFailed, On: []string{InApp, Desktop, Email}, Once: true},
	{Kind: ChatWaiting, On: []string{InApp, Desktop}},
	{Kind: UnassignedNew},
	{Kind: ChannelBroken, On: []string{InApp, Desktop, Email}, Needs: access.AccountAccess, Once: true},
	{Kind: SetAside, On: []string{InApp, Email}, Needs: access.AccountAccess, Once: true},
	{Kind: HeldDigest, On: []string{InApp, Email}, Needs: access.AccountAccess},
	{Kind: LimitReached, On: []string{InApp, Email}, Needs: access.AccountAccess, Once: true},
	{Kind: Switched, On: []string{InApp, Desktop}, Own: true},
	{Kind: Test, On: []string{InApp, Desktop, Email}, NoTicks: true},
}

func specOf(k Kind) KindSpec {
	for _, s := range Kinds {
		if s.Kind == k {
			return s
		}
	}
	return KindSpec{Kind: k}
}

// Facts is what is known when it is decided whom an event concerns. Reading them is facts.go's part.
type Facts struct {
	Owner, SnoozedBy desk.UserID
	Team             desk.TeamID
	Inbox            desk.InboxID
	Hidden           desk.Hidden // of the ticket: nobody is told of spam and trash
	Author           desk.UserID // who wrote the message
	First            bool        // the message began its ticket
	Live             bool        // a new ticket is a chat: its visitor waits now
	Mentions         []desk.UserID
	Followers        []desk.UserID
	Viewing          []desk.UserID // have the ticket open right now
	People           []Person      // everybody who may sign in
	Company          Rhythm        // in which those without their own zone live
}

// Person is somebody who may be told, with what they chose.
type Person struct {
	User     desk.User
	Settings Settings
	Sees     bool // the inbox that the event is of
	Acts     bool // is a member of that inbox
}

// Notice is one person to be told of one thing.
type Notice struct {
	User    desk.UserID
	Kind    Kind
	Topic   string
	Data    map[string]any
	Read    bool // they look at it already
	Targets []string
}

// particulars are the fields of events' data that the rules read.
type particulars struct {
	OwnerID       desk.UserID           `json:"owner_id"`
	TeamID        desk.TeamID           `json:"team_id"`
	PreviousOwner desk.UserID           `json:"previous_owner_id"`
	PreviousTeam  desk.TeamID           `json:"previous_team_id"`
	Rule          string                `json:"rule"`
	FromState     string                `json:"from_state"`
	ToState       string                `json:"to_state"`
	Reason        string                `json:"reason"`
	Direction     desk.Direction        `json:"direction"`
	Notify        *bool                 `json:"notify"`
	Account       desk.ChannelAccountID `json:"channel_account_id"`
	Name          string                `json:"name"`
	From          string                `json:"from"`
	To            json.RawMessage       `json:"to"`
	Raw           desk.RawID            `json:"raw_id"`
	SnoozedBy     desk.UserID           `json:"snoozed_by"`
	By            string                `json:"by"`
	Available     bool                  `json:"available"`
	Note          string                `json:"note"`
	Made          string                `json:"made"`
}

func (p particulars) to() string {
	var s string
	_ = json.Unmarshal(p.To, &s)
	return s
}

// rule is one row of the table: an event, when it counts, whom it concerns and what it is to them.
type rule struct {
	event string
	kind  Kind
	when  func(ev desk.Event, d particulars, f Facts) bool
	who   func(ev desk.Event, d particulars, f Facts) []desk.UserID
	topic func(ev desk.Event, d particulars) string
	data  func(d particulars) map[string]any
}

// rules is the one table of who is told of what. For one event the first row that reaches a person wins, so that nobody hears of one thing twice.
var rules = []rule{
	{event: desk.EvCommentAdded, kind: Mentioned, who: mentioned},
	{event: desk.EvCommentAdded, kind: FollowedMessage, who: ownerAndFollowers},
	{event: desk.EvMessageQueued, kind: FollowedMessage, who: ownerAndFollowers},
	{event: desk.EvMessageReceived, kind: Mentioned, who: mentioned},
	{event: desk.EvMessageReceived, kind: CustomerReplied, when: answered, who: owner},
	{event: desk.EvMessageReceived, kind: FollowedMessage, when: answered, who: followers},
	{event: desk.EvTicketAssigned, kind: Assigned, when: newOwner, who: func(_ desk.Event, d particulars, _ Facts) []desk.UserID { return []desk.UserID{d.OwnerID} }},
	{event: desk.EvTicketAssigned, kind: UnassignedNew, when: newTeam, who: team},
	{event: desk.EvThreadAssigned, kind: Assigned, when: newOwner, who: func(_ desk.Event, d particulars, _ Facts) []desk.UserID { return []desk.UserID{d.OwnerID} }},
	{event: desk.EvThreadAssigned, kind: UnassignedNew, when: newTeam, who: team},
	{event: desk.EvTicketCreated, kind: ChatWaiting, when: func(ev desk.Event, d particulars, f Facts) bool { return f.Live && nobodys(ev, d, f) }, who: available},
	{event: desk.EvTicketCreated, kind: UnassignedNew, when: nobodys, who: members},
	{event: desk.EvTicketStatus, kind: TicketReopened, when: reopened, who: owner},
	{event: desk.EvTicketWoken, kind: Woken, when: func(_ desk.Event, d particulars, _ Facts) bool { return d.Reason == "time" }, who: sleeper},
	{event: desk.EvMessageFailed, kind: SendFailed, who: author, topic: messageTopic, data: func(d particulars) map[string]any { return map[string]any{"reason": d.Reason} }},
	{event: desk.EvMessageUncertain, kind: SendFailed, who: author, topic: messageTopic, data: func(particulars) map[string]any { return map[string]any{"uncertain": true} }},
	{event: desk.EvAccountState, kind: ChannelBroken, when: broke, who: everybody, topic: accountTopic, data: func(d particulars) map[string]any {
		return map[string]any{"name": d.Name, "reason": d.Reason, "channel_account_id": d.Account.String()}
	}},
	{event: desk.EvTicketLimited, kind: LimitReached, who: everybody, topic: func(ev desk.Event, _ particulars) string { return "limit:" + ev.Contact.String() }},
	{event: desk.EvUserAvailability, kind: Switched, when: func(_ desk.Event, d particulars, _ Facts) bool { return d.By == people.ByManager },
		who: func(ev desk.Event, _ particulars, _ Facts) []desk.UserID { return []desk.UserID{ev.UserID} }, data: func(d particulars) map[string]any {
			return map[string]any{"available": d.Available, "note": d.Note}
		}},
	{event: desk.EvInboundSetAside, kind: SetAside, who: everybody, topic: rawTopic, data: func(d particulars) map[string]any { return map[string]any{"raw_id": d.Raw.String()} }},
}

// over says which event ends the matter of a topic: what is unread about it is read then.
var over = map[string]func(d particulars) string{
	desk.EvAccountState: func(d particulars) string {
		if d.to() == string(desk.StateConnected) {
			return "account:" + d.Account.String()
		}
		return ""
	},
	desk.EvAccountRemoved:  func(d particulars) string { return "account:" + d.Account.String() },
	desk.EvInboundReplayed: func(d particulars) string { return "raw:" + d.Raw.String() },
}

func messageTopic(ev desk.Event, _ particulars) string { return "message:" + ev.Message.String() }
func accountTopic(_ desk.Event, d particulars) string  { return "account:" + d.Account.String() }
func rawTopic(_ desk.Event, d particulars) string      { return "raw:" + d.Raw.String() }

func owner(_ desk.Event, _ particulars, f Facts) []desk.UserID     { return []desk.UserID{f.Owner} }
func followers(_ desk.Event, _ particulars, f Facts) []desk.UserID { return f.Followers }
func ownerAndFollowers(_ desk.Event, _ particulars, f Facts) []desk.UserID {
	return append([]desk.UserID{f.Owner}, f.Followers...)
}
func mentioned(_ desk.Event, _ particulars, f Facts) []desk.UserID { return f.Mentions }
func sleeper(_ desk.Event, d particulars, f Facts) []desk.UserID {
	switch {
	case f.Owner != 0:
		return []desk.UserID{f.Owner}
	case d.SnoozedBy != 0:
		return []desk.UserID{d.SnoozedBy}
	}
	return []desk.UserID{f.SnoozedBy}
}

// author is who wrote what did not go out; the owner when that was no person who is still here.
func author(_ desk.Event, _ particulars, f Facts) []desk.UserID {
	for _, p := range f.People {
		if p.User.ID == f.Author {
			return []desk.UserID{f.Author}
		}
	}
	return []desk.UserID{f.Owner}
}
func everybody(_ desk.Event, _ particulars, f Facts) []desk.UserID { return ids(f.People) }
func members(_ desk.Event, _ particulars, f Facts) []desk.UserID {
	var out []desk.UserID
	for _, p := range f.People {
		if p.Acts {
			out = append(out, p.User.ID)
		}
	}
	return out
}

// available are the members who take work now.
func available(_ desk.Event, _ particulars, f Facts) []desk.UserID {
	var out []desk.UserID
	for _, p := range f.People {
		if p.Acts && p.User.Available {
			out = append(out, p.User.ID)
		}
	}
	return out
}
func team(_ desk.Event, d particulars, f Facts) []desk.UserID {
	var out []desk.UserID
	for _, p := range f.People {
		if slices.Contains(p.User.Teams, d.TeamID) {
			out = append(out, p.User.ID)
		}
	}
	return out
}

// answered: a customer's word, which people are told of, on something that was there before.
func answered(_ desk.Event, d particulars, f Facts) bool {
	return !f.First && d.Direction != desk.Outgoing && (d.Notify == nil || *d.Notify)
}
func newOwner(_ desk.Event, d particulars, f Facts) bool {
	return d.OwnerID != 0 && d.OwnerID != d.PreviousOwner && f.Owner == d.OwnerID
}
func newTeam(_ desk.Event, d particulars, f Facts) bool {
	return d.OwnerID == 0 && d.TeamID != 0 && d.TeamID != d.PreviousTeam && f.Owner == 0 && f.Team == d.TeamID
}
func nobodys(_ desk.Event, _ particulars, f Facts) bool { return f.Owner == 0 && f.Team == 0 }

// reopened by a person or a rule: a customer's answer and a failed send are told as what they are.
func reopened(_ desk.Event, d particulars, _ Facts) bool {
	return d.FromState == "closed" && d.ToState == "open" && d.Reason != "reopened_by_reply" && d.Reason != "delivery_failed"
}
func broke(_ desk.Event, d particulars, _ Facts) bool {
	to := d.to()
	return (to == string(desk.StateReconnect) || to == string(desk.StateTrouble)) && d.From != to
}

func ids(people []Person) []desk.UserID {
	out := make([]desk.UserID, len(people))
	for i, p := range people {
		out[i] = p.User.ID
	}
	return out
}

// concerns reports whether any row or ending is about a type of event, so that the others cost nothing.
func concerns(event string) bool {
	return over[event] != nil || slices.ContainsFunc(rules, func(r rule) bool { return r.event == event })
}

// Decide says who is told of an event. It is pure: the same event and facts give the same notices. Nobody is told of their own doing, of what they may not
// see, of what is hidden, or when they are not active; who looks at the ticket gets it as read.
func Decide(ev desk.Event, f Facts) []Notice {
	if f.Hidden != desk.HiddenNo {
		return nil
	}
	var d particulars
	_ = json.Unmarshal(ev.Data, &d)                                                                        // what cannot be read concerns nobody
	if d.Made == ticket.MadeByMove || ev.Type == desk.EvTicketAssigned && d.Rule == assignment.RuleMoved { // a channel moved: nothing happened to the customer (MG-07)
		return nil
	}
	told := map[desk.UserID]bool{0: true, ev.Actor.UserID(): true}
	var out []Notice
	for _, r := range rules {
		if r.event != ev.Type || r.when != nil && !r.when(ev, d, f) {
			continue
		}
		spec := specOf(r.kind)
		for _, id := range r.who(ev, d, f) {
			i := slices.IndexFunc(f.People, func(p Person) bool { return p.User.ID == id })
			if told[id] || i < 0 || !f.People[i].may(spec) {
				continue
			}
			told[id] = true
			n := Notice{User: id, Kind: r.kind, Targets: f.People[i].Settings.targets(r.kind), Read: slices.Contains(f.Viewing, id)}
			if r.topic != nil {
				n.Topic = r.topic(ev, d)
			}
			if r.data != nil {
				n.Data = r.data(d)
			}
			if len(n.Targets) > 0 {
				out = append(out, n)
			}
		}
	}
	return out
}

// may reports whether a kind is anything to a person.
func (p Person) may(k KindSpec) bool {
	if !p.User.Active {
		return false
	}
	if k.Needs != "" {
		return access.UserCan(p.User, k.Needs)
	}
	return p.Sees || k.Own
}
