package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// reader reads facts, the same for a batch only once.
type reader struct {
	s       *Service
	loaded  bool
	people  []Person
	company Rhythm
	inboxes map[desk.InboxID]desk.Access
}

func (r *reader) person(id desk.UserID) Person {
	for _, p := range r.people {
		if p.User.ID == id {
			return p
		}
	}
	return Person{}
}

func (r *reader) load(ctx context.Context) error {
	if r.loaded {
		return nil
	}
	users, err := r.s.People.List(ctx, r.s.DB, false)
	if err != nil {
		return err
	}
	if r.people, err = r.s.everybodys(ctx, users); err != nil {
		return err
	}
	if _, r.company, err = r.s.Company(ctx, r.s.DB); err != nil {
		return err
	}
	r.inboxes, err = r.s.inboxes(ctx)
	r.loaded = err == nil
	return err
}

func (s *Service) inboxes(ctx context.Context) (map[desk.InboxID]desk.Access, error) {
	type box struct {
		id desk.InboxID
		a  desk.Access
	}
	rows, err := db.All(ctx, s.DB, func(r db.Scanner) (b box, err error) { err = r.Scan(&b.id, db.ScanJSON(&b.a)); return b, err }, "SELECT id, access FROM inboxes")
	if err != nil {
		return nil, fmt.Errorf("notify: inboxes: %w", err)
	}
	out := make(map[desk.InboxID]desk.Access, len(rows))
	for _, b := range rows {
		out[b.id] = b.a
	}
	return out, nil
}

// sees reports whether a person may read an inbox, and whether they are a member.
func sees(u desk.User, a desk.Access) (sees, acts bool) {
	acts = access.Member(a, u)
	return access.UserCan(u, access.TicketsView) && (acts || access.SeesEveryInbox(u)), acts
}

// facts reads what the rules ask about an event, as it is now.
func (r *reader) facts(ctx context.Context, ev desk.Event) (f Facts, err error) {
	if err := r.load(ctx); err != nil {
		return f, err
	}
	f.Inbox, f.Company = ev.Inbox, r.company
	if ev.TicketID != 0 {
		err = r.ticket(ctx, ev.TicketID, &f)
	} else if ev.ThreadID != 0 {
		err = r.s.DB.QueryRow(ctx, "SELECT owner_id, team_id, inbox_id, hidden FROM threads WHERE id = $1", ev.ThreadID).Scan(&f.Owner, &f.Team, &f.Inbox, &f.Hidden)
		f.Viewing = r.s.Viewing(desk.TicketID(ev.ThreadID)) // an id is one noun's alone
	}
	if err == nil && ev.Message != 0 {
		err = r.message(ctx, ev, &f)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // what is gone concerns nobody
		return f, fmt.Errorf("notify: facts: %w", err)
	}
	if ev.Type == desk.EvTicketCreated && err == nil {
		if err = r.s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM threads WHERE ticket_id = $1 AND visitor_id <> 0 LIMIT 1) x", ev.TicketID).Scan(&f.Live); err != nil {
			return f, fmt.Errorf("notify: facts: %w", err)
		}
	}
	f.People = slices.Clone(r.people)
	for i := range f.People {
		f.People[i].Sees, f.People[i].Acts = false, false
		if a, ok := r.inboxes[f.Inbox]; ok {
			f.People[i].Sees, f.People[i].Acts = sees(f.People[i].User, a)
			if f.People[i].Sees && f.Inbox != 0 && (ev.TicketID != 0 || ev.ThreadID != 0) {
				f.People[i].Sees = r.reaches(f.People[i].User, access.Held{Owner: f.Owner, Team: f.Team, Known: append(slices.Clone(f.Mentions), f.Followers...)})
			}
			f.People[i].Acts = f.People[i].Acts && f.People[i].Sees
		}
	}
	return f, nil
}

func (r *reader) ticket(ctx context.Context, id desk.TicketID, f *Facts) error {
	err := r.s.DB.QueryRow(ctx, "SELECT owner_id, team_id, inbox_id, hidden, snoozed_by FROM tickets WHERE id = $1", id).Scan(&f.Owner, &f.Team, &f.Inbox, &f.Hidden, &f.SnoozedBy)
	if err != nil {
		f.Hidden = desk.HiddenTrash
		return err
	}
	if f.Followers, err = r.s.followers(ctx, id); err != nil {
		return err
	}
	f.Viewing = r.s.Viewing(id)
	return nil
}

func (r *reader) message(ctx context.Context, ev desk.Event, f *Facts) error {
	var actor desk.Actor
	err := r.s.DB.QueryRow(ctx, "SELECT actor, mentions FROM messages WHERE id = $1", ev.Message).Scan(db.ScanActor(&actor), db.ScanJSON(&f.Mentions))
	if err != nil {
		return err
	}
	f.Author = actor.UserID()
	if ev.Type != desk.EvMessageReceived {
		return nil
	}
	var first desk.MessageID
	where, id := "ticket_id = $1", int64(ev.TicketID)
	if id == 0 {
		where, id = "thread_id = $1", int64(ev.ThreadID)
	}
	if err := r.s.DB.QueryRow(ctx, "SELECT COALESCE(MIN(id), 0) FROM messages WHERE "+where, id).Scan(&first); err != nil {
		return err
	}
	f.First = first == ev.Message
	return nil
}

func (s *Service) followers(ctx context.Context, id desk.TicketID) ([]desk.UserID, error) {
	return db.All(ctx, s.DB, db.Column[desk.UserID], "SELECT user_id FROM ticket_followers WHERE ticket_id = $1 ORDER BY user_id LIMIT 500", id)
}

// reaches reports whether something is within a person's reach (PM-05): what is out of it is not told either.
func (r *reader) reaches(u desk.User, h access.Held) bool {
	reach, _ := access.ReachOf(u)
	e := access.Extent{Reach: reach, User: u.ID}
	if e.Whole() {
		return true
	}
	e.Teams = append(slices.Clone(u.Teams), u.TeamsBelow...)
	e.Mates = map[desk.UserID]bool{}
	for _, p := range r.people {
		for _, t := range p.User.Teams {
			e.Mates[p.User.ID] = e.Mates[p.User.ID] || slices.Contains(e.Teams, t)
		}
	}
	return e.Sees(h)
}

// beyond are the tickets of rows that are out of a person's reach by now.
func (s *Service) beyond(ctx context.Context, u desk.User, rows []row) (map[desk.TicketID]bool, error) {
	reach, _ := access.ReachOf(u)
	e := access.Extent{Reach: reach, User: u.ID, Teams: append(slices.Clone(u.Teams), u.TeamsBelow...)}
	out := map[desk.TicketID]bool{}
	if e.Whole() {
		return out, nil
	}
	var ids []desk.TicketID
	for _, r := range rows {
		if r.TicketID != 0 && !out[r.TicketID] {
			out[r.TicketID] = true
			ids = append(ids, r.TicketID)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	var args []any
	cond := e.TicketSQL("t", func(v any) string { args = append(args, v); return fmt.Sprintf("$%d", len(args)) })
	seen, err := db.All(ctx, s.DB, db.Column[desk.TicketID], "SELECT t.id FROM tickets t WHERE t.id IN "+db.IDs(ids)+" AND "+cond, args...)
	if err != nil {
		return nil, fmt.Errorf("notify: within reach: %w", err)
	}
	for _, id := range seen {
		delete(out, id)
	}
	return out, nil
}
