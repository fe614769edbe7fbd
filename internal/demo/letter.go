package demo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Letter is a mail that a simulated customer writes.
type Letter struct {
	From       mail.Address
	To, Cc     []mail.Address
	Subject    string
	Text, HTML string
	Date       time.Time
	MessageID  string // without brackets
	InReplyTo  string
	References []string
	Files      []File
	Headers    [][2]string
}

// File is an attachment of a Letter.
type File struct {
	Name, Type string
	Data       []byte
}

// Bytes writes the letter as a mail program would (RFC 5322, MIME).
func (l Letter) Bytes() []byte {
	var b bytes.Buffer
	h := func(k, v string) { fmt.Fprintf(&b, "%s: %s\r\n", k, v) }
	h("Date", l.Date.Format(time.RFC1123Z))
	h("From", l.From.String())
	if len(l.To) > 0 {
		h("To", addresses(l.To))
	}
	if len(l.Cc) > 0 {
		h("Cc", addresses(l.Cc))
	}
	h("Subject", mime.QEncoding.Encode("utf-8", l.Subject))
	h("Message-ID", "<"+l.MessageID+">")
	if l.InReplyTo != "" {
		h("In-Reply-To", "<"+l.InReplyTo+">")
		h("References", "<"+strings.Join(append(append([]string{}, l.References...), l.InReplyTo), ">\r\n <")+">")
	}
	for _, kv := range l.Headers {
		h(kv[0], kv[1])
	}
	h("MIME-Version", "1.0")
	l.body(&b)
	return b.Bytes()
}

func (l Letter) body(b *bytes.Buffer) {
	if len(l.Files) == 0 {
		l.content(b)
		return
	}
	const mark = "=_files_7f3a"
	fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=%q\r\n\r\n--%s\r\n", mark, mark)
	l.content(b)
	for _, f := range l.Files {
		fmt.Fprintf(b, "\r\n--%s\r\nContent-Type: %s\r\nContent-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
			mark, f.Type, mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
		wrap(b, f.Data)
	}
	fmt.Fprintf(b, "\r\n--%s--\r\n", mark)
}

func (l Letter) content(b *bytes.Buffer) {
	if l.HTML == "" {
		part(b, "text/plain", l.Text)
		return
	}
	const mark = "=_alternative_19cc"
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=%q\r\n\r\n--%s\r\n", mark, mark)
	part(b, "text/plain", l.Text)
	fmt.Fprintf(b, "\r\n--%s\r\n", mark)
	part(b, "text/html", l.HTML)
	fmt.Fprintf(b, "\r\n--%s--\r\n", mark)
}

func part(b *bytes.Buffer, kind, text string) {
	fmt.Fprintf(b, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", kind)
	w := quotedprintable.NewWriter(b)
	_, _ = w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	_ = w.Close()
}

func wrap(b *bytes.Buffer, data []byte) {
	s := base64.StdEncoding.EncodeToString(data)
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
}

func addresses(as []mail.Address) string {
	out := make([]string, len(as))
	for i, a := range as {
		out[i] = a.String()
	}
	return strings.Join(out, ",\r\n ")
}

// quoted is an answer above the message it answers, as most programs write it.
func quoted(answer, who string, when time.Time, original string) string {
	lines := strings.Split(strings.TrimRight(original, "\n"), "\n")
	return strings.TrimRight(answer, "\n") + "\n\n" + fmt.Sprintf("On %s %s wrote:\n> ", when.Format("2 Jan 2006 at 15:04"), who) + strings.Join(lines, "\n> ") + "\n"
}
