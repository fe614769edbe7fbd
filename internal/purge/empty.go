package purge

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// ErrHeld says that somebody has laid a hold on what was to go.
var ErrHeld = desk.Errorf(desk.Conflict, "hold.stands", "There is a legal hold on this: nothing of it may be taken away until it is lifted.")

// free fails with ErrHeld where a ticket, or the contact, is on hold.
func (s *Service) free(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) error {
	if s.Held == nil {
		return nil
	}
	held, err := s.Held(ctx, q, t, c)
	if err == nil && held {
		err = ErrHeld
	}
	return err
}

// Term is what a term of keeping takes away: what was said more than Days ago over a channel, or its files alone.
type Term struct {
	Channel string
	Days    int
	Files   bool // the files alone, each as old as its message
	Open    bool // also of what is still open
	Before  desk.Time
}

// Taken is what went.
type Taken struct {
	Threads, Messages, Files int
}

// errLater: somebody wrote, or reopened it, while it was about to be emptied.
var errLater = desk.Errorf(desk.Conflict, "thread.changed", "This conversation has changed meanwhile. Look at it again.")

// Empty takes what a term says out of one conversation, and leaves a line that says so. Its ticket stays as a shell: number, contact, owner, states and times.
func (s *Service) Empty(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, term Term) (Taken, error) {
	var out Taken
	th, tk, err := s.take(ctx, tx, id, term)
	if err != nil {
		return out, err
	}
	where := "SELECT id FROM messages WHERE thread_id = $1 AND flags NOT LIKE '%\"erased\"%' ORDER BY id"
	args := []any{id}
	if term.Files {
		where, args = "SELECT DISTINCT message_id FROM attachments WHERE message_id IN (SELECT id FROM messages WHERE thread_id = $1 AND channel = $2 AND created_at < $3) ORDER BY message_id", []any{id, term.Channel, term.Before}
	}
	messages, err := db.All(ctx, tx, db.Column[desk.MessageID], where, args...)
	if err != nil || len(messages) == 0 && term.Files {
		return out, wrap(err)
	}
	files, err := db.One(ctx, tx, db.Column[int], "SELECT COUNT(*) FROM attachments WHERE message_id IN (SELECT id FROM messages WHERE thread_id = $1) AND message_id IN "+db.IDs(messages), id)
	if err != nil {
		return out, wrap(err)
	}
	if err := s.Journal.Forget(ctx, tx, messages); err != nil { // the originals repeat text and files
		return out, err
	}
	out = Taken{Threads: 1, Messages: len(messages), Files: files}
	fields := []string{"erased"}
	if term.Files {
		out.Messages, fields = 0, []string{"attachments"}
		_, err = s.Threads.DropFiles(ctx, tx, messages)
	} else {
		err = s.silence(ctx, tx, th, tk, messages)
	}
	if err != nil {
		return out, err
	}
	if s.Emptied != nil {
		whole := []desk.TicketID{}
		if done, err := s.Threads.Emptied(ctx, tx, th.TicketID); err != nil {
			return out, err
		} else if done && th.TicketID != 0 {
			whole = append(whole, th.TicketID)
		}
		if err := s.Emptied(ctx, tx, th.ID, whole, term.Files); err != nil {
			return out, err
		}
	}
	return out, s.tell(ctx, tx, actor, th, messages, fields, term, out)
}

// over reports whether a term is over for a conversation.
func (t Term) over(th desk.Thread, tk desk.Ticket) bool {
	open := th.Open
	if tk.ID != 0 {
		open = tk.Open
	}
	if open && !t.Open || tk.Hidden != "" || th.Hidden != "" {
		return false // what is hidden has terms of its own
	}
	return t.Files || th.Channel == t.Channel && th.LastMessageAt < t.Before
}

// take locks a conversation and its ticket and makes sure that the term still holds of them.
func (s *Service) take(ctx context.Context, tx *db.Tx, id desk.ThreadID, term Term) (th desk.Thread, tk desk.Ticket, err error) {
	if th, err = s.Threads.Lock(ctx, tx, id); err != nil {
		return th, tk, err
	}
	if th.ID != id {
		return th, tk, errLater
	}
	if th.TicketID != 0 {
		if tk, err = s.Tickets.Lock(ctx, tx, th.TicketID); err != nil {
			return th, tk, err
		}
	}
	if !term.over(th, tk) {
		return th, tk, errLater
	}
	if err := s.free(ctx, tx, tk.ID, th.ContactID); err != nil {
		return th, tk, err
	}
	return th, tk, s.free(ctx, tx, 0, tk.ContactID)
}

