package desk

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
}
