// Package triage is what people do with tickets beside answering them, each in one transaction: lay to rest and wake, follow, link, merge and split with their undoing,
// move to another inbox, hand over with a note, spam and trash and the way back. It owns no table: tickets, threads, assignments and sender lists are changed through
// their nouns. It refuses what would lose something; whether the actor may is asked by who calls: the API's handlers, bulk, and dispatch with a send.
//
// Locks are taken as everywhere: threads by their ids, then tickets by their ids.
package triage

import (
	"context"
	"log/slog"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Deps is what triage calls.
type Deps struct {
	DB      *db.DB
	Clock   *clock.Clock
	Jobs    *job.Queue
	People  *people.Service
	Inboxes *inbox.Service
	Threads *thread.Service
	Tickets *ticket.Service
	Assign  *assignment.Service
	Senders *spam.Service
	Log     *slog.Logger
}

// Service is the flows. Safe for concurrent use.
type Service struct{ Deps }

// wakeJob is the kind of the job that wakes a ticket at its time.
const wakeJob = "ticket.wake"

// New makes the service and registers its job.
func New(d Deps) *Service {
	s := &Service{d}
	if d.Jobs != nil {
		d.Jobs.Register(wakeJob, s.wakeJob)
	}
	return s
}

// retally makes what lists show of some tickets that of their messages.
func (s *Service) retally(ctx context.Context, tx *db.Tx, ids ...desk.TicketID) error {
	for _, id := range ids {
		t, err := s.Tickets.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		a, err := s.Threads.Tally(ctx, tx, id, t.CreatedAt)
		if err != nil {
			return err
		}
		if err := s.Tickets.SetTally(ctx, tx, id, a); err != nil {
			return err
		}
	}
	return nil
}

// Follow lets a user hear of a ticket (WS-15). Only who is active and may see its inbox can.
func (s *Service) Follow(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, user desk.UserID) error {
	t, err := s.Tickets.Survivor(ctx, tx, id)
	if err != nil {
		return err
	}
	if ok, name, err := s.sees(ctx, tx, user, t.InboxID); err != nil || !ok {
		if err != nil {
			return err
		}
		return desk.Errorf(desk.Invalid, "follow.no_access", "%s cannot see this ticket, and so cannot follow it.", name).In("user_id")
	}
	return s.Tickets.Follow(ctx, tx, actor, t.ID, user, ticket.FollowAsked)
}

// Unfollow ends it.
func (s *Service) Unfollow(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, user desk.UserID) error {
	t, err := s.Tickets.Survivor(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.Tickets.Unfollow(ctx, tx, actor, t.ID, user)
}

// AutoFollow lets who writes a comment follow the ticket, and who is named in one, unless they switched that off (preference auto_follow).
func (s *Service) AutoFollow(ctx context.Context, tx *db.Tx, m desk.Message) error {
	if m.TicketID == 0 {
		return nil
	}
	t, err := s.Tickets.Get(ctx, tx, m.TicketID)
	if err != nil {
		return err
	}
	why := map[desk.UserID]string{}
	if m.Kind == desk.KindComment && m.Actor.UserID() != 0 {
		why[m.Actor.UserID()] = ticket.FollowComment
	}
	order := []desk.UserID{m.Actor.UserID()}
	for _, u := range m.Mentions {
		if why[u] == "" {
			why[u] = ticket.FollowMention
			order = append(order, u)
		}
	}
	for _, u := range order {
		if why[u] == "" {
			continue
		}
		ok, _, err := s.sees(ctx, tx, u, t.InboxID)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		prefs, err := s.People.Preferences(ctx, tx, u)
		if err != nil {
			return err
		}
		if off, set := prefs["auto_follow"].(bool); !ok || set && !off {
			continue
		}
		if err := s.Tickets.Follow(ctx, tx, m.Actor, t.ID, u, why[u]); err != nil {
			return err
		}
	}
	return nil
}

// sees reports whether a user is active and may see an inbox.
func (s *Service) sees(ctx context.Context, tx *db.Tx, user desk.UserID, box desk.InboxID) (bool, string, error) {
	u, err := s.People.Get(ctx, tx, user)
	if err != nil {
		return false, "", err
	}
	b, err := s.Inboxes.Inbox(ctx, tx, box)
	if err != nil {
		return false, "", err
	}
	return u.Active && access.Member(b.Access, u), u.Name, nil
}

// Link joins two tickets by what a person says of them: related, duplicate, blocks (TK-17). Merged ones stand for their survivors.
func (s *Service) Link(ctx context.Context, tx *db.Tx, actor desk.Actor, id, other desk.TicketID, kind string) error {
	return s.link(ctx, tx, id, other, kind, func(l desk.TicketLink) error { return s.Tickets.LinkBy(ctx, tx, actor, l) })
}

// Unlink takes a link away, whichever of the two it was put on, and also one that came with a merged ticket.
func (s *Service) Unlink(ctx context.Context, tx *db.Tx, actor desk.Actor, id, other desk.TicketID, kind string) error {
	return s.link(ctx, tx, id, other, kind, func(desk.TicketLink) error {
		mine, err := s.family(ctx, tx, id)
		if err != nil {
			return err
		}
		theirs, err := s.family(ctx, tx, other)
		if err != nil {
			return err
		}
		for _, a := range mine {
			for _, b := range theirs {
				for _, l := range []desk.TicketLink{{TicketID: a, OtherID: b, Kind: kind}, {TicketID: b, OtherID: a, Kind: kind}} {
					if err := s.Tickets.Unlink(ctx, tx, actor, l); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

func (s *Service) link(ctx context.Context, tx *db.Tx, id, other desk.TicketID, kind string, do func(desk.TicketLink) error) error {
	switch kind {
	case ticket.LinkRelated, ticket.LinkDuplicate, ticket.LinkBlocks:
	default:
		return desk.Errorf(desk.Invalid, "ticket.link_unknown", "A link says related, duplicate or blocks.").In("kind")
	}
	a, err := s.Tickets.Survivor(ctx, tx, id)
	if err != nil {
		return err
	}
	b, err := s.Tickets.Survivor(ctx, tx, other)
	if err != nil {
		return err
	}
	return do(desk.TicketLink{TicketID: a.ID, OtherID: b.ID, Kind: kind})
}

// family is a ticket's survivor with all that was merged into it.
func (s *Service) family(ctx context.Context, tx *db.Tx, id desk.TicketID) ([]desk.TicketID, error) {
	t, err := s.Tickets.Survivor(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	absorbed, err := s.Tickets.Absorbed(ctx, tx, t.ID)
	return append(absorbed, t.ID), err
}
