// Package chat is the channel of website and in-app chat. It owns nothing but the shape of what the widget's edge hands in (webchat.Envelope): it says what the
// channel can do, reads an envelope, refuses settings that cannot be meant and checks tokens that a customer's own server has signed. Sending is nothing but a
// receipt: the stored message is the delivery. The list in internal/channel/all names it; the edge of the widget builds what Parse reads, so that no other site
// and no browser reaches it directly.
package chat

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Name is the channel's name in settings and rows.
const Name = "chat"

//go:embed icon.svg
var icon string

// Limits of one message.
const (
	MaxText  = 10_000 // characters
	MaxFiles = 10
)

// Adapter is the channel.
type Adapter struct{}

// New makes the channel.
func New() *Adapter { return &Adapter{} }

// Spec implements channel.Adapter.
func (*Adapter) Spec() channel.Spec {
	return channel.Spec{
		Channel: Name, GenericID: 1000, Name: "Chat", Icon: icon, Threading: channel.ByKey, Address: desk.AddrVisitor,
		Fields: []channel.Field{
			{Path: "surface", Label: "Where it is used", Type: "choice", Default: "web", Step: "account",
				Options: []channel.Option{{Value: "web", Label: "On a website"}, {Value: "mobile", Label: "In an app"}, {Value: "both", Label: "Both"}}},
			{Path: "identity.secret", Label: "Secret for signed visitors", Help: "Your server signs visitors with it (JWT, HS256). At least 32 characters.", Type: "password", Secret: true, Step: "details"},
			{Path: "identity.public_key", Label: "Public key for signed visitors", Help: "Your server signs visitors with the private one (JWT, EdDSA): PEM, or 32 bytes in base64.", Type: "text", Step: "details"},
		},
		Can: channel.Abilities{
			Send: true, HTML: true, Attachments: true, InlineImages: true, MaxText: MaxText, MaxAttachment: 100 << 20, MaxAttachments: 100 << 20, MaxAttachmentNum: MaxFiles,
			QuickReplies: true, Live: true,
		},
	}
}

// keys are what checks a customer's signatures.
type keys struct {
	Identity struct {
		Secret    string `json:"secret"`
		PublicKey string `json:"public_key"`
	} `json:"identity"`
}

func readKeys(plain, secrets []byte) (k keys, err error) {
	for _, b := range [][]byte{plain, secrets} {
		if len(b) == 0 {
			continue
		}
		if err := json.Unmarshal(b, &k); err != nil {
			return k, desk.Errorf(desk.Invalid, "chat.settings_malformed", "The settings of this channel cannot be read.").Because(err)
		}
	}
	return k, nil
}

// Validate implements channel.Validator. A chat account holds no address.
func (*Adapter) Validate(plain, secrets []byte) (string, error) {
	s, err := webchat.Parse(plain)
	if err != nil {
		return "", err
	}
	if err := s.Validate(); err != nil {
		return "", err
	}
	k, err := readKeys(plain, secrets)
	if err != nil {
		return "", err
	}
	if n := len(k.Identity.Secret); n > 0 && n < minSecret {
		return "", desk.Errorf(desk.Invalid, "chat.secret_short", "The secret for signed visitors has to have at least %d characters.", minSecret).In("identity.secret")
	}
	if k.Identity.PublicKey != "" {
		if _, err := publicKey(k.Identity.PublicKey); err != nil {
			return "", err
		}
	}
	return "", nil
}

// Open implements channel.Adapter.
func (*Adapter) Open(context.Context, desk.ChannelAccount, channel.Host) (channel.Conn, error) {
	return conn{}, nil
}

// conn sends by being there: who is to read it reads it from the database.
type conn struct{}

// Send implements channel.Conn.
func (conn) Send(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
	to := make([]string, 0, len(out.To))
	for _, p := range out.To {
		to = append(to, p.Address)
	}
	if out.Commit != nil {
		if err := out.Commit(ctx, to); err != nil {
			return channel.Receipt{}, err
		}
	}
	return channel.Receipt{RemoteID: out.RemoteID, Detail: "stored"}, nil
}

// Close implements channel.Conn.
func (conn) Close() error { return nil }

// Check implements channel.Checker: there is nothing that could be out of order.
func (conn) Check(context.Context) ([]channel.Probe, error) {
	return []channel.Probe{{Name: "channel", OK: true, Detail: "Messages are stored here and read from here."}}, nil
}

var (
	_ channel.Adapter   = (*Adapter)(nil)
	_ channel.Validator = (*Adapter)(nil)
	_ channel.Prover    = (*Adapter)(nil)
	_ channel.Checker   = conn{}
)
