package ownermail_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/ownermail"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/switchboard"
)

// post is a channel of mail whose provider is the test: what comes in are Inbounds in JSON, what goes out is kept.
type post struct {
	desktest.Post
	mu   sync.Mutex
	sent []channel.Outbound
	ids  int
	fail error
}

func (p *post) Spec() channel.Spec {
	s := p.Post.Spec()
	s.Can.MaxEncoded, s.Can.LargeFiles, s.Can.MaxAttachment, s.Can.MaxAttachments, s.Can.MaxAttachmentNum = 2<<20, channel.LargeLink, 1<<30, 1<<30, 20
	return s
}

func (*post) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var in channel.Inbound
	return []channel.Inbound{in}, json.Unmarshal(raw.Body, &in)
}

func (p *post) NewRemoteID(_ desk.ChannelAccount, token string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids++
	return fmt.Sprintf("%s.%d@desk.example", token, p.ids)
}

func (*post) ReplyAddress(acc desk.ChannelAccount, token string) string {
	return strings.Replace(acc.Address, "@", "+t-"+token+"@", 1)
}
func (*post) SignToken(id desk.ThreadID) string { return "thread" + id.String() }
func (*post) VerifyToken(tok string) (desk.ThreadID, bool) {
	id, err := desk.ParseID[desk.ThreadID](strings.TrimPrefix(tok, "thread"))
	return id, err == nil && strings.HasPrefix(tok, "thread")
}

func (p *post) Open(context.Context, desk.ChannelAccount, channel.Host) (channel.Conn, error) {
	return conn{p}, nil
}

type conn struct{ p *post }

func (c conn) Send(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
	c.p.mu.Lock()
	fail := c.p.fail
	c.p.mu.Unlock()
	if fail != nil {
		return channel.Receipt{}, fail
	}
	var to []string
	for _, x := range out.To {
		to = append(to, x.Address)
	}
	if err := out.Commit(ctx, to); err != nil {
		return channel.Receipt{}, err
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.sent = append(c.p.sent, out)
	return channel.Receipt{RemoteID: out.RemoteID}, nil
}

func (conn) Close() error { return nil }

// to is what went to an address.
func (p *post) to(address string) (out []channel.Outbound) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.sent {
		for _, x := range o.To {
			if x.Address == address {
				out = append(out, o)
			}
		}
	}
	return out
}

// world is a desk with mail in and out, a contact and their owner who is away.
type world struct {
	*desktest.Desk
	t      *testing.T
	post   *post
	intake *intake.Service
	s      *ownermail.Service
	jobs   *job.Queue
	acc    desk.ChannelAccount
	owner  desk.User
	seen   int64
}

type nowhere struct{}

func (nowhere) Deliver(context.Context, []channel.Raw) error { return nil }

const customer = "kunde@home.example"

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	p := &post{}
	w := &world{t: t, post: p, Desk: desktest.New(t, d, p)}
	blobs, err := blob.Disk(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	w.jobs = job.New(d, w.Clock, nil, job.Options{Workers: 4, Poll: 10 * time.Millisecond, Drain: 2 * time.Second, Base: time.Hour})
	board := switchboard.New(switchboard.Deps{DB: d, Inbox: w.Inboxes, Events: w.Events, Registry: w.Channels, Blobs: blobs, Clock: w.Clock, Intake: nowhere{}, Node: "test"})
	say := dispatch.New(dispatch.Deps{DB: d, Clock: w.Clock, Events: w.Events, Jobs: w.jobs, People: w.People, Contacts: w.Contacts, Inbox: w.Inboxes, Threads: w.Threads, Tickets: w.Tickets,
		Assign: w.Assignment, Board: board, Registry: w.Channels, Company: func(context.Context, db.Queryer) (string, error) { return "Acme", nil }})
	base, _ := url.Parse("https://desk.example")
	w.s = ownermail.New(ownermail.Deps{DB: d, Clock: w.Clock, Events: w.Events, Jobs: w.jobs, Registry: w.Channels, People: w.People, Contacts: w.Contacts, Inbox: w.Inboxes, Threads: w.Threads, Tickets: w.Tickets,
		Board: board, Replies: say, Base: base, Key: []byte("a key of this installation"), May: func(u desk.User) bool { return u.Role != desk.RoleViewer },
		Life: 30 * 24 * time.Hour, Reaches: func(ctx context.Context, q db.Queryer, id desk.UserID, th desk.Thread) (bool, error) {
			v, err := w.Access.ViewerIn(ctx, q, id)
			return err == nil && v.NeedOn(access.Held{Inbox: th.InboxID, Owner: th.OwnerID, Team: th.TeamID}, access.TicketsReply) == nil, nil
		}})
	w.intake = intake.New(intake.Deps{DB: d, Clock: w.Clock, Registry: w.Channels, Blobs: blobs, Events: w.Events, Jobs: w.jobs, Contacts: w.Contacts, Threads: w.Threads, Tickets: w.Tickets,
		Inbox: w.Inboxes, Assign: w.Assignment, Letters: w.s})
	w.owner = w.User(desktest.Named("Mette Owner"), desktest.Away, func(n *people.NewUser) { n.Locale = "da" })
	w.acc = w.Account(desktest.At("support@acme.example"), desktest.Assign(desk.AssignPolicy{To: routing.ToContactOwner, AvailableOnly: true, MailOwner: true}))
	c := w.Contact(customer)
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Contacts.Update(ctx, tx, desk.System, c.ID, contact.Change{OwnerID: &w.owner.ID})
		return err
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.jobs.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; board.Close() })
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

