package availability

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// ReplyTime is how soon visitors were answered of late (CH-20).
type ReplyTime struct {
	Bucket  string `json:"bucket" enum:",minutes,hours,day"` // "": not known, or nothing to boast of
	Minutes int    `json:"minutes"`                          // the median
	Of      int    `json:"of"`                               // how many conversations
}

const (
	measureOf   = 50                  // conversations at most
	measureMin  = 5                   // fewer say nothing
	measureDays = 30 * 24 * time.Hour // older ones say nothing of today
	measureFor  = 2 * time.Minute     // how long a measurement holds
)

type measured struct {
	ReplyTime
	at desk.Time
}

// measure is the median time until a person of the team first answered, over the latest answered conversations. What a bot says and greetings are no
// answers (CF-24): the clock of a ticket begins when it is made, that of a conversation without one with the visitor's first message.
func (s *Service) measure(ctx context.Context, q db.Queryer, acc desk.ChannelAccount) (ReplyTime, error) {
	now := s.Clock.Ms()
	s.mu.Lock()
	m, ok := s.reply[acc.ID]
	s.mu.Unlock()
	if ok && now >= m.at && now-m.at < desk.Time(measureFor.Milliseconds()) {
		return m.ReplyTime, nil
	}
	since := now - desk.Time(measureDays.Milliseconds())
	waits, err := db.All(ctx, q, db.Column[int64], `SELECT CASE WHEN t.id IS NOT NULL THEN CASE WHEN t.first_reply_at > 0 THEN t.first_reply_at - t.created_at ELSE -1 END
		ELSE COALESCE((SELECT MIN(m.created_at) FROM messages m WHERE m.thread_id = h.id AND m.direction = 'outgoing' AND m.actor LIKE 'user:%'), -1) - h.created_at END
		FROM threads h LEFT JOIN tickets t ON t.id = h.ticket_id WHERE h.account_id = $1 AND h.visitor_id <> 0 AND h.created_at > $2 ORDER BY h.id DESC LIMIT $3`, acc.ID, since, measureOf*4)
	if err != nil {
		return ReplyTime{}, fmt.Errorf("availability: reply time: %w", err)
	}
	r := summary(waits)
	s.mu.Lock()
	s.reply[acc.ID] = measured{ReplyTime: r, at: now}
	s.mu.Unlock()
	return r, nil
}

// summary makes the median, in words; what is negative was not answered.
func summary(waits []int64) ReplyTime {
	waits = slices.DeleteFunc(waits, func(n int64) bool { return n < 0 })
	waits = waits[:min(len(waits), measureOf)]
	if len(waits) < measureMin {
		return ReplyTime{Of: len(waits)}
	}
	slices.Sort(waits)
	median := time.Duration(waits[len(waits)/2]) * time.Millisecond
	r := ReplyTime{Of: len(waits), Minutes: max(1, int((median+30*time.Second)/time.Minute))}
	switch {
	case median <= 10*time.Minute:
		r.Bucket = "minutes"
	case median <= 5*time.Hour:
		r.Bucket = "hours"
	case median <= 36*time.Hour:
		r.Bucket = "day"
	}
	return r
}
