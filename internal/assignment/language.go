package assignment

import (
	"context"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
)

// Tongue tells the language of a text, or takes the first of the hints that is one: skill.Service.LanguageOf.
type Tongue func(ctx context.Context, q db.Queryer, text string, hints ...string) (string, error)

// WithTongue sets what tells languages of conversations that have no ticket.
func (s *Service) WithTongue(fn Tongue) *Service { s.tongue = fn; return s }

// language of the work (SK-09): what was said of it, the ticket's, what the message is written in, the browser's, the contact's. Without its region.
func (s *Service) language(ctx context.Context, q db.Queryer, a About, browser, contact string) (string, error) {
	if a.Language != "" {
		return bare(a.Language), nil
	}
	if a.Ticket != nil && a.Ticket.Language != "" {
		return bare(a.Ticket.Language), nil
	}
	if s.tongue != nil {
		l, err := s.tongue(ctx, q, cut(a.Message.Subject+"\n"+a.Message.Text, maxText), browser, contact)
		return bare(l), err
	}
	if l := bare(browser); l != "" {
		return l, nil
	}
	return bare(contact), nil
}

// bare is a language without its region.
func bare(l string) string {
	l, _, _ = strings.Cut(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(l), "_", "-")), "-")
	if l == "no" {
		return "nb"
	}
	return l
}
