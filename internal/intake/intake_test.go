package intake_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// letters is a channel whose raw items are Inbounds in JSON: what a mail parser would have made of a mail.
type letters struct{ desktest.Post }

func (letters) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var in channel.Inbound
	if err := json.Unmarshal(raw.Body, &in); err != nil {
		return nil, err
	}
	switch in.Subject {
	case "unreadable":
		return nil, errors.New("it cannot be read")
	case "panics":
		panic("a bug in the adapter")
	}
	return []channel.Inbound{in}, nil
}

// A token of this channel is "tok" and the thread's id.
func (letters) SignToken(id desk.ThreadID) string { return "tok" + id.String() }

func (letters) VerifyToken(tok string) (desk.ThreadID, bool) {
	if tok == "panics" {
		panic("a bug while applying")
	}
	id, err := desk.ParseID[desk.ThreadID](strings.TrimPrefix(tok, "tok"))
	return id, err == nil && strings.HasPrefix(tok, "tok")
}

// world is a desk with intake.
type world struct {
	*desktest.Desk
	*intake.Service
	t        testing.TB
	Threads  *thread.Service
	Contacts *contact.Service
	support  desk.ChannelAccount
}

func newWorld(t testing.TB, d *db.DB, adapters ...channel.Adapter) *world {
	t.Helper()
	if len(adapters) == 0 {
		adapters = []channel.Adapter{letters{}}
	}
	k := desktest.New(t, d, adapters...)
	blobs, err := blob.Disk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Desk: k, t: t, Threads: thread.New(k.Clock, k.Events), Contacts: contact.New(k.Clock, k.Events)}
	w.Service = intake.New(intake.Deps{
		DB: d, Clock: k.Clock, Registry: k.Channels, Blobs: blobs, Events: k.Events, Jobs: job.New(d, k.Clock, nil, job.Options{}),
		Contacts: w.Contacts, Threads: w.Threads, Tickets: k.Tickets, Inbox: k.Inboxes, Assign: k.Assignment, Sieve: spam.New(d, k.Clock, k.Events),
	})
	w.support = k.Account(desktest.At("support@acme.example"))
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

// mail is an item as a mail would be.
type mail struct {
	channel.Inbound
	acc  desk.ChannelAccount
	rcpt string
}

// letter is a plain mail from somebody to the support address; with changes what matters.
func (w *world) letter(id, from string, with ...func(*mail)) mail {
	m := mail{acc: w.support, Inbound: channel.Inbound{
		Kind: channel.InMessage, RemoteID: id, From: desk.Party{Address: from}, To: []desk.Party{{Address: "support@acme.example"}},
		Subject: "Hello", Text: "Words of " + id, Disposition: desk.DispNormal,
	}}
	for _, f := range with {
		f(&m)
	}
	if m.Sender.Address == "" {
		m.Sender = m.From
	}
	if m.ContentHash == "" {
		sum := sha256.Sum256([]byte(m.From.Address + "\x00" + m.Subject + "\x00" + m.Text))
		m.ContentHash = hex.EncodeToString(sum[:])
	}
	return m
}

func replies(refs ...string) func(*mail) { // nearest first
	return func(m *mail) {
		m.Refs, m.InReplyTo = refs, refs[:1]
		for i := len(refs) - 1; i >= 0; i-- {
			m.References = append(m.References, refs[i])
		}
	}
}

func via(acc desk.ChannelAccount) func(*mail) { return func(m *mail) { m.acc = acc } }

func as(d desk.Disposition) func(*mail) { return func(m *mail) { m.Disposition = d } }

func subject(s string) func(*mail) { return func(m *mail) { m.Subject = s } }

func text(s string) func(*mail) { return func(m *mail) { m.Text = s } }

func to(addresses ...string) func(*mail) {
	return func(m *mail) {
		m.To = nil
		for _, a := range addresses {
			m.To = append(m.To, desk.Party{Address: a})
		}
	}
}

func cc(addresses ...string) func(*mail) {
	return func(m *mail) {
		for _, a := range addresses {
			m.Cc = append(m.Cc, desk.Party{Address: a})
		}
	}
}

