package widget_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/triage"
)

// script is a dialogue whose bot holds every conversation.
type script struct{ began, took int }

func (s *script) Begins(_ context.Context, _ *db.Tx, _ desk.ChannelAccount, in *channel.Live) (intake.Opening, error) {
	return intake.Opening{Chatflow: in.Flow, Number: in.Number, Name: "Bot", Bot: true}, nil
}
func (s *script) Began(context.Context, *db.Tx, desk.Thread, *channel.Inbound) error {
	s.began++
	return nil
}
func (s *script) Took(context.Context, *db.Tx, desk.Thread, desk.Message, *channel.Inbound) error {
	s.took++
	return nil
}

// CF-21: while a bot holds a conversation there is no ticket; handing over makes one, with its words and an owner.
func TestThereIsNoTicketWhileABotHoldsTheConversation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		bot := &script{}
		r.Intake.Dialogue = bot
		ann := r.User()
		b := r.browser()
		b.hello(nil)
		sent := b.say("", "I need a person")
		b.say(sent.Thread.ID.String(), "Please")
		th, _ := r.Threads.Get(ctx, d, sent.Thread.ID)
		if !th.Bot || th.TicketID != 0 || th.ChatflowID != r.flow.ID || !sent.Thread.Bot || bot.began != 1 || bot.took != 2 || th.Origin == nil || th.Origin.Chatflow != "Bot" {
			t.Fatalf("%+v %+v", th, bot)
		}
		var tk desk.Ticket
		r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			th, tk, err = r.Intake.Handover(ctx, tx, desk.System, th.ID, &desk.AssignPolicy{To: "users", Users: []string{ann.Email}})
			return err
		})
		if th.Bot || tk.ID == 0 || tk.OwnerID != ann.ID || tk.Subject != "I need a person" || tk.MessageCount != 2 {
			t.Errorf("%+v %+v", th, tk)
		}
		if got := get[widget.ThreadsOut](b.do("GET", "/widget/threads", nil)).Items[0]; got.Bot || got.With == nil {
			t.Errorf("%+v", got)
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error { // again is nothing
			_, again, err := r.Intake.Handover(ctx, tx, desk.System, th.ID, nil)
			if again.ID != tk.ID {
				t.Errorf("another ticket: %+v", again)
			}
			return err
		})
	})
}

// TK-15, CH-33: a message into a closed conversation opens it again, or begins another, as the channel says; one that does not know of the other yet joins it.
func TestAClosedConversationGoesOnOrBeginsAnew(t *testing.T) {
	for _, mode := range []string{"reopen", "new"} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			r := newRig(t, d, `{"closed":"`+mode+`"}`)
			b := r.browser()
			b.hello(nil)
			first := b.say("", "One").Thread
			b.do("POST", "/widget/threads/"+first.ID.String()+"/end", nil).want(200, `"open":false`)
			b.do("POST", "/widget/threads/"+first.ID.String()+"/end", nil).want(200)
			again := b.say(first.ID.String(), "Two").Thread
			late := b.say(first.ID.String(), "Three").Thread
			if mode == "reopen" && (again.ID != first.ID || !again.Open || late.ID != first.ID) {
				t.Errorf("%s: %+v %+v", mode, again, late)
			}
			if mode == "new" && (again.ID == first.ID || late.ID != again.ID) {
				t.Errorf("%s: %+v %+v", mode, again, late)
			}
			th, _ := r.Threads.Get(context.Background(), r.DB, again.ID)
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Tickets.Close(ctx, tx, desk.System, th.TicketID, "")
				return err
			})
			if got := get[widget.ThreadsOut](b.do("GET", "/widget/threads", nil)).Items[0]; got.Open {
				t.Errorf("%s: open though its ticket is closed: %+v", mode, got)
			}
			after := b.say(again.ID.String(), "Four").Thread
			tk, _ := r.Tickets.Get(context.Background(), r.DB, th.TicketID)
			if mode == "reopen" && (after.ID != again.ID || !tk.Open) || mode == "new" && (after.ID == again.ID || tk.Open) {
				t.Errorf("%s: after closing the ticket: %+v %v", mode, after, tk.Open)
			}
		})
	}
}

