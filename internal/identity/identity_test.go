package identity_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

type world struct {
	*desktest.Desk
	id  *identity.Service
	acc desk.ChannelAccount
	bs  blob.Store

	gone []identity.Gone // what others are told of an erasure
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		bs, err := blob.Disk(t.TempDir())
		must(t, err)
		in := intake.New(intake.Deps{DB: d, Clock: k.Clock, Registry: k.Channels, Blobs: bs, Events: k.Events, Contacts: k.Contacts, Threads: k.Threads, Tickets: k.Tickets, Inbox: k.Inboxes, Assign: k.Assignment})
		w := &world{Desk: k, bs: bs}
		w.id = identity.New(identity.Deps{DB: d, Clock: k.Clock, Events: k.Events, Contacts: k.Contacts, Threads: k.Threads, Tickets: k.Tickets, Journal: in, Files: bs, Consents: consent.New(k.Clock, k.Events),
			Also: func(_ context.Context, _ *db.Tx, g identity.Gone) error { w.gone = append(w.gone, g); return nil }})
		w.acc = k.Account()
		fn(t, w)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// writes files a new mail of an address, as intake does: contact by the address, a thread, a ticket, a message.
func (w *world) writes(t testing.TB, from, text string) (desk.Ticket, desk.Message) {
	t.Helper()
	c := w.Contact(from)
	tk := w.Ticket(func(n *ticket.NewTicket) { n.ContactID, n.Subject = c.ID, "About "+text })
	m := w.Message(w.Thread(tk, w.acc), func(m *desk.Message) { m.From = desk.Party{Address: from}; m.Text = text })
	return tk, m
}

func (w *world) merge(t testing.TB, into, from desk.ContactID, keep map[string]string) identity.Merge {
	t.Helper()
	m, err := w.tryMerge(into, from, keep)
	must(t, err)
	return m
}

func (w *world) tryMerge(into, from desk.ContactID, keep map[string]string) (m identity.Merge, err error) {
	err = w.Try(func(ctx context.Context, tx *db.Tx) (err error) {
		m, err = w.id.Merge(ctx, tx, identity.MergeCommand{Actor: desk.System, Into: into, From: from, Keep: keep})
		return err
	})
	return m, err
}

func (w *world) undo(id desk.MergeID) error {
	return w.Try(func(ctx context.Context, tx *db.Tx) error { _, err := w.id.Undo(ctx, tx, desk.System, id); return err })
}

func (w *world) holder(t testing.TB, table string, id int64) desk.ContactID {
	t.Helper()
	c, err := db.One(context.Background(), w.DB, db.Column[desk.ContactID], "SELECT contact_id FROM "+table+" WHERE id = $1", id)
	must(t, err)
	return c
}

// holders is whose everything is.
func (w *world) holders(t testing.TB) map[string]map[int64]desk.ContactID {
	t.Helper()
	out := map[string]map[int64]desk.ContactID{}
	for _, table := range []string{"tickets", "threads", "messages"} {
		out[table] = map[int64]desk.ContactID{}
		_, err := db.All(context.Background(), w.DB, func(r db.Scanner) (x struct{}, err error) {
			var id int64
			var c desk.ContactID
			err = r.Scan(&id, &c)
			out[table][id] = c
			return x, err
		}, "SELECT id, contact_id FROM "+table)
		must(t, err)
	}
	return out
}

func (w *world) get(t testing.TB, id desk.ContactID) desk.Contact {
	t.Helper()
	c, err := w.Contacts.Get(context.Background(), w.DB, id)
	must(t, err)
	return c
}

func (w *world) update(t testing.TB, id desk.ContactID, ch contact.Change) {
	t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Contacts.Update(ctx, tx, desk.System, id, ch)
		return err
	})
}

