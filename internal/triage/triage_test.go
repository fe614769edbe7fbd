package triage_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/triage"
)

// letters is a channel whose raw items are Inbounds in JSON; a token is "tok" and the thread's id.
type letters struct{ desktest.Post }

func (letters) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var in channel.Inbound
	err := json.Unmarshal(raw.Body, &in)
	return []channel.Inbound{in}, err
}

func (letters) SignToken(id desk.ThreadID) string { return "tok" + id.String() }

func (letters) VerifyToken(tok string) (desk.ThreadID, bool) {
	id, err := desk.ParseID[desk.ThreadID](strings.TrimPrefix(tok, "tok"))
	return id, err == nil && strings.HasPrefix(tok, "tok")
}

// bench is a desk with triage and intake.
type bench struct {
	*desktest.Desk
	triage  *triage.Service
	intake  *intake.Service
	jobs    *job.Queue
	support desk.ChannelAccount
	ann     desk.User
	by      desk.Actor
}

func each(t *testing.T, fn func(t *testing.T, b *bench)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d, letters{})
		blobs, err := blob.Disk(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		jobs := job.New(d, k.Clock, nil, job.Options{})
		senders := spam.New(d, k.Clock, k.Events)
		b := &bench{Desk: k, jobs: jobs, support: k.Account(desktest.At("support@acme.example")), ann: k.User(desktest.Named("Ann Holm"))}
		b.by = desk.ByUser(b.ann.ID)
		b.triage = triage.New(triage.Deps{DB: d, Clock: k.Clock, Jobs: jobs, People: k.People, Inboxes: k.Inboxes, Threads: k.Threads, Tickets: k.Tickets, Assign: k.Assignment, Senders: senders})
		b.intake = intake.New(intake.Deps{DB: d, Clock: k.Clock, Registry: k.Channels, Blobs: blobs, Events: k.Events, Jobs: jobs, Contacts: k.Contacts, Threads: k.Threads,
			Tickets: k.Tickets, Inbox: k.Inboxes, Assign: k.Assignment, Sieve: senders})
		fn(t, b)
	})
}

// mail delivers a mail to an account and returns what it became. refs are nearest first; what begins with tok is a token.
func (b *bench) mail(acc desk.ChannelAccount, id, from string, refs ...string) desk.Message {
	b.T.Helper()
	in := channel.Inbound{Kind: channel.InMessage, RemoteID: id, From: desk.Party{Address: from}, Sender: desk.Party{Address: from}, To: []desk.Party{{Address: acc.Address}},
		Subject: "About " + id, Text: "Words of " + id, Disposition: desk.DispNormal}
	for _, r := range refs {
		if strings.HasPrefix(r, "tok") {
			in.Tokens = append(in.Tokens, r)
			continue
		}
		in.Refs = append(in.Refs, r)
	}
	if len(in.Refs) > 0 {
		in.InReplyTo = in.Refs[:1]
	}
	sum := sha256.Sum256([]byte(id))
	in.ContentHash = hex.EncodeToString(sum[:])
	body, err := json.Marshal(in)
	if err != nil {
		b.T.Fatal(err)
	}
	raw := channel.Raw{Channel: acc.Channel, Account: acc.ID, Dedupe: id, Body: body, At: time.Now()}
	if err := b.intake.Deliver(context.Background(), []channel.Raw{raw}); err != nil {
		b.T.Fatal(err)
	}
	var m desk.MessageID
	if err := b.DB.QueryRow(context.Background(), "SELECT COALESCE(MAX(id), 0) FROM messages WHERE remote_id = $1", id).Scan(&m); err != nil || m == 0 {
		b.T.Fatalf("the mail %s was not filed: %v", id, err)
	}
	return b.message(m)
}

func (b *bench) message(id desk.MessageID) desk.Message {
	b.T.Helper()
	return desktest.Must[desk.Message](b.T)(b.Threads.Message(context.Background(), b.DB, id))
}

