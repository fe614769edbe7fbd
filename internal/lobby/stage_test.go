package lobby_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/sse"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// mapped is how the test shows messages: as plainly as can be, so that what leaks is seen.
type mapped struct{}

func (mapped) Messages(ctx context.Context, q db.Queryer, ids []desk.MessageID) (map[desk.MessageID]any, error) {
	type row struct {
		ID   desk.MessageID `json:"id"`
		Text string         `json:"text"`
	}
	all, err := db.All(ctx, q, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.ID, &r.Text); return r, err },
		"SELECT id, text FROM messages WHERE kind <> 'system' AND (send_at = 0 OR status IN ('sent', 'delivered', 'read')) AND id IN "+db.Among(q, "$1"), db.JSON(ids))
	out := map[desk.MessageID]any{}
	for _, r := range all {
		out[r.ID] = r
	}
	return out, err
}

func (mapped) Threads(ctx context.Context, q db.Queryer, ids []desk.ThreadID) (map[desk.ThreadID]any, error) {
	out := map[desk.ThreadID]any{}
	for _, id := range ids {
		out[id] = map[string]any{"id": id}
	}
	return out, nil
}

func (mapped) Author(_ context.Context, _ db.Queryer, id desk.UserID, _ desk.ChannelAccountID) (any, error) {
	return map[string]any{"name": "User " + id.String()}, nil
}

// told is what agents were told.
type told struct {
	mu  sync.Mutex
	all []lobby.Activity
}

func (t *told) Tell(_ desk.InboxID, name string, data any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a, ok := data.(lobby.Activity); ok && name == "visitor" {
		t.all = append(t.all, a)
	}
}

func (t *told) has(v desk.VisitorID, state string) (lobby.Activity, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.all) - 1; i >= 0; i-- {
		if t.all[i].Visitor == v && t.all[i].State == state {
			return t.all[i], true
		}
	}
	return lobby.Activity{}, false
}

// stage is a lobby behind a small server. Who asks is the visitor named in ?as=.
type stage struct {
	*desktest.Desk
	t        *testing.T
	db       *db.DB
	events   *event.Log
	hub      *lobby.Hub
	told     *told
	settings webchat.Settings
	consent  bool
	visitors *visitor.Service
	http     *httptest.Server
	acc      desk.ChannelAccount
	mu       sync.Mutex
	stop     func()
	grace    time.Duration
	gone     chan desk.VisitorID
}

func newStage(t *testing.T, d *db.DB) *stage {
	t.Helper()
	s := &stage{Desk: desktest.New(t, d), t: t, settings: webchat.Default(), consent: true, gone: make(chan desk.VisitorID, 100)}
	s.acc = s.Account()
	s.on(d, s.Events)
	return s
}

// again is another node on the same database.
func (s *stage) again(t *testing.T, d *db.DB) *stage {
	o := &stage{Desk: s.Desk, t: t, settings: s.settings, consent: true, acc: s.acc, gone: make(chan desk.VisitorID, 100)}
	o.on(d, event.New(d, s.Clock, nil))
	return o
}

func (s *stage) on(d *db.DB, events *event.Log) {
	s.db, s.events, s.visitors = d, events, visitor.New(s.Clock, events)
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { events.Run(ctx) })
	s.begin()
	s.t.Cleanup(func() { s.end(); s.http.CloseClientConnections(); s.http.Close(); cancel(); work.Wait() })
}

// begin and end are a restart of the server.
func (s *stage) begin() {
	s.told = &told{}
	hub := lobby.New(lobby.Deps{
		DB: s.db, Events: s.events, Threads: s.Threads, Agents: s.told,
		Settings: func(context.Context, desk.ChannelAccountID) (webchat.Settings, error) { return s.settings, nil },
		May:      func(context.Context, desk.VisitorID, desk.ChannelAccountID) (bool, error) { return s.consent, nil },
		Grace:    s.grace,
		Gone: func(_ context.Context, ids []desk.VisitorID) error {
			for _, id := range ids {
				s.gone <- id
			}
			return nil
		},
	})
	hub.Shows(mapped{})
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { hub.Run(ctx) })
	s.mu.Lock()
	s.hub = hub
	s.stop = func() { hub.Drain(); cancel(); work.Wait() }
	s.mu.Unlock()
}

