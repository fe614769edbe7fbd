package intake

import (
	"context"
	"maps"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Forms is told of submissions in the transaction that files them: submission.Service.
type Forms interface {
	// Person is the contact of whoever submitted it, found or made; blanks are filled, nothing that stands there is changed (FM-13). The zero contact is nobody.
	Person(ctx context.Context, tx *db.Tx, from desk.Party, p channel.FormPerson) (desk.Contact, bool, error)
	// Begins is told which conversation a submission begins, before its ticket and owner are decided by what was answered.
	Begins(ctx context.Context, tx *db.Tx, id desk.SubmissionID, th desk.ThreadID) error
	// Filed is told what a submission became. The ticket is 0 where there is none.
	Filed(ctx context.Context, tx *db.Tx, form channel.Form, acc desk.ChannelAccount, m desk.Message) error
}

func (s *Service) formContact(ctx context.Context, tx *db.Tx, f *filing) (err error) {
	f.who.contact, f.who.fresh, err = s.Forms.Person(ctx, tx, f.in.From, f.in.Form.Person)
	return wrap("contact", err)
}

// openingOfForm notes where a submission's conversation began.
func (s *Service) openingOfForm(ctx context.Context, tx *db.Tx, f *filing, th *desk.Thread) error {
	if f.in.Form == nil {
		return nil
	}
	if o := f.in.Form.Origin; o != (desk.Origin{}) {
		th.Origin = &o
	}
	if s.Forms == nil {
		return nil
	}
	return wrap("submission", s.Forms.Begins(ctx, tx, f.in.Form.Submission, th.ID))
}

func (s *Service) submitted(ctx context.Context, tx *db.Tx, f *filing, m desk.Message) error {
	if f.in.Form == nil || s.Forms == nil {
		return nil
	}
	return wrap("submission", s.Forms.Filed(ctx, tx, *f.in.Form, f.it.acc, m))
}

// policy is what is stamped on a new ticket: the account's, and over it what a form fills (GEN-18, FM-07).
func (f *filing) policy() desk.TicketPolicy {
	p := f.it.acc.Ticket
	if f.in.Form == nil {
		return p
	}
	t := f.in.Form.Ticket
	if t.Pipeline != "" && t.Pipeline != p.Pipeline {
		p.Pipeline, p.Status = t.Pipeline, ""
	}
	for _, x := range []struct {
		at *string
		to string
	}{{&p.Status, t.Status}, {&p.Priority, t.Priority}, {&p.Category, t.Category}} {
		if x.to != "" {
			*x.at = x.to
		}
	}
	if len(t.Properties) > 0 {
		p.Properties = maps.Clone(p.Properties)
		if p.Properties == nil {
			p.Properties = map[string]any{}
		}
		maps.Copy(p.Properties, t.Properties)
	}
	return p
}

// description of a new ticket: the field that fills it, else what was written.
func (f *filing) description() string {
	if f.in.Form != nil && strings.TrimSpace(f.in.Form.Ticket.Description) != "" {
		return f.in.Form.Ticket.Description
	}
	return f.in.Text
}