// follow shows the service what has happened, each event once.
func (w *world) follow() {
	w.t.Helper()
	evs := w.EventsOf("")
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, ev := range evs[w.seen:] {
			if err := w.s.Note(ctx, tx, ev); err != nil {
				return err
			}
		}
		return nil
	})
	w.seen = int64(len(evs))
}

type mail struct {
	channel.Inbound
	auth *desk.AuthEvidence
	rcpt string
}

func (w *world) mail(id, from string, with ...func(*mail)) mail {
	m := mail{Inbound: channel.Inbound{Kind: channel.InMessage, RemoteID: id, From: desk.Party{Kind: desk.AddrEmail, Address: from}, To: []desk.Party{{Kind: desk.AddrEmail, Address: w.acc.Address}},
		Subject: "My frame is bent", Text: "Words of " + id, Disposition: desk.DispNormal}}
	for _, f := range with {
		f(&m)
	}
	sum := sha256.Sum256([]byte(m.From.Address + m.Subject + m.Text))
	m.Sender, m.ContentHash = m.From, hex.EncodeToString(sum[:])
	return m
}

func (w *world) deliver(m mail) {
	w.t.Helper()
	body, _ := json.Marshal(m.Inbound)
	raw := channel.Raw{Account: w.acc.ID, Channel: w.acc.Channel, Dedupe: fmt.Sprint(m.RemoteID, len(w.EventsOf(""))), Body: body, At: w.Clock.Now(), Auth: m.auth}
	if m.rcpt != "" {
		raw.Envelope.To = []string{m.rcpt}
	}
	if err := w.intake.Deliver(context.Background(), []channel.Raw{raw}); err != nil {
		w.t.Fatal(err)
	}
}

// await waits until a condition of the database or the provider holds.
func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			w.t.Fatal("in vain: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *world) idle() {
	w.t.Helper()
	w.await("the jobs are done", func() bool {
		var n int
		err := w.DB.QueryRow(context.Background(), "SELECT COUNT(*) FROM jobs WHERE state <> 'dead' AND run_at <= $1", w.Clock.Ms()).Scan(&n)
		return err == nil && n == 0
	})
}

// letter lets the customer write and returns what the owner got.
func (w *world) letter(with ...func(*mail)) channel.Outbound {
	w.t.Helper()
	w.deliver(w.mail("first@home.example", customer, with...))
	w.follow()
	w.await("the owner's letter", func() bool { return len(w.post.to(w.owner.Email)) == 1 })
	return w.post.to(w.owner.Email)[0]
}

// answers is a mail that a mail program makes as an answer to a letter.
func answers(l channel.Outbound, text string) func(*mail) {
	return func(m *mail) {
		m.Refs, m.InReplyTo, m.References, m.Text = []string{l.RemoteID}, []string{l.RemoteID}, []string{l.RemoteID}, text
		token, _, _ := strings.Cut(l.RemoteID, ".")
		m.Tokens, m.rcpt, m.Subject = []string{token}, l.ReplyTo, "Re: "+l.Subject
	}
}

func (w *world) told(what string) (reasons []string) {
	w.t.Helper()
	for _, ev := range w.EventsOf(desk.EvOwnerMailed) {
		var d struct{ What, Reason string }
		_ = json.Unmarshal(ev.Data, &d)
		if d.What == what {
			reasons = append(reasons, d.Reason)
		}
	}
	return reasons
}

