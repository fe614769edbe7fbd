package identity_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/ticket"
)

// secrets are the words that must be nowhere once their person is erased.
var secrets = []string{"okoye", "zanzibar", "mira@home.example", "mira@work.example", "4512345678", "kilimanjaro"}

func TestErasedIsNowhere(t *testing.T) { // CR-14
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		tk, m := w.writes(t, "mira@home.example", "I live in Zanzibar")
		name, number := "Mira Okoye", "+4512345678"
		w.update(t, tk.ContactID, contact.Change{Name: &name, Phone: &number, Properties: map[string]any{"mountain": "Kilimanjaro"}})
		other, _ := w.writes(t, "mira@work.example", "Zanzibar again")
		w.merge(t, tk.ContactID, other.ContactID, nil)
		sha, n, err := w.bs.Put(ctx, strings.NewReader("a picture of Kilimanjaro"))
		must(t, err)
		stranger, theirs := w.writes(t, "noor@y.example", "My own words")
		th, err := w.Threads.Get(ctx, w.DB, theirs.ThreadID)
		must(t, err)
		said := w.Message(th, func(x *desk.Message) {
			x.From, x.ContactID, x.Text = desk.Party{Address: "mira@home.example", Name: "Mira Okoye"}, tk.ContactID, "From Zanzibar with love"
			x.Recipients = []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: "noor@y.example"}}
		})
		answer := w.Message(th, func(x *desk.Message) {
			x.From, x.ContactID, x.Text, x.QuotedText = desk.Party{Address: "noor@y.example"}, stranger.ContactID, "Nice.", "> From Zanzibar with love"
			x.Recipients = []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: "mira@home.example", Name: "Mira Okoye"}, {Field: "cc", Kind: desk.AddrEmail, Address: "else@y.example"}}
		})
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO attachments (id, message_id, name, type, size, sha256, created_at) VALUES ($1, $2, 'okoye.png', 'image/png', $3, $4, 1)", tx.NewID(), m.ID, n, sha)
			if err != nil {
				return err
			}
			raw := tx.NewID()
			if _, err = tx.Exec(ctx, "INSERT INTO inbound_raw (id, account_id, channel, dedupe_key, at, body, state, message_id, filed_as, updated_at) VALUES ($1, $2, 'post', 'k1', 1, $3, 'filed', 'x', $4, 1)", raw, w.acc.ID, []byte("From: mira@home.example\n\nI live in Zanzibar"), m.ID); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "UPDATE messages SET raw_id = $1 WHERE id = $2", raw, m.ID)
			return err
		})
		bare := w.Ticket(func(n *ticket.NewTicket) { n.Subject, n.ContactID = "Zanzibar by hand", tk.ContactID })
		ann := w.User()
		for _, d := range []desk.Draft{{TicketID: bare.ID, Kind: "comment", Text: "She lives in Zanzibar"}, {Kind: "new", Text: "Ask MIRA OKOYE about it"}, {TicketID: theirs.TicketID, Kind: "comment", Text: "Look into it."}} {
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				d.UserID = ann.ID
				_, err := w.Threads.SaveDraft(ctx, tx, d)
				return err
			})
		}
		ix := search.New(w.DB, w.Events, nil)
		work, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); w.Events.Run(work) }()
		t.Cleanup(func() { stop(); <-done })
		drain := func() {
			for {
				unnumbered, err := db.One(ctx, w.DB, db.Column[int], "SELECT COUNT(*) FROM events WHERE seq IS NULL")
				must(t, err)
				more, err := ix.Step(ctx)
				must(t, err)
				if left, _, err := ix.Behind(ctx); err == nil && !more && unnumbered == 0 && left == 0 {
					return
				}
			}
		}
		drain()
		admin := w.User(desktest.Role(desk.RoleAdmin))
		w.exports(t, tk.ContactID, m.ID)
		if _, err := w.id.Erase(ctx, desk.ByUser(admin.ID), tk.ContactID, "somebody else"); desk.ReasonOf(err) != "contact.confirm" {
			t.Fatalf("erased without being named: %v", err)
		}
		held, err := w.id.Erase(ctx, desk.ByUser(admin.ID), tk.ContactID, " mira okoye ")
		must(t, err)
		if held != (identity.Held{Tickets: 3, Threads: 2, Messages: 3, Files: 1, Shared: 1}) {
			t.Errorf("%+v", held)
		}
		drain()
		w.nowhere(t)
		if n, err := db.One(ctx, w.DB, db.Column[int], "SELECT COUNT(*) FROM drafts"); err != nil || n != 1 {
			t.Errorf("%d drafts, want the one that names nobody (%v)", n, err)
		}
		if len(w.gone) != 1 || len(w.gone[0].Contacts) != 2 || len(w.gone[0].Tickets) != 3 || !slices.Contains(w.gone[0].Words, "mira@work.example") || !slices.Contains(w.gone[0].Words, name) {
			t.Errorf("others are told of %+v", w.gone)
		}
		if _, err := w.Contacts.Kept(ctx, w.DB, tk.ContactID); desk.CodeOf(err) != desk.NotFound {
			t.Error("the contact is still there")
		}
		shell, err := w.Tickets.Get(ctx, w.DB, tk.ID)
		must(t, err)
		if shell.Number != tk.Number || shell.ContactID != 0 || shell.MessageCount != 1 || shell.Open {
			t.Errorf("the shell: %+v", shell)
		}
		words, err := w.Threads.Message(ctx, w.DB, answer.ID)
		must(t, err)
		if words.Text != "Nice." || len(words.Recipients) != 1 || words.ContactID != stranger.ContactID {
			t.Errorf("others' words: %+v", words)
		}
		gone, err := w.Threads.Message(ctx, w.DB, said.ID)
		must(t, err)
		if gone.Text != "" || gone.From.Address != "" {
			t.Errorf("the person's words in others' conversation: %+v", gone)
		}
		line := w.EventsOf(desk.EvPrivacyErased)
		if len(line) != 1 || line[0].Contact != 0 || line[0].Actor != desk.ByUser(admin.ID) || !strings.Contains(string(line[0].Data), `"tickets":3`) {
			t.Errorf("the line that stays: %+v", line)
		}
		again, created := w.Contact("mira@home.example"), true
		if again.ID == tk.ContactID || !created || again.Name != "" {
			t.Error("mail that comes later is a new contact's")
		}
	})
}

