// Package demo fills a fresh installation with a believable small company: people, channels and two weeks of mail that really
// went through intake and dispatch, with a clock that was moved. It also has the page on which a visitor reads and writes the
// customers' side. It owns no table and knows no shortcut: what it makes is made by the services it is handed. `kanal demo` calls it.
package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"log/slog"
	"math/rand/v2"
	"net/mail"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/simulate"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Parts are the services the demo acts through.
type Parts struct {
	DB       *db.DB
	Clock    *clock.Clock
	Log      *slog.Logger
	Access   *access.Service
	People   *people.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Dispatch *dispatch.Service
	Desk     Desk
	Surveys  *survey.Service
	Inboxes  *inbox.Service
	Flows    *chatflow.Service
	Blobs    blob.Store
	Mail     *simulate.Mail
	// Apply makes the settings what a settings file says.
	Apply func(ctx context.Context, yaml []byte) error
	// Deliver files a mail as if it had come in by SMTP now, with good authentication.
	Deliver func(ctx context.Context, from string, to []string, raw []byte) error
	// Progress is called now and then with what share is done, 0 to 1; nil is fine.
	Progress func(share float64)
}

// Password is everybody's in the demo.
const Password = "nordlys-demo"

const domain = "nordlys.example"

// Fill makes the company and its two weeks, unless they are there. It reports how many tickets there are.
func Fill(ctx context.Context, p Parts) (tickets int, err error) {
	if _, err := p.People.ByEmail(ctx, p.DB, "mette@"+domain); err == nil {
		return countTickets(ctx, p)
	}
	if err := p.Apply(ctx, CompanyYAML); err != nil {
		return 0, fmt.Errorf("demo: settings: %w", err)
	}
	f := &filler{Parts: p, now: p.Clock.Now(), began: time.Now(), rand: rand.New(rand.NewPCG(11, 27)), users: map[string]desk.User{}}
	us, err := p.People.List(ctx, p.DB, false)
	if err != nil {
		return 0, err
	}
	for _, u := range us {
		name, _, _ := strings.Cut(u.Email, "@")
		f.users[name] = u
	}
	done := make(chan error, 1)
	go func() { done <- f.passwords(ctx) }() // a hash takes a third of a second each
	err = f.tell(ctx)
	if e := <-done; err == nil {
		err = e
	}
	p.Clock.Set(f.now.Add(time.Since(f.began)))
	if err == nil {
		err = f.finish(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("demo: %w", err)
	}
	return countTickets(ctx, p)
}

func countTickets(ctx context.Context, p Parts) (n int, err error) {
	err = p.DB.QueryRow(ctx, "SELECT COUNT(*) FROM tickets").Scan(&n)
	return n, err
}

type filler struct {
	Parts
	now    time.Time
	began  time.Time
	rand   *rand.Rand
	users  map[string]desk.User
	steps  []step
	serial int
}

// step is one thing that happens at its time.
type step struct {
	at time.Time
	do func(ctx context.Context) error
}

func (f *filler) passwords(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(f.users))
	for _, u := range f.users {
		wg.Go(func() { errs <- f.Access.SetPassword(ctx, desk.System, u.ID, Password, 0) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// tell plans every story and plays the steps in the order of time.
func (f *filler) tell(ctx context.Context) error {
	stories, err := readStories()
	if err != nil {
		return err
	}
	n := 0
	for _, s := range stories {
		for range s.Times {
			n++
			f.plan(s.tell(f.rand, n))
		}
	}
	f.specials()
	sort.SliceStable(f.steps, func(i, j int) bool { return f.steps[i].at.Before(f.steps[j].at) })
	for i, st := range f.steps {
		f.Clock.Set(st.at)
		if err := st.do(ctx); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if f.Progress != nil && i%20 == 0 {
			f.Progress(float64(i) / float64(len(f.steps)))
		}
	}
	if f.Progress != nil {
		f.Progress(1)
	}
	return nil
}

// officeHours draws a time of day at which people write, days before now; customers write in the evening too.
func (f *filler) officeHours(days int) time.Time {
	d := f.now.AddDate(0, 0, -days)
	at := time.Date(d.Year(), d.Month(), d.Day(), 7, 0, 0, 0, time.UTC).Add(time.Duration(f.rand.IntN(12*3600)) * time.Second)
	if wd := at.Weekday(); (wd == time.Saturday || wd == time.Sunday) && f.rand.IntN(3) > 0 {
		at = at.AddDate(0, 0, -2)
	}
	return at
}

// later draws when the next turn comes.
func (f *filler) later(t time.Time, least, most time.Duration) time.Time {
	return t.Add(least + time.Duration(f.rand.Int64N(int64(most-least))))
}

// atWork moves what an agent does out of the night and the weekend, to the next morning.
func (f *filler) atWork(t time.Time) time.Time {
	morning := func(d time.Time) time.Time {
		return time.Date(d.Year(), d.Month(), d.Day(), 8, 0, 0, 0, time.UTC).Add(time.Duration(f.rand.IntN(100)) * time.Minute)
	}
	switch {
	case t.Hour() < 8:
		t = morning(t)
	case t.Hour() >= 18:
		t = morning(t.AddDate(0, 0, 1))
	}
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = morning(t.AddDate(0, 0, 1))
	}
	return t
}

// conversation is what a story knows while it is told.
type conversation struct {
	t        telling
	thread   desk.ThreadID
	ticket   desk.TicketID
	last     string // Message-ID of the team's last answer
	said     string
	saidAt   time.Time
	saidBy   string
	refs     []string
	ended    bool
	agent    desk.User
	category bool
}

// plan lays a story's turns out in time. What would lie in the future has not happened yet.
func (f *filler) plan(t telling) {
	days := 1 + f.rand.IntN(13)
	at := f.officeHours(days)
	if t.End == "new" { // nobody has looked at these: they are fresh
		at = f.now.Add(-time.Duration(20+f.rand.IntN(40*60)) * time.Minute)
	}
	if at.After(f.now.Add(-2 * time.Minute)) {
		at = f.now.Add(-time.Duration(5+f.rand.IntN(90)) * time.Minute)
	}
	c := &conversation{t: t}
	first := true
	for _, turn := range t.Turns {
		switch {
		case turn.C != "" && first:
			f.add(at, func(ctx context.Context) error { return f.write(ctx, c, turn.C, true) })
			first = false
		case turn.C != "":
			at = f.later(at, 40*time.Minute, 16*time.Hour)
			f.add(at, func(ctx context.Context) error { return f.write(ctx, c, turn.C, false) })
		case turn.N != "":
			at = f.atWork(f.later(at, 5*time.Minute, 40*time.Minute))
			f.add(at, func(ctx context.Context) error { return f.comment(ctx, c, turn.N) })
		case turn.A != "":
			at = f.atWork(f.later(at, 10*time.Minute, 4*time.Hour))
			f.add(at, func(ctx context.Context) error { return f.answer(ctx, c, turn.A) })
		}
	}
	if t.End != "" && t.End != "new" {
		f.add(f.later(at, 2*time.Minute, 20*time.Minute), func(ctx context.Context) error { return f.setStatus(ctx, c, t.End) })
	}
}

func (f *filler) add(at time.Time, do func(ctx context.Context) error) {
	if at.Before(f.now.Add(-time.Minute)) {
		f.steps = append(f.steps, step{at, do})
	}
}

func (f *filler) id() string {
	f.serial++
	sum := sha256.Sum256([]byte(fmt.Sprintf("demo %d", f.serial)))
	return hex.EncodeToString(sum[:12]) + "@mail.customers.example"
}

// write is the customer's turn: a real mail through intake.
func (f *filler) write(ctx context.Context, c *conversation, text string, first bool) error {
	if !first && c.thread == 0 {
		return nil
	}
	agent := "Sofie"
	if c.agent.ID != 0 {
		agent = c.agent.FirstName
	}
	l := Letter{
		From: c.t.customer, To: []mail.Address{{Name: "Nordlys Cykler", Address: c.t.To + "@" + domain}}, Subject: c.t.fill(c.t.Subject, agent),
		Text: c.t.fill(text, agent), Date: f.Clock.Now(), MessageID: f.id(),
	}
	if first && c.t.Attach != "" {
		l.Files = []File{attachment(c.t.Attach)}
	}
	if !first {
		l.Subject = "Re: " + l.Subject
		l.InReplyTo, l.References = c.last, c.refs
		l.Text = quoted(l.Text, c.saidBy, c.saidAt, c.said)
	}
	if err := f.Deliver(ctx, l.From.Address, []string{l.To[0].Address}, l.Bytes()); err != nil {
		return err
	}
	seen, err := f.Threads.SeenRemote(ctx, f.DB, l.MessageID)
	if err != nil || len(seen) == 0 {
		return fmt.Errorf("a mail was not filed: %w", err)
	}
	c.thread, c.ticket = seen[0].ThreadID, seen[0].TicketID
	c.refs = append(c.refs, l.MessageID)
	if first && c.ticket != 0 {
		return f.stamp(ctx, c)
	}
	return nil
}

// stamp gives a ticket its category and priority, as an agent who looks at it would.
func (f *filler) stamp(ctx context.Context, c *conversation) error {
	ch := ticket.Change{}
	if c.t.Category != "" {
		ch.Category = &c.t.Category
	}
	if c.t.Priority != "" {
		p := desk.Priority(c.t.Priority)
		ch.Priority = &p
	}
	return f.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := f.Tickets.Update(ctx, tx, desk.System, c.ticket, ch)
		return err
	})
}

// who answers: the ticket's owner, or somebody who fits.
func (f *filler) who(ctx context.Context, c *conversation) (desk.User, error) {
	if c.ticket != 0 {
		t, err := f.Tickets.Get(ctx, f.DB, c.ticket)
		if err != nil {
			return desk.User{}, err
		}
		for _, u := range f.users {
			if u.ID == t.OwnerID {
				return u, nil
			}
		}
	}
	switch c.t.To {
	case "billing":
		return f.users["jonas"], nil
	case "sales":
		return f.users["aino"], nil
	}
	return f.users[pick(f.rand, []string{"sofie", "karim", "lukas", "aino"})], nil
}

func (f *filler) answer(ctx context.Context, c *conversation, text string) error {
	u, err := f.who(ctx, c)
	if err != nil || c.thread == 0 {
		return err
	}
	c.agent = u
	text = c.t.fill(text, u.FirstName)
	content := dispatch.Content{HTML: paragraphs(text)}
	if c.t.ReplyAttach != "" {
		id, err := f.upload(ctx, u, attachment(c.t.ReplyAttach))
		if err != nil {
			return err
		}
		content.Attachments = []desk.AttachmentID{id}
	}
	m, err := f.Dispatch.Reply(ctx, dispatch.ReplyCommand{Actor: desk.ByUser(u.ID), ThreadID: c.thread, Content: content, Client: "workspace"})
	if err != nil {
		return err
	}
	c.last, c.said, c.saidAt, c.saidBy = m.RemoteID, m.Text, f.Clock.Now(), u.Name+" <"+c.t.To+"@"+domain+">"
	return f.gone(ctx, m.ID)
}

// gone waits until a message has left, so that the clock moves on only then.
func (f *filler) gone(ctx context.Context, id desk.MessageID) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		m, err := f.Threads.Message(ctx, f.DB, id)
		if err != nil || (m.Status != desk.StatusQueued && m.Status != desk.StatusSending) {
			return err
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			f.Log.Warn("a message of the demo is slow to leave", "message_id", id, "reason", m.StatusReason)
			return ctx.Err()
		}
	}
}

