package relocation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// What becomes of something in a move.
const (
	Carries = "carries" // it is the same afterwards
	Mapped  = "mapped"  // it becomes something else
	Stays   = "stays"   // it goes on meaning the old inbox
	Loses   = "loses"   // it cannot come along
)

const maxNames = 12

// noting gathers notes.
type noting struct {
	out []Note
}

func (n *noting) say(kind, level string, count int, names ...string) {
	n.out = append(n.out, Note{Kind: kind, Level: level, Count: count, Names: append([]string{}, names[:min(len(names), maxNames)]...)})
}

// notes says what carries over, what becomes something else, what stays behind and who loses something (MG-08).
func (s *Service) notes(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, from, to desk.Inbox, p Plan, c Counts) ([]Note, error) {
	n := &noting{}
	n.say("address", Carries, 1, acc.Address)
	n.say("routing", Carries, 1)
	if rules := ruleNames(acc.Assign.Rules); len(rules) > 0 {
		n.say("rules", Carries, len(rules), rules...)
	}
	n.say("ticket_defaults", Carries, 1)
	if set := p.policy(acc, to); set.Create == "when" && acc.Ticket.Create == "when" {
		n.say("conditions", Carries, 1)
	}
	if strings.Contains(string(acc.Settings), `"signature`) || strings.Contains(string(acc.Settings), `"from_name`) {
		n.say("signature", Carries, 1)
	}
	flows, err := db.All(ctx, q, db.Column[string], "SELECT name FROM chatflows WHERE account_id = $1 AND archived_at = 0 ORDER BY position, id", acc.ID)
	if err != nil {
		return nil, fmt.Errorf("relocation: chatflows: %w", err)
	}
	if len(flows) > 0 {
		n.say("availability", Carries, 1)
		n.say("chatflows", Carries, len(flows), flows...)
	}
	n.say("snippets", Carries, 1)
	if c.Drafts+c.Scheduled > 0 {
		n.say("drafts", Carries, c.Drafts+c.Scheduled)
	}
	if c.Hidden > 0 {
		n.say("hidden", Carries, c.Hidden)
	}
	if c.Waiting > 0 {
		n.say("waiting", Carries, c.Waiting)
	}
	n.say("links", Carries, 1)
	if set := p.policy(acc, to); set.Create != acc.Ticket.Create {
		n.say("create_mapped", Mapped, 1, acc.Ticket.Create, set.Create)
	}
	if acc.Ticket.Create == "never" && to.Kind == desk.KindHelpdesk && p.Ticketless != TicketlessNone {
		n.say("owner_mapped", Mapped, c.Make) // the conversation's owner becomes the ticket's
	}
	if err := s.forms(ctx, q, n, acc, from, to); err != nil {
		return nil, err
	}
	if err := s.people(ctx, q, n, acc, from, to, p); err != nil {
		return nil, err
	}
	return n.out, s.views(ctx, q, n, acc, from)
}

func ruleNames(rules []desk.SkillRule) []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.Name
	}
	return names
}

// forms says which forms answer by the account that moves away from them, and how a form that moves will answer: always by a mail channel of its own inbox (FM-14).
func (s *Service) forms(ctx context.Context, q db.Queryer, n *noting, acc desk.ChannelAccount, from, to desk.Inbox) error {
	here, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{Inbox: from.ID})
	if err != nil {
		return err
	}
	there, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{Inbox: to.ID, ActiveOnly: true})
	if err != nil {
		return err
	}
	mail := func(a desk.ChannelAccount) bool { return s.byMail(a) && a.ID != acc.ID }
	if answers, relays := s.answersBy(acc); relays {
		switch {
		case !slices.ContainsFunc(there, mail):
			n.say("no_way_back", Loses, 1)
		case answers != "":
			n.say("answers_by", Mapped, 1)
		}
	}
	if !s.byMail(acc) {
		return nil
	}
	var names []string
	for _, a := range here {
		if slug, relays := s.answersBy(a); relays && (slug == acc.Slug || !slices.ContainsFunc(here, mail)) {
			names = append(names, a.Name)
		}
	}
	if len(names) > 0 {
		n.say("forms", Loses, len(names), names...)
	}
	return nil
}

// answersBy is the short name of the mail channel that an account's answers leave by, where they leave by another than itself.
func (s *Service) answersBy(a desk.ChannelAccount) (slug string, relays bool) {
	ad, _ := s.Inboxes.Channels.Get(a.Channel)
	r, ok := ad.(channel.Relayer)
	if !ok {
		return "", false
	}
	return r.RelayBy(a.Settings), true
}

// byMail reports whether answers may leave by an account for another that relays.
func (s *Service) byMail(a desk.ChannelAccount) bool {
	ad, ok := s.Inboxes.Channels.Get(a.Channel)
	_, relays := ad.(channel.Relayer)
	return ok && !relays && ad.Spec().Address == desk.AddrEmail
}

