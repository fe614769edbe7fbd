package availability_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/worktime"
)

// live is a channel whose visitors are shown whether somebody is there.
type live struct{ desktest.Post }

func (live) Spec() channel.Spec {
	s := desktest.Post{}.Spec()
	s.Channel, s.Can.Live, s.Terms = "live", true, nil
	return s
}

type fixture struct {
	*desktest.Desk
	*availability.Service
}

func begin(t *testing.T, d *db.DB) fixture {
	k := desktest.New(t, d, live{})
	k.Clock.Set(time.Date(2026, 6, 15, 8, 0, 0, 0, time.UTC)) // a Monday
	s := availability.New(availability.Deps{DB: d, Clock: k.Clock, Events: k.Events, Channels: k.Channels, People: k.People, Inboxes: k.Inboxes, Tickets: k.Tickets, Contacts: k.Contacts, Settings: k.Settings})
	k.Assignment.Gate(s.Gate)
	return fixture{k, s}
}

func (f fixture) account(settings string, policy desk.AssignPolicy) desk.ChannelAccount {
	return f.Account(desktest.Assign(policy), func(n *inbox.NewAccount) {
		m := map[string]any{}
		if err := json.Unmarshal(n.Settings, &m); err != nil {
			f.T.Fatal(err)
		}
		if err := json.Unmarshal([]byte(settings), &m); err != nil {
			f.T.Fatal(err)
		}
		n.Settings, _ = json.Marshal(m)
	})
}

func (f fixture) facts(acc desk.ChannelAccount) availability.Facts {
	f.T.Helper()
	got, err := f.Look(context.Background(), f.DB, acc)
	if err != nil {
		f.T.Fatal(err)
	}
	return got
}

func (f fixture) expect(name string, acc desk.ChannelAccount, state, reason string) availability.Facts {
	f.T.Helper()
	got := f.facts(acc)
	if got.State != state || got.Reason != reason {
		f.T.Errorf("%s: %s (%s), want %s (%s); %+v", name, got.State, got.Reason, state, reason, got.People)
	}
	return got
}

func (f fixture) available(u desk.User, yes bool) {
	f.T.Helper()
	f.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := f.People.SetAvailable(ctx, tx, desk.System, u.ID, yes)
		return err
	})
}

func (f fixture) arrives(acc desk.ChannelAccount) desk.Ticket {
	f.T.Helper()
	var t desk.Ticket
	f.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		if t, err = f.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: desk.System, Subject: "Hi", InboxID: acc.InboxID, AccountID: acc.ID, Channel: acc.Channel, Policy: acc.Ticket}); err != nil {
			return err
		}
		if _, err = f.Assignment.Assign(ctx, tx, t, acc); err != nil {
			return err
		}
		t, err = f.Tickets.Get(ctx, tx, t.ID)
		return err
	})
	return t
}

const nineToFive = `"hours":{"timezone":"Europe/Copenhagen","ranges":[{"days":[1,2,3,4,5],"from":"09:00","to":"17:00"}],"holidays":[{"date":"2026-06-16","name":"Bridge"}]}`

