// Package desktest makes small, sensible things for tests: a whole desk of noun services on one database, and users, teams, inboxes, channel
// accounts and tickets of which a test names only what matters to it. It is imported by tests alone. Every factory fails the test when it cannot.
package desktest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Host is where the desk's hosted addresses are.
const Host = "desk.example"

// Desk is the noun services of one database.
type Desk struct {
	T          testing.TB
	DB         *db.DB
	Clock      *clock.Clock
	Events     *event.Log
	Box        *secret.Box
	Channels   *channel.Registry
	People     *people.Service
	Access     *access.Service
	Properties *property.Service
	Tickets    *ticket.Service
	Inboxes    *inbox.Service
	Settings   *setting.Service
	Assignment *assignment.Service
	Contacts   *contact.Service
	Threads    *thread.Service
	Visitors   *visitor.Service
	n          atomic.Int64
}

// New makes a desk with the defaults of a first start. Without adapters it has one channel, Post.
func New(t testing.TB, d *db.DB, adapters ...channel.Adapter) *Desk {
	t.Helper()
	k := Bare(t, d, adapters...)
	k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.EnsureDefaults(ctx, tx, Host) })
	return k
}

// Bare makes a desk on an empty database, without the defaults.
func Bare(t testing.TB, d *db.DB, adapters ...channel.Adapter) *Desk {
	t.Helper()
	if len(adapters) == 0 {
		adapters = []channel.Adapter{Post{}}
	}
	k := &Desk{T: t, DB: d, Clock: clock.New(), Channels: channel.NewRegistry(adapters...)}
	var err error
	if k.Box, err = secret.New(bytes.Repeat([]byte{7}, 32)); err != nil {
		t.Fatalf("desktest: %v", err)
	}
	k.Events = event.New(d, k.Clock, nil)
	k.People = people.New(d, k.Clock, k.Events)
	k.Access = access.New(access.Deps{DB: d, Clock: k.Clock, Events: k.Events, Box: k.Box, People: k.People,
		Password: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	k.Properties = property.New(d, k.Clock, k.Events)
	k.Tickets = ticket.New(d, k.Clock, k.Events, k.Properties)
	k.Inboxes = inbox.New(inbox.Deps{DB: d, Clock: k.Clock, Events: k.Events, Box: k.Box, Channels: k.Channels, Tickets: k.Tickets, People: k.People, Host: Host})
	k.Settings = setting.New(d, k.Clock, k.Events)
	k.Contacts = contact.New(k.Clock, k.Events)
	k.Threads = thread.New(k.Clock, k.Events)
	k.Visitors = visitor.New(k.Clock, k.Events)
	k.Assignment = assignment.New(assignment.Deps{Clock: k.Clock, People: k.People, Inboxes: k.Inboxes, Tickets: k.Tickets, Threads: k.Threads, Contacts: k.Contacts, Properties: k.Properties,
		Visitors: k.Visitors, Channels: k.Channels, Keep: 24 * time.Hour}).WithLimits(assignment.LimitsOf(k.Settings, k.People))
	return k
}

// Write runs fn in a write transaction and fails the test on an error.
func (k *Desk) Write(fn func(ctx context.Context, tx *db.Tx) error) {
	k.T.Helper()
	if err := k.Try(fn); err != nil {
		k.T.Fatalf("desktest: %v", err)
	}
}

// Try runs fn in a write transaction and returns its error.
func (k *Desk) Try(fn func(ctx context.Context, tx *db.Tx) error) error {
	k.T.Helper()
	return k.DB.Write(context.Background(), fn)
}

// Together runs fn in n write transactions at once and returns their errors. On PostgreSQL each waits until all have begun, or as many as
// there are connections for writing, so that what only a lock or a key keeps apart does meet; SQLite has one writer.
func Together(d *db.DB, n int, fn func(ctx context.Context, tx *db.Tx, i int) error) []error {
	const connections = 16
	var begun, done sync.WaitGroup
	var first atomic.Int32
	meet := int32(min(n, connections))
	begun.Add(int(meet))
	errs := make([]error, n)
	for i := range n {
		done.Add(1)
		go func() {
			defer done.Done()
			var once sync.Once
			errs[i] = d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				once.Do(func() {
					if first.Add(1) <= meet {
						begun.Done()
					}
				})
				if d.Dialect() == db.Postgres {
					begun.Wait()
				}
				return fn(ctx, tx, i)
			})
		}()
	}
	done.Wait()
	return errs
}

