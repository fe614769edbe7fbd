package email

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/forward"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/channel/email/notice"
	"github.com/kanalhq/kanal/internal/channel/email/page"
	"github.com/kanalhq/kanal/internal/channel/email/phrase"
	"github.com/kanalhq/kanal/internal/channel/email/quote"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

// snippetLen is the length of the line that lists show, in characters.
const snippetLen = 180

// Parse turns one raw mail into what it means: exactly one Inbound of kind message. It is pure and tolerant: whatever can be shown
// in any form is shown, with Inbound.Problems saying what was ugly. The error is a *desk.Error: Invalid for empty input, TooLarge
// for a bomb (see mime.Limits).
//
// Everything it says is what the mail claims. From and, for forwards, Sender decide whose contact a mail is filed under; neither is
// proof of who wrote it, and nothing may be authorised by them.
func Parse(ctx context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	return ParseWithin(ctx, raw, mime.DefaultLimits())
}

// ParseWithin is Parse with other limits.
func ParseWithin(ctx context.Context, raw channel.Raw, lim mime.Limits) ([]channel.Inbound, error) {
	in, err := parseWith(ctx, raw, lim, "")
	if err != nil {
		return nil, err
	}
	return []channel.Inbound{*in}, nil
}

// reading is a mail on its way to an Inbound.
type reading struct {
	raw     channel.Raw
	tree    *mime.Tree
	head    mime.Header
	content *mime.Content
	text    string     // the whole text
	page    *page.Page // the HTML as lines, when it can be read
	in      *channel.Inbound
}

func parseWith(ctx context.Context, raw channel.Raw, lim mime.Limits, subject string) (*channel.Inbound, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(raw.Body)) == 0 {
		return nil, desk.Errorf(desk.Invalid, "email.empty", "The message is empty.")
	}
	tree, err := mime.Read(raw.Body, lim)
	if err != nil {
		return nil, err
	}
	content, err := tree.Contents(tree.Root)
	if err != nil {
		return nil, err
	}
	r := &reading{raw: raw, tree: tree, head: tree.Root.Header, content: content, in: &channel.Inbound{Kind: channel.InMessage}}
	if stub(content) {
		content.Plain = ""
	}
	r.text = content.Plain
	if strings.TrimSpace(r.text) == "" {
		r.text = richtext.ToText(content.HTML)
	}
	if strings.TrimSpace(content.HTML) != "" {
		r.page, _ = page.Read(content.HTML) // too long or too deep: then it is shown whole
	}
	r.headers(subject)
	r.judge()
	r.body()
	r.files()
	r.flags()
	return r.in, nil
}

// stub says whether the text part only says that there is an HTML part.
func stub(c *mime.Content) bool {
	if len(c.Plain) > 300 || c.HTML == "" || !strings.Contains(strings.ToLower(c.Plain), "html") {
		return false
	}
	return len(richtext.ToText(c.HTML)) > 2*len(c.Plain)
}

// maxSubject is how much of a subject is kept, in characters.
const maxSubject = 1000

// headers reads who, whom, when, what about, and what it answers.
func (r *reading) headers(subject string) {
	h, in := r.head, r.in
	in.RemoteID = firstID(h.Values("message-id"))
	if n := len(h.Values("message-id")); n > 1 {
		r.tree.Note("The message has %d Message-ID lines; the first was used.", n)
	}
	in.InReplyTo = allIDs(h.Values("in-reply-to"))
	in.References = allIDs(h.Values("references"))
	in.Refs = nearest(in.InReplyTo, in.References)
	in.Subject = subject
	if subject == "" {
		in.Subject = h.Text("subject")
	}
	if r2 := []rune(in.Subject); len(r2) > maxSubject {
		in.Subject = string(r2[:maxSubject]) + "…"
		r.tree.Note("The subject is very long and was cut.")
	}
	var problem string
	if in.From, problem = sender(h, r.raw.Envelope.From); problem != "" {
		r.tree.Note("%s", problem)
	}
	if n := len(parties(h, "from")); n > 1 {
		r.tree.Note("The From line names %d people; the first was taken.", n)
	}
	in.Sender = in.From
	in.ReplyTo = parties(h, "reply-to")
	var addresses []string
	addresses = append(addresses, r.raw.Envelope.To...)
	in.To, in.Cc = parties(h, "to"), parties(h, "cc")
	for _, key := range []string{"to", "cc", "bcc", "delivered-to", "x-original-to", "x-forwarded-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "resent-to"} {
		for _, p := range parties(h, key) {
			addresses = append(addresses, p.Address)
		}
	}
	in.Tokens = tokens(addresses, in.Refs)
	withoutTokens(in.To)
	withoutTokens(in.Cc)
	if raw := h.Get("date"); raw != "" {
		if in.SentAt = readDate(raw); in.SentAt.IsZero() {
			r.tree.Note("The date cannot be read.")
		}
	}
	in.Extra = redirected(h)
	in.Language = language(h.Get("content-language"))
}

