package purge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/blobgc"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/ticket"
)

type world struct {
	*desktest.Desk
	t      testing.TB
	intake *intake.Service
	blobs  blob.Store
	purge  *purge.Service
	search *search.Service
	acc    desk.ChannelAccount
}

var ctx = context.Background()

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := email.New(email.Options{Hostname: desktest.Host, TokenKey: []byte("a key of this test, long enough.")})
		w := &world{Desk: desktest.New(t, d, a), t: t}
		var err error
		if w.blobs, err = blob.Disk(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		w.acc = w.Account(desktest.At("support@acme.example"))
		w.intake = intake.New(intake.Deps{
			DB: d, Clock: w.Clock, Registry: w.Channels, Blobs: w.blobs, Events: w.Events, Jobs: job.New(d, w.Clock, nil, job.Options{}),
			Contacts: w.Contacts, Threads: w.Threads, Tickets: w.Tickets, Inbox: w.Inboxes, Assign: w.Assignment,
		})
		w.search = search.New(d, w.Events, nil)
		w.purge = purge.New(purge.Deps{
			DB: d, Clock: w.Clock, Events: w.Events, Threads: w.Threads, Tickets: w.Tickets, Journal: w.intake, Spam: 90 * 24 * time.Hour, Trash: 30 * 24 * time.Hour,
		})
		fn(t, w)
	})
}

// eml delivers a mail and returns its ticket.
func (w *world) eml(id string, more ...string) desk.Ticket {
	w.t.Helper()
	text := fmt.Sprintf("From: Mira <mira@home.example>\r\nTo: support@acme.example\r\nSubject: Quibberwock %s\r\nMessage-ID: <%s@home.example>\r\n%s\r\n\r\nThe quibberwock came.\r\n", id, id, strings.Join(more, "\r\n"))
	raw := channel.Raw{Account: w.acc.ID, Channel: w.acc.Channel, Body: []byte(strings.ReplaceAll(text, "\r\n\r\n\r\n", "\r\n\r\n")), At: w.Clock.Ms().Time(),
		Envelope: channel.Envelope{From: "mira@home.example", To: []string{w.acc.Address}}}
	raw.Dedupe = email.DedupeKey(raw)
	if err := w.intake.Deliver(ctx, []channel.Raw{raw}); err != nil {
		w.t.Fatal(err)
	}
	id64 := w.number("SELECT COALESCE(MAX(ticket_id), 0) FROM messages WHERE remote_id = $1", id+"@home.example")
	if id64 == 0 {
		return desk.Ticket{}
	}
	return desktest.Must[desk.Ticket](w.t)(w.Tickets.Get(ctx, w.DB, desk.TicketID(id64)))
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) hide(t desk.Ticket, h desk.Hidden) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Tickets.Update(ctx, tx, desk.System, t.ID, ticket.Change{Hidden: &h})
		return err
	})
}

func (w *world) later(d time.Duration) { w.Clock.Set(w.Clock.Now().Add(d)) }

func (w *world) erase(id desk.TicketID) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		return w.purge.Ticket(ctx, tx, desk.System, id, purge.Person)
	})
}

