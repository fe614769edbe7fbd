package assignment

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/property"
)

// Field is a fact that conditions may name.
type Field struct {
	Field   string        `json:"field"`
	Label   string        `json:"label" doc:"In English; of a property as it was given."`
	Type    string        `json:"type" enum:"text,number,boolean,choice,date"`
	Options []FieldOption `json:"options"`
	Group   string        `json:"group" enum:"message,ticket,contact,company,form,page"`
}

// FieldOption is a value that a field of choices may have.
type FieldOption struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// built are the facts that there always are.
var built = []Field{
	{Field: "subject", Label: "Subject", Type: "text", Group: "message"},
	{Field: "text", Label: "Text of the message", Type: "text", Group: "message"},
	{Field: "language", Label: "Language", Type: "choice", Group: "message"},
	{Field: "channel", Label: "Channel", Type: "choice", Group: "message"},
	{Field: "account", Label: "Channel account", Type: "choice", Group: "message"},
	{Field: "from.address", Label: "Sender's address", Type: "text", Group: "message"},
	{Field: "from.domain", Label: "Sender's domain", Type: "text", Group: "message"},
	{Field: "to", Label: "Recipient", Type: "text", Group: "message"},
	{Field: "has_attachment", Label: "Has a file", Type: "boolean", Group: "message"},
	{Field: "priority", Label: "Priority", Type: "choice", Group: "ticket", Options: options(string(desk.PriorityLow), string(desk.PriorityMedium), string(desk.PriorityHigh), string(desk.PriorityUrgent))},
	{Field: "category", Label: "Category", Type: "text", Group: "ticket"},
	{Field: "tags", Label: "Tags", Type: "choice", Group: "ticket"},
	{Field: "pipeline", Label: "Pipeline", Type: "choice", Group: "ticket"},
	{Field: "status", Label: "Status", Type: "choice", Group: "ticket"},
	{Field: "contact.email", Label: "Contact's email", Type: "text", Group: "contact"},
	{Field: "contact.domain", Label: "Contact's domain", Type: "text", Group: "contact"},
	{Field: "contact.language", Label: "Contact's language", Type: "choice", Group: "contact"},
	{Field: "contact.country", Label: "Contact's country", Type: "text", Group: "contact"},
	{Field: "contact.known", Label: "Wrote before", Type: "boolean", Group: "contact"},
	{Field: "contact.owner", Label: "Contact's owner", Type: "choice", Group: "contact"},
	{Field: "company.name", Label: "Company", Type: "text", Group: "company"},
	{Field: "company.domain", Label: "Company's domain", Type: "text", Group: "company"},
	{Field: "form", Label: "Form", Type: "text", Group: "form"},
	{Field: "page.url", Label: "Page", Type: "text", Group: "page"},
	{Field: "page.path", Label: "Path of the page", Type: "text", Group: "page"},
	{Field: "country", Label: "Visitor's country", Type: "text", Group: "page"},
}

func options(values ...string) (out []FieldOption) {
	for _, v := range values {
		out = append(out, FieldOption{v, v})
	}
	return out
}

// Fields are the facts that conditions may name here: the built-in ones, and the properties of tickets and contacts. languages are those that may be known.
func (s *Service) Fields(ctx context.Context, q db.Queryer, languages []string) ([]Field, error) {
	choices := map[string][]FieldOption{"language": options(languages...), "contact.language": options(languages...)}
	if err := s.choices(ctx, q, choices); err != nil {
		return nil, err
	}
	out := make([]Field, 0, len(built)+16)
	taken := map[string]bool{}
	for _, f := range built {
		if o, ok := choices[f.Field]; ok {
			f.Options = o
		}
		if f.Options == nil {
			f.Options = []FieldOption{}
		}
		taken[f.Field] = true
		out = append(out, f)
	}
	for _, object := range []string{property.Ticket, property.Contact} {
		props, err := s.Properties.List(ctx, q, object)
		if err != nil {
			return nil, err
		}
		for _, p := range props {
			f := Field{Field: object + "." + p.Name, Label: p.Label, Type: typeOf(p.Type), Group: object, Options: options(p.Options...)}
			if taken[f.Field] {
				continue // a property of that name is what the built-in fact shows
			}
			if f.Options == nil {
				f.Options = []FieldOption{}
			}
			out = append(out, f)
		}
	}
	return out, nil
}

func typeOf(property string) string {
	switch property {
	case "number", "boolean", "date":
		return property
	case "choice", "multi_choice":
		return "choice"
	}
	return "text"
}

// choices are what the fields of choices may hold now.
func (s *Service) choices(ctx context.Context, q db.Queryer, out map[string][]FieldOption) error {
	pipes, err := s.Tickets.Pipelines(ctx, q)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range pipes {
		out["pipeline"] = append(out["pipeline"], FieldOption{p.Slug, p.Name})
		for _, st := range p.Statuses {
			if !seen[st.Slug] {
				seen[st.Slug] = true
				out["status"] = append(out["status"], FieldOption{st.Slug, st.Name})
			}
		}
	}
	for _, a := range s.Channels.All() {
		out["channel"] = append(out["channel"], FieldOption{a.Spec().Channel, a.Spec().Name})
	}
	accounts, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		out["account"] = append(out["account"], FieldOption{a.Slug, a.Name})
	}
	tags, err := s.Tickets.Tags(ctx, q, false)
	if err != nil {
		return err
	}
	for _, t := range tags {
		out["tags"] = append(out["tags"], FieldOption{t.Name, t.Name})
	}
	users, err := s.People.List(ctx, q, false)
	for _, u := range users {
		out["contact.owner"] = append(out["contact.owner"], FieldOption{u.Email, u.Name})
	}
	return err
}