func (s *stage) end() { s.stop() }

func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	hub := s.hub
	s.mu.Unlock()
	id, _ := desk.ParseID[desk.VisitorID](r.URL.Query().Get("as"))
	known, err := s.visitors.Get(r.Context(), s.db, id)
	if err != nil {
		http.Error(w, err.Error(), 401)
		return
	}
	v := lobby.Visitor{ID: id, Account: s.acc.ID, Language: "en", Address: "192.0.2.1"}
	if known.Proven {
		v.Contact = known.ContactID
	}
	after, err := sse.After(r)
	if err != nil {
		http.Error(w, err.Error(), 422)
		return
	}
	if r.URL.Query().Get("poll") == "1" {
		out, err := hub.Poll(r.Context(), v, after, r.URL.Query().Get("wait") != "0")
		if err != nil {
			http.Error(w, err.Error(), 503)
			return
		}
		_ = json.NewEncoder(w).Encode(out)
		hub.Took(out)
		return
	}
	if err := hub.Serve(w, r, v, after); err != nil {
		status := 503
		if desk.CodeOf(err) == desk.RateLimited {
			status = 429
		}
		http.Error(w, err.Error(), status)
	}
}

// visitor makes a browser.
func (s *stage) visitor() (v visitor.Visitor) {
	s.t.Helper()
	s.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		v, _, err = s.visitors.Arrive(ctx, tx, visitor.Glimpse{})
		return err
	})
	return v
}

// chat opens a conversation of a browser.
func (s *stage) chat(v visitor.Visitor) (th desk.Thread) {
	s.t.Helper()
	s.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		th, err = s.Threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: s.acc.InboxID, AccountID: s.acc.ID, Channel: s.acc.Channel, VisitorID: v.ID, ContactID: v.ContactID, Open: true})
		return err
	})
	return th
}

// says files a visitor's message, answer the team's, note a comment.
func (s *stage) says(th desk.Thread, text string) desk.Message {
	return s.Message(th, func(m *desk.Message) { m.Text = text })
}

func (s *stage) answer(th desk.Thread, text string, with ...func(*desk.Message)) (m desk.Message) {
	m = s.Message(th, append([]func(*desk.Message){func(m *desk.Message) {
		m.Text, m.Direction, m.Status, m.Actor = text, desk.Outgoing, desk.StatusQueued, desk.System
		m.Recipients = []desk.Party{}
	}}, with...)...)
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		return s.Threads.OpenDelivery(ctx, tx, m.ID, "v1", desk.StatusQueued)
	})
	return m
}

func (s *stage) note(th desk.Thread, text string) desk.Message {
	return s.Message(th, func(m *desk.Message) {
		m.Text, m.Kind, m.Direction, m.Status, m.Actor = text, desk.KindComment, "", "", desk.System
	})
}

type got struct {
	id   int64
	name string
	data string
}

type reader struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Reader
	stop context.CancelFunc
}

// try opens a stream; a server that is not there, or is stopping, is no failure.
func (s *stage) try(v visitor.Visitor, after int64) (*reader, int) {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	target := fmt.Sprintf("%s/?as=%s", s.http.URL, v.ID)
	if after >= 0 {
		target += "&after=" + strconv.FormatInt(after, 10)
	}
	req, _ := http.NewRequestWithContext(ctx, "GET", target, nil)
	res, err := s.http.Client().Do(req)
	if err != nil {
		stop()
		return nil, 0
	}
	if res.StatusCode != 200 {
		res.Body.Close()
		stop()
		return nil, res.StatusCode
	}
	return &reader{t: s.t, body: res.Body, in: bufio.NewReader(res.Body), stop: stop}, 200
}

func (s *stage) open(v visitor.Visitor, after int64) *reader {
	s.t.Helper()
	r, status := s.try(v, after)
	if r == nil {
		s.t.Fatalf("the stream answered %d", status)
	}
	return r
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

func (s *stage) poll(v visitor.Visitor, after int64, wait string) (out lobby.Polled) {
	s.t.Helper()
	res, err := s.http.Client().Get(fmt.Sprintf("%s/?as=%s&poll=1&wait=%s&after=%d", s.http.URL, v.ID, wait, after))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *stage) last() int64 {
	s.t.Helper()
	n, err := s.events.Last(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
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