func TestMergeAndUndoRestoreExactly(t *testing.T) { // CR-08, CR-12
	each(t, func(t *testing.T, w *world) {
		ta, _ := w.writes(t, "mira@work.example", "one")
		tb, mb := w.writes(t, "mira@home.example", "two")
		a, b := ta.ContactID, tb.ContactID
		name, other, phone, lang := "Mira Okoye", "M. Okoye", "+4512345678", "da"
		w.update(t, a, contact.Change{Name: &name, Properties: map[string]any{"tier": "gold"}})
		w.update(t, b, contact.Change{Name: &other, Phone: &phone, Language: &lang, Properties: map[string]any{"tier": "silver", "vip": true}})
		before, beforeB := w.get(t, a), w.get(t, b)

		m := w.merge(t, a, b, map[string]string{"name": identity.KeepFrom})
		c := w.get(t, b)
		if c.ID != a || c.Name != other || c.Phone != phone || c.Language != "da" || c.Properties["tier"] != "gold" || c.Properties["vip"] != true || len(c.Addresses) != 3 || c.Email != "mira@work.example" {
			t.Fatalf("merged: %+v", c)
		}
		for table, id := range map[string]int64{"tickets": int64(tb.ID), "threads": int64(mb.ThreadID), "messages": int64(mb.ID)} {
			if got := w.holder(t, table, id); got != a {
				t.Errorf("%s stayed with %d", table, got)
			}
		}
		late, lateMail := w.writes(t, "mira@home.example", "three") // after the merge, from an address that goes back
		stays, _ := w.writes(t, "mira@work.example", "four")
		if late.ContactID != a {
			t.Fatal("mail to a merged contact is the one's that remains")
		}
		sv := "sv"
		w.update(t, a, contact.Change{Language: &sv}) // changed by hand since: kept

		must(t, w.undo(m.ID))
		if desk.ReasonOf(w.undo(m.ID)) != "contact.merge_undone" {
			t.Error("undone twice")
		}
		got, gotB := w.get(t, a), w.get(t, b)
		if got.Name != before.Name || got.Phone != "" || got.Language != "sv" || fmt.Sprint(got.Properties) != fmt.Sprint(before.Properties) || len(got.Addresses) != 1 {
			t.Errorf("the one that remained: %+v", got)
		}
		if gotB.ID != b || gotB.Name != beforeB.Name || gotB.Phone != phone || gotB.Email != "mira@home.example" || len(gotB.Addresses) != 2 || fmt.Sprint(gotB.Properties) != fmt.Sprint(beforeB.Properties) {
			t.Errorf("the one that parted: %+v", gotB)
		}
		for _, x := range []struct {
			table string
			id    int64
			want  desk.ContactID
		}{{"tickets", int64(ta.ID), a}, {"tickets", int64(tb.ID), b}, {"threads", int64(mb.ThreadID), b}, {"messages", int64(mb.ID), b}, {"tickets", int64(late.ID), b},
			{"threads", int64(lateMail.ThreadID), b}, {"messages", int64(lateMail.ID), b}, {"tickets", int64(stays.ID), a}} {
			if got := w.holder(t, x.table, x.id); got != x.want {
				t.Errorf("%s %d is %d's, want %d", x.table, x.id, got, x.want)
			}
		}
		if len(w.EventsOf(desk.EvContactMerged)) != 1 || len(w.EventsOf(desk.EvContactUnmerged)) != 2 {
			t.Error("merge and parting are not told")
		}
	})
}

// What was given to somebody else since stays theirs, and an undone merge gives nothing twice.
func TestUndoLeavesWhatWasGivenAway(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w *world) {
		ta, _ := w.writes(t, "a@x.example", "one")
		tb, _ := w.writes(t, "b@x.example", "two")
		tc, _ := w.writes(t, "c@x.example", "three")
		m := w.merge(t, ta.ContactID, tb.ContactID, nil)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Tickets.Update(ctx, tx, desk.System, tb.ID, ticket.Change{ContactID: &tc.ContactID}); err != nil {
				return err
			}
			if err := w.Contacts.RemoveAddress(ctx, tx, desk.System, ta.ContactID, desk.AddrEmail, "b@x.example"); err != nil {
				return err
			}
			_, err := w.Contacts.AddAddress(ctx, tx, desk.System, tc.ContactID, desk.AddrEmail, "b@x.example", "", contact.SourceAgent)
			return err
		})
		must(t, w.undo(m.ID))
		if got := w.holder(t, "tickets", int64(tb.ID)); got != tc.ContactID {
			t.Errorf("the ticket went to %d", got)
		}
		if b := w.get(t, tb.ContactID); len(b.Addresses) != 0 || b.Email != "" {
			t.Errorf("%+v", b)
		}
	})
}