func (b *bench) ticket(id desk.TicketID) desk.Ticket {
	b.T.Helper()
	return desktest.Must[desk.Ticket](b.T)(b.Tickets.Get(context.Background(), b.DB, id))
}

func (b *bench) merge(from, into desk.TicketID) ticket.Merge {
	b.T.Helper()
	var m ticket.Merge
	b.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		m, err = b.triage.Merge(ctx, tx, b.by, from, into)
		return err
	})
	return m
}

func (b *bench) unmerge(id desk.MergeID) triage.Unmerged {
	b.T.Helper()
	var u triage.Unmerged
	b.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		u, err = b.triage.UndoMerge(ctx, tx, b.by, id)
		return err
	})
	return u
}

// where fails unless messages belong to a ticket.
func (b *bench) where(what string, want desk.TicketID, ms ...desk.Message) {
	b.T.Helper()
	for _, m := range ms {
		if got := b.message(m.ID); got.TicketID != want {
			b.T.Errorf("%s: %s is of ticket %d, not %d", what, m.RemoteID, got.TicketID, want)
		}
	}
}

// tallies fails unless what lists show is what the messages say.
func (b *bench) tallies(ids ...desk.TicketID) {
	b.T.Helper()
	for _, id := range ids {
		t := b.ticket(id)
		a := desktest.Must[desk.Tally](b.T)(b.Threads.Tally(context.Background(), b.DB, id, t.CreatedAt))
		if t.MessageCount != a.Count || t.LastInbound != a.LastInbound || t.Snippet != ticket.Snippet(a.Last) {
			b.T.Errorf("ticket %d shows %d messages, %q; there are %d, %q", t.Number, t.MessageCount, t.Snippet, a.Count, ticket.Snippet(a.Last))
		}
	}
}

func followers(b *bench, id desk.TicketID) string {
	b.T.Helper()
	return fmt.Sprint(desktest.Must[[]desk.UserID](b.T)(b.Tickets.Followers(context.Background(), b.DB, id)))
}

func (b *bench) snooze(id desk.TicketID, until desk.Time) error {
	return b.Try(func(ctx context.Context, tx *db.Tx) error { return b.triage.Snooze(ctx, tx, b.by, id, until) })
}

func TestATicketRestsUntilItsTime(t *testing.T) { // WS-16
	each(t, func(t *testing.T, b *bench) {
		m := b.mail(b.support, "one", "mira@x.example")
		until := b.Clock.Ms().Add(3 * time.Hour)
		for reason, at := range map[string]desk.Time{"snooze.past": b.Clock.Ms().Add(-time.Hour), "snooze.too_far": b.Clock.Ms().Add(6 * 365 * 24 * time.Hour)} {
			if err := b.snooze(m.TicketID, at); desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
		for range 2 { // again is nothing
			if err := b.snooze(m.TicketID, until); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.ticket(m.TicketID); !got.Snoozed || got.SnoozedUntil != until || got.SnoozedBy != b.ann.ID || len(b.EventsOf(desk.EvTicketSnoozed)) != 1 {
			t.Fatalf("%+v", got)
		}
		later := until.Add(time.Hour)
		if err := b.snooze(m.TicketID, later); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); b.jobs.Run(ctx) }()
		defer func() { stop(); <-done }()
		b.Clock.Advance(3*time.Hour + time.Minute) // the first time has passed: it was moved
		waitFor(t, func() bool { return b.count("SELECT COUNT(*) FROM jobs WHERE kind = 'ticket.wake'") == 1 })
		if got := b.ticket(m.TicketID); !got.Snoozed {
			t.Fatal("the time that was moved woke it")
		}
		b.Clock.Advance(time.Hour)
		waitFor(t, func() bool { return !b.ticket(m.TicketID).Snoozed })
		evs := b.EventsOf(desk.EvTicketWoken)
		if got := b.ticket(m.TicketID); len(evs) != 1 || !strings.Contains(string(evs[0].Data), `"reason":"time"`) || evs[0].UserID != b.ann.ID || got.LastActivity < later {
			t.Fatalf("%+v %+v", evs, got)
		}
	})
}

