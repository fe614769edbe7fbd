package form

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// States of a submission.
const (
	Filed = "filed"
	Held  = "held" // looks like spam: visible, releasable, never lost
	Test  = "test" // of somebody who tries the form: nothing follows
)

// Stored is the reason of a filed submission that goes by no channel and is done with.
const Stored = "stored"

// Context is where a submission came from (FM-17).
type Context struct {
	PageURL   string   `json:"page_url"`
	PageTitle string   `json:"page_title"`
	Referrer  string   `json:"referrer"`
	Country   string   `json:"country"`
	Language  string   `json:"language"`
	IP        string   `json:"ip,omitempty"`
	Agent     string   `json:"user_agent,omitempty"`
	Cookie    string   `json:"cookie,omitempty"` // our own tracking id, as the page said it
	Agreed    []Agreed `json:"consents"`
	Score     []string `json:"suspicions,omitempty"`
}

// Submission is one that came in.
type Submission struct {
	ID        desk.SubmissionID
	FormID    desk.FormID
	Version   int64
	AccountID desk.ChannelAccountID
	ContactID desk.ContactID
	VisitorID desk.VisitorID
	TicketID  desk.TicketID
	ThreadID  desk.ThreadID
	MessageID desk.MessageID
	Dedupe    string
	Email     string
	Answers   map[string]any
	Context   Context
	State     string
	Reason    string
	CreatedAt desk.Time
	Files     []File
}

const submissionColumns = "id, form_id, version, account_id, contact_id, visitor_id, ticket_id, thread_id, message_id, dedupe, email, fields, context, state, reason, created_at"

func scanSubmission(r db.Scanner) (s Submission, err error) {
	err = r.Scan(&s.ID, &s.FormID, &s.Version, &s.AccountID, &s.ContactID, &s.VisitorID, &s.TicketID, &s.ThreadID, &s.MessageID, &s.Dedupe, &s.Email,
		db.ScanJSON(&s.Answers), db.ScanJSON(&s.Context), &s.State, &s.Reason, &s.CreatedAt)
	return s, err
}

func noSubmission(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "submission.not_found", "There is no such submission.")
	}
	if err != nil {
		return fmt.Errorf("form: submission: %w", err)
	}
	return nil
}