func TestMergesAtOnceAndChains(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w *world) {
		var ids [3]desk.ContactID
		for i := range ids {
			tk, _ := w.writes(t, fmt.Sprintf("p%d@x.example", i), "hello")
			ids[i] = tk.ContactID
		}
		errs := desktest.Together(w.DB, 4, func(ctx context.Context, tx *db.Tx, i int) error {
			c := identity.MergeCommand{Actor: desk.System, Into: ids[i%2], From: ids[1-i%2]}
			_, err := w.id.Merge(ctx, tx, c)
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if desk.CodeOf(err) != desk.Conflict {
				t.Errorf("%v", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of four merges of the same two contacts were done", won)
		}
		one := w.get(t, ids[0])
		if one.ID != w.get(t, ids[1]).ID || len(one.Addresses) != 2 {
			t.Fatalf("%+v", one)
		}
		if _, err := w.tryMerge(one.ID, ids[1], nil); desk.ReasonOf(err) != "contact.same" {
			t.Errorf("%v", err)
		}
		w.merge(t, ids[2], one.ID, nil)
		if got := w.get(t, ids[0]); got.ID != ids[2] || len(got.Addresses) != 3 {
			t.Fatalf("a chain is followed: %+v", got)
		}
		ms, err := w.id.Merges(context.Background(), w.DB, ids[2])
		must(t, err)
		if len(ms) != 2 {
			t.Errorf("%+v", ms)
		}
	})
}

// Mail that arrives while its sender is merged and parted is never filed under a contact that is part of another.
func TestMergeMeetsMail(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w *world) {
		ta, _ := w.writes(t, "a@x.example", "one")
		tb, _ := w.writes(t, "b@x.example", "two")
		in := w.Helpdesk().ID
		errs := desktest.Together(w.DB, 6, func(ctx context.Context, tx *db.Tx, i int) error {
			if i == 0 {
				_, err := w.id.Merge(ctx, tx, identity.MergeCommand{Actor: desk.System, Into: ta.ContactID, From: tb.ContactID})
				return err
			}
			c, _, err := w.Contacts.Resolve(ctx, tx, desk.Party{Kind: desk.AddrEmail, Address: "b@x.example"}, contact.SourceInbound, w.Clock.Ms())
			if err != nil {
				return err
			}
			_, err = w.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: desk.System, Subject: "x", InboxID: in, ContactID: c.ID})
			return err
		})
		for _, err := range errs {
			must(t, err)
		}
		n, err := db.One(context.Background(), w.DB, db.Column[int], "SELECT COUNT(*) FROM tickets WHERE contact_id = $1", tb.ContactID)
		must(t, err)
		if n != 0 {
			t.Errorf("%d tickets are filed under the contact that was merged away", n)
		}
	})
}

// The model: every address is an atom with its mail; a merge hangs one root under another, a parting takes it off. Whatever order they come in, everything
// an atom's address sent is filed under the root above it.
func TestPropertyMergesAndPartingsEndWhereAModelSays(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(7, 8))
		const atoms = 4
		type item struct {
			atom  int
			table string
			id    int64
		}
		var contacts [atoms]desk.ContactID
		var parent [atoms]int // -1: a root
		var items []item
		at := func(i int) string { return fmt.Sprintf("atom%d@x.example", i) }
		send := func(i int) {
			tk, m := w.writes(t, at(i), "hello")
			items = append(items, item{i, "tickets", int64(tk.ID)}, item{i, "threads", int64(m.ThreadID)}, item{i, "messages", int64(m.ID)})
			if contacts[i] == 0 {
				contacts[i] = tk.ContactID
			}
		}
		root := func(i int) int {
			for parent[i] >= 0 {
				i = parent[i]
			}
			return i
		}
		for i := range atoms {
			parent[i] = -1
			send(i)
		}
		merges := map[int]desk.MergeID{} // by the atom that was merged away
		var story []string
		for step := range 90 {
			switch a, b := rng.IntN(atoms), rng.IntN(atoms); rng.IntN(5) {
			case 0:
				send(a)
				story = append(story, fmt.Sprint("mail ", a))
				if rng.IntN(2) == 0 { // an answer by another atom in the newest thread, which stays where it is
					last := desk.ThreadID(items[len(items)-2].id)
					th, err := w.Threads.Get(context.Background(), w.DB, last)
					must(t, err)
					who := w.Contact(at(b))
					m := w.Message(th, func(m *desk.Message) { m.From, m.ContactID = desk.Party{Address: at(b)}, who.ID })
					items = append(items, item{b, "messages", int64(m.ID)})
				}
			case 1, 2:
				if into, from := root(a), root(b); into != from {
					merges[from] = w.merge(t, contacts[into], contacts[from], nil).ID
					parent[from] = into
					story = append(story, fmt.Sprint("merge ", from, " into ", into))
				}
			default:
				if id, ok := merges[a]; ok {
					must(t, w.undo(id))
					parent[a] = -1
					delete(merges, a)
					story = append(story, fmt.Sprint("part ", a))
				}
			}
			held := w.holders(t)
			for _, it := range items {
				if got, want := held[it.table][it.id], contacts[root(it.atom)]; got != want {
					t.Fatalf("step %d: %s of atom %d is %d's, want %d\n%s", step, it.table, it.atom, got, want, strings.Join(story, "\n"))
				}
			}
			for i := range atoms {
				if c := w.get(t, contacts[i]); c.ID != contacts[root(i)] {
					t.Fatalf("step %d: atom %d leads to %d\n%s", step, i, c.ID, strings.Join(story, "\n"))
				}
				held, ok, err := w.Contacts.ByAddress(context.Background(), w.DB, desk.AddrEmail, at(i))
				must(t, err)
				if !ok || held.ID != contacts[root(i)] {
					t.Fatalf("step %d: the address of atom %d is %d's\n%s", step, i, held.ID, strings.Join(story, "\n"))
				}
			}
		}
	})
}

