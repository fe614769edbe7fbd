package realtime_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/sse"
	"github.com/kanalhq/kanal/internal/view"
)

// stage is a hub behind a small server. Who asks is the user named in ?as=.
type stage struct {
	*desktest.Desk
	t    *testing.T
	hub  *realtime.Hub
	http *httptest.Server
	mu   sync.Mutex
	gone map[desk.UserID]bool
}

func newStage(t *testing.T, d *db.DB, http2 bool) *stage {
	t.Helper()
	s := &stage{Desk: desktest.New(t, d), t: t, gone: map[desk.UserID]bool{}}
	s.hub = realtime.New(realtime.Deps{Events: s.Events, DB: d, InboxOf: view.New(d, nil).InboxOf})
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	if http2 {
		s.http.EnableHTTP2 = true
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Add(2)
	go func() { defer work.Done(); s.Events.Run(ctx) }()
	go func() { defer work.Done(); s.hub.Run(ctx) }()
	t.Cleanup(func() { s.hub.Drain(); s.http.CloseClientConnections(); s.http.Close(); cancel(); work.Wait() })
	return s
}

func (s *stage) viewer(ctx context.Context, id desk.UserID) (access.Viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone[id] {
		return access.Viewer{}, desk.Errorf(desk.Unauthorized, "session.ended", "Signed out.")
	}
	return s.Access.ViewerFor(ctx, id)
}

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	id, err := desk.ParseID[desk.UserID](r.URL.Query().Get("as"))
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	v, err := s.viewer(r.Context(), id)
	if err != nil {
		http.Error(w, err.Error(), 401)
		return
	}
	after, err := sse.After(r)
	if err != nil {
		http.Error(w, err.Error(), 422)
		return
	}
	if r.URL.Query().Get("poll") == "1" {
		out, err := s.hub.Poll(r.Context(), v, after, r.URL.Query().Get("wait") != "0")
		if err != nil {
			http.Error(w, err.Error(), 503)
			return
		}
		_ = json.NewEncoder(w).Encode(out)
		return
	}
	if err := s.hub.Serve(w, r, v, func(ctx context.Context) (access.Viewer, error) { return s.viewer(ctx, id) }, after); err != nil {
		http.Error(w, err.Error(), 503)
	}
}

// got is one event as a browser reads it.
type got struct {
	id   int64
	name string
	data string
}

// reader is an open stream.
type reader struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Reader
	head http.Header
	stop context.CancelFunc
}

func (s *stage) open(u desk.User, after int64) *reader {
	s.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	target := fmt.Sprintf("%s/?as=%s", s.http.URL, u.ID)
	if after >= 0 {
		target += "&after=" + strconv.FormatInt(after, 10)
	}
	req, _ := http.NewRequestWithContext(ctx, "GET", target, nil)
	res, err := s.http.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != 200 {
		s.t.Fatalf("the stream answered %d", res.StatusCode)
	}
	return &reader{t: s.t, body: res.Body, in: bufio.NewReader(res.Body), head: res.Header, stop: stop}
}

func (r *reader) close() { r.stop(); r.body.Close() }

// next reads one event; ok is false at the end of the stream.
func (r *reader) next() (g got, ok bool) {
	var err error
	g.id, g.name, g.data, err = sse.Read(r.in)
	return g, err == nil
}

// until reads on to an event of a name and returns everything before it.
func (r *reader) until(name string) (before []got, at got) {
	r.t.Helper()
	for {
		g, ok := r.next()
		if !ok {
			r.t.Fatalf("the stream ended before %s; it had %v", name, before)
		}
		if g.name == name {
			return before, g
		}
		before = append(before, g)
	}
}

// record makes an event of a ticket in an inbox.
func (s *stage) record(typ string, in desk.InboxID, data any) desk.Event {
	s.t.Helper()
	ev := desk.Event{Type: typ, Inbox: in, TicketID: 1, Actor: desk.System, Data: event.Data(data)}
	s.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		ev.ID, err = s.Events.Record(ctx, tx, ev)
		return err
	})
	return ev
}

