package ticket

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Why somebody began to follow.
const (
	FollowAsked   = ""        // they, or somebody else, said so
	FollowComment = "comment" // they wrote a comment
	FollowMention = "mention" // they were named in one
)

// Follow lets a user hear of a ticket (WS-15) and records ticket.followed; who follows already is nothing new. Whether the user may see the ticket is the caller's question.
func (s *Service) Follow(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, user desk.UserID, why string) error {
	t, err := s.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO ticket_followers (ticket_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (ticket_id, user_id) DO NOTHING`, id, user, s.clk.Ms())
	if err != nil {
		return fmt.Errorf("ticket: follow: %w", err)
	}
	if n == 0 { // who came with a merge and says so now stays when it is undone
		if why == FollowAsked {
			_, err = tx.Exec(ctx, `UPDATE ticket_followers SET by_merge = 0 WHERE ticket_id = $1 AND user_id = $2 AND by_merge <> 0`, id, user)
		}
		return err
	}
	ev := eventOf(t, actor, desk.EvTicketFollowed, map[string]any{"user_id": user, "why": why})
	ev.UserID = user
	_, err = s.ev.Record(ctx, tx, ev)
	return err
}

// Unfollow ends it and records ticket.unfollowed; who does not follow is nothing.
func (s *Service) Unfollow(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, user desk.UserID) error {
	t, err := s.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM ticket_followers WHERE ticket_id = $1 AND user_id = $2`, id, user)
	if err != nil || n == 0 {
		return err
	}
	ev := eventOf(t, actor, desk.EvTicketUnfollowed, map[string]any{"user_id": user})
	ev.UserID = user
	_, err = s.ev.Record(ctx, tx, ev)
	return err
}

// Followers are who follows a ticket, the longest first.
func (s *Service) Followers(ctx context.Context, q db.Queryer, id desk.TicketID) ([]desk.UserID, error) {
	ids, err := db.All(ctx, q, db.Column[desk.UserID], `SELECT user_id FROM ticket_followers WHERE ticket_id = $1 ORDER BY created_at, user_id`, id)
	if err != nil {
		return nil, fmt.Errorf("ticket: followers: %w", err)
	}
	return ids, nil
}