// CH-17, RT-24, AV-01: under user availability it takes one of those whom the rules name, and only one who could be given work.
func TestByUserAvailability(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann, bo := f.User(desktest.Named("Ann Holm")), f.User(desktest.Named("Bo Berg"), desktest.Away)
		team := f.Team("support", bo)
		other := f.User(desktest.Named("Otto Other"))
		acc := f.account(`{}`, desk.AssignPolicy{To: routing.ToUsersAndTeams, Users: []string{ann.Email}, Teams: []string{team.Slug}})
		f.expect("Ann is there", acc, availability.Available, availability.SomebodyFree)
		f.available(ann, false)
		got := f.expect("Otto is there and answers nothing here", acc, availability.Away, availability.NobodyThere)
		if len(got.People) != 2 || got.People[0].Reason != availability.IsAway {
			t.Errorf("%+v", got.People)
		}
		f.available(bo, true)
		f.expect("a member of the team", acc, availability.Available, availability.SomebodyFree)
		f.available(bo, false)
		f.expect("no one: any member of the inbox", f.account(`{}`, desk.AssignPolicy{}), availability.Available, availability.SomebodyFree)
		f.expect("contact's owner: likewise", f.account(`{}`, desk.AssignPolicy{To: routing.ToContactOwner}), availability.Available, availability.SomebodyFree)
		f.available(bo, false)
		f.expect("contact's owner: or the fallback", f.account(`{}`, desk.AssignPolicy{To: routing.ToContactOwner, Fallback: []desk.AssignStep{{To: routing.ToTeams, Teams: []string{team.Slug}}}}), availability.Away, availability.NobodyThere)
		f.available(bo, true)
		viewer := f.User(desktest.Role(desk.RoleViewer))
		idle := f.User(func(n *people.NewUser) { no := false; n.TakesWork = &no })
		f.expect("nobody who could answer", f.account(`{}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{viewer.Email, idle.Email}}), availability.Away, availability.NobodyAnswers)
		box := f.Inbox("closed", desk.Access{Users: []desk.UserID{bo.ID}})
		shut := f.account(`{}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{other.Email}})
		shut.InboxID = box.ID
		f.expect("no access to the inbox", shut, availability.Away, availability.NobodyAnswers)
		f.expect("an account that is off", func() desk.ChannelAccount { a := acc; a.Active = false; return a }(), availability.Offline, availability.SwitchedOff)
		f.Service.Handovers = func(context.Context, db.Queryer, desk.ChannelAccountID) ([]desk.AssignPolicy, error) {
			return []desk.AssignPolicy{{To: routing.ToUsers, Users: []string{other.Email}}}, nil
		}
		f.expect("whom a chatflow hands over to counts", acc, availability.Available, availability.SomebodyFree)
	})
}

// AV-10: the order is offline, away, at capacity, available; CH-18, CH-19, CH-23, CP-01.
func TestStatesInTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann := f.User(desktest.Named("Ann Holm"))
		policy := desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}, AvailableOnly: true}
		acc := f.account(`{"availability":{"mode":"hours","capacity":{"limit":1},`+nineToFive+`}}`, policy)
		always := f.account(`{"availability":{"mode":"always",`+nineToFive+`}}`, policy)
		f.expect("in the hours", acc, availability.Available, availability.SomebodyFree)
		f.arrives(acc)
		f.expect("her one chat", acc, availability.Capacity, availability.EverybodyFull)
		f.available(ann, false)
		f.expect("away goes before capacity", acc, availability.Away, availability.NobodyThere)
		f.expect("always is always", always, availability.Available, availability.AlwaysOpen)
		f.Clock.Set(time.Date(2026, 6, 15, 20, 0, 0, 0, time.UTC))
		got := f.expect("offline goes before away", acc, availability.Offline, availability.OutsideHours)
		if want := time.Date(2026, 6, 17, 7, 0, 0, 0, time.UTC); !got.ReturnsAt.Time().Equal(want) { // over the holiday
			t.Errorf("returns %v, want %v", got.ReturnsAt.Time(), want)
		}
		f.Clock.Set(time.Date(2026, 6, 16, 10, 0, 0, 0, time.UTC))
		if got := f.expect("a holiday", acc, availability.Offline, availability.OnHoliday); got.Holiday != "Bridge" {
			t.Errorf("%+v", got)
		}
		f.expect("always is always", always, availability.Available, availability.AlwaysOpen)
	})
}

