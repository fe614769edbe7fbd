package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

// flood is everything that was sent into an installation and what became of it outside.
type flood struct {
	mu       sync.Mutex
	accepted map[string]string // Message-ID of a mail that got 250 → its kind
	boxed    map[string]bool   // Message-ID of a mail put into the IMAP mailbox
	answers  map[string]bool   // marker of a reply that the API took with 201
	n        int
}

// mail makes the next mail: mostly new conversations, also replies, auto-replies, reports of non-delivery and list mail.
func (f *flood) mail(to string) (id, kind, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	id = fmt.Sprintf("crash-%d@customers.test", f.n)
	from, headers, text := fmt.Sprintf("c%d@customers.test", f.n%40), "", "Hello, my order has not come yet."
	kind = "normal"
	switch f.n % 10 {
	case 3, 4:
		kind = "reply"
		headers = fmt.Sprintf("In-Reply-To: <crash-%d@customers.test>\r\n", f.n-1)
		from = fmt.Sprintf("c%d@customers.test", (f.n-1)%40)
	case 7:
		kind = "auto_reply"
		headers = "Auto-Submitted: auto-replied\r\n"
	case 8:
		kind = "list"
		headers = "List-Id: <news.customers.test>\r\n"
	}
	body = fmt.Sprintf("From: Customer <%s>\r\nTo: <%s>\r\nSubject: Order %d\r\nMessage-ID: <%s>\r\nDate: %s\r\n%s\r\n%s %d\r\n",
		from, to, f.n, id, time.Now().Format(time.RFC1123Z), headers, text, f.n)
	return id, kind, body
}

func (f *flood) smtp(addr, to string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		id, kind, body := f.mail(to)
		if sendMail(addr, "bounces@customers.test", []string{to}, body) == nil {
			f.mu.Lock()
			f.accepted[id] = kind
			f.mu.Unlock()
		}
	}
}

// reply answers a random open ticket again and again.
func (f *flood) reply(s *server, stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(15 * time.Millisecond):
		}
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		if _, err := s.api("GET", "/api/tickets?view=open&limit=50", nil, &list); err != nil || len(list.Items) == 0 {
			continue
		}
		var ticket struct {
			Threads []struct {
				ID string `json:"id"`
			} `json:"threads"`
		}
		if _, err := s.api("GET", "/api/tickets/"+list.Items[rand.IntN(len(list.Items))].ID, nil, &ticket); err != nil || len(ticket.Threads) == 0 {
			continue
		}
		marker := fmt.Sprintf("answer-%d-%d", time.Now().UnixNano(), n)
		var message struct {
			ID string `json:"id"`
		}
		if code, err := s.api("POST", "/api/threads/"+ticket.Threads[0].ID+"/messages", map[string]any{"type": "reply", "text": marker}, &message); err == nil && code == 201 {
			f.mu.Lock()
			f.answers[marker] = true
			f.mu.Unlock()
		}
	}
}

// Twenty times kill -9 in the middle of mail by SMTP and IMAP and of replies going out: what was acknowledged is there exactly once
// with all that belongs to it, and nothing went out twice. Promise 1; EM-33; XC-02.
func TestNothingIsLostOrDoubledByKill(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute a database")
	}
	eachDatabase(t, func(t *testing.T, kind db.Dialect) {
		out := newSink(t)
		box := newDovecot(t)
		t.Setenv("E2E_PASSWORD", "secret")
		config := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(config, []byte(box.settings(out.ln.Addr().String())), 0o600); err != nil {
			t.Fatal(err)
		}
		s := newServer(t, kind, "--config", config, "--relay", out.relay())
		f := &flood{accepted: map[string]string{}, boxed: map[string]bool{}, answers: map[string]bool{}}
		rounds := 20
		for round := range rounds {
			s.start()
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for range 3 {
				wg.Add(1)
				go func() { defer wg.Done(); f.smtp(s.smtp, "support@kanal.test", stop) }()
			}
			wg.Add(1)
			go func() { defer wg.Done(); f.reply(s, stop) }()
			for range 15 {
				id, _, body := f.mail("mailbox@acme.test")
				if err := box.put(body); err != nil {
					t.Fatal(err)
				}
				f.boxed[id] = true
			}
			time.Sleep(200*time.Millisecond + time.Duration(rand.IntN(1200))*time.Millisecond) // the moment of the power cut is chance
			s.kill()
			close(stop)
			wg.Wait()
			t.Logf("round %d: %d mails acknowledged, %d in the mailbox, %d answers taken", round+1, len(f.accepted), len(f.boxed), len(f.answers))
		}
		s.start()
		if len(f.accepted) < rounds || len(f.answers) == 0 {
			t.Fatalf("the flood was a trickle: %d mails, %d answers", len(f.accepted), len(f.answers))
		}
		s.settle(f)
		s.stop()
		s.audit(f, out)
	})
}

// settle waits until the mailbox is read and nothing is left to send.
func (s *server) settle(f *flood) {
	s.t.Helper()
	eventually(s.t, 90*time.Second, "every UID of the mailbox is accounted for", func() bool {
		seen := s.inbound()
		for id := range f.boxed {
			if len(seen[id]) == 0 {
				return false
			}
		}
		return true
	})
	d := s.database()
	eventually(s.t, 120*time.Second, "nothing waits to be sent", func() bool {
		var n int
		err := d.QueryRow(context.Background(), "SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')").Scan(&n)
		return err == nil && n == 0
	})
}