// RT-05, RT-22: the owner who is away gets the submission itself, in their language, from the team's address, with a token of their own.
func TestTheOwnerGetsTheWholeSubmission(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.letter(func(m *mail) {
			m.HTML = "<p>Words with <b>weight</b></p>"
			m.Attachments = []channel.Attachment{{Name: "frame.jpg", Type: "image/jpeg", Data: make([]byte, 1000)}, {Name: "film.mp4", Type: "video/mp4", Data: make([]byte, 3<<20)}}
		})
		for _, want := range []string{"Words of first@home.example", customer, "Account ", "/ticket/", "har skrevet, mens du er væk", "film.mp4"} {
			if !strings.Contains(l.Text, want) {
				t.Errorf("the letter lacks %q:\n%s", want, l.Text)
			}
		}
		if !strings.Contains(l.HTML, "<b>weight</b>") || !l.Automatic || l.From.Address != w.acc.Address || !strings.Contains(l.ReplyTo, "+t-") || !strings.Contains(l.Subject, "My frame is bent") {
			t.Errorf("%+v", l)
		}
		if len(l.Attachments) != 1 || l.Attachments[0].Name != "frame.jpg" {
			t.Errorf("files %+v", l.Attachments)
		}
		w.follow()
		w.idle()
		if n := len(w.post.to(w.owner.Email)); n != 1 {
			t.Errorf("%d letters", n)
		}
		w.deliver(w.mail("second@home.example", customer, func(m *mail) {
			m.Refs, m.InReplyTo, m.References = []string{"first@home.example"}, []string{"first@home.example"}, []string{"first@home.example"}
		}))
		w.follow()
		w.await("what came after goes the same way", func() bool { return len(w.post.to(w.owner.Email)) == 2 })
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.People.SetAvailable(ctx, tx, desk.System, w.owner.ID, true)
			return err
		})
		w.deliver(w.mail("third@home.example", customer, func(m *mail) {
			m.Refs, m.InReplyTo, m.References = []string{"first@home.example"}, []string{"first@home.example"}, []string{"first@home.example"}
		}))
		w.follow()
		w.idle()
		if n := len(w.post.to(w.owner.Email)); n != 2 {
			t.Errorf("%d letters: who is here gets none", n)
		}
	})
}

// RT-05: the setting off is nobody's mail.
func TestWithoutTheSettingNobodyIsMailed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.acc.Assign
		p.MailOwner = false
		w.exec("UPDATE channel_accounts SET assign = $1 WHERE id = $2", db.JSON(p), w.acc.ID)
		w.deliver(w.mail("first@home.example", customer))
		w.follow()
		w.idle()
		if n := len(w.post.to(w.owner.Email)); n != 0 {
			t.Errorf("%d letters", n)
		}
	})
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err })
}

// RT-05 beyond, section 29 row 3: the answer from the mail program goes to the customer, as that person's, in the same conversation, once.
func TestTheAnswerGoesToTheCustomer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.letter()
		first := w.mail("answer@acme.example", w.owner.Email, answers(l, "Bring it in tomorrow.\n\n"+strings.SplitN(l.Text, "\n", 2)[0]+"\nquoted words"))
		w.deliver(first)
		w.await("the customer's mail", func() bool { return len(w.post.to(customer)) == 1 })
		got := w.post.to(customer)[0]
		if strings.TrimSpace(got.Text) != "Bring it in tomorrow." {
			t.Errorf("the customer reads %q", got.Text)
		}
		var m desk.Message
		ms, err := db.All(context.Background(), w.DB, db.Column[desk.MessageID], "SELECT id FROM messages WHERE direction = 'outgoing'")
		if err != nil || len(ms) != 1 {
			t.Fatalf("%v %v", ms, err)
		}
		if m, err = w.Threads.Message(context.Background(), w.DB, ms[0]); err != nil || m.Actor != desk.ByUser(w.owner.ID) || m.Client != "mail" || m.InReplyTo == 0 {
			t.Fatalf("%+v %v", m, err)
		}
		tk, err := w.Tickets.Get(context.Background(), w.DB, m.TicketID)
		if err != nil || tk.OwnerID != w.owner.ID {
			t.Errorf("RT-11: owner %v %v", tk.OwnerID, err)
		}
		w.deliver(first) // over another way, with another key of delivery
		w.idle()
		if n := len(w.post.to(customer)); n != 1 {
			t.Fatalf("the customer got %d", n)
		}
		if got := w.told(ownermail.WasAnswered); len(got) != 1 {
			t.Errorf("told %v", got)
		}
		if es, err := w.intake.ByMessageID(context.Background(), "answer@acme.example"); err != nil || len(es) != 2 || es[1].State == intake.StateSetAside || es[0].FiledAs != m.ID {
			t.Errorf("%+v %v", es, err)
		}
	})
}