// CH-20…23, CO-11, AV-08: what each setting of each state makes a visitor see.
func TestEverySettingShows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann := f.User(desktest.Named("Ann Holm"))
		f.Write(func(ctx context.Context, tx *db.Tx) error {
			da := "da"
			_, err := f.Settings.SetCompany(ctx, tx, desk.System, setting.CompanyChange{Locale: &da})
			return err
		})
		policy := desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}, AvailableOnly: true}
		show := func(avail, lang string, ask availability.Asking) availability.State {
			ask.Langs = []string{lang}
			return f.facts(f.account(`{"availability":`+avail+`}`, policy)).For(ask)
		}
		for name, c := range map[string]struct {
			avail, lang string
			want        availability.State
		}{
			"typed minutes":                 {`{"available":{"reply_time":"minutes"}}`, "en", availability.State{State: "available", Show: true, ReplyTime: "minutes"}},
			"typed hours":                   {`{"available":{"reply_time":"hours"}}`, "en", availability.State{State: "available", Show: true, ReplyTime: "hours"}},
			"a day":                         {`{"available":{"reply_time":"day"}}`, "en", availability.State{State: "available", Show: true, ReplyTime: "day"}},
			"in words":                      {`{"available":{"reply_time":"text","text":{"en":"Soon","da":"Snart"}}}`, "fi", availability.State{State: "available", Show: true, Text: "Snart", Locale: "da"}},
			"not shown":                     {`{"available":{"reply_time":"none"}}`, "en", availability.State{State: "available", Show: true}},
			"measured, with too few to say": {`{"available":{"reply_time":"measured"}}`, "en", availability.State{State: "available", Show: true}},
		} {
			got := show(c.avail, c.lang, availability.Asking{})
			c.want.Reason, got.NextChange = got.Reason, 0
			if got != c.want {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
			}
		}
		f.available(ann, false)
		if got := show(`{"away":{"do":"message","text":{"en":"Back soon"}}}`, "sv-SE", availability.Asking{}); got.State != "away" || got.Text != "Back soon" || !got.Show {
			t.Errorf("away with a message: %+v", got)
		}
		if got := show(`{"away":{"do":"show","text":{"en":"Back soon"}}}`, "en", availability.Asking{}); got.State != "away" || got.Text != "" || !got.Show {
			t.Errorf("away, shown: %+v", got)
		}
		if got := show(`{"away":{"do":"hide"}}`, "en", availability.Asking{}); got.Show {
			t.Errorf("away, hidden: %+v", got)
		}
		if got := show(`{"away":{"do":"hide"}}`, "en", availability.Asking{Owner: ann.ID}); got.State != "available" || !got.Show {
			t.Errorf("who goes away keeps their chats, and looks available to them: %+v", got)
		}
		f.Clock.Set(time.Date(2026, 6, 15, 20, 0, 0, 0, time.UTC))
		hours := `{"mode":"hours",` + nineToFive
		copenhagen, _ := time.LoadLocation("America/New_York")
		for lang, want := range map[string]string{"en": "We are back on Wednesday at 09:00.", "da": "Vi er tilbage onsdag kl. 09:00.", "de": "Wir sind am Mittwoch um 09:00 Uhr wieder da.", "sv": "Vi är tillbaka på onsdag kl. 09:00.", "fi": "Olemme paikalla taas keskiviikkona klo 09:00."} {
			if got := show(hours+`,"offline":{"do":"return_time"}}`, lang, availability.Asking{}); got.ReturnsText != want || got.ReturnsAt == 0 {
				t.Errorf("%s: %q, want %q", lang, got.ReturnsText, want)
			}
		}
		if got := show(hours+`,"offline":{"do":"return_time"}}`, "en", availability.Asking{Zone: copenhagen}); got.ReturnsText != "We are back on Wednesday at 03:00." {
			t.Errorf("by the visitor's clock: %q", got.ReturnsText)
		}
		if got := show(hours+`,"offline":{"do":"message","text":{"en":"Closed"}}}`, "en", availability.Asking{}); got.Text != "Closed" || got.ReturnsAt != 0 {
			t.Errorf("offline with a message: %+v", got)
		}
		if got := show(hours+`,"offline":{"do":"hide"}}`, "en", availability.Asking{}); got.Show {
			t.Errorf("offline, hidden: %+v", got)
		}
	})
}

