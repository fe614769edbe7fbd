package thread_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/thread"
)

type world struct {
	k *desktest.Desk
	*thread.Service
	DB  *db.DB
	t   *testing.T
	acc desk.ChannelAccount
}

func each(t *testing.T, fn func(t *testing.T, w world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		fn(t, world{k, thread.New(k.Clock, k.Events), d, t, k.Account()})
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w world) open(subject string) (th desk.Thread) {
	w.t.Helper()
	w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		th, err = w.Open(ctx, tx, desk.System, desk.Thread{InboxID: w.acc.InboxID, AccountID: w.acc.ID, Channel: w.acc.Channel, Subject: subject})
		return err
	})
	return th
}

func (w world) add(m desk.Message) desk.Message {
	w.t.Helper()
	w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		if _, err := w.Lock(ctx, tx, m.ThreadID); err != nil {
			return err
		}
		m, err = w.Append(ctx, tx, m)
		return err
	})
	return m
}

func (w world) outgoing(th desk.Thread, recipients ...string) desk.Message {
	w.t.Helper()
	m := w.add(desk.Message{ThreadID: th.ID, AccountID: th.AccountID, Kind: desk.KindMessage, Direction: desk.Outgoing, Status: desk.StatusQueued, Text: "Hi", RemoteID: fmt.Sprint("out", th.ID, "@desk.example")})
	w.k.Write(func(ctx context.Context, tx *db.Tx) error { return w.CreateDeliveries(ctx, tx, m.ID, recipients) })
	return m
}

func (w world) mark(id desk.MessageID, to string, st desk.DeliveryStatus, detail string) (changed bool) {
	w.t.Helper()
	w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		changed, err = w.MarkStatus(ctx, tx, id, to, st, "", detail)
		return err
	})
	return changed
}

func (w world) message(id desk.MessageID) desk.Message {
	w.t.Helper()
	return desktest.Must[desk.Message](w.t)(w.Message(context.Background(), w.DB, id))
}

func TestMessageTakesTheWorstOfItsRecipients(t *testing.T) { // GEN-23
	each(t, func(t *testing.T, w world) {
		m := w.outgoing(w.open("x"), "a@x.example", "B@x.example", "a@X.example")
		for _, step := range []struct {
			to      string
			st      desk.DeliveryStatus
			detail  string
			changed bool
			message desk.DeliveryStatus
		}{
			{"", desk.StatusSending, "", true, desk.StatusSending},
			{"a@x.example", desk.StatusSent, "250", true, desk.StatusSending},
			{"b@x.example", desk.StatusUncertain, "the line broke", true, desk.StatusUncertain},
			{"b@x.example", desk.StatusQueued, "", false, desk.StatusUncertain}, // never tried again by the machine
			{"b@x.example", desk.StatusSent, "late answer", true, desk.StatusSent},
			{"a@x.example", desk.StatusRead, "", true, desk.StatusSent},
			{"a@x.example", desk.StatusDelivered, "", false, desk.StatusSent}, // read is never again delivered
			{"a@x.example", desk.StatusFailed, "", false, desk.StatusSent},
			{"b@x.example", desk.StatusFailed, "550 gone", true, desk.StatusFailed},
			{"b@x.example", desk.StatusFailed, "550 again", false, desk.StatusFailed},
			{"b@x.example", desk.StatusDelivered, "", true, desk.StatusDelivered}, // evidence beats a failure
			{"nobody@x.example", desk.StatusFailed, "", false, desk.StatusDelivered},
		} {
			if got := w.mark(m.ID, step.to, step.st, step.detail); got != step.changed {
				t.Fatalf("%s to %s: changed %v", step.to, step.st, got)
			}
			if got := w.message(m.ID); got.Status != step.message || got.Status == desk.StatusFailed && got.StatusReason != "550 gone" {
				t.Fatalf("%s to %s: message is %s (%s), want %s", step.to, step.st, got.Status, got.StatusReason, step.message)
			}
		}
		for typ, want := range map[string]int{desk.EvMessageSent: 2, desk.EvMessageRead: 1, desk.EvMessageFailed: 1, desk.EvMessageUncertain: 1, desk.EvMessageDelivered: 1} {
			if got := len(w.k.EventsOf(typ)); got != want {
				t.Errorf("%d events %s, want %d", got, typ, want)
			}
		}
	})
}

