// Package relocation moves a channel account from one inbox to another, to the help desk or away from it (MG): the tables channel_moves and channel_move_items. One
// transaction switches what arrives; then a job moves what was there before, as far as the plan says, a few conversations a transaction, each noted with what it was, so
// that a crash goes on where it was, nothing moves twice and the whole can be put back for thirty days. It refuses to lose anything: a conversation keeps its id, its
// drafts and what its mails are known by, and what cannot move is kept and told. It writes no table of others: inbox, thread, ticket and assignment do. Called by the API.
package relocation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Deps are what the service works with.
type Deps struct {
	DB      *db.DB
	Clock   *clock.Clock
	Events  *event.Log
	Jobs    *job.Queue
	People  *people.Service
	Inboxes *inbox.Service
	Threads *thread.Service
	Tickets *ticket.Service
	Assign  *assignment.Service
	// Forget takes what others keep of a ticket that the move made and undoing takes away. nil is fine.
	Forget func(ctx context.Context, tx *db.Tx, id desk.TicketID) error
	Log    *slog.Logger
	Keep   time.Duration // how long a move can be undone; 0 means thirty days
	Slice  int           // conversations a transaction; 0 means 40
}

// Service moves channels. Safe for concurrent use.
type Service struct{ Deps }

const (
	jobMove  = "relocation.move"
	maxTries = 100
)

// New makes the service and registers its job.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Slice <= 0 {
		d.Slice = 40
	}
	if d.Keep <= 0 {
		d.Keep = 30 * 24 * time.Hour
	}
	s := &Service{d}
	if d.Jobs != nil {
		d.Jobs.RegisterWith(jobMove, s.work, job.KindOptions{MaxAttempts: maxTries})
	}
	return s
}

// State of a move.
type State string

// The states. A cancelled move keeps what it did: intake is switched, and what did not move answers where it is.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
	Undoing   State = "undoing"
	Undone    State = "undone"
)

// Which of the conversations that were there before move along (MG-02, MG-05).
const (
	HistoryNone   = "none"
	HistoryAll    = "all"
	HistoryOpen   = "open"
	HistorySince  = "since"
	HistoryStatus = "status"
)

// What a conversation without a ticket gets in the help desk (MG-07).
const (
	TicketlessNone   = "none"
	TicketlessAsIs   = "as_is"
	TicketlessOpen   = "open"
	TicketlessClosed = "closed"
)

// Plan says where an account goes and what goes with it.
type Plan struct {
	To            desk.InboxID       `json:"to"`
	History       string             `json:"history" enum:"none,all,open,since,status" doc:"Which of the conversations that were there before move along."`
	Since         desk.Time          `json:"since" doc:"With history since: those in which something was said after it."`
	Statuses      []desk.StatusID    `json:"statuses" doc:"With history status: tickets in one of these."`
	Conversations string             `json:"conversations" enum:"none,open,closed,all" doc:"With history status: which conversations without a ticket."`
	Ticketless    string             `json:"ticketless" enum:"none,as_is,open,closed" doc:"What a conversation without a ticket gets in the help desk: none, a ticket that is open or closed as the conversation is, an open one or a closed one. It is dated at its first message; nobody is told, nothing is sent."`
	Ticket        *desk.TicketPolicy `json:"ticket,omitempty" doc:"The account's ticket policy from then on; left out: as it was, and always in the help desk where it was never."`
}

// Move is one move of an account.
type Move struct {
	ID        desk.MoveID           `json:"id"`
	AccountID desk.ChannelAccountID `json:"channel_account_id"`
	From      desk.InboxID          `json:"from_inbox_id"`
	To        desk.InboxID          `json:"to_inbox_id"`
	Plan      Plan                  `json:"plan"`
	Report    Report                `json:"report"`
	State     State                 `json:"state" enum:"running,done,cancelled,failed,undoing,undone"`
	Total     int                   `json:"total" doc:"How many conversations there were to move; of an undoing: to bring back."`
	Done      int                   `json:"done"`
	Made      int                   `json:"made" doc:"Tickets that the move made."`
	Failed    int                   `json:"failed" doc:"Conversations that stayed, each with its reason."`
	Error     string                `json:"error"`
	Actor     desk.Actor            `json:"actor"`
	CreatedAt desk.Time             `json:"created_at"`
	Finished  desk.Time             `json:"finished_at"`
	UndoUntil desk.Time             `json:"undo_until"`
	UndoneAt  desk.Time             `json:"undone_at"`
	Undoable  bool                  `json:"undoable"`

	before   before
	position desk.ThreadID
	toldAt   desk.Time
}

// before is what the account was, for undo.
type before struct {
	Ticket desk.TicketPolicy `json:"ticket"` // as it was
	Set    desk.TicketPolicy `json:"set"`    // as the move left it
}

// Report is what was planned and what became of it.
type Report struct {
	Counts  Counts `json:"counts"`
	Notes   []Note `json:"notes"`
	Moved   int    `json:"moved" doc:"Conversations that moved."`
	Back    int    `json:"back" doc:"Undone: conversations that came back."`
	Arrived int    `json:"arrived" doc:"Undone: conversations that began after the move and came along."`
	Kept    int    `json:"kept" doc:"Undone: tickets that the move made and that stay, because somebody has worked on them; they came along with their conversation."`
	Gone    int    `json:"gone" doc:"Undone: tickets that the move made and that were taken away again."`
}

