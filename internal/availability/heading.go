package availability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Heading is who is shown at the top of the widget (CH-12…15).
type Heading struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
	People []Face `json:"people"`
}

// Face is somebody of the team as visitors see them: never an address.
type Face struct {
	Name      string `json:"name"`
	Avatar    string `json:"avatar"`
	Available bool   `json:"available"`
}

// WhoAsks is for whom a heading is. Seed is the same for a whole visit, so that the same people stay (CH-12).
type WhoAsks struct {
	Contact desk.ContactID // known, 0: not
	Langs   []string       // the chatflow's first (CH-14)
	Seed    uint64
}

// Heading is what a visitor sees at the top of an account's widget.
func (s *Service) Heading(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, ask WhoAsks) (Heading, error) {
	settings, err := webchat.Parse(acc.Settings)
	if err != nil {
		return Heading{}, fmt.Errorf("availability: settings: %w", err)
	}
	company, err := s.Settings.Company(ctx, q)
	if err != nil {
		return Heading{}, err
	}
	h := settings.Heading
	ask.Langs = append(slices.Clone(ask.Langs), company.Locale)
	switch h.Mode {
	case "custom":
		name, _ := h.Name.In(ask.Langs...)
		return Heading{Name: name, Avatar: h.Avatar, People: []Face{}}, nil
	case "owner":
		owner, err := s.owner(ctx, q, ask.Contact)
		if err != nil {
			return Heading{}, err
		}
		if owner.ID != 0 {
			return faces([]desk.User{owner}, nil, company.Name, ask.Langs), nil
		}
		if name, _ := h.Fallback.Name.In(ask.Langs...); name != "" && len(h.Fallback.Users)+len(h.Fallback.Teams) == 0 {
			return Heading{Name: name, Avatar: h.Fallback.Avatar, People: []Face{}}, nil
		}
		return s.shown(ctx, q, h, h.Fallback.Users, h.Fallback.Teams, company.Name, ask)
	}
	return s.shown(ctx, q, h, h.Users, h.Teams, company.Name, ask)
}

// owner of a known contact, if they are there at all.
func (s *Service) owner(ctx context.Context, q db.Queryer, id desk.ContactID) (desk.User, error) {
	if id == 0 {
		return desk.User{}, nil
	}
	c, err := s.Contacts.Get(ctx, q, id)
	if err != nil || c.OwnerID == 0 {
		return desk.User{}, ignoreGone(err)
	}
	u, err := s.People.Get(ctx, q, c.OwnerID)
	if err != nil || !u.Active {
		return desk.User{}, ignoreGone(err)
	}
	return u, nil
}

func ignoreGone(err error) error {
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	return err
}

// shown picks among users and teams: those who are there first if the account says so, otherwise by lot, and the same for the whole visit.
func (s *Service) shown(ctx context.Context, q db.Queryer, h webchat.Heading, emails, slugs []string, company string, ask WhoAsks) (Heading, error) {
	named, err := s.People.Named(ctx, q, emails, slugs)
	if err != nil {
		return Heading{}, err
	}
	all, err := s.People.List(ctx, q, false)
	if err != nil {
		return Heading{}, err
	}
	in := map[desk.UserID]bool{}
	for _, id := range named.Users {
		in[id] = true
	}
	var teams []string
	for _, slug := range slugs {
		t, ok := named.Teams[slug]
		if !ok {
			continue
		}
		teams = append(teams, t.Name)
		for _, id := range slices.Concat(t.Members, t.Extra) {
			in[id] = true
		}
	}
	users := slices.DeleteFunc(all, func(u desk.User) bool { return !in[u.ID] })
	slices.SortFunc(users, func(a, b desk.User) int { return int(a.ID - b.ID) })
	draw := rand.New(rand.NewPCG(ask.Seed, 0x6b616e616c))
	draw.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
	if h.PreferAvailable {
		slices.SortStableFunc(users, func(a, b desk.User) int { return rank(a) - rank(b) })
	}
	if len(emails) > 0 {
		teams = nil
	}
	return faces(users[:min(len(users), h.Show)], teams, company, ask.Langs), nil
}

func rank(u desk.User) int {
	if u.Available {
		return 0
	}
	return 1
}

// faces names people in a language: one by their first name and the company, a team by its name, several one after the other.
func faces(users []desk.User, teams []string, company string, langs []string) Heading {
	p, _ := speak(langs, func(p phrases) bool { return p.team != "" })
	out := Heading{People: []Face{}}
	var names []string
	for _, u := range users {
		name := display(u, p.familyFirst)
		names = append(names, name)
		out.People = append(out.People, Face{Name: name, Available: u.Available})
	}
	switch {
	case len(teams) == 1 && company != "":
		out.Name = fmt.Sprintf(p.team, teams[0], company)
	case len(teams) == 1:
		out.Name = teams[0]
	case len(names) == 1 && company != "":
		out.Name = fmt.Sprintf(p.person, names[0], company)
	case len(names) > 0:
		out.Name = list(names, p.and)
	default:
		out.Name = company
	}
	return out
}

// display is how somebody is called before visitors: by the first name, or in the order of a language that puts the family first.
func display(u desk.User, familyFirst bool) string {
	if familyFirst && u.LastName != "" {
		return strings.TrimSpace(u.LastName + " " + u.FirstName)
	}
	if u.FirstName != "" {
		return u.FirstName
	}
	return u.Name
}

// Called is how somebody is named before visitors who read a language.
func Called(u desk.User, langs ...string) string {
	p, _ := speak(langs, func(p phrases) bool { return p.team != "" })
	return display(u, p.familyFirst)
}