// redirected notes the marks of mail systems that passed a mail on by a rule: such a mail keeps its From line and is no forward.
func redirected(h mime.Header) map[string]any {
	var out map[string]any
	for _, key := range []string{"resent-from", "resent-to", "x-forwarded-for", "x-forwarded-to", "x-ms-exchange-inbox-rules-loop", "x-original-to"} {
		if v := h.Text(key); v != "" {
			if out == nil {
				out = map[string]any{}
			}
			if len(v) > 500 {
				v = strings.ToValidUTF8(v[:500], "")
			}
			out[strings.ReplaceAll(key, "-", "_")] = v
		}
	}
	return out
}

// withoutTokens shows recipients as people know them.
func withoutTokens(list []desk.Party) {
	for i := range list {
		list[i].Address, _ = CutPlusToken(list[i].Address)
	}
}

// language takes the first tag of a Content-Language field.
func language(v string) string {
	v = strings.ToLower(strings.TrimSpace(mime.DecodeWords(v)))
	if i := strings.IndexAny(v, ",; "); i >= 0 {
		v = v[:i]
	}
	if len(v) < 2 || len(v) > 12 || strings.ContainsFunc(v, func(c rune) bool { return c != '-' && (c < 'a' || c > 'z') }) {
		return ""
	}
	return v
}

// judge decides what kind of mail it is and whether it was forwarded.
func (r *reading) judge() {
	in := r.in
	m := notice.Mail{Tree: r.tree, Header: r.head, Content: r.content, Text: r.text, Subject: in.Subject, From: in.From, Envelope: r.raw.Envelope}
	v := notice.Decide(m)
	in.Marks = notice.Marks(m)
	in.Disposition, in.AutoReply, in.Bounce, in.Verify = v.Disposition, v.AutoReply, v.Bounce, v.Verify
	switch in.Disposition {
	case desk.DispBounce:
		r.returnedTokens()
		return
	case desk.DispVerification, desk.DispAutoReply:
		return
	}
	o := forward.Detect(forward.Input{Ours: r.ours(), Recipients: r.recipients(), Subject: in.Subject, Plain: r.content.Plain, HTML: r.content.HTML, Page: r.page, Attached: r.attached(), Reply: len(in.Refs) > 0, Zone: zoneOf(r.head.Get("date"))})
	if o == nil {
		return
	}
	f := &desk.Forward{Is: true, By: in.From, Subject: o.Subject, Date: desk.At(o.Date), Confidence: o.Confidence, Used: "forwarder"}
	if o.Address != "" {
		f.Original = desk.Party{Field: "from", Kind: desk.AddrEmail, Address: o.Address, Name: o.Name}
		f.Used = "original"
		in.Sender = f.Original
	} else {
		f.Original = desk.Party{Field: "from", Name: o.Name}
	}
	in.Forward = f
	if o.Deeper > 0 {
		r.tree.Note("The forwarded message was itself forwarded before; the last sender was taken.")
	}
}

// ours lists the addresses the mail reached us at, without our tokens.
func (r *reading) ours() []string {
	var out []string
	for _, a := range r.raw.Envelope.To {
		plain, _ := CutPlusToken(desk.NormalizeEmail(a))
		out = append(out, plain)
	}
	return out
}

// recipients lists whom the mail names.
func (r *reading) recipients() []string {
	out := r.ours()
	for _, list := range [][]desk.Party{r.in.To, r.in.Cc} {
		for _, p := range list {
			out = append(out, p.Address)
		}
	}
	return out
}

