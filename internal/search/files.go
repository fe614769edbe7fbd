package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/search/extract"
)

// file is an attached file whose text is found.
type file struct {
	id      int64
	message int64
	body    string
}

// attached is an attachment as stored, with what is known of its text.
type attached struct {
	file
	name, mediaType, sha string
	size                 int64
	inline, known        bool
}

const maxFiles = 20 // of one message are looked into

// readAttachments adds the names of attached files, and their text where it can be taken out. That happens once a file; it is kept for excerpts.
func (s *Service) readAttachments(ctx context.Context, w *work, rows map[int64]*row) error {
	var all []attached
	err := each(ctx, s, keys(w.messages), `SELECT a.id, a.message_id, a.name, a.type, a.size, a.sha256, a.inline, CASE WHEN f.attachment_id IS NULL THEN 0 ELSE 1 END, COALESCE(f.body, '')
		FROM attachments a LEFT JOIN search_files f ON f.attachment_id = a.id WHERE a.message_id IN `+s.in(1), func(r db.Scanner) error {
		var a attached
		if err := r.Scan(&a.id, &a.message, &a.name, &a.mediaType, &a.size, &a.sha, &a.inline, &a.known, &a.body); err != nil {
			return err
		}
		all = append(all, a)
		return nil
	})
	if err != nil {
		return err
	}
	seen := map[int64]int{}
	for _, a := range all {
		m := rows[a.message]
		if m == nil || m.kind == "" {
			continue
		}
		m.name(a.name)
		m.field(fieldFile, a.name)
		if a.inline {
			continue
		}
		m.mark("hasattachment")
		if seen[a.message]++; seen[a.message] > maxFiles {
			continue
		}
		if err := s.readFile(ctx, m, a); err != nil {
			return err
		}
	}
	return nil
}

// readFile adds the text of one file. One that cannot be opened now has none: the rest of the index does not wait for it.
func (s *Service) readFile(ctx context.Context, m *row, a attached) error {
	if !a.known {
		if s.blobs == nil || a.sha == "" || a.size > extract.MaxIn || !extract.Knows(a.mediaType, a.name) {
			return nil
		}
		body, err := s.open(ctx, a)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.log.Warn("search: an attached file cannot be read and is found by its name alone", "attachment", a.id, "err", err)
			return nil
		}
		a.body = body
		if body != "" {
			m.files = append(m.files, file{a.id, a.message, body})
		}
	}
	if strings.TrimSpace(a.body) != "" {
		m.text(a.body)
	}
	return nil
}

func (s *Service) open(ctx context.Context, a attached) (string, error) {
	r, err := s.blobs.Open(ctx, a.sha)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	return extract.Text(r, a.mediaType, a.name)
}

// keepFiles stores the text that was taken out.
func (s *Service) keepFiles(ctx context.Context, tx *db.Tx, docs []*row) error {
	for _, d := range docs {
		for _, f := range d.files {
			_, err := tx.Exec(ctx, `INSERT INTO search_files (attachment_id, message_id, body) VALUES ($1, $2, $3)
				ON CONFLICT (attachment_id) DO UPDATE SET message_id = excluded.message_id, body = excluded.body`, f.id, f.message, f.body)
			if err != nil {
				return fmt.Errorf("search: text of a file: %w", err)
			}
		}
	}
	return nil
}