// CP-01, CP-02, CH-23: nobody is given more chats than the limit, and then visitors wait, see nothing, or notice nothing.
func TestCapacity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann, bo := f.User(desktest.Named("Ann Holm")), f.User(desktest.Named("Bo Berg"))
		policy := desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email, bo.Email}, AvailableOnly: true}
		acc := f.account(`{"availability":{"capacity":{"limit":1,"do":"wait","text":{"en":"Please wait"},"position":true}}}`, policy)
		owners := map[desk.UserID]int{}
		for range 2 {
			owners[f.arrives(acc).OwnerID]++
		}
		if owners[ann.ID] != 1 || owners[bo.ID] != 1 {
			t.Fatalf("owners %v", owners)
		}
		third := f.arrives(acc)
		if third.OwnerID != 0 || third.Assignment.Reason != routing.EverybodyFull || third.Assignment.Candidates[0].Reason != routing.AtCapacity {
			t.Fatalf("%+v", third.Assignment)
		}
		got := f.expect("full", acc, availability.Capacity, availability.EverybodyFull)
		s := got.For(availability.Asking{Langs: []string{"en"}})
		if s.State != "capacity" || s.Text != "Please wait" || s.Position == nil || *s.Position != 1 || !s.Show {
			t.Errorf("%+v", s)
		}
		f.account(`{}`, policy)
		if s := f.facts(f.account(`{"availability":{"capacity":{"limit":1,"do":"hide"}}}`, policy)).For(availability.Asking{}); s.Show {
			t.Errorf("hidden: %+v", s)
		}
		if s := f.facts(f.account(`{"availability":{"capacity":{"limit":1,"do":"nothing"},"available":{"reply_time":"hours"}}}`, policy)).For(availability.Asking{}); s.State != "available" || s.ReplyTime != "hours" || !s.Show {
			t.Errorf("nothing: %+v", s)
		}
		if s := f.facts(f.account(`{"availability":{"capacity":{"limit":1,"position":false}}}`, policy)).For(availability.Asking{}); s.State != "capacity" || s.Position != nil {
			t.Errorf("without the place: %+v", s)
		}
		f.expect("without a limit", f.account(`{}`, policy), availability.Available, availability.SomebodyFree)
		f.expect("a higher limit", f.account(`{"availability":{"capacity":{"limit":2}}}`, policy), availability.Available, availability.SomebodyFree)
	})
}

// AV-07, CF-13: outside the channel's hours an available person is given nothing, and the reason says so.
func TestNothingIsAssignedOutsideTheHours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann := f.User(desktest.Named("Ann Holm"))
		acc := f.account(`{"availability":{"mode":"hours",`+nineToFive+`}}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})
		if got := f.arrives(acc); got.OwnerID != ann.ID {
			t.Fatalf("%+v", got.Assignment)
		}
		f.Clock.Set(time.Date(2026, 6, 15, 20, 0, 0, 0, time.UTC))
		if got := f.arrives(acc); got.OwnerID != 0 || got.Assignment.Reason != routing.OutsideHours {
			t.Fatalf("%+v", got.Assignment)
		}
		team := f.Team("support", ann)
		if got := f.arrives(f.account(`{"availability":{"mode":"hours",`+nineToFive+`}}`, desk.AssignPolicy{To: routing.ToTeams, Teams: []string{team.Slug}})); got.TeamID != team.ID || got.OwnerID != 0 {
			t.Fatalf("it is the team's: %+v", got.Assignment)
		}
		if got := f.arrives(f.account(`{"availability":{"mode":"users",`+nineToFive+`}}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})); got.OwnerID != ann.ID {
			t.Fatalf("hours that are not the mode close nothing: %+v", got.Assignment)
		}
	})
}

