package widget_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// CH-02, CH-16, TR-10: an anonymous visitor writes, is nobody's contact, gets a ticket and an answer.
func TestAVisitorWritesAndIsAnswered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b := r.browser()
		a := b.hello(nil).want(200, "Hello! How can we help?", `"kind":"live_chat"`, `"launcher":true`, `"tracking":true`, `"on_color":"#fff"`)
		if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("headers %v", a.header)
		}
		first := b.say("", "Hi, where is my <b>parcel</b>?")
		if first.Message.From != "visitor" || first.Message.Text != "Hi, where is my <b>parcel</b>?" || first.Message.HTML != "" || first.Thread.Open != true || first.Thread.Bot {
			t.Errorf("%+v", first)
		}
		ctx := context.Background()
		th, err := r.Threads.Get(ctx, d, first.Thread.ID)
		if err != nil || th.ContactID != 0 || th.VisitorID.String() != b.id || th.TicketID == 0 || th.Origin == nil || th.Origin.URL != "https://shop.example/cart" {
			t.Fatalf("%+v %v", th, err)
		}
		tk, err := r.Tickets.Get(ctx, d, th.TicketID)
		if err != nil || tk.ContactID != 0 || tk.Subject != "Hi, where is my <b>parcel</b>?" {
			t.Errorf("%+v %v", tk, err)
		}
		if n, _ := db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM contacts"); n != 0 {
			t.Errorf("%d contacts were made of nobody", n)
		}
		second := b.say(first.Thread.ID.String(), "Hello?")
		if second.Thread.ID != first.Thread.ID {
			t.Errorf("another conversation: %+v", second.Thread)
		}
		m := r.reply(th.ID, "It is on its way.")
		list := get[widget.ThreadsOut](b.do("GET", "/widget/threads", nil).want(200))
		if len(list.Items) != 1 || list.Items[0].Unread != 1 || list.Items[0].Preview != "It is on its way." {
			t.Errorf("%+v", list)
		}
		got := get[widget.MessagesOut](b.do("GET", "/widget/threads/"+th.ID.String()+"/messages", nil).want(200, "!@", "!ticket"))
		if len(got.Items) != 3 || got.Items[0].From != "agent" || got.Items[0].Author == nil || got.Items[2].ID != first.Message.ID {
			t.Errorf("%+v", got)
		}
		b.do("POST", "/widget/threads/"+th.ID.String()+"/seen", map[string]any{"message": m.ID.String()}).want(204)
		if list := get[widget.ThreadsOut](b.do("GET", "/widget/threads", nil)); list.Items[0].Unread != 0 {
			t.Errorf("unread after seen: %+v", list)
		}
		if th, _ = r.Threads.Get(ctx, d, th.ID); th.SeenByVisitor != m.ID || len(r.EventsOf(desk.EvThreadSeen)) != 1 {
			t.Errorf("seen: %+v", th)
		}
	})
}

// DESIGN 1: sent fifty times at once, it is one message and the same answer.
func TestTheSameMessageFiftyTimesIsOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b := r.browser()
		b.hello(nil).want(200)
		body := map[string]any{"id": uuid(), "text": "Once"}
		out := make([]widget.Sent, 50)
		var all sync.WaitGroup
		for i := range out {
			all.Go(func() {
				a := b.send(body)
				if a.status != 200 && a.status != 201 {
					t.Errorf("%d: %s", a.status, a.body)
					return
				}
				_ = json.Unmarshal([]byte(a.body), &out[i])
			})
		}
		all.Wait()
		for _, o := range out {
			if o.Message.ID != out[0].Message.ID || o.Message.ID == 0 {
				t.Fatalf("different answers: %+v %+v", o.Message, out[0].Message)
			}
		}
		for q, want := range map[string]int{"SELECT COUNT(*) FROM messages": 1, "SELECT COUNT(*) FROM threads": 1, "SELECT COUNT(*) FROM tickets": 1, "SELECT COUNT(*) FROM inbound_raw": 1} {
			if n, err := db.One(context.Background(), d, db.Column[int], q); err != nil || n != want {
				t.Errorf("%s: %d %v", q, n, err)
			}
		}
		b.send(body).want(200)
	})
}

// Messages of one conversation keep the order in which they were taken, also when many arrive at once.
func TestWhatIsSaidKeepsItsOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b := r.browser()
		b.hello(nil)
		th := b.say("", "0").Thread.ID.String()
		for i := range 12 {
			b.say(th, string(rune('a'+i)))
		}
		got := get[widget.MessagesOut](b.do("GET", "/widget/threads/"+th+"/messages", nil))
		said := ""
		for i := len(got.Items) - 1; i >= 0; i-- {
			said += got.Items[i].Text
		}
		if said != "0abcdefghijkl" {
			t.Errorf("%q", said)
		}
	})
}
