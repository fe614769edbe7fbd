package channel

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Clock tells the server's time, which a test may set.
type Clock interface{ Now() time.Time }

// Threading says what joins items into one thread.
type Threading string

// The models: by message references (email), by the contact (WhatsApp, SMS), by a key the channel gives (chat, form, call, custom).
const (
	ByReference Threading = "reference"
	ByContact   Threading = "contact"
	ByKey       Threading = "key"
)

// Spec is what a channel is, as data. Settings forms and the composer are drawn from it.
type Spec struct {
	Channel        string           `json:"channel"`    // the name used in settings and rows: "email"
	GenericID      int              `json:"generic_id"` // the public API's channelId (GEN-20): 1000 live chat, 1001 Messenger, 1002 email …
	Name           string           `json:"name"`       // default English name; locale files key it by Channel
	Icon           string           `json:"icon"`       // inline SVG
	Threading      Threading        `json:"threading"`
	Address        desk.AddressKind `json:"address_kind"`
	Fields         []Field          `json:"fields"`
	Kinds          []Kind           `json:"kinds"` // ways to connect, when there are several: the wizard's first question
	Terms          *Terms           `json:"terms"` // what must be accepted before connecting (EM-06)
	Can            Abilities        `json:"can"`
	Window         *Window          `json:"window"` // reply window, if the provider has one
	NeedsPublicURL bool             `json:"needs_public_url"`
	Work           string           `json:"work,omitempty" enum:"calls,messages,email"` // which limit of people it counts against (CP-06); "": messages where a conversation is with one contact or live, else email
}

// Kind is one way of connecting an account. Its Fields are those whose Kinds name it, or name none.
type Kind struct {
	Name        string         `json:"name"`
	Label       string         `json:"label"`
	Description string         `json:"description"`
	ComesLater  string         `json:"comes_later"` // not yet: why, and what to use meanwhile
	UseKind     string         `json:"use_kind"`    // the kind to use meanwhile, with Preset settings
	Preset      map[string]any `json:"preset"`
}

// Terms are what the administrator accepts. Who accepted which version, and when, is kept.
type Terms struct {
	Version string   `json:"version"`
	Points  []string `json:"points"`
}

// Field is one setting of an account, as JSON at a dotted path of the settings object.
type Field struct {
	Path     string   `json:"path"` // "imap.host"
	Label    string   `json:"label"`
	Help     string   `json:"help"`
	Type     string   `json:"type" enum:"text,email,password,number,boolean,choice,html,host,list"`
	Options  []Option `json:"options"`
	Default  any      `json:"default"`
	Required bool     `json:"required"`
	Secret   bool     `json:"secret"`                                 // sealed at rest, never sent to a browser, {env:}, {file:} or keep in a settings file
	Kinds    []string `json:"kinds"`                                  // only for these kinds; empty: all
	Step     string   `json:"step" enum:"account,details,automation"` // the wizard step and settings tab it stands on
}

// Option is one choice of a Field.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Abilities are limits and what the composer may offer.
type Abilities struct {
	Send             bool     `json:"send"`
	Start            bool     `json:"start"` // begin a conversation with somebody new
	HTML             bool     `json:"html"`
	Subject          bool     `json:"subject"`
	Cc               bool     `json:"cc"`
	Attachments      bool     `json:"attachments"`
	InlineImages     bool     `json:"inline_images"`
	MaxText          int      `json:"max_text"`              // characters; 0: no limit
	MaxAttachment    int64    `json:"max_attachment_bytes"`  // one file
	MaxAttachments   int64    `json:"max_attachments_bytes"` // all files of a message
	MaxAttachmentNum int      `json:"max_attachments"`
	MaxEncoded       int64    `json:"max_encoded_bytes"`               // a whole message as it travels, with its files in base64; 0: no limit
	LargeFiles       string   `json:"large_files" enum:",link,refuse"` // what becomes of files that do not fit into MaxEncoded; "": there is no such limit
	LinkAbove        int64    `json:"link_above_bytes"`                // of one conversation's account: files with more than this together do not fit; 0: no limit. A hint, since the text counts too
	LinkDays         int      `json:"link_days"`                       // how long a link works
	AttachmentTypes  []string `json:"attachment_types"`                // empty: all
	QuickReplies     bool     `json:"quick_replies"`
	Idempotent       bool     `json:"idempotent"` // the provider takes an idempotency key: uncertain sends are retried with the same key
	Form             bool     `json:"form"`       // what comes in is what a form was sent; its accounts name the form, and answers leave by another account (Relayer)
	Live             bool     `json:"live"`       // the other side reads it here and now: the stored message is the delivery, and who writes may be nobody's contact
}

