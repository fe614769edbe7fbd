package view

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// answerable reads, for each thread, the message that an answer would answer: the latest that a person wrote, ours or theirs. dispatch decides
// from it whom a plain answer goes to.
func (v *Service) answerable(ctx context.Context, threads []TicketThread, ids []desk.ThreadID) error {
	var q query
	q.add(`SELECT m.thread_id, m.id, m.kind, m.direction, m.channel, m.contact_id, m.subject, m.from_name, m.from_address, m.recipients, m.forward FROM messages m WHERE m.id IN
		(SELECT MAX(x.id) FROM messages x WHERE x.kind = 'message' AND x.forward_of = 0 AND NOT (x.send_rule LIKE 'later%' AND x.status = 'queued') AND x.status <> `).arg(desk.StatusCancelled)
	q.add(" AND (x.direction = ").arg(desk.Outgoing).add(" OR x.disposition IN ")
	list(&q, []desk.Disposition{"", desk.DispNormal, desk.DispColleague, desk.DispList}).add(") AND x.thread_id IN ")
	list(&q, ids).add(" GROUP BY x.thread_id)")
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (m desk.Message, err error) {
		err = s.Scan(&m.ThreadID, &m.ID, &m.Kind, &m.Direction, &m.Channel, &m.ContactID, &m.Subject, &m.From.Name, &m.From.Address,
			db.ScanJSON(&m.Recipients), db.ScanJSON(&m.Forward))
		m.From = sender(m.From, m.ContactID)
		return m, err
	})
	for _, m := range found {
		for i := range threads {
			if threads[i].ID == m.ThreadID {
				threads[i].Answers = m
			}
		}
	}
	return err
}
