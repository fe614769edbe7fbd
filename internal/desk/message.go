package desk

// MessageKind is what an item of a thread is.
type MessageKind string

// The kinds. A comment is internal and never leaves; a system note is made by Kanal.
const (
	KindMessage MessageKind = "message"
	KindComment MessageKind = "comment"
	KindSystem  MessageKind = "system"
	KindWelcome MessageKind = "welcome"
)

// Direction of a message, seen from the team.
type Direction string

// The directions; a comment has none.
const (
	Incoming Direction = "incoming"
	Outgoing Direction = "outgoing"
)

// DeliveryStatus of a message or of one recipient (GEN-23). The message's own is the worst of its recipients'.
type DeliveryStatus string

// The states. Uncertain: it may have gone out and the machine never tries it again.
const (
	StatusReceived  DeliveryStatus = "received"
	StatusQueued    DeliveryStatus = "queued"
	StatusSending   DeliveryStatus = "sending"
	StatusSent      DeliveryStatus = "sent"
	StatusDelivered DeliveryStatus = "delivered"
	StatusRead      DeliveryStatus = "read"
	StatusFailed    DeliveryStatus = "failed"
	StatusUncertain DeliveryStatus = "uncertain"
	StatusCancelled DeliveryStatus = "cancelled" // undone before it went out
)

// Truncation says how much of the original Text is (EM-29).
type Truncation string

// The values, named as the public API names them.
const (
	NotTruncated    Truncation = "NOT_TRUNCATED"
	LatestReplyOnly Truncation = "TRUNCATED_TO_MOST_RECENT_REPLY"
	Truncated       Truncation = "TRUNCATED"
)

// Party is a sender or recipient with its delivery identifier (GEN-22).
type Party struct {
	Field   string         `json:"field,omitempty"` // from, to, cc, bcc, reply_to
	Kind    AddressKind    `json:"kind,omitempty"`
	Address string         `json:"address"`
	Name    string         `json:"name,omitempty"`
	Status  DeliveryStatus `json:"status,omitempty"`
	Detail  string         `json:"detail,omitempty"` // diagnostic of a failure
	Contact ContactID      `json:"contact_id,omitempty"`
}

// Message is one item in a thread: a message, an internal comment or a system note. Every message
// carries its own subject, sender and recipients.
type Message struct {
	ID           MessageID        `json:"id"`
	ThreadID     ThreadID         `json:"thread_id"`
	TicketID     TicketID         `json:"ticket_id"`
	Kind         MessageKind      `json:"type"`
	Direction    Direction        `json:"direction"`
	Channel      string           `json:"channel"`
	AccountID    ChannelAccountID `json:"channel_account_id"`
	Actor        Actor            `json:"actor"`
	ContactID    ContactID        `json:"contact_id"`
	From         Party            `json:"from"`
	Recipients   []Party          `json:"recipients"`
	Subject      string           `json:"subject"`
	Text         string           `json:"text"`        // the latest reply, as text
	QuotedText   string           `json:"text_quoted"` // folded history, as text
	HTML         string           `json:"html"`        // the latest reply, sanitised; "" when there is none
	QuotedHTML   string           `json:"html_quoted"` // folded history, sanitised
	Truncation   Truncation       `json:"truncation_status"`
	RemoteID     string           `json:"remote_id"` // Message-ID, wamid …
	InReplyTo    MessageID        `json:"in_reply_to"`
	RawID        RawID            `json:"raw_id"` // the raw original, if kept
	Disposition  Disposition      `json:"disposition"`
	Flags        []string         `json:"flags"` // see Flag…
	Forward      *Forward         `json:"forward"`
	Auth         *AuthEvidence    `json:"auth"`
	Status       DeliveryStatus   `json:"status"`
	StatusReason string           `json:"status_reason"`
	Client       string           `json:"client"` // what made it: workspace, api, email, system
	Attachments  []Attachment     `json:"attachments"`
	Mentions     []UserID         `json:"mentions"`
	TeamMentions []TeamID         `json:"team_mentions"` // named as teams; Mentions holds their members of that moment
	SendAt       Time             `json:"send_at"`       // when it leaves or left by a rule; null: at once
	SendRule     SendRule         `json:"send_rule" enum:",undo,later,later_if_quiet"`
	Plan         *SendPlan        `json:"plan"`       // what is done to the ticket when it leaves
	ForwardOf    MessageID        `json:"forward_of"` // the message that it passes on
	Offers       *Offers          `json:"offers"`     // what may be answered with a click, or is asked for; null: nothing
	SentAt       Time             `json:"sent_at"`    // the sender's own clock, if believable, else ReceivedAt
	CreatedAt    Time             `json:"created_at"` // when Kanal stored it
}

// Offers is what a message lets its reader answer with (CH-32).
type Offers struct {
	Quick []QuickReply `json:"quick"`
	Input *Question    `json:"input"`
}

// Empty tells that there is nothing.
func (o *Offers) Empty() bool { return o == nil || len(o.Quick) == 0 && o.Input == nil }

// QuickReply is one button: it answers with its value, or opens an address.
type QuickReply struct {
	Label string `json:"label"`
	Value string `json:"value"`
	URL   string `json:"url"`
	Step  string `json:"step"` // of the chatflow, that the answer is for; "" under a person's message
}

// Question is what a bot asks for: the field that the visitor fills in.
type Question struct {
	Step        string       `json:"step"`
	Answer      string       `json:"answer" enum:"text,email,phone,number,date,url,choice,yes_no,file"`
	Required    bool         `json:"required"`
	Choices     []QuickReply `json:"choices"`
	Placeholder string       `json:"placeholder"`
}

