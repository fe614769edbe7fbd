package lobby_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/visitor"
)

// CH-30, CH-34: a visitor is told of their own conversation; comments, other people's conversations and mails never come, live, replayed or polled.
func TestOnlyAVisitorsOwnConversationIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		ann, ben := s.visitor(), s.visitor()
		annChat, benChat := s.chat(ann), s.chat(ben)
		mail := s.Thread(s.Ticket(), s.acc)
		start := s.last()
		live := s.open(ann, start)
		defer live.close()
		live.until("ready")
		s.note(annChat, "a secret comment")
		s.says(benChat, "a secret of Ben")
		s.answer(benChat, "a secret for Ben")
		s.says(mail, "a secret mail")
		s.note(mail, "a secret comment")
		s.Write(func(ctx context.Context, tx *db.Tx) error { // a note of the team's alone
			_, err := s.Threads.Append(ctx, tx, desk.Message{ThreadID: annChat.ID, Kind: desk.KindSystem, Text: "a secret note", Channel: annChat.Channel, AccountID: annChat.AccountID, Actor: desk.System})
			return err
		})
		s.says(annChat, "hello")
		s.answer(annChat, "good day")
		end := s.answer(annChat, "the end")
		check := func(how string, frames []got) {
			t.Helper()
			var texts []string
			for _, g := range frames {
				if strings.Contains(g.data, "secret") || strings.Contains(g.data, benChat.ID.String()) {
					t.Errorf("%s: leaked %s %s", how, g.name, g.data)
				}
				if g.name == "message" {
					texts = append(texts, textOf(t, g))
				}
			}
			if strings.Join(texts, ",") != "hello,good day,the end" {
				t.Errorf("%s: told %v", how, texts)
			}
		}
		read := func(r *reader) (all []got) {
			for {
				g, ok := r.next()
				if !ok {
					t.Fatal("the stream ended")
				}
				all = append(all, g)
				if g.name == "message" && textOf(t, g) == "the end" {
					return all
				}
			}
		}
		check("live", read(live))
		waitFor(t, "the hub has taken it in", func() bool { return s.hub.At() >= s.numberOf(end) })
		again := s.open(ann, start)
		defer again.close()
		check("replay", read(again))
		var polled []got
		for _, e := range s.poll(ann, start, "0").Events {
			polled = append(polled, got{e.ID, e.Event, string(e.Data)})
		}
		check("poll", polled)
	})
}

func textOf(t *testing.T, g got) string {
	t.Helper()
	var d struct{ Message struct{ Text string } }
	if err := json.Unmarshal([]byte(g.data), &d); err != nil {
		t.Fatalf("%s: %v", g.data, err)
	}
	return d.Message.Text
}

// CH-34: whoever loses the connection again and again at any moment, while the server restarts too, ends with every message once and in order.
func TestAVisitorWhoComesBackGetsExactlyWhatWasMissed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		ann, other := s.visitor(), s.visitor()
		th, noise := s.chat(ann), s.chat(other)
		after := s.last()
		const n = 120
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range n {
				if i%2 == 0 {
					s.says(th, fmt.Sprint(i))
				} else {
					s.answer(th, fmt.Sprint(i))
				}
				s.says(noise, "noise")
				if i%40 == 39 {
					s.end()
					s.begin()
				}
			}
		}()
		rnd := rand.New(rand.NewPCG(3, 4))
		for want := 0; want < n; {
			r, _ := s.try(ann, after)
			if r == nil {
				continue
			}
			for k := rnd.IntN(12); k >= 0 && want < n; k-- {
				g, ok := r.next()
				if !ok || g.name == "reconnect" {
					break
				}
				if g.name == "reload" {
					t.Fatal("told to reload")
				}
				if g.name != "message" {
					if g.id > 0 {
						after = max(after, g.id)
					}
					continue
				}
				if g.id <= after {
					t.Fatalf("number %d came again after %d", g.id, after)
				}
				after = g.id
				if textOf(t, g) != fmt.Sprint(want) {
					t.Fatalf("message %s came as the %dth", textOf(t, g), want)
				}
				want++
			}
			r.close()
		}
		<-done
	})
}

