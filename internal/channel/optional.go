package channel

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Hooker is an adapter whose provider calls us. Hook verifies the signature over the raw body in constant time,
// before parsing, and splits the delivery by account. find returns the account with a delivery identifier.
type Hooker interface {
	Hook(r *http.Request, body []byte, find func(address string) (desk.ChannelAccount, bool)) (HookReply, []Raw, error)
}

// HookReply is the answer for the provider, sent after the commit.
type HookReply struct {
	Status int
	Type   string
	Body   []byte
}

// Listener is an adapter with one shared listener for all its accounts (SMTP, SIP). Listen blocks until ctx ends, then
// lets sessions in progress finish.
type Listener interface {
	Listen(ctx context.Context, ln net.Listener, host ListenHost) error
}

// ListenHost is what a shared listener may ask.
type ListenHost interface {
	// FindAddress returns the active account that holds an address, from the registry of addresses.
	// ok is false when nobody does. An Unavailable error means: answer 451.
	FindAddress(ctx context.Context, address string) (acc desk.ChannelAccount, ok bool, err error)
	DeliverAll(ctx context.Context, raws []Raw) error
	Host
}

// Checker probes an account: every step with its outcome, for the wizard's test button and for doctor.
type Checker interface {
	Check(ctx context.Context) ([]Probe, error)
}

// Probe is one step of a check. Fix says in words how to mend it.
type Probe struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
}

// Receiver is an open account that fetches (IMAP, long polling, sockets). Receive blocks until ctx ends or the connection is
// beyond repair; the switchboard calls it again with back-off. One node at a time holds an account's receiver.
type Receiver interface {
	Receive(ctx context.Context) error
}

// Fetcher fetches an attachment that came by reference.
type Fetcher interface {
	Fetch(ctx context.Context, ref string, sink io.Writer) error
}

// Validator refuses settings that cannot work, with a *desk.Error naming the field. It is called before they are stored and may not use the network.
// It also returns the address that the account will hold in the registry, normalised.
type Validator interface {
	Validate(settings []byte, secrets []byte) (address string, err error)
}

// Connector is sign-in in steps (OAuth, QR codes): later channels.
type Connector interface {
	Connect(ctx context.Context, in ConnectInput, host Host) (ConnectStep, error)
}

// ConnectInput is what the administrator or the provider answered to the last step.
type ConnectInput struct {
	Step   string
	Values map[string]string
}

// ConnectStep is what to show next: "fields", "open", "qr" or "done".
type ConnectStep struct {
	Kind    string
	Fields  []Field
	URL     string
	Secrets []byte
}

// Identifier is an adapter that names a message before it is sent, so that the name can be stored with the queued
// message and found again in an answer (for mail: our Message-ID).
type Identifier interface {
	// NewRemoteID returns a fresh id, fixed when the message is queued. token is the thread's signed token, or "".
	NewRemoteID(acc desk.ChannelAccount, token string) string
	// ReplyAddress returns the address answers should go to, holding the token, or "" when the account has none.
	ReplyAddress(acc desk.ChannelAccount, token string) string
}

// Prover is an adapter whose accounts hold a key with which a customer's own server says who a visitor is (TR-06).
type Prover interface {
	// Prove checks a token. It refuses with a *desk.Error whose reason says why: forged, expired, not what it should be. acc has its secrets.
	Prove(acc desk.ChannelAccount, token string, now time.Time) (Proof, error)
}

// Proof is what a signed token says of a visitor.
type Proof struct {
	Email      string
	FirstName  string
	LastName   string
	ExternalID string // the customer's own name for the person
	Expires    time.Time
}

// Previewer shows what a recipient would see of an account's settings, before they are stored (EM-08).
type Previewer interface {
	// Preview returns the From name and the signature as cleaned HTML and as text, with the sender's names filled in.
	Preview(settings []byte, s Sender) (fromName, signatureHTML, signatureText string)
}

// Tokener is an adapter that signs threads into addresses and ids: what an answer carries in Inbound.Tokens is verified with it. dispatch fills
// Outbound.ThreadToken with SignToken, intake passes what VerifyToken accepts to the thread's search.
type Tokener interface {
	SignToken(thread desk.ThreadID) string
	VerifyToken(token string) (desk.ThreadID, bool)
}

// Relayer is an adapter whose accounts take messages and answer them by another account: a form by mail (FM-14).
type Relayer interface {
	// RelayBy returns the slug of the account that an account's answers leave by, "" for any mail account of its inbox.
	RelayBy(settings []byte) string
}

// The values of Abilities.LargeFiles.
const (
	LargeLink   = "link"   // they go as links to this installation that expire
	LargeRefuse = "refuse" // the message is refused
)

// Limiter is an adapter whose accounts have limits of their own, by their settings (EM-39).
type Limiter interface {
	// Limits returns the channel's abilities as an account's settings make them. Settings that cannot be read change nothing.
	Limits(can Abilities, settings []byte) Abilities
}

// Can is what an account of a channel can do.
func Can(a Adapter, settings []byte) Abilities {
	can := a.Spec().Can
	if l, ok := a.(Limiter); ok {
		can = l.Limits(can, settings)
	}
	return can
}
