package submission

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
)

// submitted is what intake is handed: what was asked in sight as words, and what fills ticket and contact.
func (s *Service) submitted(f form.Form, d form.Definition, x form.Submission) channel.Submitted {
	langs := []string{x.Context.Language, d.Language, "en"}
	out := channel.Submitted{
		Form: channel.Form{Submission: x.ID, Slug: f.Slug, Ticket: ticketOf(d, x), Person: personOf(d, x),
			Origin: desk.Origin{URL: x.Context.PageURL, Title: x.Context.PageTitle, Referrer: x.Context.Referrer}},
		Client: x.Dedupe, Email: x.Email, Language: x.Context.Language, At: x.CreatedAt,
	}
	for _, fd := range d.Fields {
		if !InSight(fd) {
			continue
		}
		if v := Words(fd, x.Answers[fd.Name], langs...); v != "" {
			out.Lines = append(out.Lines, channel.FormLine{Label: fd.LabelIn(langs...), Value: v, Long: fd.Type == form.TypeLong})
		}
	}
	for _, file := range x.Files {
		out.Files = append(out.Files, channel.FormFile{Name: file.Name, Type: file.Type, Size: file.Size, SHA256: file.SHA256})
	}
	out.Subject = subject(f, d, x, out.Person)
	return out
}

// InSight: a field that the person filled in, and that the team sees at the ticket (FM-10).
func InSight(f form.Field) bool {
	return !f.Concealed() && !f.Placed() && f.Type != form.TypeHeading && f.Type != form.TypeFile
}

// Words are an answer as it is read: choices by their labels.
func Words(f form.Field, answer any, languages ...string) string {
	label := func(v string) string {
		for _, o := range f.Options {
			if o.Value == v {
				if l := o.Label.In(languages...); l != "" {
					return l
				}
			}
		}
		return v
	}
	switch v := answer.(type) {
	case string:
		if f.Type == form.TypeCheckbox || f.Type == form.TypeConsent {
			return map[string]string{"true": "✓"}[v]
		}
		return label(v)
	case []string:
		out := make([]string, len(v))
		for i, x := range v {
			out[i] = label(x)
		}
		return strings.Join(out, ", ")
	case []any:
		out := make([]string, 0, len(v))
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, label(s))
			}
		}
		return strings.Join(out, ", ")
	}
	return ""
}

var token = regexp.MustCompile(`\{\{\s*([a-z][a-z0-9_.-]*)\s*\}\}`)

// subject names the ticket: the form's own template, else the field that fills it, else form and contact (FM-19).
func subject(f form.Form, d form.Definition, x form.Submission, p channel.FormPerson) string {
	if t := strings.TrimSpace(d.Ticket.Name); t != "" {
		s := token.ReplaceAllStringFunc(t, func(m string) string {
			switch name := token.FindStringSubmatch(m)[1]; name {
			case "form.name":
				return f.Name
			default:
				fd, _ := d.Field(name)
				return Words(fd, x.Answers[name], x.Context.Language, d.Language)
			}
		})
		if s = strings.Trim(strings.Join(strings.Fields(s), " "), " -–:,"); s != "" {
			return clip(s, 500)
		}
	}
	if v, ok := valueOf(d, x.Answers, form.MapsSubject); ok {
		return v
	}
	who := nameOf(p)
	if who == "" {
		who = x.Email
	}
	if who == "" {
		who = p.Phone
	}
	if who == "" {
		return f.Name
	}
	return f.Name + " – " + who
}

// ticketOf is what the answers and the form fill of a ticket. Pipeline and status are what the server found, never what was posted (FM-08).
func ticketOf(d form.Definition, x form.Submission) channel.FormTicket {
	t := channel.FormTicket{Pipeline: d.Ticket.Pipeline, Status: d.Ticket.Status, Priority: d.Ticket.Priority, Category: d.Ticket.Category, Properties: map[string]any{}}
	for k, v := range d.Ticket.Properties {
		t.Properties[k] = v
	}
	for _, f := range d.Fields {
		v, ok := x.Answers[f.Name]
		if !ok || !f.OfTicket() {
			continue
		}
		s, _ := v.(string)
		switch name := strings.TrimPrefix(f.Maps, "ticket."); name {
		case "subject", "description", "pipeline", "status", "priority", "category":
			if s == "" {
				continue
			}
			switch name {
			case "description":
				t.Description = s
			case "pipeline":
				if s != t.Pipeline {
					t.Pipeline, t.Status = s, ""
				}
			case "status":
				t.Status = s
			case "priority":
				t.Priority = s
			case "category":
				t.Category = s
			}
		default:
			t.Properties[name] = valueFor(f, v)
		}
	}
	return t
}

// valueFor is an answer as a property takes it.
func valueFor(f form.Field, v any) any {
	if s, ok := v.(string); ok && f.Type == form.TypeNumber {
		return strings.Replace(s, ",", ".", 1)
	}
	return v
}

// personOf is what the answers say of who sent them.
func personOf(d form.Definition, x form.Submission) channel.FormPerson {
	p := channel.FormPerson{Properties: map[string]any{}}
	for _, f := range d.Fields {
		v, ok := x.Answers[f.Name]
		if !ok {
			continue
		}
		s, _ := v.(string)
		switch f.Maps {
		case "contact.name":
			p.Name = s
		case "contact.first_name":
			p.FirstName = s
		case "contact.last_name":
			p.LastName = s
		case "contact.phone":
			p.Phone = s
		case "contact.language":
			p.Language = s
		case "company.name":
			p.Company = s
		case form.MapsEmail:
		default:
			if name, ok := strings.CutPrefix(f.Maps, "contact."); ok {
				p.Properties[name] = valueFor(f, v)
			}
		}
	}
	return p
}

func clip(s string, n int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return s
}

// agreed records what was agreed to in the very words (FM-20), of the person or the browser if one is known; the submission has it in any case.
func (s *Service) agreed(ctx context.Context, tx *db.Tx, x form.Submission, ch string) error {
	if s.Consents == nil || x.ContactID == 0 && x.VisitorID == 0 {
		return nil
	}
	for _, a := range x.Context.Agreed {
		e := consent.Entry{ContactID: x.ContactID, VisitorID: x.VisitorID, ThreadID: x.ThreadID, AccountID: x.AccountID, Channel: ch, Purpose: consent.Write + a.Slug, Kind: consent.Explicit,
			Action: consent.Given, Locale: x.Context.Language, Wording: clip(a.Text, 4000), IP: x.Context.IP, UserAgent: x.Context.Agent}
		if a.Slug == form.ProcessingSlug {
			e.Purpose = consent.Process
		} else if a.Field {
			e.Purpose = consent.Agree + a.Slug
		}
		if !a.Given {
			e.Action = consent.Declined
		}
		if _, err := s.Consents.Record(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// valueOf is the answer to the field that fills something; a field of kind email without anything that it fills is somebody's address too.
func valueOf(d form.Definition, answers map[string]any, maps string) (string, bool) {
	for _, f := range d.Fields {
		if f.Maps == maps || maps == form.MapsEmail && f.Maps == "" && f.Type == form.TypeEmail {
			if v, ok := answers[f.Name].(string); ok && v != "" {
				return v, true
			}
		}
	}
	return "", false
}