// Must fails the test on an error and returns the value.
func Must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (k *Desk) next() int64 { return k.n.Add(1) }

// User makes an active agent who is available; with changes what matters. The password is Password.
func (k *Desk) User(with ...func(*people.NewUser)) desk.User {
	k.T.Helper()
	i := k.next()
	n := people.NewUser{Email: fmt.Sprintf("user%d@acme.example", i), Name: fmt.Sprintf("User %d", i), Role: desk.RoleAgent}
	for _, w := range with {
		w(&n)
	}
	var u desk.User
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		u, err = k.People.Create(ctx, tx, desk.System, n)
		return err
	})
	return u
}

// Named sets a user's name and, from its first word, the address: "Ann Holm" is ann@acme.example.
func Named(name string) func(*people.NewUser) {
	return func(n *people.NewUser) {
		n.Name = name
		var first string
		fmt.Sscan(name, &first)
		n.Email = desk.NormalizeEmail(first + "@acme.example")
	}
}

// Role sets a user's role.
func Role(r desk.Role) func(*people.NewUser) { return func(n *people.NewUser) { n.Role = r } }

// Away makes a user unavailable.
func Away(n *people.NewUser) { off := false; n.Available = &off }

// Inactive makes a user deactivated.
func Inactive(n *people.NewUser) { off := false; n.Active = &off }

// Password is what SetPassword gives.
const Password = "correct horse"

// SetPassword lets a user sign in with Password.
func (k *Desk) SetPassword(u desk.User) {
	k.T.Helper()
	if err := k.Access.SetPassword(context.Background(), desk.System, u.ID, Password, 0); err != nil {
		k.T.Fatalf("desktest: %v", err)
	}
}

// Viewer is what the API makes of a signed-in user.
func (k *Desk) Viewer(u desk.User) access.Viewer {
	k.T.Helper()
	return Must[access.Viewer](k.T)(k.Access.ViewerFor(context.Background(), u.ID))
}

// Team makes a team of main members.
func (k *Desk) Team(slug string, members ...desk.User) desk.Team {
	k.T.Helper()
	t := desk.Team{Slug: slug, Name: slug}
	for _, u := range members {
		t.Members = append(t.Members, u.ID)
	}
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		t, err = k.People.CreateTeam(ctx, tx, desk.System, t)
		return err
	})
	return t
}

// Helpdesk is the help desk.
func (k *Desk) Helpdesk() desk.Inbox {
	k.T.Helper()
	return Must[desk.Inbox](k.T)(k.Inboxes.Helpdesk(context.Background(), k.DB))
}

// Inbox makes an inbox for everyone, or for those whom access names.
func (k *Desk) Inbox(slug string, access ...desk.Access) desk.Inbox {
	k.T.Helper()
	n := inbox.NewInbox{Slug: slug, Name: slug, Kind: desk.KindInbox}
	if len(access) > 0 {
		n.Access = &access[0]
	}
	var b desk.Inbox
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = k.Inboxes.CreateInbox(ctx, tx, desk.System, n)
		return err
	})
	return b
}

// Account connects an account of the first channel to the help desk, with an address of its own; with changes what matters.
func (k *Desk) Account(with ...func(*inbox.NewAccount)) desk.ChannelAccount {
	k.T.Helper()
	i := k.next()
	n := inbox.NewAccount{
		Slug: fmt.Sprintf("account%d", i), Name: fmt.Sprintf("Account %d", i), Channel: k.Channels.All()[0].Spec().Channel, InboxID: k.Helpdesk().ID, Operator: true,
		Settings: fmt.Appendf(nil, `{"kind":"hosted","address":"team%d@acme.example"}`, i),
	}
	for _, w := range with {
		w(&n)
	}
	var a desk.ChannelAccount
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = k.Inboxes.CreateAccount(ctx, tx, desk.System, n)
		return err
	})
	return a
}