func (w *world) indexed() {
	w.t.Helper()
	for {
		if w.DB.Dialect() == db.Postgres {
			w.number("SELECT 1")
		}
		more, err := w.search.Step(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if behind, _, _ := w.search.Behind(ctx); !more && behind == 0 {
			return
		}
	}
}

// CR-14, WS-29: of a ticket that is erased nothing is left but its number: no row, no original, no word in an event, no document of the search, no file.
func TestNothingIsLeftOfAnErasedTicket(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stop, run := context.WithCancel(ctx)
		defer run()
		go w.Events.Run(stop)
		ann := w.User(desktest.Named("Ann Holm"))
		one := w.eml("one", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: text/plain", "", "See the quibberwock.", "--x",
			"Content-Type: application/pdf; name=quibberwock.pdf", "Content-Disposition: attachment; filename=quibberwock.pdf", "Content-Transfer-Encoding: base64", "", "cXVpYmJlcndvY2s=", "--x--")
		stays := w.eml("stays")
		th := desktest.Must[[]desk.Thread](t)(w.Threads.OfTicket(ctx, w.DB, one.ID))[0]
		w.Message(th, func(m *desk.Message) {
			m.Kind, m.Direction, m.Actor, m.Text, m.Mentions = desk.KindComment, "", desk.ByUser(ann.ID), "What is a quibberwock?", []desk.UserID{ann.ID}
		})
		shell := w.Ticket(func(n *ticket.NewTicket) { n.Subject = "A quibberwock merged into the first" })
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Threads.SaveDraft(ctx, tx, desk.Draft{UserID: ann.ID, TicketID: one.ID, ThreadID: th.ID, Kind: "reply", Text: "Dear quibberwock"}); err != nil {
				return err
			}
			if err := w.Tickets.Absorb(ctx, tx, desk.System, shell.ID, one.ID, "test"); err != nil {
				return err
			}
			return w.Tickets.Link(ctx, tx, desk.TicketLink{TicketID: stays.ID, OtherID: one.ID, Kind: ticket.LinkRelated})
		})
		w.indexed()
		viewer := w.Viewer(w.User(desktest.Role(desk.RoleOwner)))
		if r, err := w.search.Search(ctx, viewer, "quibberwock", search.Options{}); err != nil || len(r.Hits) < 5 {
			t.Fatalf("found before: %+v %v", r.Hits, err)
		}
		newest := w.Ticket()

		w.erase(one.ID)
		w.erase(newest.ID)

		for _, q := range []string{
			"SELECT COUNT(*) FROM tickets WHERE id = $1 OR merged_into = $1", "SELECT COUNT(*) FROM threads WHERE ticket_id = $1", "SELECT COUNT(*) FROM messages WHERE ticket_id = $1",
			"SELECT COUNT(*) FROM drafts WHERE ticket_id = $1", "SELECT COUNT(*) FROM mentions WHERE ticket_id = $1", "SELECT COUNT(*) FROM ticket_links WHERE other_id = $1 OR ticket_id = $1",
			"SELECT COUNT(*) FROM inbound_raw WHERE ticket_id = $1", "SELECT COUNT(*) FROM attachments WHERE message_id <> 0 AND CAST($1 AS BIGINT) > 0",
		} {
			if n := w.number(q, one.ID); n != 0 {
				t.Errorf("%s: %d", q, n)
			}
		}
		for _, q := range []string{"message_refs", "thread_parties"} {
			if n := w.number("SELECT COUNT(*) FROM "+q+" WHERE thread_id = $1", th.ID); n != 0 {
				t.Errorf("%s: %d", q, n)
			}
		}
		for _, ev := range w.EventsOf("") {
			if ev.TicketID != stays.ID && ev.ThreadID == th.ID && strings.Contains(string(ev.Data), "uibber") || ev.TicketID == one.ID && strings.Contains(string(ev.Data), "uibber") {
				t.Errorf("an event still says it: %s %s", ev.Type, ev.Data)
			}
		}
		if n := w.number("SELECT COUNT(*) FROM inbound_raw WHERE reason = 'Erased for good.' AND size > 0 AND LENGTH(body) = 0 AND envelope = '{}'"); n != 1 {
			t.Errorf("originals forgotten: %d", n)
		}
		var purged struct {
			Number   int64
			Messages []desk.MessageID
		}
		evs := w.EventsOf(desk.EvTicketPurged)
		if len(evs) != 3 || json.Unmarshal(evs[1].Data, &purged) != nil || purged.Number != one.Number || len(purged.Messages) != 2 {
			t.Errorf("purged: %d %+v", len(evs), purged)
		}
		w.indexed()
		r, err := w.search.Search(ctx, viewer, "quibberwock", search.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range r.Hits {
			if h.TicketID != stays.ID && h.Kind != "contact" {
				t.Errorf("still found: %+v", h)
			}
		}
		if next := w.Ticket(); next.Number <= newest.Number {
			t.Errorf("the number %d of an erased ticket was given again", next.Number)
		}
		w.later(48 * time.Hour)
		gc := blobgc.New(w.DB, w.blobs, -time.Hour, nil)
		if rep, err := gc.Collect(ctx); err != nil || rep.Deleted != 1 {
			t.Errorf("files: %+v %v", rep, err)
		}
	})
}

// A redelivery of an erased mail ends at its dedupe key, and an answer to it begins a new conversation.
func TestAnErasedMailDoesNotComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := w.eml("one")
		w.erase(one.ID)
		if again := w.eml("one"); again.ID != 0 {
			t.Fatalf("it came back as %d", again.Number)
		}
		if n := w.number("SELECT duplicates FROM inbound_raw"); n != 1 {
			t.Fatalf("redeliveries counted: %d", n)
		}
		answer := w.eml("answer", "In-Reply-To: <one@home.example>")
		if answer.ID == 0 || answer.ID == one.ID {
			t.Fatalf("answer: %+v", answer)
		}
		raw := desk.RawID(w.number("SELECT MIN(id) FROM inbound_raw"))
		if _, err := w.intake.Replay(ctx, raw); err == nil {
			t.Fatal("an erased original was replayed")
		}
	})
}