// silence blanks a conversation, and its ticket when nothing that was said is left in it.
func (s *Service) silence(ctx context.Context, tx *db.Tx, th desk.Thread, tk desk.Ticket, messages []desk.MessageID) error {
	if err := s.Threads.Empty(ctx, tx, th.ID, messages); err != nil {
		return err
	}
	tickets := "(0)"
	if tk.ID != 0 {
		whole, err := s.Threads.Emptied(ctx, tx, tk.ID)
		if err != nil {
			return err
		}
		if whole {
			tickets = db.IDs([]desk.TicketID{tk.ID})
			err = s.Tickets.Empty(ctx, tx, tk.ID)
		} else {
			err = s.Tickets.BlankSnippets(ctx, tx, []desk.TicketID{tk.ID})
		}
		if err != nil {
			return err
		}
	}
	return s.Events.ForgetPerson(ctx, tx, "(0)", db.IDs(messages), tickets, db.IDs([]desk.ThreadID{th.ID}))
}

// tell lets followers read anew what changed, search first of all, and writes the line that stays.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, th desk.Thread, messages []desk.MessageID, fields []string, term Term, out Taken) error {
	for _, m := range messages {
		_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvMessageUpdated, Actor: actor, TicketID: th.TicketID, ThreadID: th.ID, Message: m, Inbox: th.InboxID, Data: event.Data(map[string]any{"fields": fields})})
		if err != nil {
			return err
		}
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvThreadEmptied, Actor: actor, TicketID: th.TicketID, ThreadID: th.ID, Contact: th.ContactID, Inbox: th.InboxID,
		Data: event.Data(map[string]any{"message_count": out.Messages, "file_count": out.Files, "files_only": term.Files, "channel": term.Channel, "days": term.Days})})
	return err
}

// Due are the conversations after a position for which a term is over, oldest first.
func (s *Service) Due(ctx context.Context, q db.Queryer, term Term, after desk.ThreadID, limit int) ([]desk.ThreadID, error) {
	sql, args := term.sql()
	ids, err := db.All(ctx, q, db.Column[desk.ThreadID], fmt.Sprintf("SELECT h.id %s AND h.id > $%d ORDER BY h.id LIMIT $%d", sql, len(args)+1, len(args)+2), append(args, after, limit)...)
	return ids, wrap(err)
}

// Count says what a term would take away now.
func (s *Service) Count(ctx context.Context, q db.Queryer, term Term) (Taken, error) {
	sql, args := term.sql()
	var out Taken
	err := q.QueryRow(ctx, "SELECT COUNT(*) "+sql, args...).Scan(&out.Threads)
	if err != nil {
		return out, wrap(err)
	}
	messages := "m.flags NOT LIKE '%\"erased\"%'"
	if term.Files {
		messages = "m.channel = $1 AND m.created_at < $2"
	} else if err = q.QueryRow(ctx, "SELECT COUNT(*) FROM messages m WHERE "+messages+" AND m.thread_id IN (SELECT h.id "+sql+")", args...).Scan(&out.Messages); err != nil {
		return out, wrap(err)
	}
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM attachments a JOIN messages m ON m.id = a.message_id WHERE "+messages+" AND m.thread_id IN (SELECT h.id "+sql+")", args...).Scan(&out.Files)
	return out, wrap(err)
}

// sql is FROM and WHERE of the conversations h for which a term is over.
func (t Term) sql() (string, []any) {
	open := ""
	if !t.Open {
		open = " AND CASE WHEN h.ticket_id <> 0 THEN (SELECT k.open FROM tickets k WHERE k.id = h.ticket_id) ELSE h.open END = 0"
	}
	hidden := " AND h.hidden = '' AND NOT EXISTS (SELECT 1 FROM tickets k WHERE k.id = h.ticket_id AND k.hidden <> '')"
	args := []any{t.Channel, t.Before}
	if t.Files {
		return `FROM threads h WHERE EXISTS (SELECT 1 FROM messages m JOIN attachments a ON a.message_id = m.id WHERE m.thread_id = h.id AND m.channel = $1 AND m.created_at < $2)` + open + hidden, args
	}
	return "FROM threads h WHERE h.channel = $1 AND h.last_message_at < $2 AND (h.emptied_at = 0 OR h.emptied_at < h.last_message_at)" + open + hidden, args
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return nil
}