// CH-12…15, CH-14: who is at the top, the same for the whole visit, named by the language.
func TestHeading(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, f := context.Background(), begin(t, d)
		name := "Nordlys"
		f.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := f.Settings.SetCompany(ctx, tx, desk.System, setting.CompanyChange{Name: &name})
			return err
		})
		var us []desk.User
		var emails []string
		for i, n := range []string{"Ann Holm", "Bo Berg", "Cia Dahl", "Dan Ek", "Eva Falk"} {
			with := []func(*people.NewUser){desktest.Named(n)}
			if i > 1 {
				with = append(with, desktest.Away)
			}
			us = append(us, f.User(with...))
			emails = append(emails, us[i].Email)
		}
		head := func(settings string, ask availability.WhoAsks) availability.Heading {
			t.Helper()
			h, err := f.Heading(ctx, d, f.account(`{"heading":`+settings+`}`, desk.AssignPolicy{}), ask)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		list, _ := json.Marshal(emails)
		seen := map[string]bool{}
		acc := f.account(`{"heading":{"users":`+string(list)+`,"show":3,"prefer_available":false}}`, desk.AssignPolicy{})
		for seed := range uint64(40) {
			a, _ := f.Heading(ctx, d, acc, availability.WhoAsks{Seed: seed})
			b, _ := f.Heading(ctx, d, acc, availability.WhoAsks{Seed: seed})
			if len(a.People) != 3 || a.Name != b.Name {
				t.Fatalf("of one visit: %+v, then %+v", a, b)
			}
			seen[a.Name] = true
		}
		if len(seen) < 5 {
			t.Errorf("they are not drawn: %v", seen)
		}
		if h := head(`{"users":`+string(list)+`,"show":3}`, availability.WhoAsks{Seed: 4}); !h.People[0].Available || !h.People[1].Available || h.People[2].Available {
			t.Errorf("the available first: %+v", h.People)
		}
		team := f.Team("support", us[0], us[1])
		for lang, want := range map[string]string{"en": "support from Nordlys", "da": "support hos Nordlys", "de": "support bei Nordlys", "sv": "support hos Nordlys", "fi": "Nordlys: support"} {
			if h := head(`{"teams":["`+team.Slug+`"]}`, availability.WhoAsks{Langs: []string{lang}}); h.Name != want {
				t.Errorf("%s: %q, want %q", lang, h.Name, want)
			}
		}
		if h := head(`{"users":["`+us[0].Email+`"]}`, availability.WhoAsks{Langs: []string{"hu"}}); h.People[0].Name != "Holm Ann" {
			t.Errorf("the family first: %+v", h)
		}
		if h := head(`{"users":["`+us[0].Email+`"]}`, availability.WhoAsks{Langs: []string{"da"}}); h.People[0].Name != "Ann" || h.Name != "Ann fra Nordlys" || strings.Contains(h.Name, "@") {
			t.Errorf("%+v", h)
		}
		if h := head(`{}`, availability.WhoAsks{}); h.Name != "Nordlys" || h.People == nil {
			t.Errorf("nobody chosen: %+v", h)
		}
		if h := head(`{"mode":"custom","name":{"en":"The crew","da":"Holdet"},"avatar":"data:image/png;base64,AA=="}`, availability.WhoAsks{Langs: []string{"da"}}); h.Name != "Holdet" || h.Avatar == "" || len(h.People) != 0 {
			t.Errorf("%+v", h)
		}
		var mine desk.Contact
		f.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			mine, err = f.Contacts.Create(ctx, tx, desk.System, contact.Fields{Name: "Kim Kunde", OwnerID: us[1].ID}, contact.SourceAgent)
			return err
		})
		owner := `{"mode":"owner","fallback":{"users":["` + us[0].Email + `"]}}`
		if h := head(owner, availability.WhoAsks{Contact: mine.ID}); h.Name != "Bo from Nordlys" {
			t.Errorf("the contact's owner: %+v", h)
		}
		if h := head(owner, availability.WhoAsks{}); h.Name != "Ann from Nordlys" {
			t.Errorf("who is new: %+v", h)
		}
		if h := head(`{"mode":"owner","fallback":{"name":{"en":"Nordlys crew"}}}`, availability.WhoAsks{}); h.Name != "Nordlys crew" {
			t.Errorf("who is new, with a name: %+v", h)
		}
	})
}