const columns = `id, account_id, from_inbox, to_inbox, plan, before, report, state, position, total, done, made, failed, error, actor, created_at, finished_at, undo_until, undone_at, told_at`

func (s *Service) scan(r db.Scanner) (m Move, err error) {
	err = r.Scan(&m.ID, &m.AccountID, &m.From, &m.To, db.ScanJSON(&m.Plan), db.ScanJSON(&m.before), db.ScanJSON(&m.Report), &m.State, &m.position, &m.Total, &m.Done, &m.Made, &m.Failed,
		&m.Error, db.ScanActor(&m.Actor), &m.CreatedAt, &m.Finished, &m.UndoUntil, &m.UndoneAt, &m.toldAt)
	m.Undoable = m.Over() && m.State != Undone && m.UndoUntil > s.Clock.Ms()
	if m.Plan.Statuses == nil {
		m.Plan.Statuses = []desk.StatusID{}
	}
	if m.Report.Notes == nil {
		m.Report.Notes = []Note{}
	}
	return m, err
}

// Over reports whether nothing more is being done.
func (m Move) Over() bool {
	return m.State == Done || m.State == Cancelled || m.State == Failed || m.State == Undone
}

// Get returns a move.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.MoveID) (Move, error) {
	return s.get(ctx, q, id, "")
}

func (s *Service) get(ctx context.Context, q db.Queryer, id desk.MoveID, lock string) (Move, error) {
	m, err := db.One(ctx, q, s.scan, "SELECT "+columns+" FROM channel_moves WHERE id = $1"+lock, id)
	if errors.Is(err, sql.ErrNoRows) {
		return m, desk.Errorf(desk.NotFound, "move.not_found", "There is no such move.")
	}
	if err != nil {
		return m, fmt.Errorf("relocation: get: %w", err)
	}
	return m, nil
}

// Of lists the moves of an account, newest first.
func (s *Service) Of(ctx context.Context, q db.Queryer, account desk.ChannelAccountID) ([]Move, error) {
	ms, err := db.All(ctx, q, s.scan, "SELECT "+columns+" FROM channel_moves WHERE account_id = $1 ORDER BY id DESC LIMIT 50", account)
	if err != nil {
		return nil, fmt.Errorf("relocation: list: %w", err)
	}
	for i := range ms { // only the last can be undone: an older one would put back what the newer one moved
		ms[i].Undoable = ms[i].Undoable && i == 0
	}
	return ms, nil
}

// Failure is a conversation that stayed where it was, and why.
type Failure struct {
	ThreadID desk.ThreadID `json:"thread_id"`
	TicketID desk.TicketID `json:"ticket_id"`
	State    string        `json:"state" enum:"failed,kept"`
	Reason   string        `json:"reason"`
}

// Failures lists conversations that could not be moved, or brought back.
func (s *Service) Failures(ctx context.Context, q db.Queryer, id desk.MoveID, after desk.ThreadID) ([]Failure, error) {
	fs, err := db.All(ctx, q, func(r db.Scanner) (f Failure, err error) {
		err = r.Scan(&f.ThreadID, &f.TicketID, &f.State, &f.Reason)
		return f, err
	}, `SELECT thread_id, ticket_id, state, reason FROM channel_move_items WHERE move_id = $1 AND thread_id > $2 AND state IN ('failed', 'kept') ORDER BY thread_id LIMIT 200`, id, after)
	if err != nil {
		return nil, fmt.Errorf("relocation: failures: %w", err)
	}
	return fs, nil
}

func (s *Service) save(ctx context.Context, tx *db.Tx, m Move) error {
	_, err := tx.Exec(ctx, `UPDATE channel_moves SET report = $1, state = $2, position = $3, total = $4, done = $5, made = $6, failed = $7, error = $8, finished_at = $9, undone_at = $10 WHERE id = $11`,
		db.JSON(m.Report), m.State, m.position, m.Total, m.Done, m.Made, m.Failed, m.Error, m.Finished, m.UndoneAt, m.ID)
	if err != nil {
		return fmt.Errorf("relocation: save: %w", err)
	}
	return nil
}

// tellEvery bounds how often progress is told.
const tellEvery = 500 * time.Millisecond

// tell records how far a move is, now and then and at its end.
func (s *Service) tell(ctx context.Context, tx *db.Tx, m *Move, now bool) error {
	at := s.Clock.Ms()
	if !now && at >= m.toldAt && at < m.toldAt.Add(tellEvery) {
		return nil
	}
	m.toldAt = at
	if _, err := tx.Exec(ctx, "UPDATE channel_moves SET told_at = $1 WHERE id = $2", at, m.ID); err != nil {
		return fmt.Errorf("relocation: tell: %w", err)
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvChannelMoveProgress, Actor: m.Actor, Inbox: m.To, Data: event.Data(map[string]any{
		"move_id": m.ID, "channel_account_id": m.AccountID, "state": m.State, "total": m.Total, "done": m.Done, "made": m.Made, "failed": m.Failed,
	})})
	return err
}
