package dialogue_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desktest"
)

// CF-08, CO-04: a bot offers to be written to, and what was said is kept with the very words that were shown; the company is kept once there is a contact.
func TestABotAsksForConsentAndCompany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ctx := context.Background()
		f := r.bot(`{"start":"news","session":{"delay_ms":0},"steps":[
		 {"id":"news","type":"question","text":{"en":"May we send you our newsletter?"},"answer":"yes_no","save":{"object":"consent","property":"newsletter"},"next":"firm"},
		 {"id":"firm","type":"question","text":{"en":"Where do you work?"},"answer":"text","save":{"object":"company","property":"name"},"next":"mail"},
		 {"id":"mail","type":"question","text":{"en":"Address?"},"answer":"email","save":{"object":"contact","property":"email"},"next":"file"},
		 {"id":"file","type":"ticket","subject":"S","next":"end"},{"id":"end","type":"end"}]}`)
		r.run()
		for _, said := range []struct{ answer, action, email string }{{"yes", consent.Given, "mira@home.example"}, {"no", consent.Declined, "olga@home.example"}} {
			b := r.browser(f)
			b.says(said.answer)
			b.says("Acme Bikes")
			b.says(said.email)
			tk := b.ticket()
			es, err := r.consents.OfVisitor(ctx, d, b.v.ID)
			if err != nil || len(es) != 1 {
				t.Fatalf("%s: %+v %v", said.answer, es, err)
			}
			e := es[0]
			if e.Action != said.action || e.Purpose != consent.Write+"newsletter" || e.Wording != "May we send you our newsletter?" || e.Kind != consent.Explicit || e.ThreadID != b.thread || e.Version != consent.Version(e.Wording) {
				t.Errorf("%s: %+v", said.answer, e)
			}
			c, err := r.Contacts.Get(ctx, d, tk.ContactID)
			if err != nil {
				t.Fatal(err)
			}
			if co, err := r.Contacts.Company(ctx, d, c.CompanyID); err != nil || co.Name != "Acme Bikes" {
				t.Errorf("%s works at %+v: %v", said.email, co, err)
			}
		}
	})
}

// CF-12: what a step that assigns has said counts at the hand-over, before the chatflow's own rule, also when it said "as the channel assigns"; the rule is the whole one, with its
// fallbacks.
func TestAStepThatAssignsIsFollowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann, bo, eve := r.User(desktest.Named("Ann Holm")), r.User(desktest.Named("Bo Berg")), r.User(desktest.Named("Eve Dahl"), desktest.Away)
		rule := func(to string) string {
			return `{"start":"a","handover":{"assign":{"to":"users","users":["` + ann.Email + `"]}},"steps":[{"id":"a","type":"assign","to":` + to + `,"next":"h"},{"id":"h","type":"handover"}]}`
		}
		r.run()
		for to, want := range map[string]int64{
			`{"to":"users","users":["` + bo.Email + `"]}`: int64(bo.ID),
			`{"to":"contact_owner","available_only":true,"fallback":[{"to":"users","users":["` + eve.Email + `"]},{"to":"users","users":["` + bo.Email + `"]}]}`: int64(bo.ID),
			`"account"`: 0,
		} {
			b := r.browser(r.bot(rule(to)))
			b.says("Hi")
			if got := b.ticket().OwnerID; int64(got) != want {
				t.Errorf("%s: it is %v's, want %v", to, got, want)
			}
		}
	})
}
