package api_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// listen opens the stream and returns what it reads, event by event; the channel closes with the stream.
func (c *client) listen(after string) <-chan string {
	c.s.t.Helper()
	req, err := http.NewRequestWithContext(c.s.t.Context(), http.MethodGet, c.s.http.URL+"/api/events"+after, nil)
	if err != nil {
		c.s.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: api.Cookie, Value: c.cookie})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || res.Header.Get("X-Request-Id") == "" {
		c.s.t.Fatalf("the stream answered %d %v", res.StatusCode, res.Header)
	}
	out := make(chan string, 1000)
	go func() {
		defer close(out)
		defer res.Body.Close()
		in, event := bufio.NewReader(res.Body), ""
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if event += line; line == "\n" {
				out <- event
				event = ""
			}
		}
	}()
	return out
}

// heard waits for an event that holds a text.
func (s *site) heard(events <-chan string, text string) string {
	s.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				s.t.Fatalf("the stream ended before %q", text)
			}
			if strings.Contains(e, text) {
				return e
			}
		case <-timeout:
			s.t.Fatalf("%q never came", text)
		}
	}
}

// WS-31, WS-11: new mail, an answer and a colleague's presence reach the screen without a reload; signing out ends the stream.
func TestTheScreenFollows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann, ben := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Ben Ode", desk.RoleAgent))
		s.echoAccount("help", s.Helpdesk())
		seq := ann.do("GET", "/api/session", nil).get("seq")
		screen := ann.listen(fmt.Sprintf("?after=%.0f", seq))
		s.heard(screen, "event: ready")
		s.write("help", "mira", "k1", "m1", "Where is it?")
		s.heard(screen, "event: message.received")
		list := ben.do("GET", "/api/tickets", nil).want(200)
		id := list.str("items.0.id")
		ben.do("POST", "/api/presence", map[string]any{"ticket_id": id, "state": "typing"}).want(204)
		if e := s.heard(screen, "event: typing"); !strings.Contains(e, `"name":"Ben Ode"`) || strings.Contains(e, "id: ") {
			t.Errorf("presence came as %s", e)
		}
		thread := ben.do("GET", "/api/tickets/"+id, nil).str("threads.0.id")
		ben.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "Tomorrow."}).want(201)
		s.heard(screen, "event: message.sent")
		number := fmt.Sprintf("%.0f", list.get("items.0.number"))
		ann.do("GET", "/api/tickets/%23"+number, nil).want(200, `"id":"`+id+`"`) // TK-19: by its short number
		ann.do("DELETE", "/api/session", nil).want(204)
		s.heard(screen, "event: signed_out")
		for range screen { // drained: it closes
		}
	})
}

// The stream is for who is signed in, and says so when its number makes no sense.
func TestTheStreamIsGuarded(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	s.nobody().do("GET", "/api/events", nil).want(401)
	ann := s.as(s.user("Ann Holm", desk.RoleAgent))
	ann.do("GET", "/api/events?after=soon", nil).want(422, `"field":"after"`)
	ann.do("GET", "/api/events?poll=1&wait=0", nil).want(200, `"events":[]`, `"last":`)
	s.Hub.Drain()
	ann.do("GET", "/api/events?after=0", nil).want(503, "events.stopping")
}