func (w *world) person(t testing.TB, name string, addresses ...desk.Address) desk.Contact {
	t.Helper()
	var c desk.Contact
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		if c, err = w.Contacts.Create(ctx, tx, desk.System, contact.Fields{Name: name}, contact.SourceImport); err != nil {
			return err
		}
		for _, a := range addresses {
			if _, err := w.Contacts.AddAddress(ctx, tx, desk.System, c.ID, a.Kind, a.Value, "", contact.SourceImport); err != nil {
				return err
			}
		}
		return nil
	})
	return w.get(t, c.ID)
}

func mail(v string) desk.Address  { return desk.Address{Kind: desk.AddrEmail, Value: v} }
func phone(v string) desk.Address { return desk.Address{Kind: desk.AddrPhone, Value: v} }
func as(kind desk.AddressKind, v string) desk.Address {
	return desk.Address{Kind: kind, Value: v}
}

func TestDuplicatesAreSuggestedWithReasons(t *testing.T) { // CR-03, FB-28, CR-12
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		mira := w.person(t, "Mira Okoye", mail("mira.okoye@gmail.com"), phone("+4512345678"))
		tagged := w.person(t, "shopper", mail("miraokoye+shop@googlemail.com"))
		messenger := w.person(t, "someone", as("some_messenger", "4512345678"))
		page1 := w.person(t, "Åse Lund Berg", as("page_scoped", "1111222233334444"))
		page2 := w.person(t, "Berg, Åse Lund", as("page_scoped", "5555666677778888"))
		work := w.person(t, "Jón Smith", mail("jon@acme.example"))
		workToo := w.person(t, "Jon Smith", mail("smith@acme.example"))
		w.person(t, "Jon Smith", mail("jon@gmail.com")) // the same name elsewhere is nobody's duplicate
		suggested := func(id desk.ContactID) map[desk.ContactID]string {
			found, err := w.id.Duplicates(ctx, w.DB, id)
			must(t, err)
			out := map[desk.ContactID]string{}
			for _, x := range found {
				out[x.Contact.ID] = x.Reasons[0].Kind
				if x.Score < 60 || x.Score > 99 {
					t.Errorf("score %d", x.Score)
				}
			}
			return out
		}
		if got := suggested(mira.ID); len(got) != 2 || got[tagged.ID] != "mailbox" || got[messenger.ID] != "value" {
			t.Errorf("%v", got)
		}
		if got := suggested(page1.ID); len(got) != 1 || got[page2.ID] != "name" {
			t.Errorf("two pages, one person: %v", got)
		}
		if got := suggested(work.ID); len(got) != 1 || got[workToo.ID] != "name_domain" {
			t.Errorf("%v", got)
		}
		must(t, w.id.Look(ctx))
		queue, err := w.id.Queue(ctx, w.DB, "", 2)
		must(t, err)
		rest, err := w.id.Queue(ctx, w.DB, queue.Next, 100)
		must(t, err)
		if len(queue.Items) != 2 || len(rest.Items) != 2 || queue.Items[0].Score < rest.Items[1].Score {
			t.Fatalf("queue of %d and %d", len(queue.Items), len(rest.Items))
		}
		// Dismissed is remembered, also after the contact changed; a merge never happens by itself.
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.id.Dismiss(ctx, tx, desk.System, page2.ID, page1.ID, true)
		})
		lang := "nb"
		w.update(t, page1.ID, contact.Change{Language: &lang})
		must(t, w.id.Look(ctx))
		if got := suggested(page1.ID); len(got) != 0 {
			t.Errorf("dismissed and suggested again: %v", got)
		}
		m := w.merge(t, mira.ID, tagged.ID, nil)
		if len(m.Reasons) == 0 || m.Reasons[0].Kind != "mailbox" {
			t.Errorf("the merge does not keep its evidence: %+v", m)
		}
		all, err := w.id.Queue(ctx, w.DB, "", 100)
		must(t, err)
		for _, p := range all.Items {
			if p.A.ID == tagged.ID || p.B.ID == tagged.ID || p.A.ID == page1.ID {
				t.Errorf("still in the queue: %+v", p)
			}
		}
		if w.get(t, messenger.ID).ID != messenger.ID {
			t.Error("merged by itself")
		}
	})
}

