package ticket

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/skill/tongue"
)

func checkLanguage(code string) error {
	if code == "" || slices.Contains(tongue.Codes, code) {
		return nil
	}
	return desk.Errorf(desk.Invalid, "ticket.language_unknown", "%q is not the code of a language: use one such as da, de or en.", code).In("language")
}

// speak changes the language of a ticket.
func speak(t *desk.Ticket, code *string) error {
	if code == nil {
		return nil
	}
	t.Language = *code
	return checkLanguage(*code)
}

// languageOf is the language of a new ticket: what was asked for; else what the words are surely in; else what the channel or the browser states, whose
// settings say more about the machine than about who writes; else the contact's (SK-09).
func (s *Service) languageOf(ctx context.Context, q db.Queryer, n NewTicket) (string, error) {
	if n.Language != "" {
		return n.Language, checkLanguage(n.Language)
	}
	hints := slices.Clone(n.Hints)
	if n.ContactID != 0 {
		known, err := db.All(ctx, q, db.Column[string], `SELECT language FROM contacts WHERE id = $1`, n.ContactID)
		if err != nil {
			return "", fmt.Errorf("ticket: language: %w", err)
		}
		hints = append(hints, known...)
	}
	if s.words != nil {
		return s.words(ctx, q, n.Subject+"\n"+n.Description, hints...)
	}
	for _, h := range hints {
		if code := tongue.Code(h); code != "" {
			return code, nil
		}
	}
	return "", nil
}
