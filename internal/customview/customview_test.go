package customview_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
)

// WS-06, WS-09: a private view is its owner's, a team's is the team's, and what others see is changed by who may share.
func TestWhoSeesAndChangesAView(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := customview.New(d, k.Clock, k.Events, k.Properties)
		ann, ben, eve := k.User(), k.User(), k.User()
		team := k.Team("sales", ben)
		a, b, e := customview.Reader{User: ann.ID}, customview.Reader{User: ben.ID, Teams: []desk.TeamID{team.ID}}, customview.Reader{User: eve.ID, Share: true}
		make := func(r customview.Reader, v customview.View) (customview.View, error) {
			var out customview.View
			err := k.Try(func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = s.Create(ctx, tx, desk.ByUser(r.User), r, v)
				return err
			})
			return out, err
		}
		own, err := make(a, customview.View{Name: " Mine alone "})
		if err != nil || own.Name != "Mine alone" || own.Visibility != customview.Private || own.Slug != "" {
			t.Fatalf("%+v, %v", own, err)
		}
		if _, err := make(a, customview.View{Name: "For all", Visibility: customview.Everyone}); desk.CodeOf(err) != desk.Forbidden {
			t.Errorf("sharing without the right: %v", err)
		}
		if _, err := make(e, customview.View{Name: "No team", Visibility: customview.Team, TeamID: 99}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("an unknown team: %v", err)
		}
		sales, err := make(e, customview.View{Name: "Sales", Visibility: customview.Team, TeamID: team.ID})
		if err != nil {
			t.Fatal(err)
		}
		all, err := make(e, customview.View{Name: "Sales", Visibility: customview.Everyone})
		if err != nil || all.Slug != "sales-2" {
			t.Fatalf("%+v, %v", all, err)
		}
		for who, c := range map[string]struct {
			r    customview.Reader
			want []desk.ViewID
		}{"ann": {a, []desk.ViewID{own.ID, all.ID}}, "ben": {b, []desk.ViewID{sales.ID, all.ID}}, "eve": {e, []desk.ViewID{sales.ID, all.ID}}} {
			got := map[desk.ViewID]bool{}
			vs, err := s.List(ctx, d, c.r)
			for _, v := range vs {
				got[v.ID] = true
			}
			if err != nil || len(vs) != len(c.want) || !got[c.want[0]] || !got[c.want[1]] {
				t.Errorf("%s sees %v, %v", who, vs, err)
			}
		}
		for _, c := range []struct {
			r    customview.Reader
			id   desk.ViewID
			code desk.Code
		}{{b, own.ID, desk.NotFound}, {a, sales.ID, desk.NotFound}, {a, all.ID, desk.Forbidden}, {e, own.ID, desk.NotFound}, {e, all.ID, ""}, {a, own.ID, ""}} {
			name := "Another"
			err := k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := s.Update(ctx, tx, desk.ByUser(c.r.User), c.r, c.id, customview.Change{Name: &name})
				return err
			})
			if desk.CodeOf(err) != c.code {
				t.Errorf("changing %v by %v: %v", c.id, c.r.User, err)
			}
		}
		open := customview.Everyone
		if err := k.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Update(ctx, tx, desk.ByUser(ann.ID), a, own.ID, customview.Change{Visibility: &open})
			return err
		}); desk.CodeOf(err) != desk.Forbidden {
			t.Errorf("sharing one's own view without the right: %v", err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Delete(ctx, tx, desk.ByUser(eve.ID), e, all.ID) })
		if _, err := s.Get(ctx, d, e, all.ID); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("after removal: %v", err)
		}
		for kind, n := range map[string]int{desk.EvViewCreated: 3, desk.EvViewUpdated: 2, desk.EvViewDeleted: 1} {
			if got := len(k.EventsOf(kind)); got != n {
				t.Errorf("%d events %s, want %d", got, kind, n)
			}
		}
		for _, ev := range k.EventsOf(desk.EvViewCreated) {
			if strings.Contains(string(ev.Data), "Mine alone") {
				t.Error("the log tells what a private view is called")
			}
		}
	})
}

// Two who change one view at once: the later is told (version).
func TestAStaleChangeIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s, ann := customview.New(d, k.Clock, k.Events, k.Properties), k.User()
		r := customview.Reader{User: ann.ID}
		var v customview.View
		change := func(name string, version int64) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) (err error) {
				v, err = s.Update(ctx, tx, desk.ByUser(ann.ID), r, v.ID, customview.Change{Name: &name, Version: version})
				return err
			})
		}
		k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			v, err = s.Create(ctx, tx, desk.ByUser(ann.ID), r, customview.View{Name: "A"})
			return err
		})
		if err := change("B", 1); err != nil || v.Version != 2 {
			t.Fatalf("%+v, %v", v, err)
		}
		if err := change("C", 1); desk.ReasonOf(err) != "customview.stale" {
			t.Errorf("a stale change: %v", err)
		}
	})
}

