package redaction_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/redaction"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
)

var ctx = context.Background()

type world struct {
	*desktest.Desk
	*redaction.Service
	t      testing.TB
	intake *intake.Service
	search *search.Service
	acc    desk.ChannelAccount
	held   bool
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{Desk: desktest.New(t, d, email.New(email.Options{Hostname: desktest.Host, TokenKey: []byte("a key of this test, long enough.")})), t: t}
		w.acc = w.Account(desktest.At("support@acme.example"))
		w.intake = intake.New(intake.Deps{
			DB: d, Clock: w.Clock, Registry: w.Channels, Blobs: desktest.Must[blob.Store](t)(blob.Disk(t.TempDir())), Events: w.Events, Jobs: job.New(d, w.Clock, nil, job.Options{}),
			Contacts: w.Contacts, Threads: w.Threads, Tickets: w.Tickets, Inbox: w.Inboxes, Assign: w.Assignment,
		})
		box := desktest.Must[*secret.Box](t)(secret.New(bytes.Repeat([]byte{7}, 32)))
		w.Service = redaction.New(redaction.Deps{DB: d, Events: w.Events, Settings: w.Settings, Threads: w.Threads, Tickets: w.Tickets, Journal: w.intake, Box: box,
			Held: func(context.Context, db.Queryer, desk.TicketID, desk.ContactID) (bool, error) { return w.held, nil }})
		w.intake.Blank = w.Service
		w.search = search.New(d, w.Events, nil)
		stop, run := context.WithCancel(ctx)
		t.Cleanup(run)
		go w.Events.Run(stop)
		fn(t, w)
	})
}

func (w *world) set(kinds map[string]string, own ...setting.OwnPattern) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Settings.SetRedaction(ctx, tx, desk.System, setting.Redaction{Kinds: kinds, Own: own})
		return err
	})
}

// eml delivers a mail that says something in its subject, text, HTML and a file's name, and returns its message.
func (w *world) eml(id, words string, more ...string) desk.Message {
	w.t.Helper()
	lines := append([]string{"From: Mira <mira@home.example>", "To: support@acme.example", "Subject: About " + words, "Message-ID: <" + id + "@home.example>"}, more...)
	lines = append(lines, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: multipart/alternative; boundary=y", "", "--y", "Content-Type: text/plain", "",
		"It is "+words+".", "--y", "Content-Type: text/html", "", "<p>It is <b>"+words[:2]+"</b>"+words[2:]+".</p>", "--y--", "--x",
		"Content-Type: text/plain; name=\"scan.txt\"", "Content-Disposition: attachment; filename=\"scan "+words+".txt\"", "", "nothing", "--x--", "")
	raw := channel.Raw{Account: w.acc.ID, Channel: w.acc.Channel, Body: []byte(strings.Join(lines, "\r\n")), At: w.Clock.Ms().Time(), Envelope: channel.Envelope{From: "mira@home.example", To: []string{w.acc.Address}}}
	raw.Dedupe = email.DedupeKey(raw)
	if err := w.intake.Deliver(ctx, []channel.Raw{raw}); err != nil {
		w.t.Fatal(err)
	}
	var m desk.MessageID
	if err := w.DB.QueryRow(ctx, "SELECT id FROM messages WHERE remote_id = $1", id+"@home.example").Scan(&m); err != nil {
		w.t.Fatal(err)
	}
	return desktest.Must[desk.Message](w.t)(w.Threads.Message(ctx, w.DB, m))
}

