// Package compose writes a reply or a new mail as RFC 5322 and MIME: text and HTML with the signature, inline images, files, every header
// safe against what people type. It owns the form and decides nothing about recipients; it does no IO but reading attachments.
// Package email calls it.
package compose

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

// Message is what shall be written.
type Message struct {
	Out       channel.Outbound
	From      desk.Party
	ReplyTo   desk.Party // no address: no Reply-To
	Signature string     // HTML with tokens
	At        time.Time
	Open      func(ctx context.Context, sha256 string) (channel.ReadSeekCloser, error)
}

// Draft is a message ready to be written.
type Draft struct {
	Message
	header header
	text   string
	html   string
}

// New settles what the parts will be. It refuses what cannot be a message.
func New(m Message) (*Draft, error) {
	d := &Draft{Message: m}
	d.bodies()
	return d, d.fields()
}

// UTF8 reports whether an address needs SMTPUTF8 (RFC 6531).
func (d *Draft) UTF8() bool { return d.header.utf8 }

func (d *Draft) fields() error {
	h, out := &d.header, &d.Out
	from := h.address(d.From.Name, d.From.Address)
	if from == "" {
		return fmt.Errorf("email: compose: the From address is not valid")
	}
	h.text("Date", d.At.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.addresses("From", []string{from})
	if to := h.list(out.To); len(to) > 0 {
		h.addresses("To", to)
	} else if len(h.list(out.Cc)) == 0 {
		h.b.WriteString("To: undisclosed-recipients:;\r\n")
	}
	h.addresses("Cc", h.list(out.Cc))
	if r := d.ReplyTo; r.Address != "" && !strings.EqualFold(r.Address, d.From.Address) {
		if a := h.address(r.Name, r.Address); a != "" {
			h.addresses("Reply-To", []string{a})
		}
	}
	h.text("Subject", out.Subject)
	id := CleanID(out.RemoteID)
	if id == "" {
		return fmt.Errorf("email: compose: the message has no valid Message-ID")
	}
	h.b.WriteString("Message-ID: <" + id + ">\r\n")
	if a := CleanID(out.InReplyTo); a != "" {
		h.b.WriteString("In-Reply-To: <" + a + ">\r\n")
	}
	h.tokens("References", "", bracketed(references(out.Refs, out.InReplyTo)))
	if out.Automatic { // RFC 3834
		h.b.WriteString("Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n")
	}
	h.b.WriteString("MIME-Version: 1.0\r\n")
	return nil
}

func (h *header) list(ps []desk.Party) []string {
	var out []string
	for _, p := range ps {
		if a := h.address(p.Name, p.Address); a != "" {
			out = append(out, a)
		}
	}
	return out
}

// bodies makes the text and the HTML part, each with the signature and, below it, what is passed on.
func (d *Draft) bodies() {
	d.signed()
	if d.Out.QuotedText == "" && d.Out.QuotedHTML == "" {
		return
	}
	if d.html == "" {
		d.html = richtext.FromText(d.text)
	}
	quoted := d.Out.QuotedHTML
	if quoted == "" {
		quoted = richtext.FromText(d.Out.QuotedText)
	}
	d.html += `<div class="kanal-forward"><br>` + quoted + "</div>"
	d.text = strings.TrimLeft(strings.TrimRight(d.text, "\r\n")+"\n\n"+d.Out.QuotedText, "\n")
}

func (d *Draft) signed() {
	d.text, d.html = d.Out.Text, d.Out.HTML
	if d.text == "" && d.html != "" {
		d.text = richtext.ToText(d.html)
	}
	if d.Out.Automatic {
		return
	}
	sigHTML, sigText := RenderSignature(d.Signature, d.Out.Sender)
	if sigHTML == "" {
		return
	}
	if d.html == "" {
		d.html = richtext.FromText(d.text)
	}
	d.html += `<div class="kanal-signature"><br>` + sigHTML + "</div>"
	d.text = strings.TrimRight(d.text, "\r\n") + "\n\n-- \n" + sigText
}

var signatureToken = regexp.MustCompile(`\{\{\s*sender\.(full_name|first_name|last_name)\s*\}\}`)

// RenderSignature fills the sender's names into a signature (EM-23) and cleans it (EM-24). The second value is the same as text.
func RenderSignature(signature string, s channel.Sender) (htmlOut, text string) {
	if strings.TrimSpace(signature) == "" {
		return "", ""
	}
	filled := signatureToken.ReplaceAllStringFunc(signature, func(t string) string {
		switch signatureToken.FindStringSubmatch(t)[1] {
		case "first_name":
			return html.EscapeString(s.FirstName)
		case "last_name":
			return html.EscapeString(s.LastName)
		}
		return html.EscapeString(s.FullName)
	})
	htmlOut = richtext.SanitizeSignature(filled)
	return htmlOut, strings.TrimSpace(richtext.ToText(htmlOut))
}

// Write puts the whole message out: CRLF lines, seven-bit clean but for SMTPUTF8 addresses.
func (d *Draft) Write(ctx context.Context, w io.Writer) error {
	b := bufio.NewWriterSize(w, 32<<10)
	b.WriteString(d.header.b.String())
	var inline, files []channel.OutAttachment
	for _, a := range d.Out.Attachments {
		if a.Inline && a.ContentID != "" && strings.Contains(d.html, "cid:"+a.ContentID) {
			inline = append(inline, a)
		} else {
			files = append(files, a)
		}
	}
	body := d.alternative(inline)
	if len(files) > 0 {
		body = d.multipart("mixed", append([]part{body}, d.files(files, false)...))
	}
	if err := body(ctx, b); err != nil {
		return err
	}
	return b.Flush()
}

// part writes one entity: its header fields, an empty line, its body.
type part func(ctx context.Context, w *bufio.Writer) error

func (d *Draft) alternative(inline []channel.OutAttachment) part {
	text := textPart("plain", d.text)
	if d.html == "" {
		return text
	}
	rich := textPart("html", d.html)
	if len(inline) > 0 {
		rich = d.multipart("related", append([]part{rich}, d.files(inline, true)...))
	}
	return d.multipart("alternative", []part{text, rich})
}

func (d *Draft) multipart(kind string, parts []part) part {
	return func(ctx context.Context, w *bufio.Writer) error {
		boundary := "kanal-" + Random(16)
		fmt.Fprintf(w, "Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n\r\n", kind, boundary)
		for _, p := range parts {
			fmt.Fprintf(w, "--%s\r\n", boundary)
			if err := p(ctx, w); err != nil {
				return err
			}
			w.WriteString("\r\n")
		}
		_, err := fmt.Fprintf(w, "--%s--\r\n", boundary)
		return err
	}
}

func textPart(sub, s string) part {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\ufffd")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.ReplaceAll(s, "\n", "\r\n")
	if !strings.HasSuffix(s, "\r\n") {
		s += "\r\n"
	}
	return func(_ context.Context, w *bufio.Writer) error {
		enc := textEncoding(s)
		fmt.Fprintf(w, "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", sub, enc)
		switch enc {
		case "base64":
			return base64Lines(w, strings.NewReader(s))
		case "quoted-printable":
			q := quotedprintable.NewWriter(w)
			if _, err := io.WriteString(q, s); err != nil {
				return err
			}
			return q.Close()
		}
		_, err := w.WriteString(s)
		return err
	}
}

// textEncoding keeps short ASCII lines as they are, and takes base64 where quoted-printable would double the size.
func textEncoding(s string) string {
	high := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 || s[i] < ' ' && s[i] != '\r' && s[i] != '\n' && s[i] != '\t' {
			high++
		}
	}
	if high*3 > len(s) {
		return "base64"
	}
	plain := high == 0
	for _, l := range strings.Split(s, "\r\n") {
		if len(l) > foldAt || strings.HasPrefix(l, "From ") || strings.HasPrefix(l, ".") || strings.HasSuffix(l, " ") || strings.HasSuffix(l, "\t") {
			plain = false
		}
	}
	if plain {
		return "7bit"
	}
	return "quoted-printable"
}

