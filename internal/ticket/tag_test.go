package ticket_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
)

func tagsOf(k *desktest.Desk, id desk.TicketID) string {
	names, err := k.Tickets.TagsOf(context.Background(), k.DB, id, false)
	if err != nil {
		k.T.Fatal(err)
	}
	return strings.Join(names, ", ")
}

func tagged(names ...string) func(*ticket.NewTicket) {
	return func(n *ticket.NewTicket) { n.Tags = names }
}

// TK-10: tags are typed; a spelling in other letters is the same tag; the history of the ticket tells what came and went.
func TestTagsOnTickets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ann := desk.ByUser(k.User().ID)
		one := k.Ticket(tagged("Billing", " late   payment "))
		if got := tagsOf(k, one.ID); got != "Billing, late payment" {
			t.Errorf("a new ticket has %q", got)
		}
		change := func(c ticket.Change) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.Update(ctx, tx, ann, one.ID, c)
				return err
			})
		}
		for _, c := range []struct {
			change ticket.Change
			want   string
		}{
			{ticket.Change{AddTags: []string{"BILLING", "Refund"}}, "Billing, late payment, Refund"},
			{ticket.Change{RemoveTags: []string{"Late Payment", "nothing"}}, "Billing, Refund"},
			{ticket.Change{Tags: &[]string{"Æble", "refund"}}, "Refund, Æble"},
			{ticket.Change{Tags: &[]string{}}, ""},
			{ticket.Change{AddTags: []string{"Æble"}}, "Æble"},
		} {
			if err := change(c.change); err != nil || tagsOf(k, one.ID) != c.want {
				t.Errorf("%+v: %q, %v", c.change, tagsOf(k, one.ID), err)
			}
		}
		before := len(k.EventsOf(desk.EvTicketUpdated))
		if err := change(ticket.Change{AddTags: []string{"æBLE"}}); err != nil || len(k.EventsOf(desk.EvTicketUpdated)) != before {
			t.Errorf("what stands there already is told again: %v", err)
		}
		if data := string(k.EventsOf(desk.EvTicketUpdated)[1].Data); !strings.Contains(data, `"tags":[["Billing","late payment","Refund"],["Billing","Refund"]]`) {
			t.Errorf("the history tells %s", data)
		}
		for _, bad := range []string{"", "  ", "a,b", `say "x"`, strings.Repeat("ø", 61)} {
			if err := change(ticket.Change{AddTags: []string{bad}}); desk.ReasonOf(err) != "tag.malformed" {
				t.Errorf("%q: %v", bad, err)
			}
		}
		many := make([]string, 31)
		for i := range many {
			many[i] = fmt.Sprint("tag ", i)
		}
		if err := change(ticket.Change{AddTags: many}); desk.ReasonOf(err) != "tag.too_many_here" {
			t.Errorf("31 tags: %v", err)
		}
		// Where only administrators make new ones, typing finds those that there are.
		k.Tickets.OpenTags(func(context.Context, db.Queryer) (bool, error) { return false, nil })
		if err := change(ticket.Change{AddTags: []string{"Invented"}}); desk.ReasonOf(err) != "tag.unknown" {
			t.Errorf("a new tag where none may be made: %v", err)
		}
		if err := change(ticket.Change{AddTags: []string{"billing"}}); err != nil {
			t.Errorf("a tag that there is: %v", err)
		}
	})
}

