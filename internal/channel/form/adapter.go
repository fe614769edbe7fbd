// Package form is the channel of forms: a submission comes in as a message, and answers to it leave by mail (FM-01, FM-14). It owns nothing but the shape of what
// the flow of submissions hands in (channel.Submitted): what was asked in sight becomes the message, hidden fields do not stand in it (FM-10). It refuses settings that
// name no form, and sends nothing itself. The list in internal/channel/all names it; internal/submission builds what Parse reads.
package form

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// Name is the channel's name in settings and rows.
const Name = "form"

//go:embed icon.svg
var icon string

// Adapter is the channel.
type Adapter struct{}

// New makes the channel.
func New() *Adapter { return &Adapter{} }

// Spec implements channel.Adapter.
func (*Adapter) Spec() channel.Spec {
	return channel.Spec{
		Channel: Name, GenericID: 1003, Name: "Form", Icon: icon, Threading: channel.ByKey, Address: desk.AddrEmail,
		Fields: []channel.Field{
			{Path: "form", Label: "Form", Help: "The short name of the form whose submissions come in here. A form is connected once.", Type: "text", Required: true, Step: "account"},
			{Path: "reply_from", Label: "Answer from", Help: "The short name of the mail channel of the same inbox that answers leave by. Empty: the first there is.", Type: "text", Step: "details"},
		},
		Can: channel.Abilities{
			Send: true, HTML: true, Subject: true, Cc: true, Attachments: true, InlineImages: true, MaxAttachment: 250 << 20, MaxAttachments: 1 << 30, MaxAttachmentNum: 50,
			MaxEncoded: 20 << 20, LargeFiles: channel.LargeLink, Form: true,
		},
	}
}

type settings struct {
	Form      string `json:"form"`
	ReplyFrom string `json:"reply_from"`
}

// Validate implements channel.Validator. An account of a form holds no address.
func (*Adapter) Validate(plain, _ []byte) (string, error) {
	var s settings
	if len(plain) > 0 {
		if err := json.Unmarshal(plain, &s); err != nil {
			return "", desk.Errorf(desk.Invalid, "form.settings_malformed", "The settings of this channel cannot be read.").Because(err)
		}
	}
	if s.Form == "" {
		return "", desk.Errorf(desk.Invalid, "form.choose", "Choose a form, or make a new one.").In("form")
	}
	if err := desk.CheckSlug("form", s.Form); err != nil {
		return "", err
	}
	if s.ReplyFrom != "" {
		return "", desk.CheckSlug("reply_from", s.ReplyFrom)
	}
	return "", nil
}

// RelayBy implements channel.Relayer.
func (*Adapter) RelayBy(plain []byte) string {
	var s settings
	_ = json.Unmarshal(plain, &s)
	return s.ReplyFrom
}

// Open implements channel.Adapter.
func (*Adapter) Open(context.Context, desk.ChannelAccount, channel.Host) (channel.Conn, error) {
	return conn{}, nil
}

type conn struct{}

// Send implements channel.Conn: answers leave by a mail account, so that nothing can be sent here.
func (conn) Send(context.Context, channel.Outbound) (channel.Receipt, error) {
	return channel.Receipt{}, &channel.SendError{Fault: channel.Permanent, Code: "no_way_back", Public: "A form cannot be written to. Choose a mail channel to answer from."}
}

// Close implements channel.Conn.
func (conn) Close() error { return nil }

// Check implements channel.Checker: there is nothing that could be out of order.
func (conn) Check(context.Context) ([]channel.Probe, error) {
	return []channel.Probe{{Name: "channel", OK: true, Detail: "Submissions are taken here."}}, nil
}

var (
	_ channel.Adapter   = (*Adapter)(nil)
	_ channel.Validator = (*Adapter)(nil)
	_ channel.Relayer   = (*Adapter)(nil)
	_ channel.Checker   = conn{}
)