// Window is a provider's reply window, computed from the customer's last message.
type Window struct {
	Standard time.Duration `json:"standard"`
	Human    time.Duration `json:"human"`
	Template bool          `json:"template"`
}

// Raw is one account's part of what arrived, before anybody interpreted it. Body is the original, byte for byte.
type Raw struct {
	Account  desk.ChannelAccountID
	Channel  string
	Dedupe   string // unique in the account: a redelivery ends here. For mail see email.DedupeKey
	Body     []byte
	Envelope Envelope
	Auth     *desk.AuthEvidence
	Cursor   *Cursor
	At       time.Time // when it reached us
	Broken   string    // why the item could not be had whole, in words: Parse then fails with it, so that the item is set aside. Not stored: a replay reads what there is
}

// Envelope is what the transport said, apart from the message.
type Envelope struct {
	From   string   `json:"from"` // SMTP MAIL FROM; "" with Null set is the null return path
	Null   bool     `json:"null"`
	To     []string `json:"to"`   // SMTP RCPT TO, ours only
	Peer   string   `json:"peer"` // IP of the peer
	Helo   string   `json:"helo"`
	TLS    bool     `json:"tls"`
	Folder string   `json:"folder"` // IMAP mailbox
	UID    uint32   `json:"uid"`
}

// Cursor is a receiver's position, advanced in the transaction that files the item.
type Cursor struct {
	Name  string
	Value []byte
}

// InboundKind is what an item is.
type InboundKind string

// The kinds.
const (
	InMessage  InboundKind = "message"
	InEdit     InboundKind = "edit"
	InDelete   InboundKind = "delete"
	InReaction InboundKind = "reaction"
	InStatus   InboundKind = "status" // about a message we sent: Status, Refs[0] names it
	InRead     InboundKind = "read"
	InTyping   InboundKind = "typing"
	InCall     InboundKind = "call"
)

// Inbound is what one item means. Parse cleans every string: valid UTF-8, no NUL.
type Inbound struct {
	Kind        InboundKind
	RemoteID    string   // the item's own id at the provider (Message-ID without brackets); "" if it has none
	ContentHash string   // hex SHA-256 over what makes the content the same (EM-33); not over transport headers
	ThreadKey   string   // Spec.Threading == key
	Tokens      []string // our own signed thread tokens found in recipients or references, unverified
	Refs        []string // ids it answers, nearest first: In-Reply-To, then References newest first
	InReplyTo   []string // as written
	References  []string // as written
	From        desk.Party
	Sender      desk.Party // whose contact it is when originals of forwards are used; equals From when not forwarded
	ReplyTo     []desk.Party
	To          []desk.Party // Field is to
	Cc          []desk.Party
	SentAt      time.Time // as the sender claims; zero when missing or unreadable
	Subject     string
	Text        string // the latest part
	QuotedText  string
	HTML        string // the latest part, sanitised
	QuotedHTML  string
	Snippet     string // one line for lists
	Truncation  desk.Truncation
	Attachments []Attachment
	Disposition desk.Disposition
	AutoReply   string // why no automatic answer may be sent; "" when one may (RFC 3834)
	Forward     *desk.Forward
	Bounce      *Bounce
	Verify      *Verification
	Flags       []string
	Marks       []string // kinds that a filter may hold back: marketing, automated, role_address (internal/spam); facts, not a verdict
	Problems    []string // what was ugly, in words; the item is filed all the same
	Status      *Status
	Language    string
	Extra       map[string]any // the adapter's own; stored, never read by the desk
	Live        *Live          // Abilities.Live: who writes, and where
	Form        *Form          // Abilities.Form: what was submitted, beside the words
}

// Live is what a visitor's message has beside its words. The edge has made sure that the visitor is who wrote it.
type Live struct {
	Visitor desk.VisitorID
	Thread  desk.ThreadID   // the conversation that it goes on with; 0 begins one
	Flow    desk.ChatflowID // what the widget showed
	Number  int64           // of the chatflow's version
	Client  string          // the browser's own id of the message
	Step    string          // of a bot, which it answers
	Value   string          // of the button that was chosen
	Label   string
	Origin  desk.Origin // the page
	Locale  string
}