// nowhere reads every table for the erased person's words.
func (w *world) nowhere(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	for _, table := range []string{"contacts", "contact_addresses", "contact_keys", "contact_merges", "contact_suggestions", "messages", "threads", "thread_parties", "tickets", "attachments", "deliveries",
		"drafts", "events", "inbound_raw", "message_refs", "attempts"} {
		rows, err := w.DB.Query(ctx, "SELECT * FROM "+table)
		must(t, err)
		cols, err := rows.Columns()
		must(t, err)
		for rows.Next() {
			vals := make([]any, len(cols))
			for i := range vals {
				vals[i] = new(any)
			}
			must(t, rows.Scan(vals...))
			for i := range vals {
				v := *vals[i].(*any)
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				for _, s := range secrets {
					if strings.Contains(strings.ToLower(fmt.Sprint(v)), s) {
						t.Errorf("%s.%s still says %q: %.200v", table, cols[i], s, v)
					}
				}
			}
		}
		must(t, rows.Close())
	}
	viewer := w.Viewer(w.User(desktest.Role(desk.RoleOwner)))
	ix := search.New(w.DB, w.Events, nil)
	for _, q := range []string{"zanzibar", "okoye", "kilimanjaro"} {
		r, err := ix.Search(ctx, viewer, q, search.Options{})
		must(t, err)
		if len(r.Hits) != 0 {
			t.Errorf("search finds %q", q)
		}
	}
}

// exports reads the archive of a person and looks for what must be in it.
func (w *world) exports(t *testing.T, id desk.ContactID, m desk.MessageID) {
	t.Helper()
	ctx := context.Background()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := consent.New(w.Clock, w.Events).Record(ctx, tx, consent.Entry{ContactID: id, VisitorID: 5, Kind: consent.Explicit, Action: consent.Given, Wording: "May we keep this?"})
		return err
	})
	e, err := w.id.Export(ctx, desk.System, id)
	must(t, err)
	var b bytes.Buffer
	must(t, e.Write(ctx, &b))
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	must(t, err)
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(r)
		must(t, err)
		all[f.Name] = string(text)
	}
	for name, want := range map[string]string{
		"person.json": "mira@work.example", "tickets.json": "About I live in Zanzibar", "messages.json": "From Zanzibar with love", "conversations.json": "message_count", "events.json": "contact.merged",
		fmt.Sprintf("files/%d-1-okoye.png", m): "Kilimanjaro", fmt.Sprintf("originals/%d.eml", m): "I live in Zanzibar", "README.txt": "person", "consents.json": "May we keep this?", // CO-06
	} {
		if !strings.Contains(all[name], want) {
			t.Errorf("%s does not say %q: %.300s", name, want, all[name])
		}
	}
	if strings.Contains(all["messages.json"], "My own words") {
		t.Error("another's words are handed out")
	}
	if n := len(w.EventsOf(desk.EvPrivacyExported)); n != 1 {
		t.Errorf("%d lines of the audit log", n)
	}
}

// CO-08: of an erased person nothing but a salted hash of each address is kept. Who writes again is a new contact that is marked as erased before; switched off, nothing
// is kept and nobody is marked.
func TestWhoComesAgainIsMarked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, remember := context.Background(), true
		w.id.Salt, w.id.Remember = []byte("of this installation"), func(context.Context, db.Queryer) (bool, error) { return remember, nil }
		w.Contacts.Erased = w.id.Erased
		ann := w.User()
		erase := func(address string) desk.ContactID {
			t.Helper()
			tk, _ := w.writes(t, address, "Hello")
			_, err := w.id.Erase(ctx, desk.ByUser(ann.ID), tk.ContactID, address)
			must(t, err)
			return tk.ContactID
		}
		before := func(address string) (desk.ContactID, desk.Time) {
			t.Helper()
			tk, _ := w.writes(t, address, "Here I am again")
			at, err := w.Contacts.ErasedBefore(ctx, w.DB, tk.ContactID)
			must(t, err)
			return tk.ContactID, at
		}
		gone := erase("mira@home.example")
		if id, at := before("Mira@Home.example"); id == gone || at == 0 || at > w.Clock.Ms() {
			t.Errorf("came again: the same contact %t, erased at %d", id == gone, at)
		}
		if _, at := before("noor@y.example"); at != 0 {
			t.Error("somebody else is marked")
		}
		rows, err := db.All(ctx, w.DB, db.Column[string], "SELECT hash FROM erased_addresses")
		must(t, err)
		if len(rows) != 1 || strings.Contains(rows[0], "mira") || len(rows[0]) != 64 {
			t.Errorf("kept: %v", rows)
		}
		remember = false
		erase("kim@home.example")
		if _, at := before("kim@home.example"); at != 0 {
			t.Error("marked although nothing is to be remembered")
		}
		if n, _ := db.One(ctx, w.DB, db.Column[int], "SELECT COUNT(*) FROM erased_addresses"); n != 1 {
			t.Errorf("%d hashes", n)
		}
	})
}
