package thread

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// LockOf locks the threads of a contact, in the order of ids, and names them.
func (s *Service) LockOf(ctx context.Context, tx *db.Tx, c desk.ContactID) ([]desk.ThreadID, error) {
	ids, err := db.All(ctx, tx, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE contact_id = $1 ORDER BY id"+tx.ForUpdate(), c)
	if err != nil {
		return nil, fmt.Errorf("thread: lock of a contact: %w", err)
	}
	return ids, nil
}

// MoveContact files everything of one contact under another.
func (s *Service) MoveContact(ctx context.Context, tx *db.Tx, from, to desk.ContactID) error {
	for _, q := range []string{"UPDATE threads SET contact_id = $1 WHERE contact_id = $2", "UPDATE messages SET contact_id = $1 WHERE contact_id = $2"} {
		if _, err := tx.Exec(ctx, q, to, from); err != nil {
			return fmt.Errorf("thread: move contact: %w", err)
		}
	}
	return nil
}

// GiveContact files some threads and messages of one contact under another; those that are somebody else's by now are left alone.
func (s *Service) GiveContact(ctx context.Context, tx *db.Tx, threads []desk.ThreadID, messages []desk.MessageID, from, to desk.ContactID) error {
	for part := range slices.Chunk(threads, 500) {
		if _, err := tx.Exec(ctx, "UPDATE threads SET contact_id = $1 WHERE contact_id = $2 AND id IN "+inList(part), to, from); err != nil {
			return fmt.Errorf("thread: give contact: %w", err)
		}
	}
	for part := range slices.Chunk(messages, 500) {
		if _, err := tx.Exec(ctx, "UPDATE messages SET contact_id = $1 WHERE contact_id = $2 AND id IN "+db.IDs(part), to, from); err != nil {
			return fmt.Errorf("thread: give contact: %w", err)
		}
	}
	return nil
}

func inList(ids []desk.ThreadID) string {
	ms := make([]desk.MessageID, len(ids))
	for i, id := range ids {
		ms[i] = desk.MessageID(id)
	}
	return db.IDs(ms)
}

// Blank takes everything that was said out of messages for good — texts, names, addresses, files and their ids outside — and leaves their bare rows, so that
// what counted still counts (CR-14). A send in progress finds nothing to send.
func (s *Service) Blank(ctx context.Context, tx *db.Tx, ids []desk.MessageID) error {
	for part := range slices.Chunk(ids, 500) {
		in := db.IDs(part)
		for _, q := range []string{
			"DELETE FROM attachments WHERE message_id IN " + in,
			"DELETE FROM redactions WHERE message_id IN " + in,
			"DELETE FROM deliveries WHERE message_id IN " + in,
			"UPDATE attempts SET recipients = '[]', detail = '' WHERE message_id IN " + in,
			"DELETE FROM message_refs WHERE message_id IN " + in,
			`UPDATE messages SET from_name = '', from_address = '', recipients = '[]', subject = '', text = '', quoted_text = '', html = '', quoted_html = '', remote_id = '', content_hash = '',
				reply_refs = '[]', raw_id = 0, auto_reply = '', forward = '', auth = '', status_reason = '', extra = '', contact_id = 0, flags = '["erased"]',
				actor = CASE WHEN actor LIKE 'contact:%' OR actor LIKE 'visitor:%' THEN 'contact' ELSE actor END,
				status = CASE WHEN status IN ('queued', 'sending') THEN 'cancelled' ELSE status END WHERE id IN ` + in,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return fmt.Errorf("thread: blank: %w", err)
			}
		}
	}
	return nil
}

// BlankThreads takes out of threads what they say of a person: subjects, parties, the ids by which an answer finds them, unsent drafts.
func (s *Service) BlankThreads(ctx context.Context, tx *db.Tx, ids []desk.ThreadID) error {
	for part := range slices.Chunk(ids, 500) {
		in := inList(part)
		for _, q := range []string{
			"DELETE FROM message_refs WHERE thread_id IN " + in,
			"DELETE FROM thread_parties WHERE thread_id IN " + in,
			"DELETE FROM thread_keys WHERE thread_id IN " + in,
			"DELETE FROM drafts WHERE thread_id IN " + in,
			"DELETE FROM drafts WHERE ticket_id <> 0 AND ticket_id IN (SELECT ticket_id FROM threads WHERE id IN " + in + ")",
			"UPDATE threads SET subject = '', contact_id = 0 WHERE id IN " + in,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return fmt.Errorf("thread: blank: %w", err)
			}
		}
	}
	return nil
}

// ForgetDrafts takes the unsent texts of colleagues in a person's tickets, and every other that names the person: who writes to nobody loses nothing that could be sent.
func (s *Service) ForgetDrafts(ctx context.Context, tx *db.Tx, tickets []desk.TicketID, words []string) error {
	for part := range slices.Chunk(tickets, 500) {
		ms := make([]desk.MessageID, len(part))
		for i, id := range part {
			ms[i] = desk.MessageID(id)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM drafts WHERE ticket_id <> 0 AND ticket_id IN "+db.IDs(ms)); err != nil {
			return fmt.Errorf("thread: forget drafts: %w", err)
		}
	}
	type draft struct {
		id   int64
		body string
	}
	drafts, err := db.All(ctx, tx, func(r db.Scanner) (d draft, err error) { err = r.Scan(&d.id, &d.body); return d, err }, "SELECT id, body FROM drafts")
	if err != nil {
		return fmt.Errorf("thread: forget drafts: %w", err)
	}
	for _, d := range drafts {
		body := strings.ToLower(d.body)
		if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(body, strings.ToLower(w)) }) {
			continue
		}
		if _, err := tx.Exec(ctx, "DELETE FROM drafts WHERE id = $1", d.id); err != nil {
			return fmt.Errorf("thread: forget drafts: %w", err)
		}
	}
	return nil
}