func TestWhatEndsARest(t *testing.T) { // WS-16
	each(t, func(t *testing.T, b *bench) {
		m := b.mail(b.support, "one", "mira@x.example")
		rest := func() {
			t.Helper()
			if err := b.snooze(m.TicketID, 0); err != nil {
				t.Fatal(err)
			}
		}
		rest()
		b.mail(b.support, "two", "mira@x.example", "one")
		if got := b.ticket(m.TicketID); got.Snoozed || !strings.Contains(string(b.EventsOf(desk.EvTicketWoken)[0].Data), `"reason":"reply"`) {
			t.Fatal("the customer's word did not wake it")
		}
		rest()
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Tickets.Close(ctx, tx, b.by, m.TicketID, "")
			return err
		})
		if b.ticket(m.TicketID).Snoozed {
			t.Fatal("a closed ticket rests")
		}
		if err := b.snooze(m.TicketID, 0); desk.ReasonOf(err) != "ticket.closed" {
			t.Fatalf("err = %v", err)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Tickets.Reopen(ctx, tx, b.by, m.TicketID, "")
			return err
		})
		if err := b.snooze(m.TicketID, b.Clock.Ms().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		b.Clock.Advance(2 * time.Hour)
		if err := b.triage.WakeDue(context.Background()); err != nil || b.ticket(m.TicketID).Snoozed {
			t.Fatalf("what lost its job was not woken: %v", err)
		}
		rest()
		b.Write(func(ctx context.Context, tx *db.Tx) error { return b.triage.Wake(ctx, tx, b.by, m.TicketID) })
		if b.ticket(m.TicketID).Snoozed {
			t.Fatal("a person did not wake it")
		}
	})
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

func (b *bench) count(query string, args ...any) (n int) {
	b.T.Helper()
	if err := b.DB.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		b.T.Fatal(err)
	}
	return n
}

func TestFollowing(t *testing.T) { // WS-05, WS-15
	each(t, func(t *testing.T, b *bench) {
		m := b.mail(b.support, "one", "mira@x.example")
		bo, quiet := b.User(desktest.Named("Bo Lund")), b.User(desktest.Named("Cy Dahl"))
		follow := func(u desk.User) error {
			return b.Try(func(ctx context.Context, tx *db.Tx) error { return b.triage.Follow(ctx, tx, b.by, m.TicketID, u.ID) })
		}
		for range 2 {
			if err := follow(bo); err != nil {
				t.Fatal(err)
			}
			b.Clock.Advance(time.Second)
		}
		if evs := b.EventsOf(desk.EvTicketFollowed); len(evs) != 1 || evs[0].UserID != bo.ID {
			t.Fatalf("%+v", evs)
		}
		if err := follow(b.User(desktest.Inactive)); desk.ReasonOf(err) != "follow.no_access" {
			t.Fatalf("err = %v", err)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.People.SetPreferences(ctx, tx, desk.ByUser(quiet.ID), quiet.ID, map[string]any{"auto_follow": false})
			return err
		})
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			c, err := b.Threads.Append(ctx, tx, desk.Message{ThreadID: m.ThreadID, Kind: desk.KindComment, Actor: b.by, Text: "Hm.", Mentions: []desk.UserID{quiet.ID}})
			if err != nil {
				return err
			}
			return b.triage.AutoFollow(ctx, tx, c)
		})
		if got := followers(b, m.TicketID); got != fmt.Sprint([]desk.UserID{bo.ID, b.ann.ID}) {
			t.Fatalf("followers %s: who comments follows, who switched it off does not", got)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error { return b.triage.Unfollow(ctx, tx, b.by, m.TicketID, bo.ID) })
		if got := followers(b, m.TicketID); got != fmt.Sprint([]desk.UserID{b.ann.ID}) {
			t.Fatalf("followers %s", got)
		}
	})
}

