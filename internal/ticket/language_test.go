package ticket_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/ticket"
)

func TestTheLanguageOfATicket(t *testing.T) { // SK-09, TK-10
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		help, err := k.Inboxes.Helpdesk(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		k.Tickets.Tongue(skill.New(k.Clock, k.Events, nil).LanguageOf)
		const danish = "Hej, jeg har ikke fået min cykel tilbage endnu. Hvornår bliver den færdig?"
		make := func(n ticket.NewTicket) (tk desk.Ticket, err error) {
			n.InboxID = help.ID
			err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) { tk, err = k.Tickets.Create(ctx, tx, n); return err })
			return tk, err
		}
		for _, c := range []struct {
			name, want string
			n          ticket.NewTicket
		}{
			{"the words before what the mail states", "da", ticket.NewTicket{Subject: "Cykel", Description: danish, Hints: []string{"en-US"}}},
			{"what the mail states where the words are few", "de", ticket.NewTicket{Subject: "4711", Hints: []string{"", "de-AT", "fr"}}},
			{"nothing to go by", "", ticket.NewTicket{Subject: "4711", Hints: []string{"", "nonsense"}}},
			{"what was asked for before all", "fi", ticket.NewTicket{Subject: "Cykel", Description: danish, Language: "fi"}},
		} {
			tk, err := make(c.n)
			if err != nil || tk.Language != c.want {
				t.Errorf("%s: %q, %v", c.name, tk.Language, err)
			}
			if again, err := k.Tickets.Get(ctx, d, tk.ID); err != nil || again.Language != c.want {
				t.Errorf("%s: stored %q, %v", c.name, again.Language, err)
			}
		}
		if _, err := make(ticket.NewTicket{Subject: "x", Language: "da-DK"}); desk.ReasonOf(err) != "ticket.language_unknown" {
			t.Errorf("err = %v", err)
		}
		tk, _ := make(ticket.NewTicket{Subject: "Cykel", Description: danish})
		set := func(code string) error {
			return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.Update(ctx, tx, desk.System, tk.ID, ticket.Change{Language: &code})
				return err
			})
		}
		if err := set("nb"); err != nil {
			t.Error(err)
		}
		if again, _ := k.Tickets.Get(ctx, d, tk.ID); again.Language != "nb" || again.Version != tk.Version+1 {
			t.Errorf("changed by hand: %+v", again)
		}
		if err := set("klingon"); desk.ReasonOf(err) != "ticket.language_unknown" {
			t.Errorf("err = %v", err)
		}
	})
}