// Unname takes a person's addresses out of what others' messages and threads say: recipients, parties, and the folded history, which repeats
// what the person wrote.
func (s *Service) Unname(ctx context.Context, tx *db.Tx, threads []desk.ThreadID, addresses []string) error {
	for part := range slices.Chunk(threads, 500) {
		in := inList(part)
		if _, err := tx.Exec(ctx, "UPDATE messages SET quoted_text = '', quoted_html = '' WHERE thread_id IN "+in); err != nil {
			return fmt.Errorf("thread: unname: %w", err)
		}
		for _, a := range addresses {
			if _, err := tx.Exec(ctx, "DELETE FROM thread_parties WHERE address = $1 AND thread_id IN "+in, a); err != nil {
				return fmt.Errorf("thread: unname: %w", err)
			}
			if _, err := tx.Exec(ctx, "DELETE FROM deliveries WHERE recipient = $1 AND message_id IN (SELECT id FROM messages WHERE thread_id IN "+in+")", a); err != nil {
				return fmt.Errorf("thread: unname: %w", err)
			}
		}
		if err := unnameRecipients(ctx, tx, in, addresses); err != nil {
			return err
		}
	}
	return nil
}

func unnameRecipients(ctx context.Context, tx *db.Tx, in string, addresses []string) error {
	type row struct {
		id      desk.MessageID
		to      []desk.Party
		forward *desk.Forward
	}
	rows, err := db.All(ctx, tx, func(r db.Scanner) (x row, err error) {
		err = r.Scan(&x.id, db.ScanJSON(&x.to), db.ScanJSON(&x.forward))
		return x, err
	}, "SELECT id, recipients, forward FROM messages WHERE thread_id IN "+in)
	if err != nil {
		return fmt.Errorf("thread: unname: %w", err)
	}
	named := func(p desk.Party) bool {
		return slices.ContainsFunc(addresses, func(a string) bool { return strings.EqualFold(a, p.Address) })
	}
	for _, x := range rows {
		n := len(x.to)
		if x.to = slices.DeleteFunc(x.to, named); len(x.to) == n && (x.forward == nil || !named(x.forward.By) && !named(x.forward.Original)) {
			continue
		}
		if x.to == nil {
			x.to = []desk.Party{}
		}
		forward := db.JSONArg("")
		if x.forward != nil && !named(x.forward.By) && !named(x.forward.Original) {
			forward = db.JSON(x.forward)
		}
		if _, err := tx.Exec(ctx, "UPDATE messages SET recipients = $1, forward = $2 WHERE id = $3", db.JSON(x.to), forward, x.id); err != nil {
			return fmt.Errorf("thread: unname: %w", err)
		}
	}
	return nil
}

// Empty takes what was said out of a conversation whose term of keeping is over (CO-10): its messages are blank rows, and an answer to it begins a new conversation. Whose
// it was stays. The caller holds the thread, and has told the journal.
func (s *Service) Empty(ctx context.Context, tx *db.Tx, id desk.ThreadID, messages []desk.MessageID) error {
	if err := s.Blank(ctx, tx, messages); err != nil {
		return err
	}
	for _, q := range []string{
		"DELETE FROM message_refs WHERE thread_id = $1",
		"DELETE FROM thread_parties WHERE thread_id = $1",
		"DELETE FROM thread_keys WHERE thread_id = $1",
		"DELETE FROM drafts WHERE thread_id = $1",
	} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return fmt.Errorf("thread: empty: %w", err)
		}
	}
	_, err := tx.Exec(ctx, "UPDATE threads SET subject = '', origin = $1, emptied_at = $2 WHERE id = $3", db.JSON((*desk.Origin)(nil)), s.clk.Ms(), id)
	if err != nil {
		return fmt.Errorf("thread: empty: %w", err)
	}
	return nil
}

// Emptied reports whether nothing that was said is left in any conversation of a ticket.
func (s *Service) Emptied(ctx context.Context, q db.Queryer, id desk.TicketID) (bool, error) {
	n, err := db.One(ctx, q, db.Column[int], "SELECT COUNT(*) FROM threads WHERE ticket_id = $1 AND (emptied_at = 0 OR emptied_at < last_message_at)", id)
	if err != nil {
		return false, fmt.Errorf("thread: emptied: %w", err)
	}
	return n == 0, nil
}

// DropFiles takes the files off messages; their bytes are collected when nobody names them any more.
func (s *Service) DropFiles(ctx context.Context, tx *db.Tx, messages []desk.MessageID) (n int64, err error) {
	for part := range slices.Chunk(messages, 500) {
		some, err := tx.Exec(ctx, "DELETE FROM attachments WHERE message_id IN "+db.IDs(part))
		if err != nil {
			return n, fmt.Errorf("thread: drop files: %w", err)
		}
		n += some
	}
	return n, nil
}