func TestTransferWithANote(t *testing.T) { // WS-26
	each(t, func(t *testing.T, b *bench) {
		m := b.mail(b.support, "one", "mira@x.example")
		bo := b.User(desktest.Named("Bo Lund"))
		give := func(owner desk.UserID, note string) error {
			return b.Try(func(ctx context.Context, tx *db.Tx) error {
				return b.triage.Transfer(ctx, tx, b.by, m.TicketID, owner, 0, note)
			})
		}
		if err := give(0, "x"); desk.ReasonOf(err) != "transfer.nobody" {
			t.Fatalf("err = %v", err)
		}
		gone := b.User(desktest.Inactive)
		if err := give(gone.ID, "Never said."); err == nil || b.count("SELECT COUNT(*) FROM messages WHERE kind = 'comment'") != 0 {
			t.Fatalf("a refused transfer left its note: %v", err)
		}
		if err := give(bo.ID, "She waits for the **invoice**."); err != nil {
			t.Fatal(err)
		}
		if got := b.ticket(m.TicketID); got.OwnerID != bo.ID || b.count("SELECT COUNT(*) FROM messages WHERE kind = 'comment' AND ticket_id = $1", m.TicketID) != 1 {
			t.Fatalf("%+v", got)
		}
	})
}

func TestSpamAndTheWayBack(t *testing.T) { // TK-14, EM-35, WS-29
	each(t, func(t *testing.T, b *bench) {
		m := b.mail(b.support, "one", "shop@loud.example")
		mark := func(block string) (value string) {
			t.Helper()
			b.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				value, err = b.triage.MarkSpam(ctx, tx, b.by, m.TicketID, block)
				return err
			})
			return value
		}
		if got := mark(triage.BlockDomain); got != "loud.example" || b.ticket(m.TicketID).Hidden != desk.HiddenSpam {
			t.Fatalf("blocked %q", got)
		}
		if other := b.mail(b.support, "two", "news@loud.example"); b.ticket(other.TicketID).Hidden != desk.HiddenSpam {
			t.Fatal("the domain still gets through")
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			return b.triage.NotSpam(ctx, tx, b.by, m.TicketID, false, true)
		})
		if other := b.mail(b.support, "three", "news@loud.example"); b.ticket(m.TicketID).Hidden != "" || b.ticket(other.TicketID).Hidden != "" {
			t.Fatal("it did not come back, or the rule stayed")
		}
		if got := mark(triage.BlockSender); got != "shop@loud.example" {
			t.Fatalf("blocked %q", got)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			return b.triage.NotSpam(ctx, tx, b.by, m.TicketID, true, false)
		})
		if b.count("SELECT COUNT(*) FROM sender_rules WHERE action = 'allow' AND value = 'shop@loud.example'") != 1 || b.count("SELECT COUNT(*) FROM sender_rules") != 1 {
			t.Fatal("the sender is not allowed now")
		}
		created := b.ticket(m.TicketID).CreatedAt
		b.Write(func(ctx context.Context, tx *db.Tx) error { return b.triage.Trash(ctx, tx, b.by, m.TicketID) })
		b.Write(func(ctx context.Context, tx *db.Tx) error { return b.triage.Restore(ctx, tx, b.by, m.TicketID) })
		if got := b.ticket(m.TicketID); got.Hidden != "" || got.CreatedAt != created || len(b.EventsOf(desk.EvTicketRestored)) != 1 {
			t.Fatalf("%+v", got)
		}
	})
}