type inboundItem struct {
	ID, State, Disposition, Thread, Ticket, Reason string
	MessageID                                      string `json:"message_id"`
}

// inbound reads the journal as an operator does, by Message-ID.
func (s *server) inbound() map[string][]inboundItem {
	s.t.Helper()
	out := map[string][]inboundItem{}
	text := s.must("", "inbound", "list", "--limit", "100000", "--format", "json")
	for line := range strings.Lines(text) {
		var it inboundItem
		if err := json.Unmarshal([]byte(line), &it); err != nil {
			s.t.Fatalf("inbound list: %v: %s", err, line)
		}
		out[it.MessageID] = append(out[it.MessageID], it)
	}
	return out
}

// audit compares what the world knows with what the database says.
func (s *server) audit(f *flood, out *sink) {
	t, d, ctx := s.t, s.database(), context.Background()
	t.Helper()
	seen := s.inbound()
	check := func(id, kind string) {
		var filed []inboundItem
		for _, it := range seen[id] {
			if it.State == "filed" || it.State == "ignored" {
				filed = append(filed, it)
			} else if it.State != "duplicate" {
				t.Errorf("%s: journal says %s: %s", id, it.State, it.Reason)
			}
		}
		if len(filed) != 1 {
			t.Errorf("%s (%s): acknowledged, and %d times in the journal: %+v", id, kind, len(filed), seen[id])
			return
		}
		wantTicket := kind == "normal" || kind == "reply" || kind == "list"
		if wantTicket && (filed[0].Ticket == "" || filed[0].Ticket == "0") {
			t.Errorf("%s (%s): filed without a ticket: %+v", id, kind, filed[0])
		}
		if n := count(t, d, "SELECT count(*) FROM messages WHERE remote_id = $1 AND direction = 'incoming'", id); wantTicket && n != 1 {
			t.Errorf("%s: %d messages", id, n)
		}
	}
	for id, kind := range f.accepted {
		check(id, kind)
	}
	for id := range f.boxed {
		if len(seen[id]) == 0 {
			t.Errorf("%s: in the mailbox and not in the journal", id)
		}
	}
	for what, query := range map[string]string{
		"threads without a message":          "SELECT count(*) FROM threads t WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id)",
		"tickets without a thread":           "SELECT count(*) FROM tickets t WHERE hidden <> 'merged' AND NOT EXISTS (SELECT 1 FROM threads h WHERE h.ticket_id = t.id)",
		"tickets merged into nothing":        "SELECT count(*) FROM tickets t WHERE hidden = 'merged' AND NOT EXISTS (SELECT 1 FROM threads h WHERE h.ticket_id = t.merged_into)",
		"incoming messages without an event": "SELECT count(*) FROM messages m WHERE m.direction = 'incoming' AND (SELECT count(*) FROM events e WHERE e.message_id = m.id AND e.type = 'message.received') <> 1",
		"tickets without their event":        "SELECT count(*) FROM tickets t WHERE (SELECT count(*) FROM events e WHERE e.ticket_id = t.id AND e.type = 'ticket.created') <> 1",
		"mailbox tickets without an owner":   "SELECT count(*) FROM tickets t JOIN channel_accounts a ON a.id = t.account_id WHERE a.slug = 'mailbox' AND t.owner_id = 0",
		"mailbox tickets not decided":        "SELECT count(*) FROM tickets t JOIN channel_accounts a ON a.id = t.account_id WHERE a.slug = 'mailbox' AND t.assignment = ''",
		"events not numbered":                "SELECT count(*) FROM events WHERE seq IS NULL",
		"one Message-ID in two tickets":      "SELECT count(*) FROM (SELECT remote_id FROM messages WHERE direction = 'incoming' AND remote_id <> '' GROUP BY remote_id, inbox_id HAVING count(*) > 1) x",
		"attempts marked and never settled":  "SELECT count(*) FROM attempts WHERE marked_at > 0 AND settled_at = 0",
	} {
		if n := count(t, d, query); n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
	s.auditAnswers(d, f, out)
	_ = ctx
}

// auditAnswers: an answer that the API took went out once, or is shown as uncertain; never twice.
func (s *server) auditAnswers(d *db.DB, f *flood, out *sink) {
	t := s.t
	t.Helper()
	times := map[string]int{}
	for _, m := range out.taken() {
		for marker := range f.answers {
			if strings.Contains(m.body, marker) {
				times[marker]++
			}
		}
	}
	uncertain := 0
	for marker := range f.answers {
		var status string
		if err := d.QueryRow(context.Background(), "SELECT status FROM messages WHERE text LIKE $1", "%"+marker+"%").Scan(&status); err != nil {
			t.Errorf("answer %s was taken and is not there: %v", marker, err)
			continue
		}
		if status == "uncertain" {
			uncertain++
		}
		switch n := times[marker]; {
		case n > 1:
			t.Errorf("answer %s went out %d times", marker, n)
		case n == 0 && status != "uncertain" && status != "failed":
			t.Errorf("answer %s never went out and is shown as %s", marker, status)
		case n == 1 && status != "sent" && status != "uncertain" && status != "delivered":
			t.Errorf("answer %s went out and is shown as %s", marker, status)
		}
	}
	t.Logf("%d answers taken, %d received by customers, %d uncertain", len(f.answers), len(times), uncertain)
}

func count(t *testing.T, d *db.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