// What a hundred share says nothing about any two of them, and costs nothing.
func TestCommonKeysSuggestNothing(t *testing.T) { // FB-28
	each(t, func(t *testing.T, w *world) {
		var last desk.Contact
		for i := range 40 {
			last = w.person(t, "Info Desk", as("page_scoped", fmt.Sprintf("id-%08d", i)))
		}
		got, err := w.id.Duplicates(context.Background(), w.DB, last.ID)
		must(t, err)
		if len(got) != 0 {
			t.Errorf("%d suggestions", len(got))
		}
	})
}

func TestForwardedMailIsEvidence(t *testing.T) { // CR-05
	each(t, func(t *testing.T, w *world) {
		a := w.person(t, "Mira Okoye", mail("mira@work.example"))
		b := w.person(t, "Mira Okoye", mail("mira@gmail.com"))
		none, err := w.id.Duplicates(context.Background(), w.DB, a.ID)
		must(t, err)
		if len(none) != 0 {
			t.Fatalf("%+v", none)
		}
		tk := w.Ticket(func(n *ticket.NewTicket) { n.ContactID = a.ID })
		w.Message(w.Thread(tk, w.acc), func(m *desk.Message) {
			m.Forward = &desk.Forward{Is: true, By: desk.Party{Address: "mira@gmail.com"}, Original: desk.Party{Address: "Mira@work.example"}, Used: "original"}
		})
		got, err := w.id.Duplicates(context.Background(), w.DB, b.ID)
		must(t, err)
		if len(got) != 1 || got[0].Contact.ID != a.ID || got[0].Reasons[0].Kind != "forwarded" {
			t.Fatalf("%+v", got)
		}
	})
}

func TestDeletedContactsCanBeRestoredForAWhile(t *testing.T) { // CR-14
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		tk, _ := w.writes(t, "mira@x.example", "hello")
		del := func(restore bool) {
			w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				if restore {
					_, err = w.Contacts.Restore(ctx, tx, desk.System, tk.ContactID)
				} else {
					_, err = w.Contacts.Delete(ctx, tx, desk.System, tk.ContactID)
				}
				return err
			})
		}
		found := func(f contact.Filter) int {
			p, err := w.Contacts.List(ctx, w.DB, f)
			must(t, err)
			return len(p.Items)
		}
		del(false)
		if _, err := w.Contacts.Get(ctx, w.DB, tk.ContactID); desk.CodeOf(err) != desk.NotFound || found(contact.Filter{Query: "mira"}) != 0 || found(contact.Filter{Deleted: true}) != 1 {
			t.Fatal("deleted is still found")
		}
		del(true)
		if c := w.get(t, tk.ContactID); c.Email != "mira@x.example" || found(contact.Filter{Query: "mira"}) != 1 {
			t.Fatalf("%+v", c)
		}
		del(false)
		w.id.Keep = 1
		w.Clock.Advance(time.Second)
		must(t, w.id.Expire(ctx))
		if _, err := w.Contacts.Kept(ctx, w.DB, tk.ContactID); desk.CodeOf(err) != desk.NotFound || found(contact.Filter{Deleted: true}) != 0 {
			t.Error("kept beyond its time")
		}
		got, err := w.Threads.MessagesOfTicket(ctx, w.DB, tk.ID, thread.Page{})
		must(t, err)
		if len(got) != 1 || got[0].Text != "hello" {
			t.Error("a deletion took what was said")
		}
	})
}