// EM-36, WS-29: spam is purged after its window and trash after its own, what was taken out in between stays, and a run that is cut off is finished by the next.
func TestHiddenTicketsArePurgedByTheirWindows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		spam, trash, back, open := w.eml("spam"), w.eml("trash"), w.eml("back"), w.eml("open")
		w.hide(spam, desk.HiddenSpam)
		w.hide(trash, desk.HiddenTrash)
		w.hide(back, desk.HiddenTrash)
		w.later(29 * 24 * time.Hour)
		run := func() string {
			t.Helper()
			if err := w.purge.Run(ctx); err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, tk := range []desk.Ticket{spam, trash, back, open} {
				if _, err := w.Tickets.Get(ctx, w.DB, tk.ID); err == nil {
					left = append(left, strings.TrimPrefix(tk.Subject, "Quibberwock "))
				}
			}
			return strings.Join(left, " ")
		}
		if got := run(); got != "spam trash back open" {
			t.Fatal(got)
		}
		w.hide(back, desk.HiddenNo)
		w.later(2 * 24 * time.Hour)
		if got := run(); got != "spam back open" {
			t.Fatalf("after 31 days: %s", got)
		}
		w.later(60 * 24 * time.Hour)
		if got := run(); got != "back open" {
			t.Fatalf("after 91 days: %s", got)
		}
		for range 230 { // more than two looks
			tk := w.Ticket()
			w.hide(tk, desk.HiddenTrash)
		}
		w.later(31 * 24 * time.Hour)
		cut, cancel := context.WithCancel(ctx)
		cancel()
		if err := w.purge.Run(cut); err == nil {
			t.Fatal("a run without time says so")
		}
		if got := run(); got != "back open" || w.number("SELECT COUNT(*) FROM tickets WHERE hidden = 'trash'") != 0 {
			t.Fatalf("left: %s", got)
		}
		if n := len(w.EventsOf(desk.EvTicketPurged)); n != 232 {
			t.Fatalf("%d events", n)
		}
	})
}

// WS-29, EM-36: a conversation without a ticket that has lain long enough in spam or in the trash goes for good, with its words; one that was brought back stays.
func TestHiddenConversationsExpire(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stop, run := context.WithCancel(ctx)
		defer run()
		go w.Events.Run(stop)
		hide := func(th desk.Thread, h desk.Hidden) {
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Threads.Hide(ctx, tx, desk.System, th.ID, h)
				return err
			})
		}
		bare := func(subject string) desk.Thread {
			th := w.Thread(desk.Ticket{InboxID: w.acc.InboxID, ContactID: w.Contact("mira@home.example").ID, Subject: subject}, w.acc)
			w.Message(th, func(m *desk.Message) { m.Text = "quibberwock " + subject })
			return th
		}
		trash, spam, back, open := bare("trash"), bare("spam"), bare("back"), bare("open")
		hide(trash, desk.HiddenTrash)
		hide(spam, desk.HiddenSpam)
		hide(back, desk.HiddenTrash)
		hide(back, desk.HiddenNo)
		left := func(want ...desk.Thread) {
			t.Helper()
			if err := w.purge.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if n := w.number("SELECT COUNT(*) FROM threads"); int(n) != len(want) {
				t.Errorf("%d conversations are left, want %d", n, len(want))
			}
			for _, th := range want {
				if w.number("SELECT COUNT(*) FROM messages WHERE thread_id = $1", th.ID) != 1 {
					t.Errorf("%q is gone", th.Subject)
				}
			}
		}
		w.later(29 * 24 * time.Hour)
		left(trash, spam, back, open)
		w.later(2 * 24 * time.Hour)
		left(spam, back, open)
		w.later(60 * 24 * time.Hour)
		left(back, open)
		if n := w.number("SELECT COUNT(*) FROM messages"); n != 2 {
			t.Errorf("%d messages", n)
		}
		w.indexed()
		r, err := w.search.Search(ctx, w.Viewer(w.User(desktest.Role(desk.RoleOwner))), "quibberwock", search.Options{})
		if err != nil || len(r.Hits) != 2 {
			t.Errorf("found %+v, %v", r.Hits, err)
		}
		if evs := w.EventsOf(desk.EvThreadPurged); len(evs) != 2 || evs[0].ThreadID != trash.ID || !strings.Contains(string(evs[0].Data), `"reason":"trash"`) {
			t.Errorf("%+v", evs)
		}
	})
}
