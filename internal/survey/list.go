package survey

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Summary counts what was asked and said since a time.
type Summary struct {
	Asked        int `json:"asked"`
	Satisfied    int `json:"satisfied"`
	Neutral      int `json:"neutral"`
	Dissatisfied int `json:"dissatisfied"`
}

// Page is one page of answers, newest first.
type Page struct {
	Items []Answer `json:"items"`
	Next  string   `json:"next"`
}

// within limits rows to tickets that are in some inboxes now; nil is all of them.
func within(inboxes []desk.InboxID) string {
	if inboxes == nil {
		return ""
	}
	return " AND t.inbox_id IN " + db.IDs(inboxes)
}

// Answers lists what customers said in some inboxes (nil: in all), newest first; of one ticket when t is not 0. cursor is Page.Next of the page before.
func (s *Service) Answers(ctx context.Context, q db.Queryer, inboxes []desk.InboxID, t desk.TicketID, cursor string, limit int) (Page, error) {
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	at, id := int64(1)<<62, int64(1)<<62
	if cursor != "" {
		a, b, ok := strings.Cut(cursor, "-")
		var err, err2 error
		at, err = strconv.ParseInt(a, 36, 64)
		id, err2 = strconv.ParseInt(b, 36, 64)
		if !ok || err != nil || err2 != nil {
			return Page{}, desk.Errorf(desk.Invalid, "page.cursor", "This cursor is none of ours. Begin again without one.").In("cursor")
		}
	}
	type row struct {
		Answer
		id int64
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) {
		err = r.Scan(&x.id, &x.TicketID, &x.Number, &x.Subject, &x.ContactID, &x.Contact, &x.OwnerID, &x.Score, &x.Comment, &x.AskedAt, &x.AnsweredAt)
		return x, err
	}, `SELECT v.id, v.ticket_id, t.number, t.subject, v.contact_id, COALESCE(CASE WHEN c.name <> '' THEN c.name ELSE c.email END, ''), v.owner_id, v.score, v.comment, v.asked_at, v.answered_at
		FROM surveys v JOIN tickets t ON t.id = v.ticket_id LEFT JOIN contacts c ON c.id = v.contact_id
		WHERE v.answered_at <> 0 AND (v.answered_at, v.id) < ($1, $2) AND (CAST($3 AS BIGINT) = 0 OR v.ticket_id = $3)`+within(inboxes)+` ORDER BY v.answered_at DESC, v.id DESC LIMIT $4`, at, id, t, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("survey: answers: %w", err)
	}
	out := Page{Items: []Answer{}}
	for i, r := range rows {
		if i == limit {
			last := rows[i-1]
			out.Next = strconv.FormatInt(int64(last.AnsweredAt), 36) + "-" + strconv.FormatInt(last.id, 36)
			break
		}
		out.Items = append(out.Items, r.Answer)
	}
	return out, nil
}

// Summarize counts since a time, in some inboxes (nil: in all).
func (s *Service) Summarize(ctx context.Context, q db.Queryer, inboxes []desk.InboxID, since desk.Time) (Summary, error) {
	var out Summary
	err := q.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN v.score = 3 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN v.score = 2 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN v.score = 1 THEN 1 ELSE 0 END), 0) FROM surveys v JOIN tickets t ON t.id = v.ticket_id WHERE v.asked_at <> 0 AND v.asked_at >= $1`+within(inboxes), since).Scan(&out.Asked, &out.Satisfied, &out.Neutral, &out.Dissatisfied)
	if err != nil {
		return out, fmt.Errorf("survey: summary: %w", err)
	}
	return out, nil
}