func (s *stage) last() int64 {
	s.t.Helper()
	n, err := s.Events.Last(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// WS-31: whoever loses the connection, again and again and at any moment, ends with every number once.
func TestAReaderThatComesBackGetsExactlyWhatItMissed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d, false)
		ann := s.User()
		in := s.Helpdesk().ID
		first := s.open(ann, -1)
		_, ready := first.until("ready")
		first.close()
		const n = 300
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range n {
				s.record("ticket.updated", in, map[string]int{"n": i})
			}
		}()
		rnd := rand.New(rand.NewPCG(1, 2))
		after, want := ready.id, 0
		for want < n {
			r := s.open(ann, after)
			for k := rnd.IntN(40); k >= 0 && want < n; k-- {
				g, ok := r.next()
				if !ok {
					break
				}
				if g.id > 0 && g.name != "ticket.updated" {
					after = max(after, g.id)
					continue
				}
				if g.name != "ticket.updated" {
					continue
				}
				if g.id <= after {
					t.Fatalf("number %d came again after %d", g.id, after)
				}
				after = g.id
				var ev struct {
					Data struct{ N int } `json:"data"`
				}
				if err := json.Unmarshal([]byte(g.data), &ev); err != nil || ev.Data.N != want {
					t.Fatalf("event %d came as the %dth: %v", ev.Data.N, want, err)
				}
				want++
			}
			r.close()
		}
		<-done
	})
}

// WS-09: nothing of an inbox without access, neither live nor in the replay nor by polling, and no particulars of settings.
func TestNothingLeaksFromAnInboxWithoutAccess(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d, false)
		ann, boss := s.User(), s.User(desktest.Role(desk.RoleAdmin))
		closed := s.Inbox("board", desk.Access{Users: []desk.UserID{boss.ID}})
		hidden := s.Ticket(func(n *ticketNew) { n.InboxID = closed.ID })
		start := s.settled(boss)
		live := s.open(ann, -1)
		defer live.close()
		live.until("ready")
		s.record("ticket.updated", closed.ID, map[string]string{"secret": "of-the-board"})
		s.Write(func(ctx context.Context, tx *db.Tx) error { // says its ticket only
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: "message.received", TicketID: hidden.ID, Actor: desk.System, Data: event.Data(map[string]string{"secret": "of-the-board"})})
			return err
		})
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: "settings.changed", Actor: desk.System, Data: event.Data(map[string]string{"secret": "of-the-board"})})
			return err
		})
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: "token.created", Actor: desk.ByUser(boss.ID), UserID: boss.ID, Data: event.Data(map[string]string{"secret": "of-the-board"})})
			return err
		})
		s.Write(func(ctx context.Context, tx *db.Tx) error { // WS-15: what somebody is told of is theirs alone
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvNotificationCreated, UserID: boss.ID, Data: event.Data(map[string]string{"secret": "of-the-board"})})
			return err
		})
		s.record("ticket.updated", s.Helpdesk().ID, map[string]string{"open": "to-all"})
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvNotificationCreated, UserID: ann.ID, Data: event.Data(map[string]string{"told": "to-ann-alone"})})
			return err
		})
		replayed := s.open(ann, start)
		defer replayed.close()
		for name, r := range map[string]*reader{"live": live, "replay": replayed} {
			before, at := r.until("ticket.updated")
			if !strings.Contains(at.data, "to-all") {
				t.Errorf("%s: %s", name, at.data)
			}
			for _, g := range append(before, at) {
				if strings.Contains(g.data, "of-the-board") {
					t.Errorf("%s: leaked %s", name, g.data)
				}
			}
			before = slices.DeleteFunc(before, func(g got) bool { return g.name == "ready" })
			if len(before) != 1 || before[0].name != "settings.changed" {
				t.Errorf("%s: before it came %v, want only that settings changed", name, before)
			}
		}
		s.settled(boss)
		polled := s.poll(ann, start)
		if strings.Contains(polled, "of-the-board") || !strings.Contains(polled, "to-all") || !strings.Contains(polled, "to-ann-alone") {
			t.Errorf("poll: %s", polled)
		}
		if all := s.poll(boss, start); strings.Count(all, "of-the-board") != 5 || strings.Contains(all, "to-ann-alone") {
			t.Errorf("the administrator, a member, sees less than everything: %s", all)
		}
	})
}

