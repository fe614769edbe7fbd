package desk

import "strings"

// Thread is one exchange with one party, begun over one channel account; it may go on over another (GEN-24).
type Thread struct {
	ID            ThreadID         `json:"id"`
	InboxID       InboxID          `json:"inbox_id"`
	AccountID     ChannelAccountID `json:"channel_account_id"` // where it began
	Channel       string           `json:"channel"`
	ContactID     ContactID        `json:"contact_id"`
	TicketID      TicketID         `json:"ticket_id"` // 0: a thread of an inbox without a ticket
	OwnerID       UserID           `json:"owner_id"`  // only while TicketID is 0
	TeamID        TeamID           `json:"team_id"`
	Subject       string           `json:"subject"`
	Open          bool             `json:"open"`
	MessageCount  int              `json:"message_count"`
	CreatedAt     Time             `json:"created_at"`
	LastMessageAt Time             `json:"last_message_at"`
	LastInboundAt Time             `json:"last_inbound_at"`
	Hidden        Hidden           `json:"hidden" enum:",spam,trash"` // only while TicketID is 0
	HiddenAt      Time             `json:"hidden_at"`
	VisitorID     VisitorID        `json:"visitor_id"` // the browser that it is with, of a chat
	Bot           bool             `json:"bot"`        // a bot holds it, no person yet (CF-21)
	ChatflowID    ChatflowID       `json:"chatflow_id"`
	SeenByVisitor MessageID        `json:"seen_by_visitor"` // the last message that the visitor has seen
	SeenByTeam    MessageID        `json:"seen_by_team"`
	MailedTo      MessageID        `json:"mailed_to"` // the last message that went out by mail because the visitor had left
	Origin        *Origin          `json:"origin"`
}

// Origin is the page on which a chat began (TR-10).
type Origin struct {
	URL      string `json:"url"`
	Title    string `json:"title"`
	Referrer string `json:"referrer"`
	Chatflow string `json:"chatflow"` // its name then
	Number   int64  `json:"number"`   // of the chatflow's version
}

// Bare is the origin without the parameters of its addresses: hidden fields of forms are filled from them, and the team does not see those (FM-10).
func (o *Origin) Bare() *Origin {
	if o == nil {
		return nil
	}
	out := *o
	out.URL, _, _ = strings.Cut(strings.ReplaceAll(o.URL, "#", "?"), "?")
	out.Referrer, _, _ = strings.Cut(strings.ReplaceAll(o.Referrer, "#", "?"), "?")
	return &out
}