// RT-05: only the person to whom the letter went may answer with it, and only by a mail that their domain does not disown. Nothing else leaves, and the ticket says why.
func TestWhoMayNotAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		from   string
		reason string
		change func(w *world, l channel.Outbound, m *mail)
	}{
		"a stranger with the token":          {"stranger@evil.example", ownermail.OtherSender, nil},
		"the customer with the token":        {customer, ownermail.OtherSender, nil},
		"a colleague with the token":         {"colleague@acme.example", ownermail.OtherSender, nil},
		"the owner's address, DMARC failing": {"", ownermail.Suspicious, func(_ *world, _ channel.Outbound, m *mail) { m.auth = &desk.AuthEvidence{DMARC: "fail"} }},
		"a deactivated owner": {"", ownermail.NobodyActive, func(w *world, _ channel.Outbound, _ *mail) {
			w.exec("UPDATE users SET active = 0 WHERE id = $1", w.owner.ID)
		}},
		"nothing above the line": {"", ownermail.NoWords, func(_ *world, l channel.Outbound, m *mail) { m.Text = l.Text }},
		"a letter of long ago":   {"", ownermail.Expired, func(w *world, _ channel.Outbound, _ *mail) { w.Clock.Set(w.Clock.Now().Add(31 * 24 * time.Hour)) }},
		"an owner who is in the inbox no more": {"", ownermail.OutOfReach, func(w *world, _ channel.Outbound, _ *mail) {
			w.exec("UPDATE inboxes SET access = $1 WHERE id = $2", db.JSON(desk.Access{}), w.acc.InboxID)
		}},
		"another letter's forged token": {"", "", func(_ *world, _ channel.Outbound, m *mail) {
			c := "b"
			if m.Tokens[0][20] == 'b' {
				c = "c"
			}
			m.Tokens = []string{m.Tokens[0][:20] + c + m.Tokens[0][21:]}
		}},
		"the owner without the token": {"", "", func(_ *world, _ channel.Outbound, m *mail) { m.Tokens = nil }},
		"the owner's absence notice":  {"", "", func(_ *world, _ channel.Outbound, m *mail) { m.Disposition = desk.DispAutoReply }},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.User(desktest.Named("Colleague Close"))
				l := w.letter()
				from := c.from
				if from == "" {
					from = w.owner.Email
				}
				m := w.mail("answer@acme.example", from, answers(l, "Send me the money."))
				if c.change != nil {
					c.change(w, l, &m)
				}
				w.deliver(m)
				w.follow()
				w.idle()
				if n := len(w.post.to(customer)); n != 0 {
					t.Fatalf("the customer got %d", n)
				}
				got := w.told(ownermail.WasRefused)
				if c.reason == "" && len(got) != 0 || c.reason != "" && (len(got) != 1 || got[0] != c.reason) {
					t.Errorf("told %v, want %q", got, c.reason)
				}
				if es, err := w.intake.ByMessageID(context.Background(), "answer@acme.example"); err != nil || len(es) != 1 || es[0].State == intake.StateSetAside {
					t.Errorf("%+v %v", es, err)
				}
				want := 1
				if from == customer { // it is the customer's word, and goes the way of the customer's words
					want = 2
				}
				notice := map[string]string{ownermail.NoWords: "stod intet", ownermail.Expired: "30 dage", ownermail.OutOfReach: "ikke længere svare"}[c.reason]
				if notice != "" { // whose answer it was is told, and what became of it
					want = 2
				}
				got2 := w.post.to(w.owner.Email)
				if len(got2) != want {
					t.Fatalf("%d letters, want %d: a loop", len(got2), want)
				}
				if notice != "" {
					if n := got2[1]; !n.Automatic || !strings.Contains(n.Text, notice) || !strings.Contains(n.Text, "er gemt ved samtalen") || strings.Contains(n.Text+n.Subject, customer) || strings.Contains(n.Text+n.Subject, "frame") {
						t.Errorf("the owner is told %q: %s", n.Subject, n.Text)
					}
				}
			})
		})
	}
}

// RT-05: a letter that comes back, or cannot be handed over, is told on the ticket.
func TestALetterThatDoesNotArriveIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.letter()
		m := w.mail("bounce@acme.example", "mailer-daemon@acme.example", answers(l, "It came back."), func(m *mail) {
			m.Disposition = desk.DispBounce
			m.Bounce = &channel.Bounce{OriginalMessageID: l.RemoteID, Recipients: []channel.BounceRecipient{{Address: w.owner.Email, Action: "failed", Diagnostic: "550 no such person"}}}
		})
		w.deliver(m)
		if got := w.told(ownermail.WasBounced); len(got) != 1 || got[0] != "550 no such person" {
			t.Errorf("told %v", got)
		}
	})
	each(t, func(t *testing.T, w *world) {
		w.post.fail = &channel.SendError{Fault: channel.Permanent, Public: "The server refuses it."}
		w.deliver(w.mail("first@home.example", customer))
		w.follow()
		w.await("it is told", func() bool { return len(w.told(ownermail.WasFailed)) == 1 })
	})
}