// TK-10: a tag is renamed, merged and removed on every ticket at once, and its former names lead to it.
func TestTagsAreRenamedMergedAndRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ctx := context.Background()
		one, two := k.Ticket(tagged("Bill", "Old")), k.Ticket(tagged("Invoice", "Bill"))
		all := func() map[string]ticket.Tag {
			ts, err := k.Tickets.Tags(ctx, d, true)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]ticket.Tag{}
			for _, x := range ts {
				out[x.Name] = x
			}
			return out
		}
		do := func(fn func(ctx context.Context, tx *db.Tx) error) error { return k.Try(fn) }
		rename := func(from, to string) error {
			return do(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.RenameTag(ctx, tx, desk.System, all()[from].ID, to)
				return err
			})
		}
		if err := rename("Bill", "invoice"); desk.ReasonOf(err) != "tag.taken" {
			t.Errorf("a name that is taken: %v", err)
		}
		if err := rename("Bill", "Billing"); err != nil || tagsOf(k, one.ID) != "Billing, Old" || tagsOf(k, two.ID) != "Billing, Invoice" {
			t.Errorf("renamed: %q, %q, %v", tagsOf(k, one.ID), tagsOf(k, two.ID), err)
		}
		if err := do(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.Tickets.MergeTag(ctx, tx, desk.System, all()["Invoice"].ID, all()["Billing"].ID)
			return err
		}); err != nil || tagsOf(k, two.ID) != "Billing" {
			t.Errorf("merged: %q, %v", tagsOf(k, two.ID), err)
		}
		if b := all()["Billing"]; b.Tickets != 2 || strings.Join(b.Former, ",") != "Bill,Invoice" {
			t.Errorf("%+v", b)
		}
		three := k.Ticket(tagged("invoice", "BILL"))
		if got := tagsOf(k, three.ID); got != "Billing" {
			t.Errorf("former names lead to %q", got)
		}
		words, err := k.Tickets.TagsOf(ctx, d, three.ID, true)
		if err != nil || strings.Join(words, ",") != "Billing,Bill,Invoice" {
			t.Errorf("what rules see: %v, %v", words, err)
		}
		if err := rename("Billing", "Bill"); err != nil || tagsOf(k, one.ID) != "Bill, Old" { // back, over its own former name
			t.Errorf("renamed back: %q, %v", tagsOf(k, one.ID), err)
		}
		if err := do(func(ctx context.Context, tx *db.Tx) error {
			return k.Tickets.RemoveTag(ctx, tx, desk.System, all()["Bill"].ID)
		}); err != nil || tagsOf(k, one.ID) != "Old" || len(all()) != 1 {
			t.Errorf("removed: %q, %v, %v", tagsOf(k, one.ID), all(), err)
		}
		if err := do(func(ctx context.Context, tx *db.Tx) error { return k.Tickets.RemoveTag(ctx, tx, desk.System, 77) }); desk.ReasonOf(err) != "tag.not_found" {
			t.Errorf("a tag that is not there: %v", err)
		}
		what := ""
		for _, ev := range k.EventsOf(desk.EvTagChanged) {
			for _, w := range []string{"created", "renamed", "merged", "removed"} {
				if strings.Contains(string(ev.Data), `"what":"`+w+`"`) {
					what += w[:1]
				}
			}
		}
		if what != "cccrmrr" {
			t.Errorf("told: %s", what)
		}
	})
}

// TK-10, TK-13: the survivor of a merge has both tickets' tags, and gives those back that came with it; an erased ticket leaves none.
func TestMergedTicketsKeepTheirTags(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		from, into := k.Ticket(tagged("Billing", "VIP")), k.Ticket(tagged("VIP", "Own"))
		var m ticket.Merge
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			f, i, err := k.Tickets.LockPair(ctx, tx, from.ID, into.ID)
			if err == nil {
				m, _, err = k.Tickets.Merge(ctx, tx, desk.System, f, i, nil, "")
			}
			return err
		})
		if tagsOf(k, into.ID) != "Billing, Own, VIP" || tagsOf(k, from.ID) != "Billing, VIP" {
			t.Errorf("merged: %q, %q", tagsOf(k, into.ID), tagsOf(k, from.ID))
		}
		if _, err := update(k, into.ID, ticket.Change{AddTags: []string{"Later"}}); err != nil {
			t.Fatal(err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			m, err := k.Tickets.MergeByID(ctx, tx, m.ID)
			if err == nil {
				_, err = k.Tickets.Unmerge(ctx, tx, desk.System, m, false)
			}
			return err
		})
		if tagsOf(k, into.ID) != "Later, Own, VIP" || tagsOf(k, from.ID) != "Billing, VIP" {
			t.Errorf("parted: %q, %q", tagsOf(k, into.ID), tagsOf(k, from.ID))
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			if err := k.Tickets.Blank(ctx, tx, []desk.TicketID{into.ID}); err != nil {
				return err
			}
			return k.Tickets.Erase(ctx, tx, desk.System, from.ID, "privacy", nil)
		})
		if n, err := db.One(context.Background(), d, db.Column[int], "SELECT COUNT(*) FROM ticket_tags"); err != nil || n != 0 {
			t.Errorf("%d tags are left of what was erased, %v", n, err)
		}
	})
}

// TK-19: the number of one's own ticket goes out of a subject, and nothing else.
func TestUnnumbered(t *testing.T) {
	for in, want := range map[string]string{
		"Re: Broken wheel [#1042]":             "Re: Broken wheel",
		"Re: Broken [#1042] wheel [#1042] now": "Re: Broken wheel now",
		"[#1042] Re: Broken":                   "Re: Broken",
		"Order [#77] is late [#1042]":          "Order [#77] is late",
		"No number [#] here [#x1042]":          "No number [#] here [#x1042]",
		"[#99999999999999999999]":              "[#99999999999999999999]",
	} {
		if got := ticket.Unnumbered(in, func(n int64) bool { return n == 1042 }); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