// What a filter may not say is refused with the field and the reason, before it is stored.
func TestAFilterIsChecked(t *testing.T) {
	fields := customview.Fields([]desk.Property{{Object: "ticket", Name: "tier", Label: "Tier", Type: "choice", Options: []string{"gold"}}})
	for text, reason := range map[string]string{
		`{"field":"subject","op":"contains","value":"x"}`:                           "",
		`{"all":[{"any":[{"field":"owner_id","op":"is","value":"me"}]}]}`:           "",
		`{"field":"team_id","op":"in","value":["my_teams","12"]}`:                   "",
		`{"field":"created_at","op":"between","value":["2026-01-01","2026-02-01"]}`: "",
		`{"field":"property.tier","op":"is","value":"gold"}`:                        "",
		`{"field":"property.tier","op":"empty"}`:                                    "",
		``:                                                                          "",
		`{}`:                                                                        "",
		`nonsense`:                                                                  "filter.malformed",
		`{"fields":[]}`:                                                             "filter.malformed",
		`{"all":[],"op":"is"}`:                                                      "filter.malformed",
		`{"field":"password","op":"is","value":"x"}`:                                "filter.field_unknown",
		`{"field":"property.gone","op":"is","value":"x"}`:                           "filter.field_unknown",
		`{"field":"subject","op":"gt","value":"x"}`:                                 "filter.op_unknown",
		`{"field":"subject","op":"contains"}`:                                       "filter.values",
		`{"field":"subject","op":"empty","value":"x"}`:                              "filter.values",
		`{"field":"created_at","op":"between","value":["2026-01-01"]}`:              "filter.values",
		`{"field":"owner_id","op":"in","value":[]}`:                                 "filter.values",
		`{"field":"created_at","op":"before","value":"yesterday"}`:                  "filter.value_malformed",
		`{"field":"created_at","op":"within_days","value":"-1"}`:                    "filter.value_malformed",
		`{"field":"number","op":"gt","value":"NaN"}`:                                "filter.value_malformed",
		`{"field":"owner_id","op":"is","value":"1; DROP TABLE tickets"}`:            "filter.value_malformed",
		`{"field":"owner_id","op":"is","value":"my_teams"}`:                         "filter.value_malformed",
		`{"all":[{"all":[{"all":[{"all":[]}]}]}]}`:                                  "filter.too_deep",
		`{"field":"subject","op":"is","value":"` + strings.Repeat("x", 300) + `"}`:  "filter.value_too_long",
		`{"all":[` + strings.Repeat(`{"field":"snoozed","op":"is","value":true},`, 60) + `{"field":"snoozed","op":"is","value":true}]}`: "filter.too_many",
		`{"all":[` + strings.Repeat(`{},`, 60) + `{}]}`: "filter.too_many", // each is a part of a statement, if of nothing
		`{"all":[` + strings.Repeat(`{"field":"subject","op":"in","value":[`+strings.Repeat(`"x",`, 150)+`"x"]},`, 7) + `{}]}`: "filter.values",
	} {
		f, err := customview.Parse(text)
		if err == nil {
			err = fields.Check(f)
		}
		if desk.ReasonOf(err) != reason || err != nil && desk.CodeOf(err) != desk.Invalid {
			t.Errorf("%.80s: %v, want %q", text, err, reason)
		}
	}
}

// CR-14: a saved view that looks for an erased person names nobody any more, and shows no more than before.
func TestViewsForgetWhoIsErased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := customview.New(d, k.Clock, k.Events, k.Properties)
		r := customview.Reader{User: k.User().ID, Share: true}
		save := func(v customview.View) (out customview.View) {
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = s.Create(ctx, tx, desk.System, r, v)
				return err
			})
			return out
		}
		about := save(customview.View{Name: "Mira Okoye's", Visibility: customview.Everyone, Filter: customview.Filter{All: []customview.Filter{
			{Field: "contact.email", Op: "in", Value: []any{"mira@home.example", "else@y.example"}}, {Field: "subject", Op: "contains", Value: "bike"}}}})
		other := save(customview.View{Name: "Bikes", Filter: customview.Filter{Field: "subject", Op: "contains", Value: "bike"}})
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return s.Forget(ctx, tx, []string{"mira@home.example", "mira okoye"})
		})
		got, err := s.Get(ctx, d, r, about.ID)
		if err != nil || got.Name != "erased" || strings.Contains(got.Slug, "mira") || string(db.JSON(got.Filter)) != `{"all":[{"field":"contact.email","op":"in","value":["erased","else@y.example"]},{"field":"subject","op":"contains","value":"bike"}]}` {
			t.Errorf("%+v %s, %v", got, string(db.JSON(got.Filter)), err)
		}
		if got, err := s.Get(ctx, d, r, other.ID); err != nil || got.Version != other.Version || got.Name != "Bikes" {
			t.Errorf("another view: %+v, %v", got, err)
		}
	})
}