func (m mail) raw(t testing.TB) channel.Raw {
	t.Helper()
	body, err := json.Marshal(m.Inbound)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	r := channel.Raw{Account: m.acc.ID, Channel: m.acc.Channel, Dedupe: m.RemoteID + "#" + hex.EncodeToString(sum[:8]), Body: body, At: time.Now()}
	if m.rcpt != "" {
		r.Envelope.To = []string{m.rcpt}
	}
	return r
}

// deliver files mails, each in a call of its own.
func (w *world) deliver(ms ...mail) {
	w.t.Helper()
	for _, m := range ms {
		if err := w.Deliver(context.Background(), []channel.Raw{m.raw(w.t)}); err != nil {
			w.t.Fatalf("deliver %s: %v", m.RemoteID, err)
		}
	}
}

// entry is the newest journal entry of a Message-ID.
func (w *world) entry(id string) intake.Entry {
	w.t.Helper()
	es, err := w.ByMessageID(context.Background(), id)
	if err != nil || len(es) == 0 {
		w.t.Fatalf("journal has no %q: %v", id, err)
	}
	return es[len(es)-1]
}

// filed is the message that a mail was filed as.
func (w *world) filed(id string) desk.Message {
	w.t.Helper()
	e := w.entry(id)
	if e.FiledAs == 0 {
		w.t.Fatalf("%s was not filed: %+v", id, e)
	}
	m, err := w.Threads.Message(context.Background(), w.DB, e.FiledAs)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) ticket(id desk.TicketID) desk.Ticket {
	w.t.Helper()
	return desktest.Must[desk.Ticket](w.t)(w.Tickets.Get(context.Background(), w.DB, id))
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.DB.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) contacts() int { return w.count("SELECT COUNT(*) FROM contacts") }
func (w *world) tickets() int  { return w.count("SELECT COUNT(*) FROM tickets WHERE hidden = ''") }
func (w *world) threads() int  { return w.count("SELECT COUNT(*) FROM threads") }
func (w *world) messages() int { return w.count("SELECT COUNT(*) FROM messages") }

// sends appends an answer of a user, as dispatch would, and returns it. Its Message-ID is given.
func (w *world) sends(by desk.User, th desk.ThreadID, id string, recipients ...string) desk.Message {
	w.t.Helper()
	var m desk.Message
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		t, err := w.Threads.Lock(ctx, tx, th)
		if err != nil {
			return err
		}
		m = desk.Message{
			ThreadID: t.ID, Kind: desk.KindMessage, Direction: desk.Outgoing, Channel: t.Channel, AccountID: t.AccountID, Actor: desk.ByUser(by.ID),
			From: desk.Party{Address: "support@acme.example"}, Subject: "Re: Hello", Text: "An answer", RemoteID: id, Status: desk.StatusQueued, Client: "workspace",
		}
		for _, r := range recipients {
			m.Recipients = append(m.Recipients, desk.Party{Field: "to", Address: r})
		}
		if m, err = w.Threads.Append(ctx, tx, m); err != nil {
			return err
		}
		if err := w.Threads.CreateDeliveries(ctx, tx, m.ID, recipients); err != nil {
			return err
		}
		if _, err := w.Threads.MarkStatus(ctx, tx, m.ID, "", desk.StatusSent, "", "250 ok"); err != nil {
			return err
		}
		if t.TicketID != 0 {
			return w.Tickets.NoteMessage(ctx, tx, t.TicketID, m)
		}
		return nil
	})
	return m
}

func (w *world) closeTicket(id desk.TicketID) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Tickets.Close(ctx, tx, desk.System, id, "")
		return err
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func flagged(m desk.Message, flag string) bool {
	for _, f := range m.Flags {
		if f == flag {
			return true
		}
	}
	return false
}