// WS-18, WS-19: a split and a merge of tickets, and a move to another inbox, take nothing from the visitor and give nothing to another.
func TestTheVisitorKeepsWhatIsMoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		tr := triage.New(triage.Deps{DB: d, Clock: r.Clock, People: r.People, Inboxes: r.Inboxes, Threads: r.Threads, Tickets: r.Tickets, Assign: r.Assignment})
		a, b := r.browser(), r.browser()
		a.hello(nil)
		b.hello(nil)
		one := a.say("", "About my order")
		two := a.say(one.Thread.ID.String(), "And another thing")
		other := b.say("", "Somebody else's")
		thA, _ := r.Threads.Get(ctx, d, one.Thread.ID)
		thB, _ := r.Threads.Get(ctx, d, other.Thread.ID)
		var made desk.Ticket
		r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			made, _, err = tr.Split(ctx, tx, desk.System, thA.TicketID, []desk.MessageID{two.Message.ID}, "Another thing")
			return err
		})
		if got := threadsOf(a); len(got) != 2 {
			t.Errorf("after a split: %v", got)
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tr.Merge(ctx, tx, desk.System, thA.TicketID, thB.TicketID)
			return err
		})
		if mine, theirs := threadsOf(a), threadsOf(b); len(mine) != 2 || len(theirs) != 1 || theirs[0] != thB.ID.String() {
			t.Errorf("after a merge: %v %v", mine, theirs)
		}
		a.say(thA.ID.String(), "Still here")
		box := r.Inbox("elsewhere")
		r.Write(func(ctx context.Context, tx *db.Tx) error { return tr.Move(ctx, tx, desk.System, made.ID, box.ID) })
		if got := threadsOf(a); len(got) != 2 {
			t.Errorf("after a move: %v", got)
		}
	})
}

// DESIGN 1: what was broken off before the commit is nothing, and sent again it is one message; what was committed and not answered is the same.
func TestAMessageSurvivesABreakInTheMiddle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b := r.browser()
		b.hello(nil)
		body := []byte(`{"visitor":"` + b.id + `","id":"00000000-break","text":"Hold on","page":{}}`)
		raw := channel.Raw{Account: r.acc.ID, Channel: r.acc.Channel, Dedupe: "v" + b.id + ":00000000-break", Body: body}
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if err := r.Intake.Deliver(gone, []channel.Raw{raw}); desk.CodeOf(err) != desk.Unavailable {
			t.Errorf("broken off: %v", err)
		}
		if err := r.Intake.Deliver(context.Background(), []channel.Raw{raw}); err != nil { // committed, and the answer was lost
			t.Fatal(err)
		}
		got := get[widget.Sent](b.send(map[string]any{"id": "00000000-break", "account": r.acc.ID.String(), "text": "Hold on"}).want(200))
		if got.Message.Text != "Hold on" || got.Message.ClientID != "00000000-break" {
			t.Errorf("%+v", got)
		}
		if n, _ := db.One(context.Background(), d, db.Column[int], "SELECT COUNT(*) FROM messages"); n != 1 {
			t.Errorf("%d messages", n)
		}
		other := r.browser() // another visitor's id of a message is another message
		other.hello(nil)
		other.do("POST", "/widget/messages", map[string]any{"id": "00000000-break", "account": r.acc.ID.String(), "text": "Mine"}).want(201, "Mine")
		if bytes.Contains([]byte(other.do("GET", "/widget/threads", nil).body), []byte("Hold on")) {
			t.Error("one visitor sees another's")
		}
	})
}

// CR-14, CO-08: erasing a person takes their browsers along.
func TestErasingAPersonTakesTheirBrowsers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		b, liar, stranger := r.browser(), r.browser(), r.browser()
		b.hello(map[string]any{"identity": r.token("mira@example.com", "Mira", "Holm")})
		b.say("", "Mine")
		liar.hello(nil)
		liar.say("", "As Mira")
		liar.do("POST", "/widget/profile", map[string]any{"email": "mira@example.com"}).want(200)
		stranger.hello(nil)
		c, _, _ := r.Contacts.ByAddress(ctx, d, desk.AddrEmail, "mira@example.com")
		ex, err := r.Identity.Export(ctx, desk.System, c.ID) // CO-13
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := ex.Write(ctx, &file); err != nil {
			t.Fatal(err)
		}
		z, _ := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
		f, err := z.Open("browsers.json")
		if err != nil {
			t.Fatal(err)
		}
		if held, _ := io.ReadAll(f); !bytes.Contains(held, []byte("https://shop.example/")) || !bytes.Contains(held, []byte(`"proven":true`)) && !bytes.Contains(held, []byte(`"proven": true`)) {
			t.Errorf("%s", held)
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			gone, err := r.Visitors.Forget(ctx, tx, []desk.ContactID{c.ID}, nil, []string{"mira@example.com"})
			if len(gone) != 2 {
				t.Errorf("%v", gone)
			}
			return err
		})
		for _, q := range []string{"SELECT COUNT(*) FROM visitors", "SELECT COUNT(DISTINCT visitor_id) FROM visitor_views"} {
			if n, err := db.One(ctx, d, db.Column[int], q); err != nil || n != 1 {
				t.Errorf("%s: %d %v", q, n, err)
			}
		}
		if n, _ := db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM visitor_tokens"); n != 0 {
			t.Errorf("%d tokens are left", n)
		}
		b.do("GET", "/widget/threads", nil).want(401, "visitor.token_unknown")
		stranger.do("GET", "/widget/threads", nil).want(200)
	})
}