// stands names the tables in which words still stand, wherever in them.
func (w *world) stands(words string) (in []string) {
	w.t.Helper()
	for table, columns := range map[string][]string{
		"messages": {"subject", "text", "quoted_text", "html", "quoted_html", "extra"}, "tickets": {"subject", "description", "snippet"}, "threads": {"subject"}, "events": {"data"},
		"attachments": {"name"}, "drafts": {"body"}, "inbound_raw": {"CAST(body AS TEXT)", "envelope", "reason"}, "redactions": {"mask", "sealed"}, "jobs": {"payload"}, "assignment_decisions": {"input"},
	} {
		for _, c := range columns {
			var n int
			if w.DB.Dialect() == db.Postgres && strings.HasPrefix(c, "CAST(body") {
				c = "encode(body, 'escape')"
			}
			if err := w.DB.QueryRow(ctx, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s LIKE $1", table, c), "%"+words+"%").Scan(&n); err != nil {
				w.t.Fatalf("%s.%s: %v", table, c, err)
			}
			if n > 0 {
				in = append(in, table+"."+c)
			}
		}
	}
	return in
}

func (w *world) found(words string) int {
	w.t.Helper()
	for {
		more := desktest.Must[bool](w.t)(w.search.Step(ctx))
		if behind, _, _ := w.search.Behind(ctx); !more && behind == 0 {
			break
		}
	}
	return len(desktest.Must[search.Found](w.t)(w.search.Search(ctx, w.Viewer(w.User(desktest.Role(desk.RoleOwner))), words, search.Options{})).Hits)
}

func (w *world) show(m desk.Message) (out []redaction.Shown) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = w.Show(ctx, tx, desk.ByUser(1), m)
		return err
	})
	return out
}

const card = "4111 1111 1111 1111"

// CO-12: by default nothing is blanked. Masked, a card number stands nowhere any more, in no text, list, event, file's name or original, and no search finds it; it is kept sealed, and
// who looks at it stands in the audit log. Removed, nothing of it is kept. What fails its check digit stays.
func TestWhatComesInIsBlanked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if m := w.eml("off", card); !strings.Contains(m.Text, card) || w.found(`"4111 1111 1111 1111"`) == 0 {
			t.Fatalf("by default: %+v", m)
		}
		for mode, want := range map[string]string{setting.Masked: "5500 0000 0000 0004", setting.Removed: "5555 5555 5555 4444"} {
			w.set(map[string]string{"card": mode})
			m := w.eml(mode, want)
			if in := w.stands(want); len(in) > 0 {
				t.Errorf("%s: it stands in %v", mode, in)
			}
			mask := "•••• •••• •••• " + want[15:]
			if !strings.Contains(m.Text, mask) || !strings.Contains(m.Subject, mask) || strings.Contains(m.HTML, want[5:14]) || m.Attachments[0].Name != "scan "+mask+".txt" || !strings.Contains(strings.Join(m.Flags, " "), desk.FlagRedacted) {
				t.Errorf("%s: %+v", mode, m)
			}
			if n := w.found(`"` + want + `"`); n != 0 {
				t.Errorf("%s: the search finds it", mode)
			}
			looked := len(w.EventsOf(desk.EvRedactedShown))
			shown := w.show(m)
			if len(shown) != 1 || shown[0].Kind != "card" || (shown[0].Text == want) != (mode == setting.Masked) || (len(w.EventsOf(desk.EvRedactedShown)) > looked) != (mode == setting.Masked) {
				t.Errorf("%s: shown %+v", mode, shown)
			}
			if _, _, err := w.intake.Source(ctx, m.RawID); desk.CodeOf(err) != desk.NotFound {
				t.Errorf("%s: the original is kept: %v", mode, err)
			}
		}
		if m := w.eml("order", "4111 1111 1111 1112"); !strings.Contains(m.Text, "4111 1111 1111 1112") || len(m.Flags) > 0 && strings.Contains(strings.Join(m.Flags, " "), desk.FlagRedacted) {
			t.Errorf("an order number was blanked: %+v", m)
		}
	})
}