// Form is what a submission has beside its words: what it fills, as the server has decided it.
type Form struct {
	Submission desk.SubmissionID `json:"submission"`
	Slug       string            `json:"slug"`
	Ticket     FormTicket        `json:"ticket"`
	Person     FormPerson        `json:"person"`
	Origin     desk.Origin       `json:"origin"`
}

// FormTicket is stamped on the ticket over the account's own properties; empty is the account's.
type FormTicket struct {
	Description string         `json:"description,omitempty"`
	Pipeline    string         `json:"pipeline,omitempty"`
	Status      string         `json:"status,omitempty"`
	Priority    string         `json:"priority,omitempty"`
	Category    string         `json:"category,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
}

// FormPerson is what somebody said of themselves. It fills what is blank, never over what stands there (FM-13).
type FormPerson struct {
	Name       string         `json:"name,omitempty"`
	FirstName  string         `json:"first_name,omitempty"`
	LastName   string         `json:"last_name,omitempty"`
	Phone      string         `json:"phone,omitempty"`
	Language   string         `json:"language,omitempty"`
	Company    string         `json:"company,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

// Submitted is the body of a submission's Raw: what the flow of submissions hands to the adapter of forms.
type Submitted struct {
	Form
	Client   string     `json:"client"` // the browser's own id of it
	Email    string     `json:"email"`
	Subject  string     `json:"subject"`
	Language string     `json:"language"`
	Lines    []FormLine `json:"lines"` // what was asked in sight, in its order
	Files    []FormFile `json:"files"`
	At       desk.Time  `json:"at"`
}

// FormLine is one answer as it is read.
type FormLine struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Long  bool   `json:"long,omitempty"` // its words are the message's own
}

// FormFile is a file that is stored already.
type FormFile struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Attachment is a file found in an item. Exactly one of Data and Remote is set; with SHA256 a Remote one is stored already.
type Attachment struct {
	Name      string
	Type      string // sniffed, not only claimed
	Inline    bool
	ContentID string
	Data      []byte
	Remote    string // fetched later by a Fetcher
	Size      int64
	SHA256    string
}

// Bounce is a delivery status report (RFC 3464) or what could be read of a free-form one.
type Bounce struct {
	OriginalMessageID string
	Recipients        []BounceRecipient
}

// BounceRecipient is one recipient's fate. Action: failed, delayed, delivered, relayed, expanded.
type BounceRecipient struct {
	Address    string `json:"address"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnostic"`
}

// Verification is a provider's mail asking to confirm a forward: shown to the administrator, never a ticket (EM-14).
type Verification struct {
	Provider string
	Code     string
	Link     string
	Address  string
}

// Status is a receipt for a message we sent.
type Status struct {
	State     desk.DeliveryStatus
	Recipient string
	Code      string
	Detail    string
	At        time.Time
}

// Outbound is one message to send to its pending recipients.
type Outbound struct {
	MessageID   desk.MessageID
	RemoteID    string // our Message-ID, fixed when the message was queued; also the idempotency key
	ThreadToken string // signed token of the thread, for Reply-To and Message-ID
	From        desk.Party
	ReplyTo     string
	To          []desk.Party
	Cc          []desk.Party
	Bcc         []desk.Party
	Subject     string
	Text        string
	HTML        string
	QuotedText  string // what is passed on, below the signature
	QuotedHTML  string
	Refs        []string // References, oldest first, bounded
	InReplyTo   string
	Attachments []OutAttachment
	Automatic   bool // made by the machine: Auto-Submitted: auto-replied
	Sender      Sender
	Attempt     int
	// Commit durably marks the attempt for the given recipients before the irrevocable byte. It is fenced by
	// the job's lease: an error means another worker took over, and nothing may be sent.
	Commit func(ctx context.Context, recipients []string) error
}

// Sender is the person who replies, for names and signature tokens.
type Sender struct {
	FullName  string
	FirstName string
	LastName  string
	Email     string
	Company   string
}

// OutAttachment is a file to send.
type OutAttachment struct {
	Name      string
	Type      string
	Size      int64
	Inline    bool
	ContentID string
	SHA256    string // open with Host.OpenBlob
}

// Receipt is what the provider answered. Recipients left out of Failed went through.
type Receipt struct {
	RemoteID  string
	ThreadKey string
	Pending   bool   // accepted, final state comes later
	Detail    string // the provider's answer, for the ledger: "250 2.0.0 Ok: queued as …"
	// Failed tells which recipients were refused while others were accepted.
	Failed []RecipientFault
}

// RecipientFault is one refused recipient.
type RecipientFault struct {
	Address string
	Error   *SendError
}
