package form

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

const (
	stored   = "stored" // where a file is that the flow has put away already
	maxLines = 200
	maxFiles = 50
	maxValue = 20_000 // characters
)

// Parse implements channel.Adapter.
func (*Adapter) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var e channel.Submitted
	if err := json.Unmarshal(raw.Body, &e); err != nil {
		return nil, fmt.Errorf("form: parse: %w", err)
	}
	if e.Submission == 0 || e.Client == "" {
		return nil, fmt.Errorf("form: parse: it has no id")
	}
	key := "submission:" + e.Submission.String()
	form := e.Form
	form.Slug = richtext.TypedLine(form.Slug, 100)
	tidyPerson(&form.Person)
	tidyTicket(&form.Ticket)
	form.Origin = desk.Origin{URL: richtext.TypedLine(form.Origin.URL, 2000), Title: richtext.TypedLine(form.Origin.Title, 300), Referrer: richtext.TypedLine(form.Origin.Referrer, 2000)}
	in := channel.Inbound{
		Kind: channel.InMessage, RemoteID: key, ThreadKey: key, From: from(e), Subject: richtext.TypedLine(e.Subject, 500), Disposition: desk.DispNormal, Truncation: desk.NotTruncated,
		Language: richtext.TypedLine(e.Language, 35), Form: &form,
	}
	in.Sender = in.From
	if e.At > 0 && e.At < 1<<50 {
		in.SentAt = time.UnixMilli(int64(e.At)).UTC()
	}
	if len(e.Lines) > maxLines {
		e.Lines = e.Lines[:maxLines]
		in.Problems = append(in.Problems, fmt.Sprintf("only the first %d answers are shown", maxLines))
	}
	in.Text, in.HTML, in.Snippet = words(e.Lines)
	if len(e.Files) > maxFiles {
		e.Files = e.Files[:maxFiles]
		in.Problems = append(in.Problems, fmt.Sprintf("only the first %d files were kept", maxFiles))
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s", key, in.Text)
	for _, f := range e.Files {
		a := channel.Attachment{Name: richtext.TypedLine(f.Name, 255), Type: richtext.TypedLine(f.Type, 200), Size: f.Size, SHA256: richtext.TypedLine(f.SHA256, 64), Remote: stored}
		fmt.Fprintf(h, "\x00%s", a.SHA256)
		in.Attachments = append(in.Attachments, a)
	}
	if in.Snippet == "" && len(in.Attachments) > 0 {
		in.Snippet = in.Attachments[0].Name
	}
	in.ContentHash = hex.EncodeToString(h.Sum(nil))
	return []channel.Inbound{in}, nil
}

// from is who it says it is from: by mail, else by phone, else by name alone.
func from(e channel.Submitted) desk.Party {
	name := richtext.TypedLine(e.Person.Name, 200)
	if name == "" {
		name = richtext.TypedLine(e.Person.FirstName+" "+e.Person.LastName, 200)
	}
	p := desk.Party{Field: "from", Kind: desk.AddrEmail, Address: richtext.TypedLine(e.Email, 320), Name: name}
	if p.Address == "" && e.Person.Phone != "" {
		p.Kind, p.Address = desk.AddrPhone, richtext.TypedLine(e.Person.Phone, 40)
	}
	return p
}

// words are the answers as text, as a list of definitions, and as one line.
func words(lines []channel.FormLine) (text, rich, snippet string) {
	var t, h strings.Builder
	h.WriteString("<dl>")
	for _, l := range lines {
		label, value := richtext.TypedLine(l.Label, 300), richtext.TypedText(l.Value, maxValue)
		if value == "" {
			continue
		}
		if strings.Contains(value, "\n") {
			fmt.Fprintf(&t, "%s:\n%s\n\n", label, value)
		} else {
			fmt.Fprintf(&t, "%s: %s\n", label, value)
		}
		fmt.Fprintf(&h, "<dt>%s</dt><dd>%s</dd>", html.EscapeString(label), strings.ReplaceAll(html.EscapeString(value), "\n", "<br>"))
		if l.Long && snippet == "" {
			snippet = richtext.TypedLine(value, 200)
		}
	}
	h.WriteString("</dl>")
	text = strings.TrimSpace(t.String())
	if text == "" {
		return "", "", ""
	}
	if snippet == "" {
		snippet = richtext.TypedLine(text, 200)
	}
	return text, h.String(), snippet
}

func tidyPerson(p *channel.FormPerson) {
	for _, s := range []*string{&p.Name, &p.FirstName, &p.LastName, &p.Phone, &p.Language, &p.Company} {
		*s = richtext.TypedLine(*s, 200)
	}
	p.Properties = tidy(p.Properties)
}

func tidyTicket(t *channel.FormTicket) {
	for _, s := range []*string{&t.Pipeline, &t.Status, &t.Priority, &t.Category} {
		*s = richtext.TypedLine(*s, 200)
	}
	t.Description = richtext.TypedText(t.Description, maxValue)
	t.Properties = tidy(t.Properties)
}

// tidy keeps the plain values of properties: texts, and lists of texts.
func tidy(m map[string]any) map[string]any {
	if len(m) == 0 {
		return nil
	}
	out := map[string]any{}
	for k, v := range m {
		switch v := v.(type) {
		case string:
			out[richtext.TypedLine(k, 100)] = richtext.TypedText(v, maxValue)
		case bool, float64:
			out[richtext.TypedLine(k, 100)] = v
		case []any:
			list := []any{}
			for _, x := range v {
				if s, ok := x.(string); ok {
					list = append(list, richtext.TypedLine(s, 1000))
				}
			}
			out[richtext.TypedLine(k, 100)] = list
		}
	}
	return out
}
