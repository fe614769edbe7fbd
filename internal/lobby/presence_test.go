package lobby_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/lobby"
)

func who(id desk.VisitorID) lobby.Visitor { return lobby.Visitor{ID: id} }

// CH-30: agents see what a visitor types where the account lets them; nothing of it before an explicit consent (CO-09), and nothing of another's conversation.
func TestWhatAVisitorTypesIsShownAsSettingsAllow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		ctx := context.Background()
		ann, ben := s.visitor(), s.visitor()
		th := s.chat(ann)
		say := func(text string, on bool) {
			t.Helper()
			if err := s.hub.Type(ctx, who(ann.ID), th.ID, text, on); err != nil {
				t.Fatal(err)
			}
		}
		s.consent = false
		say("before consent", true)
		s.consent, s.settings.Typing = true, false
		if _, ok := s.told.has(ann.ID, lobby.IsTyping); ok {
			t.Error("agents were told before the consent")
		}
		s.changed()
		say("switched off", true)
		s.changed()
		s.settings.Typing, s.settings.Preview = true, false
		say("without preview", true)
		if a, ok := s.told.has(ann.ID, lobby.IsTyping); ok && a.Text != "" {
			t.Errorf("the text was shown though it is switched off: %+v", a)
		}
		s.changed()
		s.settings.Preview = true
		waitFor(t, "the preview is shown", func() bool {
			say("where is my parcel", true)
			a, ok := s.told.has(ann.ID, lobby.IsTyping)
			return ok && a.Text == "where is my parcel" && a.Thread == th.ID
		})
		if p := s.hub.PresenceOf(ann.ID); !p.Typing || p.Text != "where is my parcel" {
			t.Errorf("who opens the conversation sees %+v", p)
		}
		s.says(th, "said") // what is said is typed no more
		waitFor(t, "typing ends with the message", func() bool { return !s.hub.PresenceOf(ann.ID).Typing })
		say("where is my parcel", true)
		say("", false)
		if _, ok := s.told.has(ann.ID, lobby.Idle); !ok || s.hub.PresenceOf(ann.ID).Typing {
			t.Error("that it stopped was not told")
		}
		if err := s.hub.Type(ctx, who(ben.ID), th.ID, "foreign", true); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("in another's conversation: %v", err)
		}
		for _, a := range s.told.all {
			if a.Text != "" && a.Text != "where is my parcel" {
				t.Errorf("agents saw %q", a.Text)
			}
		}
	})
}

// changed makes the hub read the settings again.
func (s *stage) changed() {
	s.t.Helper()
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: desk.System})
		return err
	})
	waitFor(s.t, "the hub has heard of it", func() bool {
		var open int
		if err := s.db.QueryRow(context.Background(), "SELECT COUNT(*) FROM events WHERE seq IS NULL").Scan(&open); err != nil {
			s.t.Fatal(err)
		}
		return open == 0 && s.hub.At() == s.last()
	})
}

// CH-30: a visitor sees that somebody writes an answer, by the name that visitors see, in that conversation alone; not where the account does not show it.
func TestAVisitorSeesThatSomebodyAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		ann, ben := s.visitor(), s.visitor()
		th := s.chat(ann)
		s.chat(ben)
		u := s.User()
		r, other := s.open(ann, -1), s.open(ben, -1)
		defer r.close()
		defer other.close()
		r.until("ready")
		other.until("ready")
		s.hub.AgentTypes(lobby.AgentTyping{Ticket: desk.TicketID(th.ID), User: u.ID, On: true})
		if _, g := r.until("typing"); g.id != 0 || !strings.Contains(g.data, "User "+u.ID.String()) || !strings.Contains(g.data, `"on":true`) || !strings.Contains(g.data, th.ID.String()) {
			t.Errorf("got %v", g)
		}
		s.settings.Typing = false
		s.changed()
		s.hub.AgentTypes(lobby.AgentTyping{Ticket: desk.TicketID(th.ID), User: u.ID, On: true})
		s.says(th, "a message")
		before, _ := r.until("message")
		for _, g := range before {
			if g.name == "typing" {
				t.Error("told though it is switched off")
			}
		}
		s.chat(ben)
		for {
			g, ok := other.next()
			if !ok || g.name == "typing" {
				t.Fatalf("the other visitor got %v", g)
			}
			if g.name == "thread" {
				break
			}
		}
	})
}