func TestConversationsWithoutATicket(t *testing.T) { // IH-01, TK-16
	each(t, func(t *testing.T, b *bench) {
		board := b.Inbox("board", desk.Access{Users: []desk.UserID{b.ann.ID}})
		acc := b.Account(desktest.In(board), desktest.At("board@acme.example"))
		m := b.mail(acc, "one", "mira@x.example")
		bo := b.User(desktest.Named("Bo Lund"))
		if m.TicketID != 0 {
			t.Fatal("it has a ticket")
		}
		get := func() desk.Thread {
			return desktest.Must[desk.Thread](t)(b.Threads.Get(context.Background(), b.DB, m.ThreadID))
		}
		assign := func(u desk.UserID) error {
			return b.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := b.triage.AssignThread(ctx, tx, b.by, m.ThreadID, u, 0)
				return err
			})
		}
		if err := assign(bo.ID); desk.ReasonOf(err) != "assign.no_access" {
			t.Fatalf("err = %v", err)
		}
		if err := assign(b.ann.ID); err != nil || get().OwnerID != b.ann.ID {
			t.Fatal("it was not assigned", err)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.TurnThread(ctx, tx, b.by, m.ThreadID, false)
			return err
		})
		if get().Open {
			t.Fatal("it is open")
		}
		b.mail(acc, "two", "mira@x.example", "one")
		if !get().Open {
			t.Fatal("an answer did not open it again")
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.HideThread(ctx, tx, b.by, m.ThreadID, desk.HiddenTrash, "")
			return err
		})
		block := func(fn func(ctx context.Context, tx *db.Tx) error, want int) {
			t.Helper()
			b.Write(fn)
			if n, err := db.One(context.Background(), b.DB, db.Column[int], "SELECT COUNT(*) FROM sender_rules WHERE action = 'deny'"); err != nil || n != want {
				t.Fatalf("%d senders are denied, want %d (%v)", n, want, err)
			}
		}
		restore := func(unblock bool) func(ctx context.Context, tx *db.Tx) error {
			return func(ctx context.Context, tx *db.Tx) error {
				_, err := b.triage.RestoreThread(ctx, tx, b.by, m.ThreadID, unblock)
				return err
			}
		}
		block(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.HideThread(ctx, tx, b.by, m.ThreadID, desk.HiddenSpam, triage.BlockSender)
			return err
		}, 1)
		block(restore(false), 1)
		block(restore(true), 0) // EM-36: what blocking denied is let through again when asked
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.HideThread(ctx, tx, b.by, m.ThreadID, desk.HiddenTrash, "")
			return err
		})
		b.mail(acc, "three", "mira@x.example", "two")
		if got := get(); got.Hidden != "" || got.MessageCount != 3 {
			t.Fatalf("who writes again brings it back: %+v", got)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.MoveThread(ctx, tx, b.by, m.ThreadID, b.Helpdesk().ID)
			return err
		})
		if got := get(); got.TicketID == 0 || b.ticket(got.TicketID).MessageCount != 3 {
			t.Fatalf("a help desk works by tickets: %+v", got)
		}
		if got := b.ticket(get().TicketID); got.OwnerID != b.ann.ID { // IH-10; one owner, the ticket's (IH-07)
			t.Fatalf("who had the conversation does not have its ticket: %+v", got.Assignment)
		}
		if four := b.mail(acc, "four", "mira@x.example", "three"); four.TicketID != get().TicketID {
			t.Fatal("an answer went astray after the move")
		}
	})
}

// IH-10: who has a conversation keeps it in another inbox that they see, and loses it in one that they do not.
func TestAConversationThatMovesKeepsItsOwnerWhoSeesIt(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		bo := b.User(desktest.Named("Bo Lund"))
		acc := b.Account(desktest.In(b.Inbox("board")), desktest.At("board@acme.example"))
		m := b.mail(acc, "one", "mira@x.example")
		move := func(to desk.Inbox) desk.Thread {
			b.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := b.triage.MoveThread(ctx, tx, b.by, m.ThreadID, to.ID)
				return err
			})
			return desktest.Must[desk.Thread](t)(b.Threads.Get(context.Background(), b.DB, m.ThreadID))
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.AssignThread(ctx, tx, b.by, m.ThreadID, bo.ID, 0)
			return err
		})
		if th := move(b.Inbox("sales")); th.OwnerID != bo.ID || th.TicketID != 0 {
			t.Errorf("the owner is lost: %+v", th)
		}
		if th := move(b.Inbox("boss", desk.Access{Users: []desk.UserID{b.ann.ID}})); th.OwnerID != 0 {
			t.Errorf("somebody has what they do not see: %+v", th)
		}
	})
}