// CO-12: each kind has its own setting, and so has each pattern of one's own; a pattern that is none, or finds everything, is refused.
func TestEachKindHasItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.set(map[string]string{"dk_cpr": setting.Removed, "iban": "off"}, setting.OwnPattern{Name: "Case", Pattern: `CASE-\d{4}`, Mode: setting.Masked})
		m := w.eml("kinds", "010190-1234 CASE-4711 DE89370400440532013000 "+card)
		if !strings.Contains(m.Text, "••••••-•••• ••••••••• DE89370400440532013000 "+card) {
			t.Errorf("%q", m.Text)
		}
		if shown := w.show(m); len(shown) != 2 || shown[0].Text+shown[1].Text != "CASE-4711" {
			t.Errorf("%+v", shown)
		}
		for _, bad := range []setting.Redaction{
			{Kinds: map[string]string{"shoe_size": "masked"}}, {Kinds: map[string]string{"card": "sometimes"}}, {Own: []setting.OwnPattern{{Name: "x", Pattern: "(", Mode: "masked"}}},
			{Own: []setting.OwnPattern{{Name: "x", Pattern: ".*", Mode: "masked"}}}, {Own: []setting.OwnPattern{{Name: "x", Pattern: ".", Mode: "masked"}}}, {Own: []setting.OwnPattern{{Pattern: "abc", Mode: "masked"}}},
			{Own: make([]setting.OwnPattern, 21)},
		} {
			err := w.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Settings.SetRedaction(ctx, tx, desk.System, bad)
				return err
			})
			if desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// CO-12: a passage that somebody takes out by hand stands nowhere any more: in the message, in what a later one quotes, in subjects, drafts, events, the original or the search.
// A file goes with its name. What is on hold stays.
func TestByHand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		m := w.eml("pin", "quibber 1234")
		answer := w.eml("pin2", "fine", "In-Reply-To: <pin@home.example>")
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE messages SET quoted_text = '> It is quibber 1234.', quoted_html = '<blockquote>It is quibber <i>1234</i></blockquote>' WHERE id = $1", answer.ID); err != nil {
				return err
			}
			_, err := w.Threads.SaveDraft(ctx, tx, desk.Draft{UserID: ann.ID, TicketID: m.TicketID, ThreadID: m.ThreadID, Kind: "reply", Text: "You wrote quibber 1234.", HTML: "<p>You wrote quibber 1234.</p>"})
			return err
		})
		if w.found("quibber") == 0 {
			t.Fatal("not found before")
		}
		by := desk.ByUser(ann.ID)
		w.held = true
		if err := w.Try(func(ctx context.Context, tx *db.Tx) error { return w.Passage(ctx, tx, by, m, "quibber 1234") }); desk.ReasonOf(err) != "hold.stands" {
			t.Fatalf("on hold: %v", err)
		}
		w.held = false
		if err := w.Try(func(ctx context.Context, tx *db.Tx) error { return w.Passage(ctx, tx, by, m, "not there") }); desk.ReasonOf(err) != "redaction.absent" {
			t.Fatalf("absent: %v", err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error { return w.File(ctx, tx, by, m, m.Attachments[0].ID) })
		w.Write(func(ctx context.Context, tx *db.Tx) error { return w.Passage(ctx, tx, by, m, "quibber 1234") })
		if in := w.stands("uibber"); len(in) > 0 {
			t.Errorf("it stands in %v", in)
		}
		if n := w.found("quibber"); n != 0 {
			t.Errorf("the search finds %d", n)
		}
		var draft string
		_ = w.DB.QueryRow(ctx, "SELECT body FROM drafts").Scan(&draft)
		if !strings.Contains(draft, "You wrote") {
			t.Errorf("the colleague's draft is gone: %s", draft)
		}
		now := desktest.Must[desk.Message](t)(w.Threads.Message(ctx, w.DB, m.ID))
		if len(now.Attachments) != 0 || !strings.Contains(now.Text, "It is ••••••.") {
			t.Errorf("%+v", now)
		}
		lines, audit := w.EventsOf(desk.EvMessageRedacted), w.EventsOf(desk.EvPrivacyRedacted)
		if len(lines) != 2 || len(audit) != 2 || lines[0].Actor != by || lines[1].TicketID != m.TicketID {
			t.Errorf("%+v, %+v", lines, audit)
		}
	})
}
