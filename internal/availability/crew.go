package availability

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/webchat"
)

// crew is who answers on an account: those whom its rules of assignment name, and those of its chatflows' hand-overs (CH-17). Under "no one" that is every
// member of the inbox, and so it is under "contact's owner" without a fallback, who is different for each; with one, those whom it names count (RT-24). Those who could never be given work are not among them.
func (s *Service) crew(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, settings webchat.Settings) ([]Person, error) {
	policies := []desk.AssignPolicy{acc.Assign}
	if s.Handovers != nil {
		more, err := s.Handovers(ctx, q, acc.ID)
		if err != nil {
			return nil, err
		}
		policies = append(policies, more...)
	}
	users, err := s.named(ctx, q, policies)
	if err != nil {
		return nil, err
	}
	box, err := s.Inboxes.Inbox(ctx, q, acc.InboxID)
	if err != nil {
		return nil, err
	}
	users = slices.DeleteFunc(users, func(u desk.User) bool {
		return !u.Active || !u.TakesWork || !access.UserCan(u, access.TicketsReply) || !access.Member(box.Access, u)
	})
	chats := map[desk.UserID]int{}
	limit := settings.Availability.Capacity.Limit
	if limit > 0 {
		if chats, err = s.Tickets.OpenChats(ctx, q, users, acc.Channel); err != nil {
			return nil, err
		}
	}
	out := make([]Person, 0, len(users))
	for _, u := range users {
		p := Person{UserID: u.ID, Name: u.Name, Chats: chats[u.ID], Reason: Free}
		switch {
		case !u.Available:
			p.Reason = IsAway
		case limit > 0 && p.Chats >= limit:
			p.Reason = IsFull
		}
		out = append(out, p)
	}
	return out, nil
}

func (s *Service) named(ctx context.Context, q db.Queryer, policies []desk.AssignPolicy) ([]desk.User, error) {
	all, err := s.People.List(ctx, q, false)
	if err != nil {
		return nil, err
	}
	var emails, slugs []string
	for _, p := range policies {
		for _, r := range p.Rules {
			emails, slugs = append(emails, r.Users...), append(slugs, r.Teams...)
		}
		for _, f := range p.Fallback { // whoever the contact's owner is, these come next; without any it may be anybody
			if p.To == routing.ToContactOwner && f.To != routing.ToOwnerTeam {
				emails, slugs = append(emails, f.Users...), append(slugs, f.Teams...)
			}
		}
		if p.To == routing.ToContactOwner && len(emails)+len(slugs) > 0 {
			continue
		}
		switch p.To {
		case routing.ToUsers:
			emails = append(emails, p.Users...)
		case routing.ToTeams:
			slugs = append(slugs, p.Teams...)
		case routing.ToUsersAndTeams:
			emails, slugs = append(emails, p.Users...), append(slugs, p.Teams...)
		default:
			return all, nil
		}
	}
	named, err := s.People.Named(ctx, q, emails, slugs)
	if err != nil {
		return nil, err
	}
	in := map[desk.UserID]bool{}
	for _, id := range named.Users {
		in[id] = true
	}
	for _, t := range named.Teams {
		for _, id := range t.Members { // RT-13: main members
			in[id] = true
		}
	}
	return slices.DeleteFunc(all, func(u desk.User) bool { return !in[u.ID] }), nil
}

// maxQueue is how many of the latest conversations are looked at for who waits.
const maxQueue = 500

// line reads who waits, in the order in which they came, and how fast the line moves.
func (s *Service) line(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, f *Facts) error {
	type chat struct {
		visitor      desk.VisitorID
		waits        bool
		firstReplyAt desk.Time
		rank         int       // of what waits for an owner: the line is given away by priority, then by age (RT-07)
		since        desk.Time // when it began to wait
	}
	cs, err := db.All(ctx, q, func(r db.Scanner) (c chat, err error) {
		err = r.Scan(&c.visitor, &c.waits, &c.firstReplyAt, &c.rank, &c.since)
		return c, err
	}, `
		SELECT h.visitor_id, CASE WHEN t.open = 1 AND t.hidden = '' AND t.owner_id = 0 THEN 1 ELSE 0 END, t.first_reply_at, COALESCE(w.rank, 0), COALESCE(w.since, t.created_at)
		FROM threads h JOIN tickets t ON t.id = h.ticket_id LEFT JOIN assignment_queue w ON w.object = 'ticket' AND w.object_id = t.id WHERE h.account_id = $1 AND h.visitor_id <> 0 ORDER BY h.id DESC LIMIT $2`, acc.ID, maxQueue)
	if err != nil {
		return fmt.Errorf("availability: line: %w", err)
	}
	taken := 0
	slices.Reverse(cs)
	slices.SortStableFunc(cs, func(a, b chat) int { return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.since, b.since)) })
	for _, c := range cs {
		if c.waits {
			f.queue = append(f.queue, c.visitor)
		}
		if c.firstReplyAt > f.At-desk.Time(time.Hour.Milliseconds()) {
			taken++
		}
	}
	f.Waiting = len(f.queue)
	if taken >= 3 { // fewer say nothing
		f.EveryMins = 60 / float64(taken)
	}
	return nil
}