// Agents are told that a visitor with a conversation is there, where they are, and, after a grace, that they have left; of others nothing.
func TestAgentsAreToldWhoIsThere(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann, idle := s.visitor(), s.visitor()
	th := s.chat(ann)
	r, silent := s.open(ann, -1), s.open(idle, -1)
	defer r.close()
	defer silent.close()
	waitFor(t, "agents are told", func() bool { a, ok := s.told.has(ann.ID, lobby.Online); return ok && a.Thread == th.ID })
	s.hub.Viewing(context.Background(), ann.ID, lobby.Page{URL: "https://shop.example/cart", Title: "Cart"})
	if a, _ := s.told.has(ann.ID, lobby.Online); a.Page == nil || a.Page.Title != "Cart" {
		t.Errorf("agents were told %+v", a)
	}
	s.hub.Viewing(context.Background(), idle.ID, lobby.Page{URL: "https://shop.example/"})
	if _, ok := s.told.has(idle.ID, lobby.Online); ok {
		t.Error("agents are told of somebody without a conversation")
	}
	if !s.hub.IsOnline(ann.ID) {
		t.Error("not online")
	}
	s.says(s.chat(idle), "hello") // now there is a conversation
	waitFor(t, "agents are told of the new one", func() bool { _, ok := s.told.has(idle.ID, lobby.Online); return ok })
}

// CH-29: who closes their last page has gone after a grace, and that is told: to agents, and to what mails the unseen. One page of two closed is not gone.
func TestWhoHasGoneIsTold(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	s.end()
	s.grace = 50 * time.Millisecond
	s.begin()
	ann := s.visitor()
	s.chat(ann)
	one, two := s.open(ann, -1), s.open(ann, -1)
	waitFor(t, "agents are told", func() bool { _, ok := s.told.has(ann.ID, lobby.Online); return ok })
	one.close()
	waitFor(t, "one page is closed", func() bool { return s.hub.Numbers().Streams == 1 })
	if len(s.gone) != 0 || !s.hub.IsOnline(ann.ID) {
		t.Error("one page is open, and the visitor has gone")
	}
	two.close()
	select {
	case id := <-s.gone:
		if id != ann.ID {
			t.Errorf("%s has gone", id)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nobody is told")
	}
	if _, ok := s.told.has(ann.ID, lobby.Offline); !ok {
		t.Error("agents are not told")
	}
}

// What a widget took is marked as delivered, many at once; what it did not take is not, nor what went by another way.
func TestWhatAWidgetTookIsDelivered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		ann, away := s.visitor(), s.visitor()
		th, far := s.chat(ann), s.chat(away)
		mail := s.Account()
		r := s.open(ann, -1)
		defer r.close()
		r.until("ready")
		waits := s.answer(far, "nobody is there")
		byMail := s.answer(th, "by mail", func(m *desk.Message) { m.AccountID = mail.ID })
		var sent []desk.Message
		for range 10 {
			sent = append(sent, s.answer(th, "hello"))
		}
		status := func(m desk.Message) desk.DeliveryStatus {
			m, err := s.Threads.Message(context.Background(), s.db, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			return m.Status
		}
		waitFor(t, "all are delivered", func() bool {
			for _, m := range sent {
				if status(m) != desk.StatusDelivered {
					return false
				}
			}
			return true
		})
		if status(waits) != desk.StatusQueued || status(byMail) != desk.StatusQueued {
			t.Errorf("not taken: %s, by mail: %s", status(waits), status(byMail))
		}
		polled := s.poll(away, 0, "0")
		if len(polled.Events) == 0 {
			t.Fatal("the poll is empty")
		}
		waitFor(t, "what a poll took is delivered", func() bool { return status(waits) == desk.StatusDelivered })
	})
}