// In puts an account into an inbox.
func In(b desk.Inbox) func(*inbox.NewAccount) { return func(n *inbox.NewAccount) { n.InboxID = b.ID } }

// At gives an account an address.
func At(address string) func(*inbox.NewAccount) {
	return func(n *inbox.NewAccount) { n.Settings = fmt.Appendf(nil, `{"kind":"hosted","address":%q}`, address) }
}

// Assign gives an account a policy.
func Assign(p desk.AssignPolicy) func(*inbox.NewAccount) {
	return func(n *inbox.NewAccount) { n.Assign = &p }
}

// Ticket makes an open ticket in the help desk; with changes what matters.
func (k *Desk) Ticket(with ...func(*ticket.NewTicket)) desk.Ticket {
	k.T.Helper()
	n := ticket.NewTicket{Actor: desk.System, Subject: fmt.Sprintf("Ticket %d", k.next()), InboxID: k.Helpdesk().ID}
	for _, w := range with {
		w(&n)
	}
	var t desk.Ticket
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) { t, err = k.Tickets.Create(ctx, tx, n); return err })
	return t
}

// Contact makes a contact with a mail address; "" is one of its own.
func (k *Desk) Contact(address string) desk.Contact {
	k.T.Helper()
	if address == "" {
		address = fmt.Sprintf("customer%d@home.example", k.next())
	}
	var c desk.Contact
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		c, _, err = k.Contacts.Resolve(ctx, tx, desk.Party{Kind: desk.AddrEmail, Address: address}, "test", k.Clock.Ms())
		return err
	})
	return c
}

// Thread opens a thread of a ticket with its contact, over an account.
func (k *Desk) Thread(t desk.Ticket, acc desk.ChannelAccount) desk.Thread {
	k.T.Helper()
	var th desk.Thread
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		th, err = k.Threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: t.InboxID, AccountID: acc.ID, Channel: acc.Channel, ContactID: t.ContactID, TicketID: t.ID, Subject: t.Subject})
		return err
	})
	return th
}

// Message files an incoming message in a thread, noted on its ticket; with changes what matters.
func (k *Desk) Message(th desk.Thread, with ...func(*desk.Message)) desk.Message {
	k.T.Helper()
	m := desk.Message{ThreadID: th.ID, TicketID: th.TicketID, Kind: desk.KindMessage, Direction: desk.Incoming, Channel: th.Channel, AccountID: th.AccountID, ContactID: th.ContactID,
		Actor: desk.ByContact(th.ContactID), Text: fmt.Sprintf("Message %d", k.next()), Status: desk.StatusReceived}
	for _, w := range with {
		w(&m)
	}
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = k.Threads.Append(ctx, tx, m); err != nil || m.TicketID == 0 {
			return err
		}
		return k.Tickets.NoteMessage(ctx, tx, m.TicketID, m)
	})
	return m
}

// Property defines a property of tickets.
func (k *Desk) Property(name, typ string, options ...string) desk.Property {
	k.T.Helper()
	p := desk.Property{Object: property.Ticket, Name: name, Type: typ, Options: options}
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = k.Properties.Create(ctx, tx, desk.System, p)
		return err
	})
	return p
}

// EventsOf returns the recorded events of a type, oldest first; "" is all of them.
func (k *Desk) EventsOf(typ string) []desk.Event {
	k.T.Helper()
	evs, err := db.All(context.Background(), k.DB, event.Scan, `SELECT `+event.Columns+` FROM events WHERE type = $1 OR $1 = '' ORDER BY id`, typ)
	return Must[[]desk.Event](k.T)(evs, err)
}
