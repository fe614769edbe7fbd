package widget_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/inbox"
)

// set changes the channel's settings.
func (r *rig) set(settings string) {
	r.t.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		r.acc, err = r.Inboxes.UpdateAccount(ctx, tx, desk.System, r.acc.ID, inbox.AccountChange{Settings: json.RawMessage(settings)})
		return err
	})
}

// CF-15: a chatflow for a country shows from there, on the very first page already, and whatever is kept of the browser; its bot knows the country too.
func TestACountryIsWhereTheRequestComesFrom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"privacy":{"tracking":"off","ip":"drop"}}`)
		danes := r.publish(r.acc.ID, "For Danes", chatflow.LiveChat, `{"texts":{"en":{"welcome":"Velkommen"}},"targeting":{"visitor":{"countries":["DK","no"]}}}`)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			return r.Chatflows.Order(ctx, tx, desk.System, r.acc.ID, []desk.ChatflowID{danes.ID, r.flow.ID})
		})
		for country, want := range map[string]desk.ChatflowID{"DK": danes.ID, "NO": danes.ID, "SE": r.flow.ID, "": r.flow.ID} {
			r.country = country
			if got := get[widget.HelloOut](r.browser().hello(nil)).Flow.ID; got != want {
				t.Errorf("from %q: %s, want %s", country, got, want)
			}
		}
		r.set(`{"privacy":{"tracking":"on"}}`)
		r.country = "DK"
		b := r.browser()
		b.hello(nil)
		if v, _ := r.Visitors.Get(context.Background(), d, id[desk.VisitorID](t, b.id)); v.Country != "DK" {
			t.Errorf("the visitor is in %q", v.Country)
		}
		r.country = "SE" // they have travelled
		if got := get[widget.HelloOut](b.hello(nil)).Flow.ID; got != r.flow.ID {
			t.Errorf("%s shows", got)
		}
	})
}

// CH-12: whom a visitor sees is drawn for them and the same for the whole visit, also where the browser is not to be known and nothing is kept.
func TestWhoIsShownStaysForTheVisit(t *testing.T) {
	for name, settings := range map[string]string{"known": `{"tracking":"on"}`, "not tracked": `{"tracking":"off"}`, "before consent": `{"consent":"explicit","tracking":"after_consent"}`} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, dbtest.SQLite(t), "")
			var team []string
			for i := range 6 {
				u := r.User(desktest.Named(fmt.Sprintf("Person%d Berg", i)))
				team = append(team, `"`+u.Email+`"`)
			}
			r.set(`{"privacy":` + settings + `,"heading":{"mode":"users","users":[` + strings.Join(team, ",") + `],"show":2}}`)
			drawn := map[string]bool{}
			for i := range 20 {
				b := r.browser()
				b.headers["User-Agent"] = fmt.Sprintf("Mozilla/5.0 (X11; %d) Firefox/140", i)
				first := ""
				for range 3 {
					h := get[widget.HelloOut](b.hello(map[string]any{"reason": "navigate"})).Heading
					if len(h.People) != 2 || first != "" && h.Name != first {
						t.Fatalf("%+v after %q", h, first)
					}
					first = h.Name
				}
				drawn[first] = true
			}
			if len(drawn) < 4 {
				t.Errorf("everybody sees the same: %v", drawn)
			}
		})
	}
}

// CF-23, CH-25: what is changed shows with the next page, on every node, although versions and settings are read once.
func TestAChangeShowsAtOnceOnEveryNode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		other := r.node(chatflow.New(d, r.Clock, r.Events), availability.New(availability.Deps{DB: d, Clock: r.Clock, Events: r.Events, Channels: r.Channels, People: r.People, Inboxes: r.Inboxes,
			Tickets: r.Tickets, Contacts: r.Contacts, Settings: r.Settings}))
		here := r.http
		both := func(texts ...string) {
			t.Helper()
			for _, node := range []*httptest.Server{here, other} {
				r.http = node
				r.browser().hello(nil).want(200, texts...)
			}
		}
		both("Hello! How can we help?", `"emoji":true`)
		change := func(fn func(ctx context.Context, tx *db.Tx) error) { t.Helper(); r.Write(fn) }
		r.set(`{"emoji":false,"appearance":{"color":"#7e22ce"}}`)
		both(`"emoji":false`, "#7e22ce")
		def, _ := chatflow.Parse([]byte(`{"texts":{"en":{"welcome":"Good day!"}}}`))
		change(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Chatflows.Update(ctx, tx, desk.System, r.flow.ID, chatflow.Change{Draft: &def})
			return err
		})
		both("Hello! How can we help?", "!Good day!") // a draft is not live
		change(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Chatflows.Publish(ctx, tx, desk.System, r.flow.ID, "")
			return err
		})
		both("Good day!")
		change(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Chatflows.Rollback(ctx, tx, desk.System, r.flow.ID, 1)
			return err
		})
		both("Hello! How can we help?")
		second := r.publish(r.acc.ID, "Second", chatflow.LiveChat, `{"texts":{"en":{"welcome":"The second"}}}`)
		both("Hello! How can we help?")
		change(func(ctx context.Context, tx *db.Tx) error {
			return r.Chatflows.Order(ctx, tx, desk.System, r.acc.ID, []desk.ChatflowID{second.ID, r.flow.ID})
		})
		both("The second")
		off := false
		change(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Chatflows.Update(ctx, tx, desk.System, second.ID, chatflow.Change{Active: &off})
			return err
		})
		both("Hello! How can we help?")
		change(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, r.acc.ID, inbox.AccountChange{Active: &off})
			return err
		})
		both("!welcome", "!account")
	})
}

// CF-13: a chatflow of business hours shows within the channel's and not outside them; one of always shows in both.
func TestAChatflowOfBusinessHoursClosesWithThem(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t), "")
	always := r.flow
	day := r.publish(r.acc.ID, "By day", chatflow.LiveChat, `{"hours":"business_hours","texts":{"en":{"welcome":"By day"}}}`)
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		return r.Chatflows.Order(ctx, tx, desk.System, r.acc.ID, []desk.ChatflowID{day.ID, always.ID})
	})
	now := r.Clock.Now().UTC()
	hours := func(from, to time.Time) {
		r.set(fmt.Sprintf(`{"availability":{"mode":"hours","offline":{"do":"message"},"hours":{"timezone":"UTC","ranges":[{"days":[1,2,3,4,5,6,7],"from":%q,"to":%q}]}}}`, from.Format("15:04"), to.Format("15:04")))
	}
	hours(now.Add(-time.Hour), now.Add(time.Hour))
	if got := get[widget.HelloOut](r.browser().hello(nil)).Flow.ID; got != day.ID {
		t.Errorf("within the hours: %s", got)
	}
	r.advance(2 * time.Hour)
	if got := get[widget.HelloOut](r.browser().hello(nil)).Flow.ID; got != always.ID {
		t.Errorf("outside the hours: %s", got)
	}
}

// CO-11, CF-18: a channel that names its languages speaks those, and the company's to everybody else.
func TestOnlyTheLanguagesThatAreNamedAreSpoken(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t), `{"languages":["en","da"]}`)
	for asked, want := range map[string]string{"da-DK": "da-DK", "en-GB": "en-GB", "de": "en", "ar": "en"} {
		out := get[widget.HelloOut](r.browser().hello(map[string]any{"locale": asked}))
		if out.Texts.Locale != want {
			t.Errorf("%s is answered in %s", asked, out.Texts.Locale)
		}
	}
	r.set(`{"languages":[]}`)
	if out := get[widget.HelloOut](r.browser().hello(map[string]any{"locale": "ar"})); out.Texts.Locale != "ar" || out.Texts.Dir != "rtl" {
		t.Errorf("%+v", out.Texts)
	}
}

// Every setting that the widget carries out is told to it as it is set.
func TestWhatTheWidgetDoesIsTold(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t), "")
	def, err := chatflow.Parse([]byte(`{"texts":{"en":{"welcome":"Hi"}},"survey":true,"session":{"delay_ms":1234},"capture":{"email":"after_first","name":true,"required":true},
		"trigger":{"on":"scroll","value":40,"then":"prompt","phone":"button"},"error":{"en":"Oh no"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		if _, err := r.Chatflows.Update(ctx, tx, desk.System, r.flow.ID, chatflow.Change{Draft: &def}); err != nil {
			return err
		}
		_, err := r.Chatflows.Publish(ctx, tx, desk.System, r.flow.ID, "")
		return err
	})
	r.set(`{"appearance":{"font":"serif","position":"left","offset_x":7,"offset_y":9,"launcher":"text","launcher_text":{"en":"Ask","da":"Spørg"},"sound":false,"title_flash":false,"phone":"hide"},
		"emoji":false,"typing":false,"read":false,"typing_preview":false,"closed":"new","files":{"enabled":true,"max_mb":3},"email":{"transcript":"always"}}`)
	r.browser().hello(map[string]any{"locale": "da"}).want(200, `"font":"serif"`, `"position":"left"`, `"offset_x":7`, `"offset_y":9`, `"launcher":"text"`, `"launcher_text":"Spørg"`, `"sound":false`, `"title_flash":false`,
		`"phone":"hide"`, `"emoji":false`, `"typing":false`, `"read":false`, `"typing_preview":false`, `"closed":"new"`, `"max_bytes":3145728`, `"transcript":"always"`, `"survey":true`, `"delay_ms":1234`,
		`"email":"after_first"`, `"required":true`, `"on":"scroll"`, `"value":40`, `"then":"prompt"`, `"error":"Oh no"`)
	if out := get[widget.HelloOut](r.browser().hello(map[string]any{"device": "mobile"})); out.Launcher {
		t.Error("there is a button on phones")
	}
	if out := get[widget.HelloOut](r.browser().hello(map[string]any{"device": "desktop"})); !out.Launcher {
		t.Error("there is none elsewhere")
	}
}

