package spam

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// previewMost is how many conversations a preview looks at, newest first.
const previewMost = 20_000

// Preview says what each filter would have done with the conversations that began lately.
type Preview struct {
	Since desk.Time     `json:"since"`
	Seen  int           `json:"seen" doc:"Conversations that customers began in that time; at most 20,000."`
	Kinds []PreviewKind `json:"kinds"`
}

// PreviewKind is one filter's part.
type PreviewKind struct {
	Kind     string    `json:"kind" enum:"marketing,automated,role_address,spoofed"`
	Count    int       `json:"count" doc:"How many it would have held back."`
	Answered int       `json:"answered" doc:"How many of those somebody of the team answered: held back by mistake, most likely."`
	Examples []Example `json:"examples" doc:"The newest of them."`
}

// Example is a conversation that would have been held back.
type Example struct {
	TicketID desk.TicketID `json:"ticket_id"`
	Number   int64         `json:"number"`
	From     string        `json:"from"`
	Subject  string        `json:"subject"`
	At       desk.Time     `json:"at"`
	Answered bool          `json:"answered"`
}

// begun is how a conversation began, as it is stored.
type begun struct {
	Example
	flags []string
	auth  desk.AuthEvidence
	extra struct {
		Marks []string `json:"marks"`
	}
}

// Preview looks at the conversations of the last days as each filter would have, by the very facts that it judges by. What an allow rule vouches for is not counted.
func (s *Service) Preview(ctx context.Context, days int) (Preview, error) {
	since := s.clk.Ms().Add(-time.Duration(days) * 24 * time.Hour)
	p := Preview{Since: since, Kinds: make([]PreviewKind, len(Kinds))}
	for i, k := range Kinds {
		p.Kinds[i] = PreviewKind{Kind: k, Examples: []Example{}}
	}
	rules, err := s.All(ctx, s.db)
	if err != nil {
		return p, err
	}
	rows, err := db.All(ctx, s.db, func(r db.Scanner) (b begun, err error) {
		err = r.Scan(&b.TicketID, &b.Number, &b.From, &b.Subject, &b.At, &b.Answered, db.ScanJSON(&b.flags), db.ScanJSON(&b.auth), db.ScanJSON(&b.extra))
		return b, err
	}, `SELECT m.ticket_id, COALESCE(t.number, 0), m.from_address, m.subject, m.created_at, CASE WHEN COALESCE(t.first_reply_at, 0) > 0 THEN 1 ELSE 0 END, m.flags, m.auth, m.extra
		FROM threads th JOIN messages m ON m.id = (SELECT MIN(f.id) FROM messages f WHERE f.thread_id = th.id) LEFT JOIN tickets t ON t.id = m.ticket_id AND m.ticket_id <> 0
		WHERE th.id >= $1 AND m.direction = 'incoming' AND m.kind = 'message' AND m.disposition IN ('normal', 'list') ORDER BY th.id DESC LIMIT $2`, db.IDAt(since.Time()), previewMost)
	if err != nil {
		return p, fmt.Errorf("spam: preview: %w", err)
	}
	p.Seen = len(rows)
	for _, b := range rows {
		f := Facts{Addresses: []string{b.From}, Marks: b.extra.Marks, Spoofed: slices.Contains(b.flags, desk.FlagSpoofSuspect) || b.auth.DMARC == "fail"}
		for i := range p.Kinds {
			k := &p.Kinds[i]
			if v := Judge(rules, map[string]bool{k.Kind: true}, f); !v.Hold || v.Rule != nil {
				continue
			}
			k.Count++
			if b.Answered {
				k.Answered++
			}
			if len(k.Examples) < 5 {
				k.Examples = append(k.Examples, b.Example)
			}
		}
	}
	return p, nil
}

// Held is what was held back since a time, for a digest (EM-36).
type Held struct {
	Total   int       `json:"total"`
	Reasons []Reason  `json:"reasons"`
	Newest  []Waiting `json:"newest"`
}

// Reason is how many were held for one reason.
type Reason struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Waiting is one held conversation.
type Waiting struct {
	TicketID desk.TicketID `json:"ticket_id"`
	Number   int64         `json:"number"`
	InboxID  desk.InboxID  `json:"inbox_id"`
	Subject  string        `json:"subject"`
	From     string        `json:"from"`
	Reason   string        `json:"reason"`
	At       desk.Time     `json:"at"`
}

// HeldSince returns what the machine holds back since a time and nobody has restored, within the inboxes named (nil: all), newest first and at most limit of them.
func (s *Service) HeldSince(ctx context.Context, q db.Queryer, since desk.Time, inboxes []desk.InboxID, limit int) (Held, error) {
	h := Held{Reasons: []Reason{}, Newest: []Waiting{}}
	counts := map[string]int{}
	rows, err := db.All(ctx, q, func(r db.Scanner) (w Waiting, err error) {
		err = r.Scan(&w.TicketID, &w.Number, &w.InboxID, &w.Subject, &w.From, &w.Reason, &w.At)
		return w, err
	}, `SELECT t.id, t.number, t.inbox_id, t.subject, COALESCE((SELECT m.from_address FROM messages m WHERE m.ticket_id = t.id AND m.direction = 'incoming' ORDER BY m.id LIMIT 1), ''), t.hidden_reason, t.hidden_at
		FROM tickets t WHERE t.hidden = 'spam' AND t.hidden <> '' AND t.hidden_at > $1 AND t.hidden_reason <> '' ORDER BY t.hidden_at DESC, t.id DESC LIMIT 10000`, since)
	if err != nil {
		return h, fmt.Errorf("spam: held: %w", err)
	}
	for _, w := range rows {
		if !Automatic(w.Reason) || inboxes != nil && !slices.Contains(inboxes, w.InboxID) {
			continue
		}
		h.Total++
		counts[w.Reason]++
		if len(h.Newest) < limit {
			h.Newest = append(h.Newest, w)
		}
	}
	for _, r := range append([]string{DeniedSender, DeniedDomain}, Kinds...) {
		if counts[r] > 0 {
			h.Reasons = append(h.Reasons, Reason{r, counts[r]})
		}
	}
	return h, nil
}
