package skill_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/skill"
)

type world struct {
	*desktest.Desk
	s     *skill.Service
	rules []skill.Use
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{Desk: desktest.New(t, d)}
		w.s = skill.New(w.Clock, w.Events, func(context.Context, db.Queryer) ([]skill.Use, error) { return w.rules, nil })
		fn(t, w)
	})
}

func (w *world) try(fn func(ctx context.Context, tx *db.Tx) error) error {
	return w.DB.Write(context.Background(), fn)
}

func (w *world) user(email string) (u desk.User) {
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		u, err = w.People.Create(ctx, tx, desk.System, people.NewUser{Email: email, Name: strings.Split(email, "@")[0]})
		return err
	})
	return u
}

func (w *world) grant(u desk.User, held ...desk.SkillHeld) error {
	return w.try(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.s.Grant(ctx, tx, desk.System, u.ID, held)
		return err
	})
}

func (w *world) make(category string, names ...string) (out []skill.Skill) {
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		if _, err := w.s.CreateCategory(ctx, tx, desk.System, "", category); err != nil {
			return err
		}
		var ns []skill.NewSkill
		for _, n := range names {
			ns = append(ns, skill.NewSkill{Name: n})
		}
		var err error
		out, err = w.s.Create(ctx, tx, desk.System, desk.Slug(category), ns)
		return err
	})
	return out
}

func (w *world) list() []skill.Category {
	cats, err := w.s.List(context.Background(), w.DB)
	if err != nil {
		w.T.Fatal(err)
	}
	return cats
}

func TestSkillsStandInCategoriesAndLanguagesAreThere(t *testing.T) { // SK-03
	each(t, func(t *testing.T, w *world) {
		if cats := w.list(); len(cats) != 1 || !cats[0].BuiltIn || len(cats[0].Skills) != 0 {
			t.Fatalf("a fresh installation has %+v", cats)
		}
		made := w.make("Products", "Lamps", "Chairs", "Billing & refunds")
		if len(made) != 3 || made[2].Slug != "billing-refunds" || made[0].Category != "products" {
			t.Fatalf("several at once: %+v", made)
		}
		ann := w.user("ann@acme.example")
		if err := w.grant(ann, desk.SkillHeld{Slug: "da", Level: 5, Main: true}, desk.SkillHeld{Slug: "de", Level: 2}, desk.SkillHeld{Slug: "lamps", Main: true}); err != nil {
			t.Fatal(err)
		}
		held, err := w.s.Of(context.Background(), w.DB, []desk.UserID{ann.ID, 4711})
		if err != nil || len(held[ann.ID]) != 3 || len(held[4711]) != 0 {
			t.Fatalf("%+v, %v", held, err)
		}
		if got := held[ann.ID]; got[0].Slug != "da" || !got[0].Main || got[1].Main || got[2].Slug != "lamps" || got[2].Main || got[2].Level != 3 {
			t.Errorf("main and secondary languages, a level in the middle when none is said: %+v", got)
		}
		cats := w.list()
		if len(cats) != 2 || len(cats[0].Skills) != 2 || cats[0].Skills[0].Users != 1 || len(cats[1].Skills) != 3 {
			t.Errorf("%+v", cats)
		}
		if spoken, _ := w.s.Spoken(context.Background(), w.DB); strings.Join(spoken, " ") != "da de" {
			t.Errorf("spoken: %v", spoken)
		}
		for _, bad := range []desk.SkillHeld{{Slug: "lamps", Level: 6}, {Slug: "juggling"}, {Slug: "language"}} {
			if err := w.grant(ann, bad); desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if err := w.grant(ann, desk.SkillHeld{Slug: "da"}, desk.SkillHeld{Slug: "da", Level: 1}); desk.ReasonOf(err) != "skill.twice" {
			t.Errorf("twice: %v", err)
		}
	})
}

func TestNamesAreTheirOwn(t *testing.T) { // SK-03, SK-04
	each(t, func(t *testing.T, w *world) {
		w.make("Products", "Lamps")
		for _, c := range []struct{ category, slug, name, reason string }{
			{"products", "", "LAMPS", "skill.name_taken"}, {"products", "", " ", "skill.name_missing"}, {"nowhere", "", "X", "skill.category_not_found"},
			{"language", "", "Elvish", "skill.built_in"}, {"products", "da", "Danish lamps", "skill.slug_language"}, {"products", "lamps", "Other", "skill.slug_taken"},
		} {
			err := w.try(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.s.Create(ctx, tx, desk.System, c.category, []skill.NewSkill{{Slug: c.slug, Name: c.name}})
				return err
			})
			if desk.ReasonOf(err) != c.reason {
				t.Errorf("%+v: %v", c, err)
			}
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error { // all or none
			err := tx.Savepoint(ctx, func(ctx context.Context) error {
				_, err := w.s.Create(ctx, tx, desk.System, "products", []skill.NewSkill{{Name: "Chairs"}, {Name: "lamps"}})
				return err
			})
			if desk.ReasonOf(err) != "skill.name_taken" {
				t.Errorf("err = %v", err)
			}
			return nil
		})
		if n := len(w.list()[1].Skills); n != 1 {
			t.Errorf("%d skills", n)
		}
		name, other := "Lighting", "Elsewhere"
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.s.RenameCategory(ctx, tx, desk.System, "products", "Goods"); err != nil {
				return err
			}
			if _, err := w.s.CreateCategory(ctx, tx, desk.System, "elsewhere", other); err != nil {
				return err
			}
			to := "elsewhere"
			k, err := w.s.Update(ctx, tx, desk.System, "lamps", skill.Change{Name: &name, Category: &to})
			if err == nil && (k.Slug != "lamps" || k.Name != name || k.Category != to) {
				t.Errorf("renamed: %+v", k)
			}
			if _, err := w.s.RenameCategory(ctx, tx, desk.System, "language", "Tongues"); err != nil {
				return err
			}
			return err
		})
		cats := w.list()
		if cats[0].Name != "Tongues" || !cats[0].BuiltIn || cats[1].Name != "Goods" || cats[2].Skills[0].Name != name {
			t.Errorf("%+v", cats)
		}
		if err := w.try(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.s.Update(ctx, tx, desk.System, "da", skill.Change{Name: &name})
			return err
		}); desk.ReasonOf(err) != "skill.built_in" {
			t.Errorf("a language was renamed: %v", err)
		}
	})
}