func (d *Draft) files(list []channel.OutAttachment, inline bool) []part {
	var out []part
	for _, a := range list {
		out = append(out, func(ctx context.Context, w *bufio.Writer) error {
			r, err := d.Open(ctx, a.SHA256)
			if err != nil {
				return fmt.Errorf("email: compose: open attachment: %w", err)
			}
			defer r.Close()
			name := cmp.Or(tidy(a.Name), "attachment")
			disposition := "attachment"
			if inline {
				disposition = "inline"
			}
			fmt.Fprintf(w, "Content-Type: %s%s\r\nContent-Disposition: %s%s\r\n", fileType(a.Type), param("name", name), disposition, param("filename", name))
			if cid := CleanID(a.ContentID); cid != "" {
				fmt.Fprintf(w, "Content-ID: <%s>\r\n", cid)
			}
			w.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
			return base64Lines(w, r)
		})
	}
	return out
}

// fileType is a type that may carry base64: messages and multiparts may not (RFC 2046 5.2.1).
func fileType(t string) string {
	m, _, err := mime.ParseMediaType(t)
	if err != nil || !strings.Contains(m, "/") || strings.HasPrefix(m, "multipart/") || strings.HasPrefix(m, "message/") {
		return "application/octet-stream"
	}
	return m
}

// base64Lines writes lines of 76 characters.
func base64Lines(w io.Writer, r io.Reader) error {
	in := make([]byte, 57*256)
	line := make([]byte, 76*256+2*256)
	for {
		n, err := io.ReadFull(r, in)
		o := 0
		for i := 0; i < n; i += 57 {
			k := min(n-i, 57)
			base64.StdEncoding.Encode(line[o:], in[i:i+k])
			o += base64.StdEncoding.EncodedLen(k)
			o += copy(line[o:], "\r\n")
		}
		if _, werr := w.Write(line[:o]); werr != nil {
			return werr
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("email: compose: read attachment: %w", err)
		}
	}
}

// WireAddress is an address as SMTP wants it: ASCII domain, no display name; "" when there is none.
func WireAddress(a string) string {
	a = strings.TrimSpace(a)
	n := desk.NormalizeEmail(a)
	if n == "" {
		return ""
	}
	// Keep the local part as it was written: only the receiver knows whether case counts.
	i, j := strings.LastIndexByte(a, '@'), strings.LastIndexByte(n, '@')
	local := strings.TrimPrefix(a[:i], "<")
	if strings.EqualFold(local, n[:j]) {
		return local + n[j:]
	}
	return quoteLocal(n[:j]) + n[j:]
}

func quoteLocal(l string) string {
	if DotAtom(l) || !IsASCII(l) || strings.HasPrefix(l, `"`) {
		return l
	}
	return `"` + l + `"`
}
