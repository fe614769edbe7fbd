package notify

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
)

// The people of the tables: 1 ann owns the ticket, 2 bo follows it, 3 cy is in team 7, 4 di is a light user who sees nothing of the inbox, 5 ed is an administrator who is no member,
// 6 flo is deactivated, 9 is nobody.
func facts(change ...func(*Facts)) Facts {
	everything := Builtin()
	for k := range everything.Kinds {
		for t := range everything.Kinds[k] {
			everything.Kinds[k][t] = true
		}
	}
	person := func(id desk.UserID, role desk.Role, sees, acts bool, teams ...desk.TeamID) Person {
		return Person{User: desk.User{ID: id, Role: role, Active: true, Teams: teams}, Settings: everything, Sees: sees, Acts: acts}
	}
	f := Facts{Owner: 1, Author: 1, Inbox: 50, Followers: []desk.UserID{1, 2, 6}, Mentions: nil, People: []Person{
		person(1, desk.RoleAgent, true, true), person(2, desk.RoleAgent, true, true), person(3, desk.RoleAgent, true, true, 7),
		person(4, desk.RoleLight, false, false), person(5, desk.RoleAdmin, true, false), person(6, desk.RoleAgent, true, true),
	}}
	f.People[5].User.Active = false
	for _, c := range change {
		c(&f)
	}
	return f
}

func unowned(f *Facts)                         { f.Owner = 0 }
func spam(f *Facts)                            { f.Hidden = desk.HiddenSpam }
func first(f *Facts)                           { f.First = true }
func mentions(ids ...desk.UserID) func(*Facts) { return func(f *Facts) { f.Mentions = ids } }

