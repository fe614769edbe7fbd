package desk

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Pipeline is an ordered list of statuses (TK-07).
type Pipeline struct {
	ID       PipelineID `json:"id"`
	Slug     string     `json:"slug"`
	Name     string     `json:"name"`
	Position int        `json:"position"`
	Statuses []Status   `json:"statuses"`
}

// Status is one step of a pipeline. State is "open" or "closed".
type Status struct {
	ID         StatusID   `json:"id"`
	PipelineID PipelineID `json:"pipeline_id"`
	Slug       string     `json:"slug"`
	Name       string     `json:"name"`
	State      string     `json:"state" enum:"open,closed"`
	Position   int        `json:"position"`
}

// Priority of a ticket. Empty is allowed and sorts lowest.
type Priority string

// The priorities.
const (
	PriorityLow    Priority = "low"
	PriorityMedium Priority = "medium"
	PriorityHigh   Priority = "high"
	PriorityUrgent Priority = "urgent"
)

// Hidden says why a ticket is out of the ordinary views.
type Hidden string

// The values; "" is an ordinary ticket.
const (
	HiddenNo     Hidden = ""
	HiddenSpam   Hidden = "spam"
	HiddenTrash  Hidden = "trash"
	HiddenMerged Hidden = "merged"
)

// Ticket is work to be done. It may hold several threads, shown as one timeline (TK-18).
type Ticket struct {
	ID            TicketID         `json:"id"`
	Number        int64            `json:"number"` // short, human, never reused (TK-19)
	Subject       string           `json:"subject"`
	Description   string           `json:"description"`
	InboxID       InboxID          `json:"inbox_id"`
	Channel       string           `json:"channel"` // where it came from first
	AccountID     ChannelAccountID `json:"channel_account_id"`
	ContactID     ContactID        `json:"contact_id"`
	PipelineID    PipelineID       `json:"pipeline_id"`
	StatusID      StatusID         `json:"status_id"`
	Open          bool             `json:"open"`
	Priority      Priority         `json:"priority"`
	Category      string           `json:"category"`
	Language      string           `json:"language"` // the customer's, as ISO 639-1 (TK-10, SK-09); "" unknown
	OwnerID       UserID           `json:"owner_id"`
	TeamID        TeamID           `json:"team_id"`
	Assignment    *Assignment      `json:"assignment"` // the last decision, with its reasons ("why me?")
	Properties    map[string]any   `json:"properties"`
	Hidden        Hidden           `json:"hidden"`
	MergedInto    TicketID         `json:"merged_into"`
	Snippet       string           `json:"snippet"`        // first line of the last message
	LastDirection Direction        `json:"last_direction"` // incoming: the customer waits
	MessageCount  int              `json:"message_count"`
	CreatedAt     Time             `json:"created_at"`
	UpdatedAt     Time             `json:"updated_at"`
	LastActivity  Time             `json:"last_activity_at"`
	LastInbound   Time             `json:"last_inbound_at"`
	FirstReply    Time             `json:"first_reply_at"`
	ClosedAt      Time             `json:"closed_at"`
	Snoozed       bool             `json:"snoozed"`       // rests until SnoozedUntil or the customer's next word
	SnoozedUntil  Time             `json:"snoozed_until"` // 0 while snoozed: only until the customer writes
	SnoozedBy     UserID           `json:"snoozed_by"`
	HiddenAt      Time             `json:"hidden_at"`
	HiddenReason  string           `json:"hidden_reason"` // slug of why it was hidden; "" when a person just did
	Version       int64            `json:"version"`       // grows with every change; PATCH may send it to refuse a stale edit
}

// TicketLink joins two tickets: "claims" (a stranger's mail claims to belong to the other), "related", "same_mail" (one mail to two inboxes),
// "duplicate" (TicketID asks what OtherID asks), "blocks" (OtherID waits for TicketID).
type TicketLink struct {
	TicketID  TicketID  `json:"ticket_id"`
	OtherID   TicketID  `json:"other_id"`
	Kind      string    `json:"kind" enum:"claims,related,same_mail,duplicate,blocks"`
	MessageID MessageID `json:"message_id"`
	Reason    string    `json:"reason"`
	CreatedAt Time      `json:"created_at"`
}

