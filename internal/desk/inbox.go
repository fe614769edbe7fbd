package desk

import "encoding/json"

// InboxKind: a help desk is ticket-first, an inbox thread-first (IH-01). One help desk an installation (IH-08).
type InboxKind string

// The kinds.
const (
	KindInbox    InboxKind = "inbox"
	KindHelpdesk InboxKind = "helpdesk"
)

// Inbox gathers channel accounts, access and routing.
type Inbox struct {
	ID        InboxID   `json:"id"`
	Slug      string    `json:"slug"`
	Kind      InboxKind `json:"kind"`
	Name      string    `json:"name"`
	Access    Access    `json:"access"`
	CreatedAt Time      `json:"created_at"`
}

// Access says who sees an inbox (IH-09). Empty Users and Teams with Everyone false means administrators only.
type Access struct {
	Everyone bool     `json:"everyone"`
	Users    []UserID `json:"users"`
	Teams    []TeamID `json:"teams"`
}

// AccountState is the health of a channel account's connection, apart from Active.
type AccountState string

// The states. Connecting and Connected are healthy; Reconnect needs a person (credentials are dead);
// Trouble is transient and retried.
const (
	StateConnecting AccountState = "connecting"
	StateConnected  AccountState = "connected"
	StateTrouble    AccountState = "trouble"
	StateReconnect  AccountState = "reconnect"
)

// ChannelAccount is one connected mailbox, number, page or widget of a channel, in one inbox.
// Active is the administrator's switch; Authorized says whether the credentials still work (GEN-21):
// a dead password shows as disconnected, never as off.
type ChannelAccount struct {
	ID          ChannelAccountID `json:"id"`
	Slug        string           `json:"slug"`
	Channel     string           `json:"channel"`
	InboxID     InboxID          `json:"inbox_id"`
	Name        string           `json:"name"`
	Active      bool             `json:"active"`
	Authorized  bool             `json:"authorized"`
	State       AccountState     `json:"state"`
	StateReason string           `json:"state_reason"`
	StateAt     Time             `json:"state_at"`
	Address     string           `json:"delivery_identifier"` // the address, number or page id contacts see
	Settings    json.RawMessage  `json:"settings"`            // the adapter's own, described by Spec.Fields; secrets removed
	Secrets     json.RawMessage  `json:"-"`                   // opened secrets: only the switchboard and intake hand them to an adapter
	Ticket      TicketPolicy     `json:"ticket"`
	Assign      AssignPolicy     `json:"assign"`
	CreatedAt   Time             `json:"created_at"`
	UpdatedAt   Time             `json:"updated_at"`
	ArchivedAt  Time             `json:"archived_at"`
}

// TicketPolicy: whether a new conversation makes a ticket, and what is stamped on it (GEN-05, GEN-18, IH-03).
type TicketPolicy struct {
	Create     string         `json:"create" yaml:"create,omitempty" enum:"always,never" doc:"always is the help desk's default"`
	Pipeline   string         `json:"pipeline" yaml:"pipeline,omitempty" doc:"slug"`
	Status     string         `json:"status" yaml:"status,omitempty" doc:"slug"`
	Priority   string         `json:"priority" yaml:"priority,omitempty"`
	Category   string         `json:"category" yaml:"category,omitempty"`
	Properties map[string]any `json:"properties" yaml:"properties,omitempty"`
}

// AssignPolicy: who gets a new ticket (RT-01, RT-02). Slugs and addresses, resolved when a decision is made.
type AssignPolicy struct {
	To            string   `json:"to" yaml:"to,omitempty" enum:"no_one,users,teams,users_and_teams,contact_owner"`
	Users         []string `json:"users" yaml:"users,omitempty" doc:"email addresses"`
	Teams         []string `json:"teams" yaml:"teams,omitempty" doc:"slugs"`
	AvailableOnly bool     `json:"available_only" yaml:"available_only"`
	By            string   `json:"by" yaml:"by,omitempty" enum:"least_open,random"`
}
