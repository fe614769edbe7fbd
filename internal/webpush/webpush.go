// Package webpush tells visitors of answers while none of their pages is open (CH-36): it follows the event log and posts to the push service that a browser, or an
// app, has named, sealed so that only that browser reads it. It owns no table (visitor keeps the places), refuses private addresses, and tells nothing that was
// seen meanwhile. A place that is gone is forgotten. app starts it.
package webpush

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Deps is what a Service stands on.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Jobs     *job.Queue
	Threads  *thread.Service
	Visitors *visitor.Service
	Key      Key
	Base     *url.URL
	// Client reaches push services: one that never reaches private addresses.
	Client *http.Client
	// Online tells whether a visitor's page is connected.
	Online func(desk.VisitorID) bool
	// Shows are those of messages that visitors see: what is not among them is nobody's to be told. Nil: all that is said.
	Shows func(ctx context.Context, q db.Queryer, ids []desk.MessageID) (map[desk.MessageID]any, error)
	// Name is what a notification is headed with: who runs the installation.
	Name func(ctx context.Context, q db.Queryer) (string, error)
	// After is how long an answer may wait to be seen before somebody is told; 0 is three seconds.
	After time.Duration
	Log   *slog.Logger
}

// Service tells visitors. Safe for concurrent use.
type Service struct {
	Deps
	at int64
}

const (
	kind     = "webpush"
	batch    = 500
	shown    = 140 // characters of an answer
	keptFor  = 24 * time.Hour
	attempts = 6
)

// New makes the service and registers its job: call it before the queue runs.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.After <= 0 {
		d.After = 3 * time.Second
	}
	s := &Service{Deps: d}
	d.Jobs.RegisterWith(kind, s.tell, job.KindOptions{MaxAttempts: attempts, Timeout: time.Minute})
	return s
}

// Run follows the log until ctx ends, on one node at a time, from where it is when it begins: what is older has been seen or mailed.
func (s *Service) Run(ctx context.Context) {
	s.Events.Follow(ctx, event.Follower{Name: "webpush", Step: s.Step, Idle: 10 * time.Second, Gather: 200 * time.Millisecond})
}

// Step takes in one batch of events and reports whether there is more.
func (s *Service) Step(ctx context.Context) (more bool, err error) {
	if s.at == 0 {
		if s.at, err = s.Events.Last(ctx); err != nil {
			return false, err
		}
		s.at = max(s.at, 1)
	}
	evs, err := s.Events.After(ctx, s.at, batch)
	if err != nil || len(evs) == 0 {
		return false, err
	}
	for _, ev := range evs {
		if ev.Type == desk.EvMessageQueued || ev.Type == desk.EvMessageSent {
			if err := s.plan(ctx, ev); err != nil {
				return false, err
			}
		}
		s.at = ev.Seq
	}
	return len(evs) == batch, nil
}

// plan enqueues the telling of one answer, if its visitor wants to be told.
func (s *Service) plan(ctx context.Context, ev desk.Event) error {
	if ev.ThreadID == 0 || ev.Message == 0 || ev.Actor.Kind == desk.ActorVisitor || ev.Actor.Kind == desk.ActorContact {
		return nil
	}
	th, err := s.Threads.Get(ctx, s.DB, ev.ThreadID)
	if err != nil || th.VisitorID == 0 {
		return ignore(err)
	}
	places, err := s.Visitors.Pushes(ctx, s.DB, th.VisitorID)
	if err != nil || len(places) == 0 {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: kind, Payload: payload{ev.Message}, UniqueKey: ev.Message.String(), RunAt: s.Clock.Ms().Add(s.After)})
		return err
	})
}

type payload struct {
	Message desk.MessageID `json:"message"`
}

func ignore(err error) error {
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	return err
}

// note is what the service worker shows.
type note struct {
	Title   string `json:"title"`
	Body    string `json:"body"`
	Thread  string `json:"thread"`
	Message string `json:"message"` // told again it replaces what was told
	URL     string `json:"url"`
}

// tell posts one answer to every place of its visitor, unless it was seen.
func (s *Service) tell(ctx context.Context, j *job.Job) error {
	var p payload
	if err := j.Decode(&p); err != nil {
		return job.Drop(err)
	}
	m, err := s.Threads.Message(ctx, s.DB, p.Message)
	if err != nil {
		return ignore(err)
	}
	th, err := s.Threads.Get(ctx, s.DB, m.ThreadID)
	if err != nil {
		return ignore(err)
	}
	if !visible(m, s.Clock.Ms()) || th.VisitorID == 0 || th.SeenByVisitor >= m.ID || s.Online != nil && s.Online(th.VisitorID) {
		return nil
	}
	if s.Shows != nil {
		shows, err := s.Shows(ctx, s.DB, []desk.MessageID{m.ID})
		if err != nil || shows[m.ID] == nil {
			return err
		}
	}
	places, err := s.Visitors.Pushes(ctx, s.DB, th.VisitorID)
	if err != nil {
		return err
	}
	title, err := s.Name(ctx, s.DB)
	if err != nil {
		return err
	}
	body, _ := json.Marshal(note{Title: title, Body: cut(m.Text), Thread: th.ID.String(), Message: m.ID.String(), URL: "/widget/app"})
	var failed error
	for _, place := range places {
		gone, err := s.post(ctx, place, body)
		switch {
		case gone:
			err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				return s.Visitors.DropPush(ctx, tx, th.VisitorID, place.Endpoint)
			})
			if err != nil {
				return err
			}
		case err != nil:
			failed = err
		}
	}
	return failed
}

// visible: what visitors are shown, once it has left.
func visible(m desk.Message, now desk.Time) bool {
	if m.Direction != desk.Outgoing || m.ForwardOf != 0 || m.Status == desk.StatusCancelled || m.SendAt > now || m.Text == "" {
		return false
	}
	return m.Kind == desk.KindMessage || m.Kind == desk.KindWelcome
}

// cut is the beginning of an answer in one line.
func cut(text string) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) > shown {
		return string(r[:shown-1]) + "…"
	}
	return string(r)
}

// post hands one notification over. gone: nobody is there any more.
func (s *Service) post(ctx context.Context, place visitor.Push, plain []byte) (gone bool, err error) {
	public, auth, err := place.Keys()
	if err != nil {
		return true, nil
	}
	sealed, err := seal(public, auth, plain[:min(len(plain), maxPlain)])
	if err != nil {
		return false, err
	}
	u, err := url.Parse(place.Endpoint)
	if err != nil {
		return true, nil
	}
	header, err := s.Key.authorization(u, s.Base.String(), s.Clock.Now())
	if err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, place.Endpoint, bytes.NewReader(sealed))
	if err != nil {
		return true, nil
	}
	req.Header.Set("Authorization", header)
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("TTL", fmt.Sprint(int(keptFor.Seconds())))
	req.Header.Set("Urgency", "high")
	resp, err := s.Client.Do(req)
	if err != nil {
		return false, fmt.Errorf("webpush: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	resp.Body.Close()
	switch {
	case resp.StatusCode < 300:
		return false, nil
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone || resp.StatusCode == http.StatusForbidden:
		return true, nil
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return false, fmt.Errorf("webpush: the push service answered %s", resp.Status)
	}
	s.Log.Warn("a push service refuses a notification", "status", resp.StatusCode, "host", u.Host)
	return false, nil
}
