package ticket

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// OpenTopic is the newest ticket that a contact has open over a channel account in an inbox; 0 when there is none (GEN-05: only for a new topic).
func (s *Service) OpenTopic(ctx context.Context, q db.Queryer, contact desk.ContactID, account desk.ChannelAccountID, inbox desk.InboxID) (desk.TicketID, error) {
	if contact == 0 {
		return 0, nil
	}
	var id desk.TicketID
	err := q.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) FROM tickets WHERE contact_id = $1 AND account_id = $2 AND inbox_id = $3 AND open = 1 AND hidden = ''`, contact, account, inbox).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("ticket: open topic: %w", err)
	}
	return id, nil
}