// Property defines a custom property of tickets or contacts.
type Property struct {
	ID       PropertyID `json:"id"`
	Object   string     `json:"object" enum:"ticket,contact"`
	Name     string     `json:"name"` // slug, the JSON key
	Label    string     `json:"label"`
	Type     string     `json:"type" enum:"text,long_text,number,boolean,date,choice,multi_choice"`
	Options  []string   `json:"options"`
	Position int        `json:"position"`

	RequiredOnClose bool                `json:"required_on_close" doc:"Nobody closes a ticket without it. Tickets only."`
	DependsOn       string              `json:"depends_on" doc:"The name of another choice of the same object, on whose value the options depend."`
	OptionsBy       map[string][]string `json:"options_by" doc:"Which options may be chosen, by the value of depends_on. A value that is not named allows all."`

	Access   *PropertyAccess `json:"access" doc:"Who sees and who changes it; null: everybody who may see or change what it belongs to."`
	ReadOnly bool            `json:"read_only" doc:"Whoever asks may not change it."`
}

// Assignment is a decision: owner, rule, and the reasons for every candidate (RT-20).
type Assignment struct {
	At         Time             `json:"at"`
	By         Actor            `json:"by"`
	OwnerID    UserID           `json:"owner_id"`
	TeamID     TeamID           `json:"team_id"`
	Rule       string           `json:"rule"`                // "manual", "reply_assigns", "skill", "reopened", "conversation", or the account's policy: "no_one", "users", "teams", …
	RuleName   string           `json:"rule_name,omitempty"` // of the rule of skills that decided
	Reason     string           `json:"reason"`              // slug for the whole decision: chosen_least_open, nobody_available, unassigned_by_policy …
	Cause      string           `json:"cause,omitempty"`     // why it was asked: arrived, reopened, queue, moved …
	Steps      []AssignmentStep `json:"steps,omitempty"`     // what was passed on the way, in order
	Queued     bool             `json:"queued,omitempty"`    // it waits, and is tried again
	NextAt     Time             `json:"next_at,omitempty"`   // when by itself: a hold that ends, a rule that relaxes, a channel that opens; 0 only when something happens
	HoldFor    UserID           `json:"hold_for,omitempty"`  // the contact's owner for whom it is held
	MailTo     UserID           `json:"mail_to,omitempty"`   // the contact's owner, away, who gets the submission by mail (RT-05)
	Policy     *AssignPolicy    `json:"policy,omitempty"`    // by which it is tried again, where that is not the channel's: a bot's
	Candidates Candidates       `json:"candidates"`
}

// AssignmentStep is a rule or a fallback that was looked at, and what came of it.
type AssignmentStep struct {
	Step   string   `json:"step"`             // hours, keep, rule, policy, contact_owner, owner_team, users, teams, users_and_teams, no_one
	Name   string   `json:"name,omitempty"`   // of a rule
	Reason string   `json:"reason"`           // chosen, no_match, lacks_skill, away, no_contact_owner …
	Skills []string `json:"skills,omitempty"` // those it asked for
	UserID UserID   `json:"user_id,omitempty"`
}

// Candidate is one user considered, with what was known of them then.
type Candidate struct {
	UserID       UserID   `json:"user_id"`
	Name         string   `json:"name"`
	Open         int      `json:"open"`             // open tickets owned
	LastAssigned Time     `json:"last_assigned_at"` // ties go to the longest idle
	Chosen       bool     `json:"chosen"`
	Reason       string   `json:"reason"`               // chosen, more_open, tie_idle_shorter, away, inactive, takes_no_work, no_access, not_main_member, at_capacity, lacks_skill …
	By           string   `json:"by,omitempty"`         // of away: hours, out_of_office, idle, manual, manager
	Load         int      `json:"load,omitempty"`       // what counts against Limit
	Limit        int      `json:"limit,omitempty"`      // the limit that stopped them, or the next one that would; 0: none
	LimitKind    string   `json:"limit_kind,omitempty"` // total, calls, messages, email, chats
	Missing      []string `json:"missing,omitempty"`    // skills they lack
}

// Candidates are kept as they are while they are few. A large team is kept folded: grouped by what was said of them, which is a quarter of the size.
type Candidates []Candidate

// foldAbove is how many candidates are kept one by one.
const foldAbove = 20

// folded is {"folded": [{the reason with what it says, "who": [[id, name, open, last_assigned_at], …]}]}.
type folded struct {
	Groups []foldedGroup `json:"folded"`
}

type foldedGroup struct {
	Reason    string          `json:"reason"`
	By        string          `json:"by,omitempty"`
	Load      int             `json:"load,omitempty"`
	Limit     int             `json:"limit,omitempty"`
	LimitKind string          `json:"limit_kind,omitempty"`
	Chosen    bool            `json:"chosen,omitempty"`
	Missing   []string        `json:"missing,omitempty"`
	Who       json.RawMessage `json:"who"`
}

