// Package availability says whether somebody answers on a chat account now: the state in a defined order (AV-10) with the reason for it and for each
// of the people concerned, how soon an answer comes, when the team is back, who is shown at the top of the widget. It owns no table: it joins the account's
// settings, its rules of assignment, people and what they have. It also says which rules an account lays on assignment (Gate). Called by the widget's
// handlers, the dialogue and the API; the visitors' stream is told of every change by Follow.
package availability

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Deps is what a Service needs.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Channels *channel.Registry
	People   *people.Service
	Inboxes  *inbox.Service
	Tickets  *ticket.Service
	Contacts *contact.Service
	Settings *setting.Service
	// Hours are the company's named business hours, with their holidays: worktime.Service.Hours. Nil: there are none.
	Hours func(ctx context.Context, q db.Queryer, slug string) (hours.Schedule, error)
	// Handovers are the rules of assignment that an account's own chatflows hand over by (CH-17). Nil: none.
	Handovers func(ctx context.Context, q db.Queryer, account desk.ChannelAccountID) ([]desk.AssignPolicy, error)
	Log       *slog.Logger
}

// Service knows the states of chat accounts. Safe for concurrent use.
type Service struct {
	Deps
	mu    sync.Mutex
	known map[desk.ChannelAccountID]known
	reply map[desk.ChannelAccountID]measured
	turn  int64 // counts what has happened that may have changed a state
}

// known are facts that hold until something happens or the hours change.
type known struct {
	facts   Facts
	version desk.Time // of the account
	turn    int64
	until   time.Time
}

// fresh is how long facts hold when nothing is heard: on another node's word an event may come late.
const fresh = 30 * time.Second

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: d, known: map[desk.ChannelAccountID]known{}, reply: map[desk.ChannelAccountID]measured{}}
}

// State is what a visitor of an account is shown now.
func (s *Service) State(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, ask Asking) (State, error) {
	f, err := s.Facts(ctx, q, acc)
	if err != nil {
		return State{}, err
	}
	if ask.Now.IsZero() {
		ask.Now = s.Clock.Now()
	}
	return f.For(ask), nil
}

// Facts are those of an account now, from memory when nothing has happened since.
func (s *Service) Facts(ctx context.Context, q db.Queryer, acc desk.ChannelAccount) (Facts, error) {
	s.mu.Lock()
	k, ok := s.known[acc.ID]
	turn := s.turn
	s.mu.Unlock()
	now := s.Clock.Now()
	if ok && k.version == acc.UpdatedAt && k.turn == turn && now.Before(k.until) && !now.Before(k.facts.At.Time()) {
		return k.facts, nil
	}
	return s.Look(ctx, q, acc)
}

// Look finds the facts anew.
func (s *Service) Look(ctx context.Context, q db.Queryer, acc desk.ChannelAccount) (Facts, error) {
	s.mu.Lock()
	turn := s.turn
	s.mu.Unlock()
	now := s.Clock.Now()
	settings, err := webchat.Parse(acc.Settings)
	if err != nil {
		return Facts{}, fmt.Errorf("availability: settings: %w", err)
	}
	if err := s.keep(ctx, q, &settings); err != nil {
		return Facts{}, err
	}
	f := Facts{AccountID: acc.ID, At: desk.At(now), settings: settings, version: acc.UpdatedAt, active: acc.Active && acc.ArchivedAt == 0}
	company, err := s.Settings.Company(ctx, q)
	if err != nil {
		return f, err
	}
	f.locale = company.Locale
	if f.People, err = s.crew(ctx, q, acc, settings); err != nil {
		return f, err
	}
	if settings.Availability.Available.ReplyTime == "measured" {
		if f.Reply, err = s.measure(ctx, q, acc); err != nil {
			return f, err
		}
	}
	f.settle(now)
	if f.State == Capacity {
		if err := s.line(ctx, q, acc, &f); err != nil {
			return f, err
		}
	}
	until := now.Add(fresh)
	if next := f.NextChange.Time(); f.NextChange != 0 && next.Before(until) {
		until = next
	}
	s.mu.Lock()
	s.known[acc.ID] = known{facts: f, version: acc.UpdatedAt, turn: turn, until: until}
	s.mu.Unlock()
	return f, nil
}