func (f *filler) comment(ctx context.Context, c *conversation, text string) error {
	u, err := f.who(ctx, c)
	if err != nil || c.thread == 0 {
		return err
	}
	var mentions []desk.UserID
	for name, other := range f.users {
		if strings.Contains(text, "@"+name) {
			mentions = append(mentions, other.ID)
		}
	}
	_, err = f.Dispatch.Reply(ctx, dispatch.ReplyCommand{
		Actor: desk.ByUser(u.ID), ThreadID: c.thread, Comment: true, Content: dispatch.Content{Text: c.t.fill(text, u.FirstName)}, Mentions: mentions, Client: "workspace",
	})
	return err
}

func (f *filler) setStatus(ctx context.Context, c *conversation, slug string) error {
	if c.ticket == 0 {
		return nil
	}
	actor := desk.System
	if c.agent.ID != 0 {
		actor = desk.ByUser(c.agent.ID)
	}
	return f.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := f.Tickets.Update(ctx, tx, actor, c.ticket, ticket.Change{Status: &slug})
		return err
	})
}

func (f *filler) upload(ctx context.Context, u desk.User, file File) (desk.AttachmentID, error) {
	sha, size, err := f.Blobs.Put(ctx, bytes.NewReader(file.Data))
	if err != nil {
		return 0, err
	}
	var a desk.Attachment
	err = f.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err = f.Threads.Upload(ctx, tx, u.ID, desk.Attachment{Name: file.Name, Type: file.Type, Size: size, SHA256: sha})
		return err
	})
	return a.ID, err
}

// paragraphs makes what the composer would: one paragraph an empty line.
func paragraphs(text string) string {
	var b strings.Builder
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(strings.TrimSpace(p)), "\n", "<br>") + "</p>")
	}
	return b.String()
}

// finish leaves the desk as people find it: somebody is away, somebody was writing.
func (f *filler) finish(ctx context.Context) error {
	return f.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := f.People.SetAvailable(ctx, tx, desk.ByUser(f.users["lukas"].ID), f.users["lukas"].ID, false); err != nil {
			return err
		}
		if err := f.chatflows(ctx, tx); err != nil {
			return err
		}
		return f.life(ctx, tx)
	})
}