func TestDeliveryStatesNeverGoBack(t *testing.T) { // GEN-23: receipts arrive late and out of order
	rank := map[desk.DeliveryStatus]int{desk.StatusSent: 1, desk.StatusDelivered: 2, desk.StatusRead: 3}
	each(t, func(t *testing.T, w world) {
		th := w.open("x")
		rapid.Check(t, func(rt *rapid.T) {
			m := desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Outgoing, Status: desk.StatusQueued}
			states := rapid.SliceOfN(rapid.SampledFrom([]desk.DeliveryStatus{desk.StatusSent, desk.StatusDelivered, desk.StatusRead, desk.StatusFailed, desk.StatusUncertain}), 1, 8).Draw(rt, "receipts")
			w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				if m, err = w.Append(ctx, tx, m); err != nil {
					return err
				}
				if err = w.CreateDeliveries(ctx, tx, m.ID, []string{"a@x.example"}); err != nil {
					return err
				}
				best := 0
				for _, st := range states {
					if _, err := w.MarkStatus(ctx, tx, m.ID, "a@x.example", st, "", ""); err != nil {
						return err
					}
					best = max(best, rank[st])
					got, err := w.Message(ctx, tx, m.ID)
					if err != nil {
						return err
					}
					if best >= 2 && rank[got.Status] != best || best == 1 && rank[got.Status] == 0 && got.Status != desk.StatusFailed {
						return fmt.Errorf("after %v the message is %s", states, got.Status)
					}
				}
				return nil
			})
		})
	})
}

func TestRequeueIsForPeople(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		m := w.outgoing(w.open("x"), "a@x.example", "b@x.example", "c@x.example")
		w.mark(m.ID, "a@x.example", desk.StatusUncertain, "")
		w.mark(m.ID, "b@x.example", desk.StatusFailed, "550")
		w.mark(m.ID, "c@x.example", desk.StatusSent, "")
		for _, c := range []struct {
			ask, want []string
		}{{[]string{"A@x.example", "c@x.example"}, []string{"a@x.example"}}, {nil, []string{"b@x.example"}}, {nil, []string{}}} {
			var got []string
			w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				got, err = w.Requeue(ctx, tx, m.ID, c.ask)
				return err
			})
			if !slices.Equal(got, c.want) {
				t.Fatalf("asked %v, queued %v, want %v", c.ask, got, c.want)
			}
		}
		if st := w.message(m.ID).Status; st != desk.StatusQueued {
			t.Fatalf("%s", st)
		}
	})
}

func TestAttemptsAreFenced(t *testing.T) { // never sent twice
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		m := w.outgoing(w.open("x"), "a@x.example", "b@x.example")
		begin := func(fence int64) (a thread.Attempt) {
			w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				a, err = w.BeginAttempt(ctx, tx, m.ID, 1, fence, []string{"a@x.example", "b@x.example"})
				return err
			})
			return a
		}
		mark := func(a thread.Attempt) error {
			return w.k.Try(func(ctx context.Context, tx *db.Tx) error {
				return w.MarkAttempt(ctx, tx, a.ID, []string{"a@x.example"})
			})
		}
		first := begin(1)
		second := begin(2)
		if desk.CodeOf(mark(first)) != desk.Conflict {
			t.Fatal("an attempt that a later one replaced may still send")
		}
		must(t, mark(second))
		out, err := w.OutstandingAttempts(ctx, w.DB, m.ID, 0)
		must(t, err)
		if len(out) != 2 || out[1].MarkedAt == 0 || out[0].MarkedAt != 0 || out[1].Number != 2 || !slices.Equal(out[1].Recipients, []string{"a@x.example"}) {
			t.Fatalf("%+v", out)
		}
		marked, err := w.OutstandingAttempts(ctx, w.DB, 0, w.k.Clock.Ms())
		must(t, err)
		if len(marked) != 1 || marked[0].ID != second.ID {
			t.Fatalf("what may have gone out: %+v", marked)
		}
		for i, want := range []bool{true, false} {
			w.k.Write(func(ctx context.Context, tx *db.Tx) error {
				ok, err := w.SettleAttempt(ctx, tx, second.ID, []string{"sent", "uncertain"}[i], "250")
				if ok != want {
					t.Errorf("settle %d: %v", i, ok)
				}
				return err
			})
		}
		if desk.CodeOf(mark(second)) != desk.Conflict {
			t.Fatal("a settled attempt may be marked again")
		}
		if as, err := w.Attempts(ctx, w.DB, m.ID); err != nil || as[1].Outcome != "sent" {
			t.Fatalf("%+v %v", as, err)
		}
	})
}

