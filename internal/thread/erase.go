package thread

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Erased is what an erasure took away, for those who keep something of it elsewhere: originals in the journal, documents of the search, events.
type Erased struct {
	Threads  []desk.ThreadID
	Messages []desk.MessageID
}

// Erase removes all threads of a ticket for good, with everything in them. What still names one finds nothing: an answer to it begins a new conversation.
// Files stay until the collector of blobs sees that nothing refers to them. before, when set, is told the messages of each thread while they are still there. Records no
// event: whoever erases says what it was.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, id desk.TicketID, before func(context.Context, []desk.MessageID) error) (Erased, error) {
	var all Erased
	ids, err := db.All(ctx, tx, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE ticket_id = $1 ORDER BY id", id)
	if err != nil {
		return all, fmt.Errorf("thread: erase: %w", err)
	}
	for _, th := range ids {
		e, err := s.EraseThread(ctx, tx, th, before)
		if err != nil {
			return all, err
		}
		all.Threads, all.Messages = append(all.Threads, e.Threads...), append(all.Messages, e.Messages...)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM drafts WHERE ticket_id = $1", id); err != nil {
		return all, fmt.Errorf("thread: erase drafts: %w", err)
	}
	return all, nil
}

// EraseThread removes one thread for good, as Erase does; one that is gone is nothing.
func (s *Service) EraseThread(ctx context.Context, tx *db.Tx, id desk.ThreadID, before func(context.Context, []desk.MessageID) error) (Erased, error) {
	var e Erased
	if _, err := tx.Exec(ctx, "DELETE FROM message_refs WHERE thread_id = $1", id); err != nil { // ids before threads: the order of locks
		return e, fmt.Errorf("thread: erase ids: %w", err)
	}
	th, err := db.All(ctx, tx, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE id = $1"+tx.ForUpdate(), id)
	if err != nil || len(th) == 0 {
		return e, err
	}
	e.Threads = th
	if e.Messages, err = db.All(ctx, tx, db.Column[desk.MessageID], "SELECT id FROM messages WHERE thread_id = $1 ORDER BY id", id); err != nil {
		return e, fmt.Errorf("thread: erase: %w", err)
	}
	if before != nil {
		if err := before(ctx, e.Messages); err != nil {
			return e, err
		}
	}
	if err := s.EraseMessages(ctx, tx, e.Messages); err != nil {
		return e, err
	}
	for _, q := range []string{
		"DELETE FROM message_refs WHERE thread_id = $1", // what came between
		"DELETE FROM thread_parties WHERE thread_id = $1",
		"DELETE FROM thread_keys WHERE thread_id = $1",
		"DELETE FROM thread_aliases WHERE into_id = $1 OR thread_id = $1",
		"DELETE FROM thread_splits WHERE thread_id = $1 OR from_id = $1",
		"DELETE FROM drafts WHERE thread_id = $1",
		"DELETE FROM threads WHERE id = $1",
	} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return e, fmt.Errorf("thread: erase: %w", err)
		}
	}
	return e, nil
}

// EraseMessages removes messages for good, with their files' rows, deliveries, attempts and mentions. A send in progress finds nothing and ends. The caller holds
// the thread, and corrects its counts if it stays.
func (s *Service) EraseMessages(ctx context.Context, tx *db.Tx, ids []desk.MessageID) error {
	for len(ids) > 0 {
		n := min(len(ids), 500)
		in := db.IDs(ids[:n])
		ids = ids[n:]
		for _, q := range []string{
			"DELETE FROM message_refs WHERE (inbox_id, ref) IN (SELECT inbox_id, remote_id FROM messages WHERE remote_id <> '' AND id IN " + in + ") AND message_id IN " + in,
			"DELETE FROM attachments WHERE message_id IN " + in,
			"DELETE FROM redactions WHERE message_id IN " + in,
			"DELETE FROM deliveries WHERE message_id IN " + in,
			"DELETE FROM attempts WHERE message_id IN " + in,
			"DELETE FROM mentions WHERE message_id IN " + in,
			"DELETE FROM messages WHERE id IN " + in,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return fmt.Errorf("thread: erase messages: %w", err)
			}
		}
	}
	return nil
}