func TestPlainMailBecomesARoutedTicket(t *testing.T) { // EM-01, EM-25, CR-01, GEN-05, GEN-18, GEN-22, GEN-23, TK-01, TK-02
	each(t, func(t *testing.T, w *world) {
		ann := w.User(desktest.Named("Ann Holm"))
		acc := w.Account(desktest.At("sales@acme.example"), desktest.Assign(desk.AssignPolicy{To: "users", Users: []string{ann.Email}}), func(n *inbox.NewAccount) {
			n.Ticket = &desk.TicketPolicy{Create: "always", Priority: "high", Category: "billing"}
		})
		sent := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		w.deliver(w.letter("root@x.example", "Mira@X.example", via(acc), subject("My invoice"), text("It is wrong."), cc("boss@x.example"), func(m *mail) {
			m.From.Name = "Mira Okoye"
			m.SentAt = sent
			m.Attachments = []channel.Attachment{{Name: "a/../invoice.pdf", Type: "application/pdf", Data: []byte("%PDF")}}
		}))
		m := w.filed("root@x.example")
		if m.Direction != desk.Incoming || m.Status != desk.StatusReceived || m.Channel != "post" || m.AccountID != acc.ID || m.From.Address != "mira@x.example" || m.SentAt != desk.At(sent) {
			t.Fatalf("message %+v", m)
		}
		if len(m.Recipients) != 2 || m.Recipients[1].Address != "boss@x.example" || m.Recipients[1].Field != "cc" {
			t.Fatalf("recipients %+v", m.Recipients)
		}
		if len(m.Attachments) != 1 || m.Attachments[0].Name != "invoice.pdf" || m.Attachments[0].Size != 4 || m.Attachments[0].SHA256 == "" {
			t.Fatalf("attachments %+v", m.Attachments)
		}
		tk := w.ticket(m.TicketID)
		if tk.Subject != "My invoice" || tk.OwnerID != ann.ID || tk.Priority != desk.PriorityHigh || tk.Category != "billing" || !tk.Open || tk.LastDirection != desk.Incoming || tk.MessageCount != 1 || tk.Snippet != "It is wrong." {
			t.Fatalf("ticket %+v", tk)
		}
		if tk.Assignment == nil || len(tk.Assignment.Candidates) != 1 {
			t.Fatalf("the decision is not explained: %+v", tk.Assignment)
		}
		c, err := w.Contacts.Get(context.Background(), w.DB, m.ContactID)
		must(t, err)
		if c.Email != "mira@x.example" || c.FirstName != "Mira" || c.LastName != "Okoye" || m.Actor != desk.ByContact(c.ID) || tk.ContactID != c.ID || c.Addresses[0].Source != "inbound" {
			t.Fatalf("contact %+v", c)
		}
		if w.contacts() != 1 {
			t.Fatalf("EM-28: only the visible sender becomes a contact, there are %d", w.contacts())
		}
		for _, typ := range []string{desk.EvContactCreated, desk.EvTicketCreated, desk.EvThreadOpened, desk.EvMessageReceived, desk.EvTicketAssigned} {
			if n := len(w.EventsOf(typ)); n != 1 {
				t.Errorf("%d events %s, want 1", n, typ)
			}
		}
		if e := w.entry("root@x.example"); e.State != intake.StateFiled || e.Ticket != tk.ID || e.Thread != m.ThreadID || e.Account != acc.Slug || e.Disposition != desk.DispNormal {
			t.Fatalf("journal %+v", e)
		}
	})
}

func TestReplyJoinsItsThread(t *testing.T) { // GEN-06, EM-30
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("a", "mira@x.example"), w.letter("b", "mira@x.example", replies("a"), subject("Re: Hello")))
		a, b := w.filed("a"), w.filed("b")
		if a.ThreadID != b.ThreadID || b.InReplyTo != a.ID || w.tickets() != 1 || w.contacts() != 1 {
			t.Fatalf("a %+v b %+v", a, b)
		}
		ms, err := w.Threads.Messages(context.Background(), w.DB, a.ThreadID, thread.Page{Oldest: true})
		must(t, err)
		if len(ms) != 2 || ms[0].ID != a.ID {
			t.Fatalf("order: %v", ms)
		}
		w.deliver(w.letter("c", "mira@x.example", subject("Re: Hello")))
		if w.filed("c").ThreadID == a.ThreadID || w.tickets() != 2 {
			t.Fatal("a subject alone never threads")
		}
	})
}

var _ = fmt.Sprint

func accountTicket(p desk.TicketPolicy) inbox.AccountChange { return inbox.AccountChange{Ticket: &p} }

func ticketHidden(h desk.Hidden) ticket.Change { return ticket.Change{Hidden: &h} }