func TestReferencesAreBoundedAndInOrder(t *testing.T) { // EM-30, RFC 5322 §3.6.4
	each(t, func(t *testing.T, w world) {
		th := w.open("x")
		var chain []string
		for i := range 40 {
			m := desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Incoming, RemoteID: fmt.Sprintf("<m%d@x.example>", i), Text: "x"}
			nearest := slices.Clone(chain)
			slices.Reverse(nearest)
			w.k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.AppendWith(ctx, tx, m, thread.Extra{References: thread.Refs("", nearest)})
				return err
			})
			chain = append(chain, fmt.Sprintf("m%d@x.example", i))
		}
		refs, parent, err := w.References(context.Background(), w.DB, th.ID, 0)
		must(t, err)
		if parent != "m39@x.example" || len(refs) > 20 || refs[0] != "m0@x.example" || refs[len(refs)-1] != parent || refs[len(refs)-2] != "m38@x.example" {
			t.Fatalf("parent %s, refs %v", parent, refs)
		}
		if !slices.IsSortedFunc(refs, func(a, b string) int { return slices.Index(chain, a) - slices.Index(chain, b) }) {
			t.Fatalf("out of order: %v", refs)
		}
	})
}

func TestRefs(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for in, want := range map[string]string{" <a@b> ": "a@b", "a\x00b": "ab", "": "", "<>": ""} {
		if got := thread.Ref(in); got != want {
			t.Errorf("Ref(%q) = %q", in, got)
		}
	}
	if got := thread.Ref(long); len(got) > 100 || got != thread.Ref("<"+long+">") {
		t.Errorf("a long id is not bounded: %d bytes", len(got))
	}
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprint("r", i))
	}
	got := thread.Refs("r3", many)
	if len(got) > thread.MaxRefs || got[0] != "r0" || got[len(got)-1] != "r499" || slices.Contains(got, "r3") {
		t.Errorf("%v", got)
	}
}

func TestUploadsBelongToTheirUploader(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		ann, bo := w.k.User(), w.k.User()
		th := w.open("x")
		var up desk.Attachment
		w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			up, err = w.Upload(ctx, tx, ann.ID, desk.Attachment{Name: "../../etc/a.txt", Type: "text/plain", Size: 3, SHA256: strings.Repeat("a", 64)})
			return err
		})
		send := func(by desk.User) error {
			return w.k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Append(ctx, tx, desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Outgoing, Actor: desk.ByUser(by.ID), Attachments: []desk.Attachment{{ID: up.ID}}})
				return err
			})
		}
		if desk.CodeOf(send(bo)) != desk.NotFound {
			t.Fatal("another person's upload was sent")
		}
		must(t, send(ann))
		must(t, send(ann)) // again, with another message: a copy of the row
		ms, err := w.Messages(ctx, w.DB, th.ID, thread.Page{Oldest: true})
		must(t, err)
		if len(ms) != 2 || ms[0].Attachments[0].ID != up.ID || ms[1].Attachments[0].ID == up.ID || ms[1].Attachments[0].SHA256 != up.SHA256 || ms[0].Attachments[0].Name != "a.txt" {
			t.Fatalf("%+v", ms)
		}
	})
}

