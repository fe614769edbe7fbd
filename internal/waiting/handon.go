package waiting

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// handEvery is how often unanswered chats are looked for, handBatch how many are handed on at a time.
const (
	handEvery = 10 * time.Second
	handBatch = 20
)

// handOn gives chats to somebody else that nobody has answered and whose owner is not there any more, by the clock or because their browser is closed, for as long as the
// setting says (AV-11). Who chose to be away keeps theirs (AV-08).
func (s *Service) handOn(ctx context.Context) (more bool, err error) {
	if s.HandOn == nil {
		return false, nil
	}
	now := s.Clock.Ms()
	if last := s.looked.Load(); last != 0 && int64(now)-last < handEvery.Milliseconds() && int64(now) >= last {
		return false, nil
	}
	after, err := s.HandOn(ctx, s.DB)
	if err != nil || after <= 0 {
		return false, err
	}
	ids, err := db.All(ctx, s.DB, db.Column[desk.TicketID], unanswered+" ORDER BY t.id LIMIT $2", now.Add(-after), handBatch)
	if err != nil {
		return false, wrap("hand on", err)
	}
	for _, id := range ids {
		if err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.handOver(ctx, tx, id, now.Add(-after)) }); err != nil {
			return false, wrap("hand on", err)
		}
	}
	s.looked.Store(int64(now))
	return false, nil
}

// unanswered are chats of people who have left, in the order of the line. A ticket that nobody else may have stays with its owner: it is asked again when its owner changes.
const unanswered = `SELECT t.id FROM tickets t JOIN users u ON u.id = t.owner_id
	WHERE t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.first_reply_at = 0 AND u.available = 0 AND u.available_by IN ('idle', 'hours', 'out_of_office') AND u.available_at <= $1 AND t.last_inbound_at > 0
	AND EXISTS (SELECT 1 FROM threads h WHERE h.ticket_id = t.id AND h.visitor_id <> 0)`

func (s *Service) handOver(ctx context.Context, tx *db.Tx, id desk.TicketID, before desk.Time) error {
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		return err
	}
	still, err := db.All(ctx, tx, db.Column[desk.TicketID], unanswered+" AND t.id = $2", before, id)
	if err != nil || len(still) == 0 || t.Assignment != nil && t.Assignment.At > before {
		return err
	}
	_, err = s.Engine.Rotate(ctx, tx, desk.System, id, nil, CauseHandOn)
	return err
}
