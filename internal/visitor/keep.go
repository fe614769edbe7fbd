package visitor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Expire forgets browsers that were not seen for too long, or whose session ended without consent, the pages that are too old and the tokens that are no good any
// more. A browser that began conversations stays as a bare number, so that these still know that they are a proven person's.
// days is how long pages are kept; 0 keeps them.
func (s *Service) Expire(ctx context.Context, d *db.DB, days int) error {
	for {
		n, err := db.Written(ctx, d, func(ctx context.Context, tx *db.Tx) (int, error) { return s.expire(ctx, tx, days, 500) })
		if err != nil || n < 500 {
			return err
		}
	}
}

func (s *Service) expire(ctx context.Context, tx *db.Tx, days, limit int) (int, error) {
	now := s.clk.Ms()
	ids, err := db.All(ctx, tx, db.Column[desk.VisitorID], "SELECT id FROM visitors WHERE expires_at < $1 ORDER BY expires_at LIMIT $2", now, limit)
	if err != nil {
		return 0, fmt.Errorf("visitor: expire: %w", err)
	}
	if err := s.forget(ctx, tx, ids, true); err != nil {
		return 0, err
	}
	var old int64
	if days > 0 {
		old, err = tx.Exec(ctx, "DELETE FROM visitor_views WHERE id IN (SELECT id FROM visitor_views WHERE id < $1 ORDER BY id LIMIT $2)", db.IDAt(now.Add(-time.Duration(days)*24*time.Hour).Time()), limit)
	}
	if err != nil {
		return 0, fmt.Errorf("visitor: expire: %w", err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM visitor_tokens WHERE expires_at < $1", now); err != nil {
		return 0, fmt.Errorf("visitor: expire: %w", err)
	}
	return max(len(ids), int(old)), nil
}

// forget takes browsers and all that was kept of them. With shells, one that conversations name keeps its number, whose it was and whether that was proven, and nothing else.
func (s *Service) forget(ctx context.Context, tx *db.Tx, ids []desk.VisitorID, shells bool) error {
	for part := range slices.Chunk(ids, 200) {
		in := db.IDs(part)
		qs := []string{
			"DELETE FROM visitor_views WHERE visitor_id IN " + in,
			"DELETE FROM visitor_push WHERE visitor_id IN " + in,
			"DELETE FROM visitor_tokens WHERE visitor_id IN " + in,
		}
		named := "(SELECT visitor_id FROM threads WHERE visitor_id <> 0 AND visitor_id IN " + in + ")"
		if shells {
			qs = append(qs, fmt.Sprintf(`UPDATE visitors SET token_hash = 'gone:' || id, claimed_name = '', claimed_email = '', claimed_phone = '', external_id = '', language = '', timezone = '', country = '',
				user_agent = '', ip = '', utk = '', tracked = 0, first_url = '', referrer = '', page_url = '', page_title = '', page_at = 0, views = 0,
				ended_at = CASE WHEN ended_at = 0 THEN expires_at ELSE ended_at END, expires_at = %d WHERE id IN %s`, int64(desk.MaxID), named),
				"DELETE FROM visitors WHERE id IN "+in+" AND id NOT IN "+named)
		} else {
			qs = append(qs, "DELETE FROM visitors WHERE id IN "+in)
		}
		for _, q := range qs {
			if _, err := tx.Exec(ctx, q); err != nil {
				return fmt.Errorf("visitor: forget: %w", err)
			}
		}
	}
	return nil
}

// Forget takes the browsers of people who are erased, with their pages, tokens and push addresses: those that were theirs, those that began the conversations named, and
// those that only claimed one of the addresses. It names what it took.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, contacts []desk.ContactID, threads []desk.ThreadID, words []string) ([]desk.VisitorID, error) {
	var ids []desk.VisitorID
	add := func(query string, args ...any) error {
		more, err := db.All(ctx, tx, db.Column[desk.VisitorID], query, args...)
		if err != nil {
			return fmt.Errorf("visitor: forget: %w", err)
		}
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		return nil
	}
	for part := range slices.Chunk(contacts, 200) {
		if err := add("SELECT id FROM visitors WHERE contact_id <> 0 AND contact_id IN " + db.IDs(part)); err != nil {
			return nil, err
		}
	}
	for part := range slices.Chunk(threads, 200) { // of a conversation that was the person's, and began in a browser that nobody is known by
		if err := add("SELECT id FROM visitors WHERE contact_id = 0 AND id IN (SELECT visitor_id FROM threads WHERE visitor_id <> 0 AND id IN " + db.IDs(part) + ")"); err != nil {
			return nil, err
		}
	}
	for _, w := range words {
		if strings.Contains(w, "@") {
			if err := add("SELECT id FROM visitors WHERE claimed_email = $1 AND claimed_email <> ''", strings.ToLower(w)); err != nil {
				return nil, err
			}
		}
	}
	return ids, s.forget(ctx, tx, ids, false)
}