func TestWhatIsUsedIsNotDeleted(t *testing.T) { // SK-04
	each(t, func(t *testing.T, w *world) {
		w.make("Products", "Lamps", "Chairs")
		ann := w.user("ann@acme.example")
		if err := w.grant(ann, desk.SkillHeld{Slug: "lamps"}); err != nil {
			t.Fatal(err)
		}
		w.rules = []skill.Use{{Kind: "channel", ID: "1", Name: "Support mail", Rule: "Seating", Skills: []string{"chairs", "fr"}}}
		remove := func(slug string) error {
			return w.try(func(ctx context.Context, tx *db.Tx) error { return w.s.Remove(ctx, tx, desk.System, slug) })
		}
		for slug, names := range map[string]string{"lamps": "ann have it", "chairs": "Seating (Support mail)"} {
			if err := remove(slug); desk.ReasonOf(err) != "skill.used" || !strings.Contains(err.Error(), names) {
				t.Errorf("%s: %v", slug, err)
			}
		}
		used, err := w.s.UsesOf(context.Background(), w.DB, "lamps")
		if err != nil || used.Total != 1 || used.Users[0].Name != "ann" || len(used.Rules) != 0 {
			t.Errorf("who: %+v, %v", used, err)
		}
		if used, _ = w.s.UsesOf(context.Background(), w.DB, "chairs"); len(used.Rules) != 1 || used.Rules[0].Rule != "Seating" {
			t.Errorf("which rules: %+v", used)
		}
		if cats := w.list(); len(cats[0].Skills) != 1 || cats[0].Skills[0].Slug != "fr" || cats[0].Skills[0].Rules != 1 {
			t.Errorf("a language that only a rule names: %+v", cats[0])
		}
		if err := w.try(func(ctx context.Context, tx *db.Tx) error {
			return w.s.RemoveCategory(ctx, tx, desk.System, "products")
		}); desk.ReasonOf(err) != "skill.category_used" {
			t.Errorf("a full category: %v", err)
		}
		w.rules = nil
		if err := w.grant(ann); err != nil {
			t.Fatal(err)
		}
		for _, slug := range []string{"lamps", "chairs"} {
			if err := remove(slug); err != nil {
				t.Error(err)
			}
		}
		if err := remove("da"); desk.ReasonOf(err) != "skill.built_in" {
			t.Errorf("a language: %v", err)
		}
		if err := w.try(func(ctx context.Context, tx *db.Tx) error {
			return w.s.RemoveCategory(ctx, tx, desk.System, "products")
		}); err != nil {
			t.Error(err)
		}
	})
}

func TestGrantsAreToldOnce(t *testing.T) { // SK-03
	each(t, func(t *testing.T, w *world) {
		ann := w.user("ann@acme.example")
		for range 2 {
			if err := w.grant(ann, desk.SkillHeld{Slug: "da", Level: 4, ExpiresAt: 1_900_000_000_000}); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		var data string
		if err := w.DB.QueryRow(context.Background(), `SELECT COUNT(*), MAX(data) FROM events WHERE type = $1`, desk.EvUserSkills).Scan(&n, &data); err != nil || n != 1 || !strings.Contains(data, `"slug":"da"`) {
			t.Fatalf("%d events, %s, %v", n, data, err)
		}
	})
}

func TestASkillIsNotDeletedWhileItIsGranted(t *testing.T) { // SK-04: both at once, one of them is refused
	each(t, func(t *testing.T, w *world) {
		ann := w.user("ann@acme.example")
		for i := range 5 {
			slug := w.make("Group "+string(rune(97+i)), "Thing "+string(rune(97+i)))[0].Slug
			desktest.Together(w.DB, 2, func(ctx context.Context, tx *db.Tx, i int) error {
				if i == 0 {
					return w.s.Remove(ctx, tx, desk.System, slug)
				}
				_, err := w.s.Grant(ctx, tx, desk.System, ann.ID, []desk.SkillHeld{{Slug: slug}})
				return err
			})
			var orphans int
			if err := w.DB.QueryRow(context.Background(), `SELECT COUNT(*) FROM user_skills u WHERE NOT EXISTS (SELECT 1 FROM skills s WHERE s.id = u.skill_id)`).Scan(&orphans); err != nil || orphans > 0 {
				t.Fatalf("%d skills of nobody's, %v", orphans, err)
			}
		}
	})
}
