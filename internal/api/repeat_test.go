package api_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// A write that is sent again with its key is done once and answered the same; with another body it is refused. Also when all come at once.
func TestARepeatedWriteIsDoneOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann, ben := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Ben Ode", desk.RoleAgent))
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is my parcel?")
		ticket := ann.do("GET", "/api/tickets", nil).str("items.0.id")
		path := "/api/threads/" + ann.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id") + "/messages"
		body := map[string]any{"type": "reply", "text": "On its way."}

		first := ann.with("Idempotency-Key", "key-1").do("POST", path, body).want(201)
		again := ann.with("Idempotency-Key", "key-1").do("POST", path, body).want(201)
		if first.str("id") != again.str("id") || first.text != again.text && first.get("attempts") == nil {
			t.Errorf("the first answer was %s, the second %s", first.text, again.text)
		}
		ann.with("Idempotency-Key", "key-1").do("POST", path, map[string]any{"type": "reply", "text": "Something else."}).want(409, `"reason":"request.key_reused"`)
		ben.with("Idempotency-Key", "key-1").do("POST", path, body).want(201) // another person's key is another key

		var wg sync.WaitGroup
		var mu sync.Mutex
		ids, statuses := map[string]bool{}, map[int]int{}
		for range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := ann.with("Idempotency-Key", "key-2").do("POST", path, map[string]any{"type": "comment", "text": "Once."})
				mu.Lock()
				defer mu.Unlock()
				statuses[r.status]++
				if r.status == http.StatusCreated {
					ids[r.str("id")] = true
				}
			}()
		}
		wg.Wait()
		if len(ids) != 1 || statuses[201]+statuses[409] != 8 {
			t.Errorf("%d messages, answers %v", len(ids), statuses)
		}
		n := 0
		if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM messages WHERE direction <> 'incoming'").Scan(&n); err != nil || n != 3 {
			t.Errorf("%d messages of ours (%v), want 3", n, err)
		}
		// A refusal gives the key back: the mended request goes through.
		ann.with("Idempotency-Key", "key-3").do("POST", path, map[string]any{"type": "reply"}).want(422)
		ann.with("Idempotency-Key", "key-3").do("POST", path, body).want(201)
	})
}

// A server that died after the commit and before the answer does nothing twice: the answer is made again from what was done.
func TestALostAnswerIsGivenAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		body := map[string]any{"subject": "By hand", "contact": map[string]any{"email": "mira@customer.example", "name": "Mira"}}
		first := ann.with("Idempotency-Key", "k").do("POST", "/api/tickets", body).want(201, "By hand", "Mira")
		s.Write(func(ctx context.Context, tx *db.Tx) error { // as MarkDone left it in the transaction
			_, err := tx.Exec(ctx, "UPDATE idempotency_keys SET status = 1, response = $1", first.str("ticket.id")+" 0")
			return err
		})
		if again := ann.with("Idempotency-Key", "k").do("POST", "/api/tickets", body).want(201); again.str("ticket.id") != first.str("ticket.id") {
			t.Errorf("another ticket was made: %s", again.text)
		}
		// One that was begun and never finished may be begun again after a minute.
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE idempotency_keys SET status = 0, response = ''")
			return err
		})
		ann.with("Idempotency-Key", "k").do("POST", "/api/tickets", body).want(409, `"reason":"request.key_busy"`)
		s.Clock.Advance(2 * time.Minute)
		ann.with("Idempotency-Key", "k").do("POST", "/api/tickets", body).want(201)
		s.api.RepeatKept = 72 * time.Hour // the window IDEMPOTENCY
		s.Clock.Advance(48 * time.Hour)
		ann.with("Idempotency-Key", "k").do("POST", "/api/tickets", map[string]any{"subject": "Other", "contact": map[string]any{"email": "mira@customer.example"}}).want(409)
		s.api.RepeatKept = 0
		if err := s.api.Prune(context.Background()); err != nil {
			t.Fatal(err)
		}
		n := -1
		if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM idempotency_keys").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d keys are left (%v)", n, err)
		}
	})
}

// TK-13, CR-12: merging is done once, however often it is asked for with one key.
func TestAMergeIsDoneOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		ticket := func() string {
			return ann.do("POST", "/api/tickets", map[string]any{"subject": "A bike"}).want(201).str("ticket.id")
		}
		one, two := ticket(), ticket()
		person := func(mail string) string {
			return ann.do("POST", "/api/contacts", map[string]any{"email": mail}).want(201).str("id")
		}
		a, b := person("a@y.example"), person("b@y.example")
		for path, body := range map[string]map[string]any{"/api/tickets/" + one + "/merge": {"into": two}, "/api/contacts/" + a + "/merge": {"from": b}} {
			ann := ann.with("Idempotency-Key", "merge "+path)
			first, again := ann.do("POST", path, body), ann.do("POST", path, body)
			if first.status != 200 || again.status != 200 || first.text != again.text {
				t.Errorf("%s: %d %s, then %d %s", path, first.status, first.text, again.status, again.text)
			}
		}
		if n, err := db.One(context.Background(), d, db.Column[int], "SELECT (SELECT COUNT(*) FROM ticket_merges) + (SELECT COUNT(*) FROM contact_merges)"); err != nil || n != 2 {
			t.Errorf("%d merges, %v", n, err)
		}
	})
}

// CR-14: an answer that is kept to be given again forgets an erased person; the write is not done twice all the same.
func TestAKeptAnswerForgetsWhoIsErased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		about := map[string]any{"subject": "Of Mira", "contact": map[string]any{"email": "mira@home.example"}}
		made := ann.with("Idempotency-Key", "k-1").do("POST", "/api/tickets", about).want(201)
		other := ann.with("Idempotency-Key", "k-2").do("POST", "/api/tickets", map[string]any{"subject": "Of nobody"}).want(201)
		forget := func(words, ids []string) {
			s.Write(func(ctx context.Context, tx *db.Tx) error { return api.ForgetAnswers(ctx, tx, words, ids) })
		}
		forget(nil, []string{made.str("ticket.id")})
		ann.with("Idempotency-Key", "k-1").do("POST", "/api/tickets", about).want(409, "request.answer_erased")
		forget([]string{"mira@home.example"}, nil)
		if again := ann.with("Idempotency-Key", "k-2").do("POST", "/api/tickets", map[string]any{"subject": "Of nobody"}).want(201); again.str("ticket.id") != other.str("ticket.id") {
			t.Errorf("another's answer: %s", again.text)
		}
		if n, err := db.One(context.Background(), d, db.Column[int], "SELECT COUNT(*) FROM tickets"); err != nil || n != 2 {
			t.Errorf("%d tickets, %v", n, err)
		}
	})
}