// WS-15, WS-10: who is told of what.
func TestWhoIsToldOfWhat(t *testing.T) {
	by := desk.ByUser
	customer := desk.ByContact(77)
	for _, c := range []struct {
		name  string
		typ   string
		actor desk.Actor
		data  string
		f     Facts
		want  string // "user kind" of each, in order
	}{
		{"a customer's answer: the owner, and who follows", desk.EvMessageReceived, customer, `{"direction":"INCOMING","notify":true}`, facts(), "1 customer_replied, 2 followed_message"},
		{"what people are not told of by the table of dispositions", desk.EvMessageReceived, customer, `{"notify":false}`, facts(), ""},
		{"the first message of a ticket is told by its assignment", desk.EvMessageReceived, customer, `{"notify":true}`, facts(first), ""},
		{"held as spam", desk.EvMessageReceived, customer, `{"notify":true}`, facts(spam), ""},
		{"a colleague's answer on my ticket", desk.EvMessageQueued, by(2), `{}`, facts(), "1 followed_message"},
		{"my own answer", desk.EvMessageQueued, by(1), `{}`, facts(), "2 followed_message"},
		{"a comment that mentions", desk.EvCommentAdded, by(2), `{}`, facts(mentions(3, 1)), "3 mentioned, 1 mentioned"},
		{"who mentions themself hears nothing", desk.EvCommentAdded, by(3), `{}`, facts(mentions(3)), "1 followed_message, 2 followed_message"},
		{"who may not see it is not told by a mention", desk.EvCommentAdded, by(2), `{}`, facts(mentions(4, 6, 9)), "1 followed_message"},
		{"an administrator sees, and is told when mentioned", desk.EvCommentAdded, by(2), `{}`, facts(mentions(5)), "5 mentioned, 1 followed_message"},
		{"assigned by a colleague", desk.EvTicketAssigned, by(2), `{"owner_id":"1","rule":"manual"}`, facts(), "1 assigned"},
		{"taken by oneself", desk.EvTicketAssigned, by(1), `{"owner_id":"1","rule":"manual"}`, facts(), ""},
		{"assigned by a rule", desk.EvTicketAssigned, desk.System, `{"owner_id":"1","rule":"users"}`, facts(), "1 assigned"},
		{"assigned and taken away since", desk.EvTicketAssigned, by(2), `{"owner_id":"3"}`, facts(), ""},
		{"the same owner again", desk.EvTicketAssigned, by(2), `{"owner_id":"1","previous_owner_id":"1"}`, facts(), ""},
		{"to a team", desk.EvTicketAssigned, by(2), `{"owner_id":"0","team_id":"7"}`, facts(unowned, func(f *Facts) { f.Team = 7 }), "3 unassigned_new"},
		{"new and nobody's: the inbox's members", desk.EvTicketCreated, customer, `{}`, facts(unowned), "1 unassigned_new, 2 unassigned_new, 3 unassigned_new"},
		{"a visitor waits: those who are available", desk.EvTicketCreated, customer, `{}`, facts(unowned, func(f *Facts) { f.Live, f.People[0].User.Available = true, true }), "1 chat_waiting, 2 unassigned_new, 3 unassigned_new"},
		{"new and somebody's", desk.EvTicketCreated, customer, `{}`, facts(), ""},
		{"opened again by a colleague", desk.EvTicketStatus, by(2), `{"from_state":"closed","to_state":"open"}`, facts(), "1 ticket_reopened"},
		{"opened again by an answer, which is told as that", desk.EvTicketStatus, customer, `{"from_state":"closed","to_state":"open","reason":"reopened_by_reply"}`, facts(), ""},
		{"closed", desk.EvTicketStatus, by(2), `{"from_state":"open","to_state":"closed"}`, facts(), ""},
		{"a rest that ended by time", desk.EvTicketWoken, desk.System, `{"reason":"time"}`, facts(), "1 woken"},
		{"a rest that ended by time on nobody's ticket", desk.EvTicketWoken, desk.System, `{"reason":"time","snoozed_by":"3"}`, facts(unowned), "3 woken"},
		{"a rest that an answer ended", desk.EvTicketWoken, customer, `{"reason":"reply"}`, facts(), ""},
		{"a send that failed: its author", desk.EvMessageFailed, desk.System, `{"reason":"550"}`, facts(func(f *Facts) { f.Author = 3 }), "3 send_failed"},
		{"a send that failed, of somebody who is gone: the owner", desk.EvMessageUncertain, desk.System, `{}`, facts(func(f *Facts) { f.Author = 8 }), "1 send_failed"},
		{"a channel that broke: administrators", desk.EvAccountState, desk.System, `{"from":"connected","to":"reconnect"}`, facts(), "5 channel_broken"},
		{"a channel that is still broken", desk.EvAccountState, desk.System, `{"from":"trouble","to":"trouble"}`, facts(), ""},
		{"a channel that works", desk.EvAccountState, desk.System, `{"from":"trouble","to":"connected"}`, facts(), ""},
		{"set aside", desk.EvInboundSetAside, desk.System, `{"raw_id":"4"}`, facts(), "5 set_aside"},
		{"nothing that concerns anybody", desk.EvContactUpdated, by(2), `{}`, facts(), ""},
		{"particulars that cannot be read", desk.EvTicketAssigned, by(2), `{"owner_id":[]}`, facts(), ""},
	} {
		ev := desk.Event{Type: c.typ, Actor: c.actor, TicketID: 10, ThreadID: 11, Message: 12, Data: json.RawMessage(c.data)}
		var got []string
		for _, n := range Decide(ev, c.f) {
			got = append(got, fmt.Sprintf("%d %s", n.User, n.Kind))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}

// WS-15: whatever happens, nobody is told of their own doing, of what they may not see, twice of one event, or after they left.
func TestNoRuleBreaksTheHouseRules(t *testing.T) {
	datas := []string{`{}`, `{"owner_id":"1","notify":true}`, `{"owner_id":"4","team_id":"7"}`, `{"from_state":"closed","to_state":"open"}`, `{"reason":"time"}`, `{"from":"connected","to":"trouble"}`}
	for _, r := range rules {
		for _, data := range datas {
			for actor := range desk.UserID(7) {
				f := facts(mentions(1, 2, 3, 4, 5, 6), func(f *Facts) { f.Viewing = []desk.UserID{2} })
				ev := desk.Event{Type: r.event, Actor: desk.ByUser(actor), TicketID: 10, Message: 12, Data: json.RawMessage(data)}
				before, _ := json.Marshal(f)
				got := Decide(ev, f)
				if again := Decide(ev, f); !reflect.DeepEqual(got, again) {
					t.Fatalf("%s: two answers", r.event)
				}
				if after, _ := json.Marshal(f); string(after) != string(before) {
					t.Fatalf("%s: facts were changed", r.event)
				}
				seen := map[desk.UserID]bool{}
				for _, n := range got {
					if n.User == actor || n.User == 4 && specOf(n.Kind).Needs == "" || n.User == 6 || seen[n.User] || n.User == 0 {
						t.Errorf("%s by %d %s: told %+v", r.event, actor, data, n)
					}
					if n.Read != (n.User == 2) {
						t.Errorf("%s: who looks at the ticket has read it, and nobody else: %+v", r.event, n)
					}
					seen[n.User] = true
				}
			}
		}
	}
}

// CC-35: the matrix is data; a target that is off is not used, mail that is off reaches nobody, and a target more is a column more.
func TestTargetsFollowTheMatrix(t *testing.T) {
	s := Builtin()
	if got := s.targets(Mentioned); !slices.Equal(got, []string{InApp, Desktop, Email}) {
		t.Errorf("mentioned: %v", got)
	}
	if got := s.targets(UnassignedNew); len(got) != 0 {
		t.Errorf("unassigned_new: %v", got)
	}
	c := Choice{Kinds: map[Kind]map[string]bool{Mentioned: {Desktop: false}, UnassignedNew: {Email: true}}}
	if got := c.Over(s).targets(Mentioned); !slices.Equal(got, []string{InApp, Email}) {
		t.Errorf("mentioned without desktop: %v", got)
	}
	c.Email = &MailPlan{Mode: Off}
	if got := c.Over(s).targets(UnassignedNew); len(got) != 0 {
		t.Errorf("mail is off, but: %v", got)
	}
	was := Targets
	defer func() { Targets = was }()
	Targets = append(slices.Clone(was), Target{Name: "pager", Rests: true})
	more := Choice{Kinds: map[Kind]map[string]bool{Assigned: {"pager": true}}}
	if got := more.Over(Builtin()).targets(Assigned); !slices.Contains(got, "pager") {
		t.Errorf("a new target is not used: %v", got)
	}
	if err := more.check(); err != nil {
		t.Errorf("a new target is refused: %v", err)
	}
}

// XC-07: five languages say the same things, with the same blanks and both numbers.
func TestEveryLanguageIsComplete(t *testing.T) {
	blanks := func(s string) []string {
		var out []string
		for part := range strings.SplitSeq(s, "{") {
			if name, _, ok := strings.Cut(part, "}"); ok {
				out = append(out, name)
			}
		}
		slices.Sort(out)
		return out
	}
	for l, w := range languages {
		for key, en := range languages["en"] {
			if !slices.Equal(blanks(w[key]), blanks(en)) || w[key] == "" {
				t.Errorf("%s %s: %q", l, key, w[key])
			}
		}
		if len(w) != len(languages["en"]) {
			t.Errorf("%s has %d sentences, English %d", l, len(w), len(languages["en"]))
		}
		for _, k := range Kinds {
			if w[string(k.Kind)] == "" && w[string(k.Kind)+"_other"] == "" {
				t.Errorf("%s has no words for %s", l, k.Kind)
			}
		}
	}
	if w := wordsFor("", "de-AT", "da"); w["open"] != "Ticket öffnen" {
		t.Errorf("de-AT: %q", w["open"])
	}
	if w := wordsFor("pt", ""); w["open"] != "Open the ticket" {
		t.Errorf("pt: %q", w["open"])
	}
}
