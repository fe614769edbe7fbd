package dialogue

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/visitor"
)

// world is what a bot knows in one conversation.
type world struct {
	env chatflow.Env
}

func (s *Service) world(ctx context.Context, q db.Queryer, th desk.Thread, def chatflow.Definition, language string) (world, error) {
	v, err := s.Visitors.Get(ctx, q, th.VisitorID)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return world{}, err
	}
	acc, err := s.Inboxes.Account(ctx, q, th.AccountID)
	if err != nil {
		return world{}, err
	}
	env, err := s.Env(ctx, q, acc, v)
	if err != nil {
		return world{}, err
	}
	if s.Avail != nil {
		if env.Hours, err = s.Avail.HoursOf(ctx, q, acc, def.HoursNamed(), s.Clock.Now()); err != nil {
			return world{}, err
		}
	}
	env.Language = cmp.Or(language, env.Language)
	if th.Origin != nil {
		env.PageURL, env.PageTitle = cmp.Or(env.PageURL, th.Origin.URL), cmp.Or(env.PageTitle, th.Origin.Title)
	}
	if th.TicketID != 0 {
		if env.Ticket, err = s.ticketFacts(ctx, q, th.TicketID); err != nil {
			return world{}, err
		}
	}
	return world{env}, nil
}

// Env is what a chatflow may know of a visitor of an account now: also before they have written, for the first words that the widget shows. What is stored of
// a contact is told only to who has proven to be that contact; of others the bot knows what they said themselves.
func (s *Service) Env(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, v visitor.Visitor) (chatflow.Env, error) {
	env := chatflow.Env{
		Now: s.Clock.Ms(), Language: v.Language, Country: v.Country, Timezone: v.Timezone, Known: v.ContactID != 0, PageURL: v.PageURL, PageTitle: v.PageTitle,
		Contact: map[string]string{"name": v.ClaimedName, "email": v.ClaimedEmail, "phone": v.ClaimedPhone},
	}
	var err error
	if v.ContactID != 0 && v.Proven {
		if env.Contact, err = s.contactFacts(ctx, q, v); err != nil {
			return env, err
		}
	}
	if s.Company != nil {
		if env.Company, err = s.Company(ctx, q); err != nil {
			return env, err
		}
	}
	if s.Avail != nil {
		st, err := s.Avail.State(ctx, q, acc, availability.Asking{Visitor: v.ID})
		if err != nil {
			return env, err
		}
		env.Availability = st.State
	}
	return env, nil
}

func (s *Service) contactFacts(ctx context.Context, q db.Queryer, v visitor.Visitor) (map[string]string, error) {
	c, err := s.Contacts.Get(ctx, q, v.ContactID)
	if err != nil {
		return map[string]string{}, notFoundIsNil(err)
	}
	out := map[string]string{
		"name": cmp.Or(c.Name, v.ClaimedName), "first_name": c.FirstName, "last_name": c.LastName, "email": cmp.Or(c.Email, v.ClaimedEmail), "phone": cmp.Or(c.Phone, v.ClaimedPhone), "language": c.Language,
	}
	for name, value := range c.Properties {
		out[name] = plain(value)
	}
	return out, nil
}

func (s *Service) ticketFacts(ctx context.Context, q db.Queryer, id desk.TicketID) (map[string]string, error) {
	t, err := s.Tickets.Survivor(ctx, q, id)
	if err != nil {
		return nil, notFoundIsNil(err)
	}
	out := map[string]string{"number": strconv.FormatInt(t.Number, 10), "subject": t.Subject, "priority": string(t.Priority), "category": t.Category}
	if st, err := s.Tickets.StatusByID(ctx, q, t.StatusID); err == nil {
		out["status"] = st.Slug
	}
	for name, value := range t.Properties {
		out[name] = plain(value)
	}
	return out, nil
}

// plain is a property's value as text.
func plain(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []any:
		out := ""
		for i, e := range x {
			if i > 0 {
				out += ", "
			}
			out += plain(e)
		}
		return out
	}
	return fmt.Sprint(v)
}