// returnedTokens looks for our tokens in the message that came back.
func (r *reading) returnedTokens() {
	ids := []string{r.in.Bounce.OriginalMessageID}
	var addresses []string
	for _, p := range r.content.Messages {
		if p.Message == nil {
			continue
		}
		for _, key := range []string{"reply-to", "from"} {
			for _, q := range parties(p.Message.Header, key) {
				addresses = append(addresses, q.Address)
			}
		}
		ids = append(ids, firstID(p.Message.Header.Values("message-id")))
	}
	for _, t := range tokens(addresses, ids) {
		if !has(r.in.Tokens, t) {
			r.in.Tokens = append(r.in.Tokens, t)
		}
	}
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// attached describes the messages inside the message, for forwards as attachment.
func (r *reading) attached() []forward.Attached {
	var out []forward.Attached
	if r.content.Digest {
		return nil
	}
	for _, p := range r.content.Messages {
		if p.Message == nil || !p.IsMessage() {
			continue
		}
		h := p.Message.Header
		from, _ := sender(h, "")
		out = append(out, forward.Attached{Name: from.Name, Address: from.Address, Subject: h.Text("subject"), Date: readDate(h.Get("date"))})
	}
	return out
}

// body splits the latest words from the history and cleans both.
func (r *reading) body() {
	in := r.in
	r.showAttached()
	if strings.TrimSpace(r.content.Plain) == "" && strings.TrimSpace(r.text) != "" && r.content.HTML == "" {
		r.content.Plain = r.text
	}
	out := quote.Output{Text: r.text, HTML: r.content.HTML}
	if in.Forward == nil && in.Disposition != desk.DispBounce && in.Disposition != desk.DispVerification {
		out = quote.Split(quote.Input{Plain: r.content.Plain, HTML: r.content.HTML, Page: r.page, New: r.fresh()})
		if !out.Split {
			out.Text = r.text
		}
	}
	in.Text, in.QuotedText = tidyText(out.Text), tidyText(out.QuotedText)
	in.HTML, in.QuotedHTML = r.sanitize(out.HTML), r.sanitize(out.QuotedHTML)
	switch {
	case r.tree.Cut:
		in.Truncation = desk.Truncated
	case out.Split:
		in.Truncation = desk.LatestReplyOnly
	default:
		in.Truncation = desk.NotTruncated
	}
	in.Snippet = richtext.Snippet(in.Text, snippetLen)
}

// fresh says whether a mail answers nothing, by its references and its subject.
func (r *reading) fresh() bool {
	_, answered, _ := phrase.Prefixes(r.in.Subject)
	return len(r.in.Refs) == 0 && !answered && len(r.head.Get("thread-index")) <= newThread
}

// newThread is how long Outlook's Thread-Index of a conversation's first mail is: 22 bytes in base64; each answer adds five bytes.
const newThread = 32

func (r *reading) sanitize(html string) string {
	if strings.TrimSpace(html) == "" {
		return ""
	}
	res := richtext.Sanitize(html, richtext.Options{})
	if res.Cut {
		r.tree.Cut = true
		r.tree.Note("The HTML is longer than %d MB; the rest is only in the original.", richtext.MaxInput>>20)
	}
	return res.HTML
}

// showAttached gives an empty mail that forwards a message as attachment the words and files of that message.
func (r *reading) showAttached() {
	if r.in.Forward == nil || strings.TrimSpace(r.text) != "" {
		return
	}
	for _, p := range r.content.Messages {
		if p.Message == nil || !p.IsMessage() {
			continue
		}
		inner, err := r.tree.Contents(p.Message)
		if err != nil {
			return
		}
		r.content.Plain, r.content.HTML = inner.Plain, inner.HTML
		if r.text = inner.Plain; strings.TrimSpace(r.text) == "" {
			r.text = richtext.ToText(inner.HTML)
		}
		for _, a := range inner.Attachments {
			r.content.Attach(a)
		}
		return
	}
}

// tidyText removes empty lines at both ends and spaces at line ends.
func tidyText(s string) string {
	if s == "" {
		return ""
	}
	lines := strings.Split(mime.Clean(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func (r *reading) files() {
	for _, a := range r.content.Attachments {
		if a.Data == nil {
			a.Data = []byte{}
		}
		r.in.Attachments = append(r.in.Attachments, channel.Attachment{
			Name: a.Name, Type: a.Type, Inline: a.Inline, ContentID: a.ContentID, Data: a.Data, Size: int64(len(a.Data)), SHA256: a.SHA256,
		})
	}
	r.in.ContentHash = contentHash(r.in.From.Address, r.in.Subject, r.text, r.content)
}

func (r *reading) flags() {
	in := r.in
	add := func(on bool, flag string) {
		if on {
			in.Flags = append(in.Flags, flag)
		}
	}
	add(in.RemoteID == "", desk.FlagNoMessageID)
	add(in.Forward != nil, desk.FlagForwarded)
	add(r.tree.Broken, desk.FlagBroken)
	add(r.content.Encrypted, desk.FlagEncrypted)
	add(r.content.Signed, desk.FlagSigned)
	add(r.content.Calendar, desk.FlagCalendar)
	add(r.raw.Auth != nil && r.raw.Auth.DMARC == "fail", desk.FlagSpoofSuspect)
	in.Problems = r.tree.Problems
	if in.SentAt.After(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)) {
		in.SentAt = time.Time{}
	}
}