// settled waits until the hub has told everything that was recorded, and returns its number.
func (s *stage) settled(u desk.User) (at int64) {
	s.t.Helper()
	waitFor(s.t, "the hub has told everything", func() bool {
		var rows, unnumbered int
		if err := s.DB.QueryRow(context.Background(), "SELECT COUNT(*), COUNT(*) - COUNT(seq) FROM events").Scan(&rows, &unnumbered); err != nil {
			s.t.Fatal(err)
		}
		at = s.last()
		return unnumbered == 0 && strings.Contains(s.poll(u, at), fmt.Sprintf(`"last":%d`, at)) && s.hub.At() == at
	})
	return at
}

func (s *stage) poll(u desk.User, after int64) string {
	s.t.Helper()
	res, err := s.http.Client().Get(fmt.Sprintf("%s/?as=%s&poll=1&wait=0&after=%d", s.http.URL, u.ID, after))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return string(b)
}

// A reader that does not read is ended, costs no more than its queue, and replays when it comes back.
func TestASlowReaderIsEndedAndReplays(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t), false)
	ann := s.User()
	in := s.Helpdesk().ID
	start := s.last()
	slow := s.open(ann, start)
	defer slow.close()
	slow.until("ready")
	big := strings.Repeat("x", 64<<10)
	const n = 400 // 25 MB: more than any socket buffer and the queue hold
	for range n {
		s.record("ticket.updated", in, map[string]string{"text": big})
	}
	waitFor(t, "the slow reader is ended", func() bool { return s.hub.Connections() == 0 })
	seen, after := 0, start
	for seen < n {
		r := s.open(ann, after)
		for {
			g, ok := r.next()
			if !ok {
				break
			}
			if g.name == "ready" {
				break
			}
			if g.name == "ticket.updated" {
				seen, after = seen+1, g.id
			}
		}
		r.close()
	}
	if seen != n {
		t.Errorf("%d of %d came", seen, n)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came: %s", what)
		}
		<-tick.C
	}
}

// Who is too far behind is told to reload, and where to go on.
func TestAReaderTooFarBehindReloads(t *testing.T) {
	d := dbtest.SQLite(t)
	s := newStage(t, d, false)
	ann := s.User()
	start := s.last()
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		for i := range realtime.MaxBehind + 5 {
			if _, err := tx.Exec(ctx, "INSERT INTO events (id, seq, at, type, actor) VALUES ($1, $2, 1, 'ticket.updated', 'system')", tx.NewID(), start+1+int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
	s.record("ticket.updated", s.Helpdesk().ID, nil)
	last := s.last()
	s.settled(ann)
	r := s.open(ann, start)
	defer r.close()
	if g, _ := r.next(); g.name != "reload" || g.id != last {
		t.Errorf("got %v, want reload at %d", g, last)
	}
	s.record("ticket.updated", s.Helpdesk().ID, nil)
	if _, g := r.until("ticket.updated"); g.id != last+1 {
		t.Errorf("after the reload came %d, want %d", g.id, last+1)
	}
	if !strings.Contains(s.poll(ann, start), `"reload":true`) {
		t.Error("the poll does not say reload")
	}
}

// The same over HTTP/2, where a connection cannot be taken over.
func TestTheStreamWorksOverHTTP2(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t), true)
	s.http.Client().Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	ann := s.User()
	r := s.open(ann, s.last())
	defer r.close()
	r.until("ready")
	s.record("ticket.updated", s.Helpdesk().ID, map[string]string{"a": "b"})
	if _, g := r.until("ticket.updated"); g.id != s.last() {
		t.Errorf("got number %d, want %d", g.id, s.last())
	}
	r.close()
	waitFor(t, "the connection is forgotten", func() bool { return s.hub.Connections() == 0 })
}

// The headers that keep proxies from holding the stream back.
func TestTheStreamIsNotBuffered(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t), false)
	r := s.open(s.User(), -1)
	defer r.close()
	for k, want := range map[string]string{"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform", "Content-Type": "text/event-stream; charset=utf-8"} {
		if got := r.head.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
}