func TestForgottenUploadsGoUnlessADraftNamesThem(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.k.User()
		var keep, drop desk.Attachment
		w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			if keep, err = w.Upload(ctx, tx, ann.ID, desk.Attachment{Name: "keep"}); err != nil {
				return err
			}
			if drop, err = w.Upload(ctx, tx, ann.ID, desk.Attachment{Name: "drop"}); err != nil {
				return err
			}
			_, err = w.SaveDraft(ctx, tx, desk.Draft{UserID: ann.ID, Kind: "new", Attachments: []desk.AttachmentID{keep.ID}})
			return err
		})
		var n int64
		w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = w.ForgetUploads(ctx, tx, w.k.Clock.Ms()+1)
			return err
		})
		_, _, _, errKeep := w.Attachment(context.Background(), w.DB, keep.ID)
		_, _, _, errDrop := w.Attachment(context.Background(), w.DB, drop.ID)
		if n != 1 || errKeep != nil || desk.CodeOf(errDrop) != desk.NotFound {
			t.Fatalf("%d forgotten, %v, %v", n, errKeep, errDrop)
		}
	})
}

func TestDraftIsOneAPersonAndPlace(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		ann := w.k.User()
		th := w.open("x")
		save := func(text string) (d desk.Draft) {
			w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				d, err = w.SaveDraft(ctx, tx, desk.Draft{UserID: ann.ID, ThreadID: th.ID, Kind: "reply", Text: text, To: []desk.Party{{Address: "a@x.example"}}, SeenSeq: 7})
				return err
			})
			return d
		}
		first, second := save("one"), save("two")
		got, ok, err := w.Draft(ctx, w.DB, ann.ID, 0, th.ID, "reply")
		must(t, err)
		if first.ID != second.ID || !ok || got.Text != "two" || got.ID != first.ID || got.SeenSeq != 7 || got.To[0].Address != "a@x.example" || got.Cc == nil {
			t.Fatalf("%+v", got)
		}
		w.k.Write(func(ctx context.Context, tx *db.Tx) error { return w.DeleteDraft(ctx, tx, ann.ID, 0, th.ID, "reply") })
		if _, ok, _ := w.Draft(ctx, w.DB, ann.ID, 0, th.ID, "reply"); ok {
			t.Fatal("still there")
		}
		if err := w.k.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.SaveDraft(ctx, tx, desk.Draft{UserID: ann.ID, Kind: "poem"})
			return err
		}); desk.CodeOf(err) != desk.Invalid {
			t.Fatal(err)
		}
	})
}

func TestCommentMentions(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		ann, bo := w.k.User(), w.k.User()
		tk := w.k.Ticket()
		th := w.open("x")
		w.k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.MoveToTicket(ctx, tx, desk.System, th.ID, tk.ID, "")
			return err
		})
		m := w.add(desk.Message{ThreadID: th.ID, Kind: desk.KindComment, Actor: desk.ByUser(ann.ID), Text: "@Bo look", Mentions: []desk.UserID{bo.ID, bo.ID}})
		if m.TicketID != tk.ID {
			t.Fatal("the comment is not on the ticket")
		}
		got, err := w.Mentions(ctx, w.DB, bo.ID, true)
		must(t, err)
		if len(got) != 1 || got[0].MessageID != m.ID || got[0].TicketID != tk.ID {
			t.Fatalf("%+v", got)
		}
		w.k.Write(func(ctx context.Context, tx *db.Tx) error { return w.ReadMentions(ctx, tx, bo.ID, tk.ID) })
		if got, err = w.Mentions(ctx, w.DB, bo.ID, true); err != nil || len(got) != 0 {
			t.Fatalf("%+v %v", got, err)
		}
		if evs := w.k.EventsOf(desk.EvCommentAdded); len(evs) != 1 || !strings.Contains(string(evs[0].Data), bo.ID.String()) {
			t.Fatalf("%+v", evs)
		}
		if n, err := db.All(ctx, w.DB, db.Column[int], "SELECT COUNT(*) FROM thread_parties"); err != nil || n[0] != 0 {
			t.Fatal("a comment brings nobody into the thread")
		}
	})
}