// A message that can still be undone is not shown; it is once it has left, and once only, also to who comes back.
func TestAHeldAnswerIsShownWhenItHasLeft(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann := s.visitor()
	th := s.chat(ann)
	start := s.last()
	live := s.open(ann, start)
	defer live.close()
	live.until("ready")
	m := s.answer(th, "held", func(m *desk.Message) { m.SendAt, m.SendRule = s.Clock.Ms()+1000, desk.SendUndo })
	s.answer(th, "at once")
	if _, g := live.until("message"); textOf(t, g) != "at once" {
		t.Errorf("what can be undone is shown: %s", g.data)
	}
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Threads.MarkStatus(ctx, tx, m.ID, "", desk.StatusSent, "", "")
		return err
	})
	if _, g := live.until("message"); textOf(t, g) != "held" {
		t.Errorf("got %s", g.data)
	}
	var texts []string
	for _, e := range s.poll(ann, start, "0").Events {
		if e.Event == "message" {
			texts = append(texts, textOf(t, got{data: string(e.Data)}))
		}
	}
	if strings.Join(texts, ",") != "at once,held" {
		t.Errorf("replayed %v", texts)
	}
}

// TR-09: on another device somebody sees what they said in browsers that are proven to be theirs, and never what was said where their address was only typed.
func TestAProvenPersonSeesTheirOtherBrowsersAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		c := s.Contact("ann@home.example")
		phone, laptop, stranger := s.visitor(), s.visitor(), s.visitor()
		set := func(v *visitor.Visitor, proven int) {
			v.ContactID = c.ID
			s.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE visitors SET contact_id = $1, proven = $2 WHERE id = $3", c.ID, proven, v.ID)
				return err
			})
		}
		set(&phone, 1)
		set(&laptop, 1)
		set(&stranger, 0)
		onPhone, typed := s.chat(phone), s.chat(stranger)
		start := s.last()
		r, far := s.open(laptop, start), s.open(stranger, start)
		defer r.close()
		defer far.close()
		r.until("ready")
		far.until("ready")
		s.says(typed, "a secret of a stranger")
		s.says(onPhone, "from the phone")
		if _, g := r.until("message"); textOf(t, g) != "from the phone" {
			t.Errorf("got %s", g.data)
		}
		if _, g := far.until("message"); textOf(t, g) != "a secret of a stranger" {
			t.Errorf("the unproven browser got %s", g.data)
		}
		for _, e := range s.poll(laptop, start, "0").Events {
			if strings.Contains(string(e.Data), "secret") {
				t.Errorf("leaked %s", e.Data)
			}
		}
		s.settings.Identity.OneBrowser = true
		s.hub.Config(0)
		s.Write(func(ctx context.Context, tx *db.Tx) error { // the settings are read again after this
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: desk.System})
			return err
		})
		last := s.says(onPhone, "of one browser")
		waitFor(t, "the hub has taken it in", func() bool { return s.hub.At() >= s.numberOf(last) })
		for _, e := range s.poll(laptop, start, "0").Events {
			if strings.Contains(string(e.Data), "of one browser") {
				t.Errorf("one_browser does not hold: %s", e.Data)
			}
		}
	})
}

func (s *stage) numberOf(m desk.Message) (seq int64) {
	s.t.Helper()
	if err := s.db.QueryRow(context.Background(), "SELECT COALESCE(MAX(seq), 0) FROM events WHERE message_id = $1", m.ID).Scan(&seq); err != nil {
		s.t.Fatal(err)
	}
	if seq == 0 {
		return 1 << 60 // not numbered yet
	}
	return seq
}