// A stream ends with the session, and with the user.
func TestAStreamEndsWithTheSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d, false)
		ann, ben := s.User(), s.User()
		annReads, benReads := s.open(ann, -1), s.open(ben, -1)
		defer annReads.close()
		defer benReads.close()
		annReads.until("ready")
		benReads.until("ready")
		s.mu.Lock()
		s.gone[ann.ID] = true
		s.mu.Unlock()
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSessionEnded, Actor: desk.System, UserID: ann.ID})
			return err
		})
		annReads.until("signed_out")
		if g, ok := annReads.next(); ok {
			t.Errorf("after the end came %v", g)
		}
		off := false
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.People.Update(ctx, tx, desk.System, ben.ID, userChange{Active: &off})
			return err
		})
		benReads.until("signed_out")
	})
}

// Before it stops a server asks everybody to come back, and takes no more.
func TestDrainingTellsReadersToComeBack(t *testing.T) {
	s := newStage(t, dbtest.SQLite(t), false)
	ann := s.User()
	r := s.open(ann, -1)
	defer r.close()
	r.until("ready")
	s.hub.Drain()
	r.until("reconnect")
	if _, ok := r.next(); ok {
		t.Error("the stream went on")
	}
	res, err := s.http.Client().Get(fmt.Sprintf("%s/?as=%s", s.http.URL, ann.ID))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 503 {
		t.Errorf("a new stream got %d, want 503", res.StatusCode)
	}
}

// WS-11: two people on one ticket see each other; who may not see the ticket sees neither.
func TestPresenceReachesWhoMaySeeTheTicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d, false)
		ann, ben := s.User(desktest.Named("Ann Holm")), s.User()
		board := s.Inbox("board", desk.Access{Users: []desk.UserID{ben.ID}})
		ctx := context.Background()
		v, err := s.Access.ViewerFor(ctx, ben.ID)
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.Access.ViewerFor(ctx, ann.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.settled(ben)
		annReads, benReads := s.open(ann, -1), s.open(ben, -1)
		defer annReads.close()
		defer benReads.close()
		annReads.until("ready")
		benReads.until("ready")
		s.hub.Presence(ctx, v, 77, board.ID, realtime.Viewing, true)
		s.hub.Presence(ctx, a, 42, s.Helpdesk().ID, realtime.Viewing, true)
		s.hub.Presence(ctx, a, 42, s.Helpdesk().ID, realtime.Viewing, true) // renewed: nothing to tell
		s.hub.Presence(ctx, a, 42, s.Helpdesk().ID, realtime.Typing, true)
		if w := s.hub.Watchers(42); len(w) != 1 || w[0].Name != "Ann Holm" || w[0].State != realtime.Typing {
			t.Errorf("watchers: %v", w)
		}
		s.hub.Presence(ctx, a, 42, s.Helpdesk().ID, realtime.Left, true)
		want := []string{`presence 77 viewing`, `presence 42 viewing`, `typing 42 typing`, `presence 42 left`}
		read := func(r *reader, want []string) {
			t.Helper()
			for _, w := range want {
				g, _ := r.next()
				var p struct {
					Ticket string `json:"ticket_id"`
					State  string `json:"state"`
				}
				_ = json.Unmarshal([]byte(g.data), &p)
				if got := g.name + " " + p.Ticket + " " + p.State; got != w || g.id != 0 {
					t.Errorf("got %q (number %d), want %q", got, g.id, w)
				}
			}
		}
		read(benReads, want)
		read(annReads, want[1:]) // nothing of the board's ticket
		if w := s.hub.Watchers(42); len(w) != 0 {
			t.Errorf("after leaving: %v", w)
		}
		s.hub.Stays = -time.Second // the window PRESENCE, as if it had passed already
		s.hub.Presence(ctx, a, 43, s.Helpdesk().ID, realtime.Viewing, true)
		if w := s.hub.Watchers(43); len(w) != 0 {
			t.Errorf("still there when the window is over: %v", w)
		}
	})
}