func TestEarlyReceiptWaitsForItsMessage(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		m := w.outgoing(w.open("x"), "a@x.example")
		w.k.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.KeepEarly(ctx, tx, w.acc.ID, "wamid.1", map[string]string{"State": "delivered"})
		})
		var got, again []string
		w.k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			if err := w.SetRemote(ctx, tx, m.ID, "wamid.1"); err != nil {
				return err
			}
			if got, err = w.TakeEarly(ctx, tx, w.acc.ID, "wamid.1"); err != nil {
				return err
			}
			again, err = w.TakeEarly(ctx, tx, w.acc.ID, "wamid.1")
			return err
		})
		if len(got) != 1 || !strings.Contains(got[0], "delivered") || len(again) != 0 {
			t.Fatalf("%v %v", got, again)
		}
		id, _, err := w.Sent(context.Background(), w.DB, "wamid.1", w.acc.ID)
		must(t, err)
		other, _, err := w.Sent(context.Background(), w.DB, "wamid.1", w.acc.ID+1)
		must(t, err)
		if id != m.ID || other != 0 {
			t.Fatalf("%d %d", id, other)
		}
	})
}

func TestMoveToTicketTakesEverythingAlong(t *testing.T) { // TK-18
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		a, b := w.k.Ticket(), w.k.Ticket()
		one, two := w.open("one"), w.open("two")
		for _, th := range []desk.Thread{one, two} {
			w.add(desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Incoming, Text: "x"})
			w.k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.MoveToTicket(ctx, tx, desk.System, th.ID, a.ID, "")
				return err
			})
		}
		ann := w.k.User()
		w.k.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.SaveDraft(ctx, tx, desk.Draft{UserID: ann.ID, TicketID: a.ID, ThreadID: two.ID, Kind: "reply", Text: "half a thought"}); err != nil {
				return err
			}
			_, err := w.MoveToTicket(ctx, tx, desk.System, two.ID, b.ID, "joined")
			return err
		})
		if d, ok, err := w.Draft(ctx, w.DB, ann.ID, b.ID, two.ID, "reply"); err != nil || !ok || d.TicketID != b.ID || d.Text != "half a thought" {
			t.Fatalf("the draft stayed behind: %+v %v", d, err)
		}
		ms, err := w.MessagesOfTicket(ctx, w.DB, b.ID, thread.Page{})
		must(t, err)
		ths, err := w.OfTicket(ctx, w.DB, b.ID)
		must(t, err)
		if len(ms) != 1 || ms[0].ThreadID != two.ID || len(ths) != 1 {
			t.Fatalf("%+v", ms)
		}
		if evs := w.k.EventsOf(desk.EvThreadMoved); len(evs) != 1 || evs[0].TicketID != b.ID {
			t.Fatalf("%+v", evs)
		}
	})
}

func TestLookupsUseAnIndex(t *testing.T) { // design section 11: thread lookup stays cheap at a million messages
	d := dbtest.SQLite(t)
	for _, q := range []string{
		"SELECT id FROM messages WHERE remote_id = $1 AND remote_id <> '' ORDER BY id LIMIT 50",
		"SELECT id FROM messages WHERE thread_id = $1 AND id < $2 AND id > $3 ORDER BY id DESC LIMIT $4",
		"SELECT id FROM messages WHERE ticket_id = $1 AND id < $2 AND id > $3 ORDER BY id DESC LIMIT $4",
		"SELECT id FROM threads WHERE ticket_id = $1 ORDER BY id",
		"SELECT id FROM attachments WHERE message_id = $1 ORDER BY position, id",
		"SELECT id FROM attempts WHERE marked_at > 0 AND settled_at = 0 AND marked_at <= $1 ORDER BY id LIMIT 500",
	} {
		args := []any{1, 2, 3, 4}[:strings.Count(q, "$")]
		plan, err := db.All(context.Background(), d, func(s db.Scanner) (detail string, err error) {
			var id, parent, x int
			err = s.Scan(&id, &parent, &x, &detail)
			return detail, err
		}, "EXPLAIN QUERY PLAN "+q, args...)
		must(t, err)
		if len(plan) == 0 || !strings.HasPrefix(plan[0], "SEARCH") {
			t.Errorf("%s\n%v", q, plan)
		}
	}
}
