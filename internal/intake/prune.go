package intake

import (
	"context"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Prune removes originals older than the installation keeps them, a few at a time, and uploads that nobody sent. What was filed stays; an
// entry that is set aside keeps its original, so that it can still be replayed.
func (s *Service) Prune(ctx context.Context) error {
	orphans := s.Orphans
	if orphans <= 0 {
		orphans = 24 * time.Hour
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Threads.ForgetUploads(ctx, tx, s.Clock.Ms().Add(-orphans))
		return err
	})
	if err != nil || s.RawKeep <= 0 {
		return wrap("prune", err)
	}
	for ctx.Err() == nil {
		var n int64
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = tx.Exec(ctx, `UPDATE inbound_raw SET body = $1, blob = '' WHERE id IN (
				SELECT id FROM inbound_raw WHERE at < $2 AND state <> 'set_aside' AND (blob <> '' OR LENGTH(body) > 0)
				AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.object = 'ticket' AND h.object_id = inbound_raw.ticket_id AND inbound_raw.ticket_id <> 0) ORDER BY id LIMIT 500)`, []byte{}, s.Clock.Ms().Add(-s.RawKeep))
			return err
		})
		if err != nil || n == 0 {
			return wrap("prune", err)
		}
	}
	return ctx.Err()
}

// Forget takes from the journal what it keeps of messages that are about to be erased: originals, envelopes, evidence and ids. The rows stay, with their dedupe keys and
// without a word of what came, so that a redelivery ends at them and nothing comes back. It reads the messages: call it before they are erased.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, messages []desk.MessageID) error {
	for len(messages) > 0 {
		n := min(len(messages), 500)
		var in strings.Builder
		for i, id := range messages[:n] {
			if i > 0 {
				in.WriteByte(',')
			}
			in.WriteString(id.String()) // numbers made here
		}
		messages = messages[n:]
		list := in.String()
		for _, which := range []string{ // the copies that came through other accounts, by the id of the mail; then what the messages came from
			"filed_as IN (" + list + ") AND message_id <> '' AND message_id IN (SELECT remote_id FROM messages WHERE remote_id <> '' AND id IN (" + list + "))",
			"id IN (SELECT raw_id FROM messages WHERE raw_id <> 0 AND id IN (" + list + "))",
		} {
			if _, err := tx.Exec(ctx, forgetSQL+which, []byte{}, forgotten, s.Clock.Ms()); err != nil {
				return wrap("forget", err)
			}
		}
	}
	return nil
}

// ForgetEntries is Forget for journal entries themselves, such as those that were never filed.
func (s *Service) ForgetEntries(ctx context.Context, tx *db.Tx, ids []desk.RawID) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, forgetSQL+"id = $4", []byte{}, forgotten, s.Clock.Ms(), id); err != nil {
			return wrap("forget", err)
		}
	}
	return nil
}

// forgotten is what an entry says once its message was erased.
const forgotten = "Erased for good."

// An entry that waited to be filed is never filed any more.
const forgetSQL = `UPDATE inbound_raw SET body = $1, blob = '', envelope = '{}', auth = '', message_id = '', error = '', reason = $2, updated_at = $3,
	state = CASE WHEN state = 'set_aside' THEN 'ignored' ELSE state END, filed_as = 0, thread_id = 0, ticket_id = 0 WHERE `