// CF-15: the page that brought them here, how often they were here, and what is stored of who has proven to be a contact decide what shows; a typed address does not.
func TestAChatflowForWhoComesFromSomewhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		search := r.publish(r.acc.ID, "Searched", chatflow.LiveChat, `{"targeting":{"visitor":{"referrers":[{"all":[{"part":"host","op":"is","value":"search.example"}]}],"max_visits":1}}}`)
		third := r.publish(r.acc.ID, "Regulars", chatflow.LiveChat, `{"targeting":{"visitor":{"min_visits":3}}}`)
		large := r.publish(r.acc.ID, "Large", chatflow.LiveChat, `{"targeting":{"visitor":{"contact":{"when":[{"field":"contact.email","op":"ends","values":["@large.example"]}]}}}}`)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			return r.Chatflows.Order(ctx, tx, desk.System, r.acc.ID, []desk.ChatflowID{large.ID, third.ID, search.ID, r.flow.ID})
		})
		shows := func(what string, b *browser, in map[string]any, want desk.ChatflowID) {
			t.Helper()
			in["url"] = "https://shop.example/" + what
			if got := get[widget.HelloOut](b.hello(in)).Flow.ID; got != want {
				t.Errorf("%s: %s shows, want %s", what, got, want)
			}
		}
		b := r.browser()
		shows("from-the-search", b, map[string]any{"referrer": "https://search.example/?q=x"}, search.ID)
		shows("a-page-further", b, map[string]any{"referrer": "https://shop.example/from-the-search"}, search.ID)
		r.Clock.Advance(time.Hour)
		shows("the-second-visit", b, map[string]any{"referrer": ""}, r.flow.ID)
		r.Clock.Advance(time.Hour)
		shows("the-third-visit", b, map[string]any{"referrer": ""}, third.ID)
		shows("directly", r.browser(), map[string]any{"referrer": ""}, r.flow.ID)
		liar := r.browser()
		shows("somebody", liar, map[string]any{}, r.flow.ID)
		r.Contact("lea@large.example")
		liar.do("POST", "/widget/profile", map[string]any{"email": "lea@large.example"}).want(200)
		shows("a-typed-address", liar, map[string]any{}, r.flow.ID)
		shows("signed-in", r.browser(), map[string]any{"identity": r.token("lea@large.example", "Lea", "Lund")}, large.ID)
	})
}

// CF-13, AV-09: a chatflow that shows in named hours follows those, not its channel's.
func TestAChatflowOfNamedHours(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t), "")
	closed := false
	r.avail.Hours = func(_ context.Context, _ db.Queryer, slug string) (hours.Schedule, error) {
		s := hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: []int{1, 2, 3, 4, 5, 6, 7}, From: "00:00", To: "24:00"}}}
		if closed {
			s.Ranges = nil
		}
		return s, nil
	}
	office := r.publish(r.acc.ID, "Office", chatflow.LiveChat, `{"hours":"business_hours","business_hours":"office"}`)
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		return r.Chatflows.Order(ctx, tx, desk.System, r.acc.ID, []desk.ChatflowID{office.ID, r.flow.ID})
	})
	for _, want := range []desk.ChatflowID{office.ID, r.flow.ID} {
		if got := get[widget.HelloOut](r.browser().hello(nil)).Flow.ID; got != want {
			t.Errorf("closed %v: %s shows", closed, got)
		}
		closed = true
	}
}