// SendRule is what a message waits for before it leaves (WS-23); "" once it is on its way.
type SendRule string

// The rules. LaterIfQuiet holds the message back when the customer has written before its time.
const (
	SendUndo         SendRule = "undo"
	SendLater        SendRule = "later"
	SendLaterIfQuiet SendRule = "later_if_quiet"
)

// Scheduled tells a message that a person put off.
func (r SendRule) Scheduled() bool { return r == SendLater || r == SendLaterIfQuiet }

// SendPlan is what is done to the ticket with a send (WS-23, WS-24): nil and "" leave a field alone.
type SendPlan struct {
	Status     string         `json:"status,omitempty"` // slug in the ticket's pipeline
	Priority   *Priority      `json:"priority,omitempty"`
	Category   *string        `json:"category,omitempty"`
	OwnerID    *UserID        `json:"owner_id,omitempty"` // 0: nobody
	TeamID     *TeamID        `json:"team_id,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
	Snooze     bool           `json:"snooze,omitempty"`
	SnoozeTo   Time           `json:"snooze_until,omitempty"` // 0 with Snooze: until the customer writes
	WasStatus  StatusID       `json:"was_status,omitempty"`   // what taking the message back restores
}

// Empty tells that nothing is done.
func (p *SendPlan) Empty() bool {
	return p == nil || p.Status == "" && p.Priority == nil && p.Category == nil && p.OwnerID == nil && p.TeamID == nil && len(p.Properties) == 0 && !p.Snooze
}

// Flags of a message.
const (
	FlagSameIDOtherContent = "same_id_other_content" // EM-33: this Message-ID was seen with other content
	FlagNoMessageID        = "no_message_id"
	FlagForwarded          = "forwarded"
	FlagStranger           = "stranger" // a references match by somebody never in the thread
	FlagSubjectChanged     = "subject_changed"
	FlagBroken             = "broken_mime"
	FlagUnsupported        = "unsupported_content"
	FlagEncrypted          = "encrypted"
	FlagSigned             = "signed"
	FlagSpoofSuspect       = "spoof_suspect"
	FlagCalendar           = "calendar"
	FlagRedacted           = "redacted" // something was blanked out of it (CO-12)
)

// Forward is what is known of a forwarded mail (EM-26, EM-27).
type Forward struct {
	Is         bool   `json:"is"`
	By         Party  `json:"by"`       // who forwarded it
	Original   Party  `json:"original"` // who wrote it first
	Subject    string `json:"subject"`
	Date       Time   `json:"date"`
	Confidence string `json:"confidence" enum:"certain,likely,unresolved"`
	Used       string `json:"used" enum:"original,forwarder"` // whose contact it was filed under
}

// AuthEvidence is what SPF, DKIM and DMARC said when a mail arrived (EM-44). Values as in RFC 8601: pass, fail, softfail,
// neutral, none, temperror, permerror; "" when not looked up.
type AuthEvidence struct {
	SPF   string `json:"spf"`
	DKIM  string `json:"dkim"`
	DMARC string `json:"dmarc"`
	Note  string `json:"note,omitempty"` // the details, in one line
}

// Attachment is a file of a message; the bytes are a blob named by their SHA-256 in hex.
type Attachment struct {
	ID        AttachmentID `json:"id"`
	MessageID MessageID    `json:"message_id"`
	Name      string       `json:"name"`
	Type      string       `json:"type"`
	Size      int64        `json:"size"`
	SHA256    string       `json:"sha256"`
	Inline    bool         `json:"inline"`
	ContentID string       `json:"content_id"`
	// As says how a sent file travels: with the message, or as a link to this installation, which ends at LinkUntil (EM-39).
	As        string `json:"as" enum:"file,link"`
	LinkUntil Time   `json:"link_until"` // null: no link
}

// The ways a file travels.
const (
	AsFile = "file"
	AsLink = "link"
)

// Linked makes the file one that goes as a link until then; 0 makes it one that goes with the message.
func (a *Attachment) Linked(until Time) {
	if a.LinkUntil, a.As = until, AsFile; until != 0 {
		a.As = AsLink
	}
}

// Draft is a composer's unsent text, kept on the server per person and thread.
type Draft struct {
	ID          DraftID        `json:"id"`
	UserID      UserID         `json:"user_id"`
	TicketID    TicketID       `json:"ticket_id"`
	ThreadID    ThreadID       `json:"thread_id"`
	Kind        string         `json:"type" enum:"reply,comment,new,forward"`
	InReplyTo   MessageID      `json:"in_reply_to"`
	To          []Party        `json:"to"`
	Cc          []Party        `json:"cc"`
	Bcc         []Party        `json:"bcc"`
	Subject     string         `json:"subject"`
	HTML        string         `json:"html"`
	Text        string         `json:"text"`
	Attachments []AttachmentID `json:"attachments"`
	UpdatedAt   Time           `json:"updated_at"`
	SeenSeq     int64          `json:"seen_seq"` // the ticket's last event when the draft began
	ForwardOf   MessageID      `json:"forward_of"`
}

// Disposition is what kind of thing an inbound mail is, decided once from its headers and body.
type Disposition string

// The dispositions (interface.md). What each leads to stands in internal/intake's table.
const (
	DispNormal       Disposition = "normal"
	DispAutoReply    Disposition = "auto_reply"
	DispBounce       Disposition = "bounce"
	DispList         Disposition = "list"
	DispOwn          Disposition = "own"          // our own mail came back
	DispColleague    Disposition = "colleague"    // an internal user or another team address wrote it
	DispVerification Disposition = "verification" // a provider asks to confirm a forward
)