// people says who loses what they have, because they do not see the new inbox, and whom the assignment rule names in vain.
func (s *Service) people(ctx context.Context, q db.Queryer, n *noting, acc desk.ChannelAccount, from, to desk.Inbox, p Plan) error {
	users, err := s.People.List(ctx, q, true)
	if err != nil {
		return err
	}
	teams, err := s.People.Teams(ctx, q)
	if err != nil {
		return err
	}
	var outside, inside, named []string
	blind := map[desk.UserID]string{}
	for _, u := range users {
		was, is := access.Member(from.Access, u), access.Member(to.Access, u)
		if !is {
			blind[u.ID] = u.Name
		}
		switch {
		case !u.Active:
			continue
		case was && !is:
			outside = append(outside, u.Name)
		case is && !was:
			inside = append(inside, u.Name)
		}
		if !is && slices.Contains(acc.Assign.Users, u.Email) {
			named = append(named, u.Name)
		}
	}
	cut := map[desk.TeamID]string{}
	for _, t := range teams {
		if to.Access.Everyone || slices.Contains(to.Access.Teams, t.ID) {
			continue
		}
		cut[t.ID] = t.Name
		if slices.Contains(acc.Assign.Teams, t.Slug) && !slices.ContainsFunc(t.Members, func(id desk.UserID) bool { return blind[id] == "" }) {
			named = append(named, t.Name)
		}
	}
	if len(named) > 0 {
		n.say("policy_no_access", Loses, len(named), named...)
	}
	if len(outside) > 0 {
		n.say("access_less", Loses, len(outside), outside...)
	}
	if len(inside) > 0 {
		n.say("access_more", Mapped, len(inside), inside...)
	}
	if err := s.owners(ctx, q, n, acc, p, blind); err != nil || len(cut) == 0 {
		return err
	}
	return s.teams(ctx, q, n, acc, p, cut)
}

// owners counts the tickets and conversations whose owner will not see them any more.
func (s *Service) owners(ctx context.Context, q db.Queryer, n *noting, acc desk.ChannelAccount, p Plan, blind map[desk.UserID]string) error {
	var ids []desk.UserID
	for id := range blind {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	type hit struct {
		user desk.UserID
		n    int
	}
	hits, err := db.All(ctx, q, func(r db.Scanner) (h hit, err error) { err = r.Scan(&h.user, &h.n); return h, err }, `SELECT x.o, COUNT(*) FROM (
		SELECT COALESCE(t.owner_id, h.owner_id) AS o FROM threads h LEFT JOIN tickets t ON t.id = h.ticket_id WHERE `+p.chosen()+`) x WHERE x.o IN `+db.IDs(ids)+` GROUP BY x.o ORDER BY x.o`,
		p.args(acc.ID, acc.InboxID)...)
	if err != nil {
		return fmt.Errorf("relocation: owners: %w", err)
	}
	total, names := 0, []string{}
	for _, h := range hits {
		total += h.n
		names = append(names, blind[h.user])
	}
	if total > 0 {
		n.say("owners_no_access", Loses, total, names...)
	}
	return nil
}

func (s *Service) teams(ctx context.Context, q db.Queryer, n *noting, acc desk.ChannelAccount, p Plan, cut map[desk.TeamID]string) error {
	var ids []desk.TeamID
	for id := range cut {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	hits, err := db.All(ctx, q, db.Column[desk.TeamID], `SELECT DISTINCT x.o FROM (SELECT COALESCE(t.team_id, h.team_id) AS o FROM threads h LEFT JOIN tickets t ON t.id = h.ticket_id WHERE `+
		p.chosen()+`) x WHERE x.o IN `+db.IDs(ids)+` ORDER BY 1`, p.args(acc.ID, acc.InboxID)...)
	if err != nil {
		return fmt.Errorf("relocation: teams: %w", err)
	}
	names := []string{}
	for _, id := range hits {
		names = append(names, cut[id])
	}
	if len(names) > 0 {
		n.say("teams_no_access", Loses, len(names), names...)
	}
	return nil
}

// views names the saved views that speak of the old inbox: they stay as they are, and those that name the channel follow it.
func (s *Service) views(ctx context.Context, q db.Queryer, n *noting, acc desk.ChannelAccount, from desk.Inbox) error {
	names, err := db.All(ctx, q, db.Column[string], `SELECT name FROM custom_views WHERE visibility <> 'private' AND filter LIKE $1 ORDER BY name`, `%"`+from.ID.String()+`"%`)
	if err != nil {
		return fmt.Errorf("relocation: views: %w", err)
	}
	if len(names) > 0 {
		n.say("views", Stays, len(names), names...)
	}
	return nil
}