// Fold is the JSON that is kept of candidates.
func (cs Candidates) Fold() json.RawMessage {
	if len(cs) <= foldAbove {
		if cs == nil {
			return json.RawMessage("[]")
		}
		b, _ := json.Marshal([]Candidate(cs))
		return b
	}
	type key struct {
		reason, by, kind, missing string
		load, limit               int
		chosen                    bool
	}
	var f folded
	at := map[key]int{}
	for _, c := range cs {
		k := key{c.Reason, c.By, c.LimitKind, strings.Join(c.Missing, "\x00"), c.Load, c.Limit, c.Chosen}
		i, ok := at[k]
		if !ok {
			i = len(f.Groups)
			at[k] = i
			f.Groups = append(f.Groups, foldedGroup{Reason: c.Reason, By: c.By, Load: c.Load, Limit: c.Limit, LimitKind: c.LimitKind, Chosen: c.Chosen, Missing: c.Missing, Who: json.RawMessage("[")})
		}
		g := &f.Groups[i]
		if len(g.Who) > 1 {
			g.Who = append(g.Who, ',')
		}
		g.Who = c.appendWho(g.Who)
	}
	for i := range f.Groups {
		f.Groups[i].Who = append(f.Groups[i].Who, ']')
	}
	b, _ := json.Marshal(f)
	return b
}

func (c Candidate) appendWho(b []byte) []byte {
	b = append(b, '[')
	if c.UserID == 0 {
		b = append(b, "null,"...)
	} else { // ids are texts, for readers whose numbers are too short
		b = append(b, '"')
		b = strconv.AppendInt(b, int64(c.UserID), 10)
		b = append(b, `",`...)
	}
	b = AppendText(b, c.Name)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.Open), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.LastAssigned), 10)
	return append(b, ']')
}

// AppendText appends a text as JSON.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' {
			q, _ := json.Marshal(s)
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// UnmarshalJSON reads candidates one by one, and folded.
func (cs *Candidates) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, (*[]Candidate)(cs))
	}
	var f folded
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	*cs = Candidates{}
	for _, g := range f.Groups {
		var who [][4]json.RawMessage
		if err := json.Unmarshal(g.Who, &who); err != nil {
			return err
		}
		for _, w := range who {
			c := Candidate{Chosen: g.Chosen, Reason: g.Reason, By: g.By, Load: g.Load, Limit: g.Limit, LimitKind: g.LimitKind, Missing: g.Missing}
			var last int64
			for i, to := range []any{&c.UserID, &c.Name, &c.Open, &last} {
				if err := json.Unmarshal(w[i], to); err != nil {
					return err
				}
			}
			c.LastAssigned = Time(last)
			*cs = append(*cs, c)
		}
	}
	slices.SortStableFunc(*cs, func(x, y Candidate) int { // by id, and names that are nobody's last, as they were
		return cmp.Compare(uint64(x.UserID)-1, uint64(y.UserID)-1)
	})
	return nil
}

// Kept is an assignment as it is kept: with its candidates folded.
type Kept struct {
	Assignment
	Candidates json.RawMessage `json:"candidates"`
}

// Keep folds an assignment.
func (a Assignment) Keep() Kept { return Kept{a, a.Candidates.Fold()} }

// Waiting is a ticket, or a conversation without one, that nobody could have yet (RT-07, CP-08). Since stays when it is entered again.
type Waiting struct {
	Object    string           `json:"object" enum:"ticket,thread"`
	ID        int64            `json:"id"`
	AccountID ChannelAccountID `json:"channel_account_id"`
	InboxID   InboxID          `json:"inbox_id"`
	Rank      int              `json:"rank"` // of the priority: 4 urgent … 0 none
	Since     Time             `json:"since"`
	Reason    string           `json:"reason"`
	NextAt    Time             `json:"next_at"` // tried again then by itself; 0 only when something happens
}

// Objects that can wait.
const (
	WaitingTicket = "ticket"
	WaitingThread = "thread"
)

// Rank orders priorities: 4 urgent … 0 none.
func (p Priority) Rank() int {
	switch p {
	case PriorityUrgent:
		return 4
	case PriorityHigh:
		return 3
	case PriorityMedium:
		return 2
	case PriorityLow:
		return 1
	}
	return 0
}

// SplitID names a split of a ticket.
type SplitID int64

// String and the JSON methods write the id as the API does.
func (id SplitID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SplitID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SplitID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SplitID(n)
	return err
}

// Tally is what the messages of a ticket add up to: what lists show beside it.
type Tally struct {
	Count        int
	LastActivity Time
	LastInbound  Time
	FirstReply   Time    // of a person, since the ticket began
	Last         Message // zero when there is none
}