// AV-01, CH-16: availability reaches open widgets of its account, in their language, and who comes back; settings make them ask again.
func TestAvailabilityAndSettingsReachOpenWidgets(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann := s.visitor()
	r := s.open(ann, -1)
	defer r.close()
	r.until("ready")
	of := func(w lobby.Widget) any { return map[string]string{"state": "away", "in": w.Language} }
	s.hub.Push(s.acc.ID, of)
	if _, g := r.until("availability"); g.id != 0 || !strings.Contains(g.data, `"in":"en"`) || !strings.Contains(g.data, `"account_id":"`+s.acc.ID.String()) && !strings.Contains(g.data, `"account_id":`+s.acc.ID.String()) {
		t.Errorf("got %v", g)
	}
	s.hub.Push(s.acc.ID+1, of)
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvChatflowPublished, Actor: desk.System, Data: event.Data(map[string]any{"account_id": s.acc.ID})})
		return err
	})
	before, g := r.until("config")
	if len(before) > 0 || !strings.Contains(g.data, "within_ms") {
		t.Errorf("got %v before, then %v", before, g)
	}
	back := s.open(ann, s.last())
	defer back.close()
	if before, _ := back.until("ready"); len(before) > 0 {
		t.Errorf("before ready: %v", before)
	}
	back.until("availability")
}

// Two nodes on one PostgreSQL: a message stored by one is told by the other, and so are presence and typing.
func TestTwoNodesServeOneVisitor(t *testing.T) {
	d := dbtest.Postgres(t)
	s := newStage(t, d)
	far := s.again(t, dbtest.Again(t, d))
	ann := s.visitor()
	th := s.chat(ann)
	r := far.open(ann, 0)
	defer r.close()
	r.until("ready")
	s.answer(th, "from the other node")
	if _, g := r.until("message"); textOf(t, g) != "from the other node" {
		t.Errorf("got %s", g.data)
	}
	waitFor(t, "the other node's agents are told", func() bool { _, ok := s.told.has(ann.ID, lobby.Online); return ok && s.hub.IsOnline(ann.ID) })
	waitFor(t, "typing reaches the other node", func() bool {
		if err := far.hub.Type(context.Background(), who(ann.ID), th.ID, "hm", true); err != nil {
			t.Fatal(err)
		}
		a, ok := s.told.has(ann.ID, lobby.IsTyping)
		return ok && a.Text == "hm" && s.hub.PresenceOf(ann.ID).Text == "hm"
	})
	far.hub.Viewing(context.Background(), ann.ID, lobby.Page{URL: "https://shop.example/", Title: "Shop"})
	waitFor(t, "the page reaches the other node", func() bool {
		a, ok := s.told.has(ann.ID, lobby.Online)
		return ok && a.Page != nil && a.Page.Title == "Shop"
	})
}

// CH-30: that the team has read is shown where the account shows it; what the visitor has seen is not told back.
func TestThatTheTeamHasReadIsToldAsSettingsAllow(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann := s.visitor()
	th := s.chat(ann)
	r := s.open(ann, -1)
	defer r.close()
	r.until("ready")
	seen := func(by string, m desk.Message) {
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Threads.Seen(ctx, tx, desk.System, th.ID, by, m.ID)
			return err
		})
	}
	first := s.says(th, "one")
	seen("visitor", first)
	seen("team", first)
	before, g := r.until("seen")
	if !strings.Contains(g.data, `"by":"team"`) || !strings.Contains(g.data, first.ID.String()) {
		t.Errorf("got %v after %v", g, before)
	}
	s.settings.Read = false
	s.changed()
	seen("team", s.says(th, "two"))
	s.says(th, "three")
	for texts := 0; texts < 2; {
		g, ok := r.next()
		if !ok || g.name == "seen" {
			t.Fatalf("got %v", g)
		}
		if g.name == "message" {
			texts++
		}
	}
}
