package forms

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/view"
)

var noSubmission = desk.Errorf(desk.NotFound, "submission.not_found", "There is no such submission.")

// What a submission became, and where: its ticket, which its conversation may have got later, and the inbox of these.
const (
	itsTicket = "(CASE WHEN form_submissions.ticket_id <> 0 THEN form_submissions.ticket_id ELSE COALESCE((SELECT sh.ticket_id FROM threads sh WHERE sh.id = form_submissions.thread_id), 0) END)"
	itsInbox  = "COALESCE((SELECT st.inbox_id FROM tickets st WHERE st.id = form_submissions.ticket_id), (SELECT sh.inbox_id FROM threads sh WHERE sh.id = form_submissions.thread_id), 0)"
	itsHome   = "(form_submissions.account_id = 0 OR EXISTS (SELECT 1 FROM channel_accounts sa WHERE sa.id = form_submissions.account_id AND sa.inbox_id IN "
)

// sees is whose submissions a viewer reads: those of the tickets and conversations that they see. What is in none yet, because it is held or the form makes none, is
// for who sees what is nobody's (PM-05, FM-10).
func sees(v access.Viewer) func(n int) (string, []any) {
	s := view.SightOf(v)
	if s.All && s.Tickets.Whole() {
		return nil
	}
	return func(n int) (string, []any) {
		cond, args := s.CoversSQL(itsInbox, itsTicket, "form_submissions.thread_id", n)
		loose := "1 = 1"
		switch {
		case !s.Tickets.Whole() && !s.Tickets.Unassigned:
			loose = "1 = 0"
		case !s.All:
			loose = itsHome + db.IDs(s.Inboxes) + "))"
		}
		const filed = "(form_submissions.ticket_id <> 0 OR form_submissions.thread_id <> 0)"
		return filed + " AND " + cond + " OR NOT " + filed + " AND " + loose, args
	}
}

// inSight is a submission that the viewer may see.
func (h *forms) inSight(ctx context.Context, v access.Viewer, id desk.SubmissionID) (form.Submission, error) {
	x, err := h.Forms.Submission(ctx, h.DB, id)
	if err != nil || sees(v) == nil {
		return x, err
	}
	found, err := h.Forms.Find(ctx, h.DB, form.Filter{Form: x.FormID, Before: id + 1, Limit: 1, Sees: sees(v)})
	if err == nil && (len(found) == 0 || found[0].ID != id) {
		err = noSubmission
	}
	return x, err
}