// A reader that does not read is ended, costs no more than its queue, and gets the rest when it comes back.
func TestASlowVisitorIsEndedAndReplays(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann := s.visitor()
	th := s.chat(ann)
	start := s.last()
	slow := s.open(ann, start)
	defer slow.close()
	slow.until("ready")
	big := strings.Repeat("x", 64<<10)
	const n = 300 // 19 MB: more than any socket buffer and the queue hold
	for i := range n {
		s.says(th, fmt.Sprint(i, " ", big))
	}
	waitFor(t, "the slow reader is ended", func() bool { return s.hub.Numbers().Streams == 0 && s.hub.Numbers().Cut == 1 })
	for seen, after := 0, start; seen < n; {
		r := s.open(ann, after)
		for {
			g, ok := r.next()
			if !ok || g.name == "ready" {
				break
			}
			if g.name == "message" {
				if !strings.HasPrefix(textOf(t, g), fmt.Sprint(seen, " ")) {
					t.Fatalf("%.20q came as the %dth", textOf(t, g), seen)
				}
				seen, after = seen+1, g.id
			}
		}
		r.close()
	}
}

// Who missed more than is told again is told to reload, and where to go on.
func TestAVisitorTooFarBehindReloads(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann := s.visitor()
	th := s.chat(ann)
	start := s.last()
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		m, err := s.Threads.Append(ctx, tx, desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Incoming, Channel: th.Channel, AccountID: th.AccountID, Actor: desk.System, Text: "x", Status: desk.StatusReceived})
		for i := 0; err == nil && i < 600; i++ {
			_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvMessageUpdated, ThreadID: th.ID, Message: m.ID, Actor: desk.System})
		}
		return err
	})
	waitFor(t, "the hub has taken it in", func() bool { return s.hub.At() == s.last() })
	r := s.open(ann, start)
	defer r.close()
	if g, _ := r.next(); g.name != "reload" || !strings.Contains(g.data, fmt.Sprint(s.last())) {
		t.Errorf("got %v", g)
	}
	if out := s.poll(ann, start, "0"); !out.Reload || out.Last != s.last() {
		t.Errorf("the poll says %+v", out)
	}
	if out := s.poll(ann, s.last()+1000, "0"); !out.Reload || out.Last != s.last() {
		t.Errorf("of another log the poll says %+v", out)
	}
	s.says(th, "after")
	if _, g := r.until("message"); textOf(t, g) != "after" {
		t.Errorf("after the reload came %s", g.data)
	}
}

// A stop tells every stream to come back, each at a moment of its own, and takes no more.
func TestAStopAsksToComeBack(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t))
	ann := s.visitor()
	var all []*reader
	for range 5 {
		r := s.open(ann, -1)
		defer r.close()
		r.until("ready")
		all = append(all, r)
	}
	s.hub.Drain()
	moments := map[string]bool{}
	for _, r := range all {
		_, g := r.until("reconnect")
		moments[g.data] = true
		if !strings.Contains(g.data, `"after_ms":`) {
			t.Errorf("got %s", g.data)
		}
		if g, ok := r.next(); ok {
			t.Errorf("after the end came %v", g)
		}
	}
	if len(moments) < 2 {
		t.Errorf("all come back at one moment: %v", moments)
	}
	if _, status := s.try(ann, -1); status != 503 {
		t.Errorf("a stopping server answered %d", status)
	}
}

// Sign-out and a ban end the stream, with the reason.
func TestAStreamEndsWithTheVisitorsToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		ann, ben := s.visitor(), s.visitor()
		annReads, benReads := s.open(ann, -1), s.open(ben, -1)
		defer annReads.close()
		defer benReads.close()
		annReads.until("ready")
		benReads.until("ready")
		boss := s.User(desktest.Role(desk.RoleAdmin))
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			if err := s.visitors.End(ctx, tx, ann, false); err != nil {
				return err
			}
			_, err := s.visitors.Ban(ctx, tx, desk.ByUser(boss.ID), ben.ID, "rude")
			return err
		})
		annReads.until("signed_out")
		benReads.until("banned")
		for _, r := range []*reader{annReads, benReads} {
			if g, ok := r.next(); ok {
				t.Errorf("after the end came %v", g)
			}
		}
	})
}