// Store writes a submission with its files. One that is here already is returned as it is, and fresh is false.
func (s *Service) Store(ctx context.Context, tx *db.Tx, x Submission) (out Submission, fresh bool, err error) {
	x.ID, x.CreatedAt = desk.SubmissionID(tx.NewID()), s.clk.Ms()
	if x.Answers == nil {
		x.Answers = map[string]any{}
	}
	n, err := tx.Exec(ctx, `INSERT INTO form_submissions (`+submissionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (dedupe) DO NOTHING`,
		x.ID, x.FormID, x.Version, x.AccountID, x.ContactID, x.VisitorID, x.TicketID, x.ThreadID, x.MessageID, x.Dedupe, x.Email, db.JSON(x.Answers), db.JSON(x.Context), x.State, x.Reason, x.CreatedAt)
	if err != nil {
		return x, false, fmt.Errorf("form: store: %w", err)
	}
	if n == 0 {
		old, err := db.One(ctx, tx, scanSubmission, "SELECT "+submissionColumns+" FROM form_submissions WHERE dedupe = $1", x.Dedupe)
		return old, false, noSubmission(err)
	}
	for _, f := range x.Files {
		if _, err := tx.Exec(ctx, "INSERT INTO form_files (id, submission_id, field, name, type, size, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			tx.NewID(), x.ID, f.Field, f.Name, f.Type, f.Size, f.SHA256, x.CreatedAt); err != nil {
			return x, false, fmt.Errorf("form: store file: %w", err)
		}
	}
	return x, true, nil
}

// Submission returns one, with its files.
func (s *Service) Submission(ctx context.Context, q db.Queryer, id desk.SubmissionID) (Submission, error) {
	return s.one(ctx, q, "id = $1", id)
}

// LockSubmission is Submission, held until the transaction ends.
func (s *Service) LockSubmission(ctx context.Context, tx *db.Tx, id desk.SubmissionID) (Submission, error) {
	return s.one(ctx, tx, "id = $1"+tx.ForUpdate(), id)
}

// ByDedupe returns the one that a browser sent under its own id.
func (s *Service) ByDedupe(ctx context.Context, q db.Queryer, dedupe string) (Submission, error) {
	return s.one(ctx, q, "dedupe = $1", dedupe)
}

// OfTicket is the submission that a ticket began with.
func (s *Service) OfTicket(ctx context.Context, q db.Queryer, id desk.TicketID) (Submission, error) {
	return s.one(ctx, q, "ticket_id = $1 AND ticket_id <> 0 ORDER BY id LIMIT 1", id)
}

// OfThread is the submission that a conversation began with.
func (s *Service) OfThread(ctx context.Context, q db.Queryer, id desk.ThreadID) (Submission, error) {
	return s.one(ctx, q, "thread_id = $1 AND thread_id <> 0 ORDER BY id LIMIT 1", id)
}

func (s *Service) one(ctx context.Context, q db.Queryer, where string, arg any) (Submission, error) {
	x, err := db.One(ctx, q, scanSubmission, "SELECT "+submissionColumns+" FROM form_submissions WHERE "+where, arg)
	if err != nil {
		return x, noSubmission(err)
	}
	all := []Submission{x}
	err = s.withFiles(ctx, q, all)
	return all[0], err
}

func (s *Service) withFiles(ctx context.Context, q db.Queryer, xs []Submission) error {
	if len(xs) == 0 {
		return nil
	}
	ids := make([]desk.SubmissionID, len(xs))
	for i, x := range xs {
		ids[i] = x.ID
	}
	type row struct {
		of desk.SubmissionID
		f  File
	}
	fs, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) {
		err = r.Scan(&x.of, &x.f.Field, &x.f.Name, &x.f.Type, &x.f.Size, &x.f.SHA256)
		return x, err
	}, "SELECT submission_id, field, name, type, size, sha256 FROM form_files WHERE submission_id IN "+db.IDs(ids)+" ORDER BY id")
	if err != nil {
		return fmt.Errorf("form: files: %w", err)
	}
	for _, f := range fs {
		for i := range xs {
			if xs[i].ID == f.of {
				xs[i].Files = append(xs[i].Files, f.f)
			}
		}
	}
	return nil
}

// Filter picks submissions. Zero values do not.
type Filter struct {
	Form     desk.FormID
	Contact  desk.ContactID
	State    string
	Query    string // in the answers and the address
	From, To desk.Time
	Before   desk.SubmissionID // a page's end
	Limit    int
	Sees     func(n int) (cond string, args []any) // a condition of who asks, its arguments numbered behind n; nil: everything
}

// Find lists submissions, the newest first.
func (s *Service) Find(ctx context.Context, q db.Queryer, f Filter) ([]Submission, error) {
	if f.Before == 0 {
		f.Before = desk.MaxID
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(strings.TrimSpace(f.Query))) + "%"
	args, sees := []any{f.Form, f.Contact, f.State, f.Before, f.From, f.To, like, f.Limit}, ""
	if f.Sees != nil {
		if cond, more := f.Sees(len(args)); cond != "" {
			sees, args = " AND ("+cond+")", append(args, more...)
		}
	}
	xs, err := db.All(ctx, q, scanSubmission, `SELECT `+submissionColumns+` FROM form_submissions
		WHERE (form_id = $1 OR $1 = 0) AND (contact_id = $2 OR $2 = 0) AND (state = $3 OR $3 = '') AND id < $4 AND (created_at >= $5 OR $5 = 0) AND (created_at < $6 OR $6 = 0)
		AND ($7 = '%%' OR LOWER(fields) LIKE $7 ESCAPE '\' OR email LIKE $7 ESCAPE '\')`+sees+` ORDER BY id DESC LIMIT $8`, args...)
	if err != nil {
		return nil, fmt.Errorf("form: find: %w", err)
	}
	return xs, s.withFiles(ctx, q, xs)
}

// Links are what a submission became.
type Links struct {
	Account desk.ChannelAccountID
	Contact desk.ContactID
	Ticket  desk.TicketID
	Thread  desk.ThreadID
	Message desk.MessageID
}

// Link notes what a submission became; what is 0 is left alone.
func (s *Service) Link(ctx context.Context, tx *db.Tx, id desk.SubmissionID, l Links) error {
	var set []string
	var args []any
	for _, x := range []struct {
		column string
		id     int64
	}{{"account_id", int64(l.Account)}, {"contact_id", int64(l.Contact)}, {"ticket_id", int64(l.Ticket)}, {"thread_id", int64(l.Thread)}, {"message_id", int64(l.Message)}} {
		if x.id != 0 {
			args = append(args, x.id)
			set = append(set, fmt.Sprintf("%s = $%d", x.column, len(args)))
		}
	}
	if len(set) == 0 {
		return nil
	}
	args = append(args, id)
	_, err := tx.Exec(ctx, fmt.Sprintf("UPDATE form_submissions SET %s WHERE id = $%d", strings.Join(set, ", "), len(args)), args...)
	if err != nil {
		return fmt.Errorf("form: link: %w", err)
	}
	return nil
}

// SetState changes what is to become of a submission.
func (s *Service) SetState(ctx context.Context, tx *db.Tx, id desk.SubmissionID, state, reason string) error {
	_, err := tx.Exec(ctx, "UPDATE form_submissions SET state = $1, reason = $2 WHERE id = $3", state, reason, id)
	if err != nil {
		return fmt.Errorf("form: set state: %w", err)
	}
	return nil
}

// Forget takes away what was submitted by people, and by addresses, that are erased, and with tickets that are gone for good (CR-14, WS-29). The files' bytes are
// collected as nobody names them any more.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, contacts []desk.ContactID, tickets []desk.TicketID, addresses []string) error {
	var where []string
	var args []any
	if len(contacts) > 0 {
		where = append(where, "contact_id IN "+db.IDs(contacts))
	}
	if len(tickets) > 0 {
		where = append(where, "ticket_id IN "+db.IDs(tickets))
	}
	for _, a := range addresses {
		if a = desk.NormalizeEmail(a); a != "" {
			args = append(args, a)
			where = append(where, fmt.Sprintf("email = $%d", len(args)))
		}
	}
	if len(where) == 0 {
		return nil
	}
	ids, err := db.All(ctx, tx, db.Column[desk.SubmissionID], "SELECT id FROM form_submissions WHERE "+strings.Join(where, " OR "), args...)
	if err != nil || len(ids) == 0 {
		return noSubmission(err)
	}
	if err := s.dropFiles(ctx, tx, ids); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM form_submissions WHERE id IN "+db.IDs(ids))
	return noSubmission(err)
}

// ForgetThread takes away what was submitted in a conversation whose term of keeping is over (CO-10).
func (s *Service) ForgetThread(ctx context.Context, tx *db.Tx, id desk.ThreadID) error {
	if err := s.ForgetFiles(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM form_submissions WHERE thread_id = $1 AND thread_id <> 0", id)
	return noSubmission(err)
}

// ForgetFiles takes away the files alone.
func (s *Service) ForgetFiles(ctx context.Context, tx *db.Tx, id desk.ThreadID) error {
	ids, err := db.All(ctx, tx, db.Column[desk.SubmissionID], "SELECT id FROM form_submissions WHERE thread_id = $1 AND thread_id <> 0", id)
	if err != nil || len(ids) == 0 {
		return noSubmission(err)
	}
	return s.dropFiles(ctx, tx, ids)
}

// Redact blanks what a conversation's submission was answered (CO-12).
func (s *Service) Redact(ctx context.Context, tx *db.Tx, id desk.ThreadID, blank func(string) string) error {
	x, err := s.OfThread(ctx, tx, id)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	BlankAnswers(x.Answers, blank)
	_, err = tx.Exec(ctx, "UPDATE form_submissions SET fields = $1 WHERE id = $2", db.JSON(x.Answers), x.ID)
	return noSubmission(err)
}

// BlankAnswers blanks answers that are text, in place.
func BlankAnswers(answers map[string]any, blank func(string) string) {
	for k, v := range answers {
		switch v := v.(type) {
		case string:
			answers[k] = blank(v)
		case []any:
			for i := range v {
				if s, ok := v[i].(string); ok {
					v[i] = blank(s)
				}
			}
		}
	}
}

// DropFile takes one file off a conversation's submission.
func (s *Service) DropFile(ctx context.Context, tx *db.Tx, id desk.ThreadID, sha256 string) error {
	_, err := tx.Exec(ctx, "DELETE FROM form_files WHERE sha256 = $1 AND submission_id IN (SELECT id FROM form_submissions WHERE thread_id = $2 AND thread_id <> 0)", sha256, id)
	return noSubmission(err)
}

func (s *Service) dropFiles(ctx context.Context, tx *db.Tx, ids []desk.SubmissionID) error {
	if _, err := tx.Exec(ctx, "DELETE FROM form_files WHERE submission_id IN "+db.IDs(ids)); err != nil {
		return fmt.Errorf("form: forget: %w", err)
	}
	return nil
}

// Expire takes away held submissions and those that became nothing else, once a form's own time for them is over. It reports whether more may be left.
func (s *Service) Expire(ctx context.Context, tx *db.Tx, f Form) (more bool, err error) {
	days := f.Definition.Options.KeepDays
	if days == 0 {
		return false, nil
	}
	const some = 200
	before := s.clk.Now().AddDate(0, 0, -days)
	ids, err := db.All(ctx, tx, db.Column[desk.SubmissionID], "SELECT id FROM form_submissions WHERE form_id = $1 AND created_at < $2 AND (state <> 'filed' OR ticket_id = 0 AND thread_id = 0) ORDER BY id LIMIT 200",
		f.ID, desk.At(before))
	if err != nil || len(ids) == 0 {
		return false, noSubmission(err)
	}
	if err := s.dropFiles(ctx, tx, ids); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, "DELETE FROM form_submissions WHERE id IN "+db.IDs(ids))
	return len(ids) == some, noSubmission(err)
}

// OfBrowser notes which browser a submission came from.
func (s *Service) OfBrowser(ctx context.Context, tx *db.Tx, id desk.SubmissionID, v desk.VisitorID) error {
	if _, err := tx.Exec(ctx, "UPDATE form_submissions SET visitor_id = $1 WHERE id = $2", v, id); err != nil {
		return fmt.Errorf("form: browser: %w", err)
	}
	return nil
}

// Unlink notes that a submission goes by no channel.
func (s *Service) Unlink(ctx context.Context, tx *db.Tx, id desk.SubmissionID) error {
	if _, err := tx.Exec(ctx, "UPDATE form_submissions SET account_id = 0 WHERE id = $1", id); err != nil {
		return fmt.Errorf("form: unlink: %w", err)
	}
	return nil
}

// Unfiled are submissions of a channel that were stored in a time and are in no conversation yet.
func (s *Service) Unfiled(ctx context.Context, q db.Queryer, since, until desk.Time) ([]Submission, error) {
	xs, err := db.All(ctx, q, scanSubmission, "SELECT "+submissionColumns+" FROM form_submissions WHERE state = 'filed' AND thread_id = 0 AND reason <> 'stored' AND created_at > $1 AND created_at < $2 ORDER BY id LIMIT 200", since, until)
	if err != nil {
		return nil, fmt.Errorf("form: unfiled: %w", err)
	}
	return xs, s.withFiles(ctx, q, xs)
}

// SentSince reports whether somebody sent a form since a time.
func (s *Service) SentSince(ctx context.Context, q db.Queryer, f desk.FormID, email string, since desk.Time) (is bool, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) > 0 FROM form_submissions WHERE form_id = $1 AND email = $2 AND created_at > $3", f, email, since).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("form: sent since: %w", err)
	}
	return is, nil
}
