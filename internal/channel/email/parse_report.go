package email

import (
	"context"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

// ReportOptions stand for the flags of `kanal parse`.
type ReportOptions struct {
	EnvelopeFrom  string   // "<>" is the null return path
	EnvelopeTo    []string // our recipients
	Subject       string   // overrides the message's own
	KeepForwarder bool     // whose contact a forward is: the forwarder's (EM-27 switched off)
	Auth          *desk.AuthEvidence
}

// ReportParty is a name and an address.
type ReportParty struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Report is what `kanal parse` prints: what intake would make of a raw message, by the code of the live path.
type Report struct {
	MessageID   string             `json:"message_id"`
	InReplyTo   []string           `json:"in_reply_to"`
	References  []string           `json:"references"`
	Date        desk.Time          `json:"date"`
	Subject     string             `json:"subject"`
	From        ReportParty        `json:"from"`
	ReplyTo     []ReportParty      `json:"reply_to"`
	To          []ReportParty      `json:"to"`
	Cc          []ReportParty      `json:"cc"`
	Sender      ReportParty        `json:"sender"`
	Forwarded   ReportForward      `json:"forwarded"`
	Disposition desk.Disposition   `json:"disposition"`
	AutoReply   string             `json:"auto_reply"` // why no automatic answer would be sent
	Bounce      *ReportBounce      `json:"bounce"`
	Verify      *ReportVerify      `json:"verification"`
	TextLatest  string             `json:"text_latest"`
	TextQuoted  string             `json:"text_quoted"`
	HTMLLatest  string             `json:"html_latest"`
	HTMLQuoted  string             `json:"html_quoted"`
	Truncation  desk.Truncation    `json:"truncation_status"`
	Snippet     string             `json:"snippet"`
	Attachments []ReportAttachment `json:"attachments"`
	Auth        ReportAuth         `json:"auth"`
	Flags       []string           `json:"flags"`
	Tokens      []string           `json:"tokens"`
	DedupeKey   string             `json:"dedupe_key"`
	ContentHash string             `json:"content_hash"`
	Language    string             `json:"language"`
	Problems    []string           `json:"problems"`
}

// ReportForward is what is known of a forward.
type ReportForward struct {
	Is         bool         `json:"is"`
	By         *ReportParty `json:"by"`
	Original   *ReportParty `json:"original"`
	Subject    string       `json:"subject"`
	Date       desk.Time    `json:"date"`
	Confidence string       `json:"confidence"`
}

// ReportBounce is a delivery report.
type ReportBounce struct {
	Recipients        []channel.BounceRecipient `json:"recipients"`
	OriginalMessageID string                    `json:"original_message_id"`
}

// ReportVerify is a request to confirm a forward.
type ReportVerify struct {
	Provider string `json:"provider"`
	Code     string `json:"code"`
	Link     string `json:"link"`
	Address  string `json:"address"`
}

// ReportAttachment is a file without its bytes.
type ReportAttachment struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	Inline    bool   `json:"inline"`
	ContentID string `json:"content_id"`
}

// ReportAuth is the evidence of the sender, "" where nobody looked.
type ReportAuth struct {
	SPF   string `json:"spf"`
	DKIM  string `json:"dkim"`
	DMARC string `json:"dmarc"`
}

// ParseReport says what intake would make of a raw message. An error means that nothing can be made of it.
func ParseReport(ctx context.Context, raw []byte, opt ReportOptions) (*Report, error) {
	r := channel.Raw{Body: raw, Auth: opt.Auth}
	r.Envelope.From, r.Envelope.To = opt.EnvelopeFrom, opt.EnvelopeTo
	if opt.EnvelopeFrom == "<>" {
		r.Envelope.From, r.Envelope.Null = "", true
	}
	in, err := parseWith(ctx, r, mime.DefaultLimits(), opt.Subject)
	if err != nil {
		return nil, err
	}
	out := &Report{
		MessageID: in.RemoteID, InReplyTo: list(in.InReplyTo), References: list(in.References), Date: desk.At(in.SentAt), Subject: in.Subject,
		From: reportParty(in.From), ReplyTo: reportParties(in.ReplyTo), To: reportParties(in.To), Cc: reportParties(in.Cc), Sender: reportParty(in.Sender),
		Disposition: in.Disposition, AutoReply: in.AutoReply, TextLatest: in.Text, TextQuoted: in.QuotedText, HTMLLatest: in.HTML, HTMLQuoted: in.QuotedHTML,
		Truncation: in.Truncation, Snippet: in.Snippet, Attachments: []ReportAttachment{}, Flags: list(in.Flags), Tokens: list(in.Tokens),
		DedupeKey: DedupeKey(r), ContentHash: in.ContentHash, Language: in.Language, Problems: list(in.Problems),
	}
	if opt.KeepForwarder {
		out.Sender = out.From
	}
	if f := in.Forward; f != nil {
		by, original := reportParty(f.By), reportParty(f.Original)
		out.Forwarded = ReportForward{Is: true, By: &by, Original: &original, Subject: f.Subject, Date: f.Date, Confidence: f.Confidence}
	}
	if b := in.Bounce; b != nil {
		out.Bounce = &ReportBounce{Recipients: b.Recipients, OriginalMessageID: b.OriginalMessageID}
		if out.Bounce.Recipients == nil {
			out.Bounce.Recipients = []channel.BounceRecipient{}
		}
	}
	if v := in.Verify; v != nil {
		out.Verify = &ReportVerify{Provider: v.Provider, Code: v.Code, Link: v.Link, Address: v.Address}
	}
	if a := opt.Auth; a != nil {
		out.Auth = ReportAuth{SPF: a.SPF, DKIM: a.DKIM, DMARC: a.DMARC}
	}
	for _, a := range in.Attachments {
		out.Attachments = append(out.Attachments, ReportAttachment{Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.SHA256, Inline: a.Inline, ContentID: a.ContentID})
	}
	return out, nil
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func reportParty(p desk.Party) ReportParty { return ReportParty{Name: p.Name, Address: p.Address} }

func reportParties(ps []desk.Party) []ReportParty {
	out := []ReportParty{}
	for _, p := range ps {
		out = append(out, reportParty(p))
	}
	return out
}