// AV-02, AV-09, CH-18: a channel may keep the company's business hours with their holidays beside hours of its own; what is changed there holds at once, here and in assignment,
// and hours that are gone leave the channel's own.
func TestNamedBusinessHours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ctx := context.Background()
		work := worktime.New(d, f.Clock, f.Events)
		f.Service.Hours = work.Hours
		put := func(from, to string) {
			f.Write(func(ctx context.Context, tx *db.Tx) error {
				if _, err := work.PutCalendar(ctx, tx, desk.System, "dk", worktime.CalendarChange{Days: &[]hours.Holiday{{Date: "2026-06-16", Name: "Bridge"}}}); err != nil {
					return err
				}
				_, err := work.Put(ctx, tx, desk.System, "office", worktime.Change{Schedule: &hours.Schedule{Timezone: "Europe/Copenhagen", Ranges: []hours.Range{{Days: []int{1, 2, 3, 4, 5}, From: from, To: to}}}, Calendars: &[]string{"dk"}})
				return err
			})
		}
		put("09:00", "17:00")
		ann := f.User(desktest.Named("Ann Holm"))
		night := `"hours":{"timezone":"UTC","ranges":[{"days":[1,2,3,4,5],"from":"20:00","to":"22:00"}],"holidays":[]}`
		acc := f.account(`{"availability":{"mode":"hours","business_hours":"office",`+night+`}}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})
		f.expect("the office's hours", acc, availability.Available, availability.SomebodyFree)
		if got := f.arrives(acc); got.OwnerID != ann.ID {
			t.Errorf("while open it is assigned: %+v", got.Assignment)
		}
		f.Clock.Set(time.Date(2026, 6, 16, 8, 0, 0, 0, time.UTC))
		if got := f.expect("a holiday of the calendar", acc, availability.Offline, availability.OnHoliday); got.Holiday != "Bridge" || !got.ReturnsAt.Time().Equal(time.Date(2026, 6, 17, 7, 0, 0, 0, time.UTC)) {
			t.Errorf("holiday %q, back %v", got.Holiday, got.ReturnsAt.Time())
		}
		if got := f.arrives(acc); got.OwnerID != 0 || got.Assignment.Reason != routing.OutsideHours {
			t.Errorf("on a holiday it waits: %+v", got.Assignment)
		}
		f.Clock.Set(time.Date(2026, 6, 17, 8, 0, 0, 0, time.UTC))
		f.expect("the day after", acc, availability.Available, availability.SomebodyFree)
		put("12:00", "17:00")
		f.expect("moved hours", acc, availability.Offline, availability.OutsideHours)
		for slug, want := range map[string]string{"office": "closed", "": "closed", "gone": "open"} {
			if got, err := f.HoursOf(ctx, d, acc, []string{slug}, f.Clock.Now()); err != nil || got[slug] != want {
				t.Errorf("a bot that asks for %q is told %v, want %s: %v", slug, got, want, err)
			}
		}
		f.Write(func(ctx context.Context, tx *db.Tx) error { return work.Remove(ctx, tx, desk.System, "office") })
		if got := f.expect("its own when they are gone", acc, availability.Offline, availability.OutsideHours); got.ReturnsAt.Time().Hour() != 20 {
			t.Errorf("back at %v", got.ReturnsAt.Time())
		}
	})
}
