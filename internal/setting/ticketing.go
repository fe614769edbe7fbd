package setting

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Ticketing is how tickets are worked on.
type Ticketing struct {
	OpenTags      bool   `json:"open_tags" yaml:"open_tags" doc:"Whoever changes tickets may make new tags by typing them; else administrators alone (TK-10)."`
	SubjectNumber string `json:"number_in_subject" yaml:"number_in_subject" enum:"off,end" doc:"end: mail leaves with the ticket's number at the end of its subject, as [#1042] (TK-19)."`
	HoldAnswers   bool   `json:"hold_answers" yaml:"hold_answers" doc:"Who writes an answer holds the ticket; others are asked before they send theirs, and may take over (WS-11)."`
}

// Where a ticket's number stands in the subject of mail.
const (
	NumberOff = "off"
	NumberEnd = "end"
)

const ticketingName = "ticketing"

// DefaultTicketing is what an installation begins with. The number is off, because mail programs take a changed subject for another conversation.
var DefaultTicketing = Ticketing{OpenTags: true, SubjectNumber: NumberOff}

// Ticketing returns how tickets are worked on.
func (s *Service) Ticketing(ctx context.Context, q db.Queryer) (Ticketing, error) {
	t := DefaultTicketing
	err := read(ctx, q, ticketingName, &t)
	return t, err
}

// SetTicketing changes it. Records settings.changed, nothing when nothing changed.
func (s *Service) SetTicketing(ctx context.Context, tx *db.Tx, actor desk.Actor, t Ticketing) (Ticketing, error) {
	before, err := s.Ticketing(ctx, tx)
	if err != nil || before == t {
		return before, err
	}
	if t.SubjectNumber != NumberOff && t.SubjectNumber != NumberEnd {
		return before, desk.Errorf(desk.Invalid, "ticketing.number", "The number in subjects is off or end.").In("number_in_subject")
	}
	if err := s.store(ctx, tx, ticketingName, string(db.JSON(t))); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "ticketing", "slug": "ticketing", "before": before, "after": t})})
	return t, err
}
