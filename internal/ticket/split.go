package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Split says which messages of a ticket became a ticket of their own.
type Split struct {
	ID        desk.SplitID
	From      desk.TicketID
	To        desk.TicketID
	Actor     desk.Actor
	Parts     []SplitPart
	CreatedAt desk.Time
	UndoneAt  desk.Time
}

// SplitPart is one conversation that was divided: To was made of messages of From. The two are the same when it went over whole.
type SplitPart struct {
	From desk.ThreadID `json:"from"`
	To   desk.ThreadID `json:"to"`
}

// RecordSplit keeps a split and records ticket.split on both tickets.
func (s *Service) RecordSplit(ctx context.Context, tx *db.Tx, p Split, messages int) (Split, error) {
	p.ID, p.CreatedAt = desk.SplitID(tx.NewID()), s.clk.Ms()
	_, err := tx.Exec(ctx, `INSERT INTO ticket_splits (id, from_id, to_id, actor, moved, created_at) VALUES ($1, $2, $3, $4, $5, $6)`, p.ID, p.From, p.To, p.Actor, db.JSON(p.Parts), p.CreatedAt)
	if err != nil {
		return p, fmt.Errorf("ticket: split: %w", err)
	}
	return p, s.tellSplit(ctx, tx, p.Actor, p, messages, false)
}

// SplitByID returns a split.
func (s *Service) SplitByID(ctx context.Context, q db.Queryer, id desk.SplitID) (Split, error) {
	p, err := db.One(ctx, q, func(r db.Scanner) (p Split, err error) {
		err = r.Scan(&p.ID, &p.From, &p.To, db.ScanActor(&p.Actor), db.ScanJSON(&p.Parts), &p.CreatedAt, &p.UndoneAt)
		return p, err
	}, "SELECT id, from_id, to_id, actor, moved, created_at, undone_at FROM ticket_splits WHERE id = $1", id)
	if errors.Is(err, sql.ErrNoRows) {
		return p, desk.Errorf(desk.NotFound, "split.not_found", "There is no such split.")
	}
	return p, err
}

// UndoSplit notes that a split was undone, once.
func (s *Service) UndoSplit(ctx context.Context, tx *db.Tx, actor desk.Actor, p Split) error {
	n, err := tx.Exec(ctx, "UPDATE ticket_splits SET undone_at = $1 WHERE id = $2 AND undone_at = 0", s.clk.Ms(), p.ID)
	if err != nil {
		return fmt.Errorf("ticket: undo split: %w", err)
	}
	if n == 0 {
		return desk.Errorf(desk.Conflict, "split.undone", "This split was undone already.")
	}
	return s.tellSplit(ctx, tx, actor, p, 0, true)
}

func (s *Service) tellSplit(ctx context.Context, tx *db.Tx, actor desk.Actor, p Split, messages int, undone bool) error {
	from, err := s.Get(ctx, tx, p.From)
	if err != nil {
		return err
	}
	to, err := s.Get(ctx, tx, p.To)
	if err != nil {
		return err
	}
	data := map[string]any{"from": from.ID, "from_number": from.Number, "to": to.ID, "to_number": to.Number, "split_id": p.ID, "messages": messages, "undone": undone}
	for _, t := range []desk.Ticket{from, to} {
		if _, err := s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketSplit, data)); err != nil {
			return err
		}
	}
	return nil
}
