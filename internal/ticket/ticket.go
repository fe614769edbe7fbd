// Package ticket owns tickets, their links and tags, pipelines and statuses: the tables tickets, ticket_links, tags, ticket_tags, pipelines and
// pipeline_statuses. It gives numbers, stamps a channel's defaults, keeps what lists show beside the ticket, and records an
// event with before and after for every change. It refuses unknown statuses and properties, stale edits, and a pipeline without an open and a
// closed status. It neither decides owners (routing) nor writes messages (thread). Called by intake, dispatch, assignment, transfer and the API.
package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Properties checks values of custom properties: property.Service.
type Properties interface {
	// Check returns the values as stored, nil for those to remove, or the first fault.
	Check(ctx context.Context, q db.Queryer, object string, values map[string]any) (map[string]any, error)
	// Sort parts good values from bad ones.
	Sort(ctx context.Context, q db.Queryer, object string, values map[string]any) (good map[string]any, bad map[string]error, err error)
	// Fit refuses values that do not go together.
	Fit(ctx context.Context, q db.Queryer, object string, values, changed map[string]any) error
	// Complete refuses values that lack what closing asks for.
	Complete(ctx context.Context, q db.Queryer, object string, values map[string]any) error
}

// Service is the tickets of this installation. Safe for concurrent use.
type Service struct {
	db       *db.DB
	clk      *clock.Clock
	ev       *event.Log
	props    Properties
	limit    func(ctx context.Context, q db.Queryer) (int, error)
	openTags func(ctx context.Context, q db.Queryer) (bool, error)
	words    func(ctx context.Context, q db.Queryer, text string, hints ...string) (string, error)
}

// Tongue tells the language of a new ticket. Set at start-up; without it a ticket has the language it is given.
func (s *Service) Tongue(fn func(ctx context.Context, q db.Queryer, text string, hints ...string) (string, error)) {
	s.words = fn
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log, props Properties) *Service {
	return &Service{db: d, clk: clk, ev: ev, props: props}
}

const object = "ticket"

// Limits of a ticket's own fields, in bytes.
const (
	maxSubject     = 1000
	maxDescription = 256 << 10
	maxCategory    = 200
)

// NewTicket is what a ticket begins with. InboxID is required. Policy is a channel account's stamp (GEN-18), taken leniently, so that no mail is lost to a
// status that was removed since: what it names in vain is left out and told in the event. The other fields overrule it and are checked.
type NewTicket struct {
	Actor        desk.Actor
	Subject      string
	Description  string
	InboxID      desk.InboxID
	Channel      string
	AccountID    desk.ChannelAccountID
	ContactID    desk.ContactID
	Policy       desk.TicketPolicy
	PipelineID   desk.PipelineID
	StatusID     desk.StatusID
	Priority     *desk.Priority
	Category     *string
	Language     string   // "": told from the words, then from Hints, then from the contact (SK-09)
	Hints        []string // languages that the channel or the browser states, best first
	Tags         []string
	Properties   map[string]any
	Hidden       desk.Hidden
	HiddenReason string        // slug, with Hidden: why it is held back from the start (EM-36)
	ThreadID     desk.ThreadID // only for the event
	At           desk.Time     // 0: now
	Made         string        // how it came about, where nobody is told of it: MadeByMove
}

// MadeByMove: the ticket of a conversation that was there before, made when its channel moved (MG-07).
const MadeByMove = "move"

// Create adds a ticket with the next number (TK-01, TK-02, TK-19) and records ticket.created.
func (s *Service) Create(ctx context.Context, tx *db.Tx, n NewTicket) (desk.Ticket, error) {
	now := s.clk.Ms()
	if n.At != 0 {
		now = n.At
	}
	t := desk.Ticket{
		ID: desk.TicketID(tx.NewID()), Subject: clip(oneLine(n.Subject), maxSubject), Description: clip(n.Description, maxDescription), InboxID: n.InboxID, Channel: n.Channel,
		AccountID: n.AccountID, ContactID: n.ContactID, Properties: map[string]any{}, Hidden: n.Hidden,
		CreatedAt: now, UpdatedAt: now, LastActivity: now, Version: 1,
	}
	if n.InboxID == 0 {
		return t, desk.Errorf(desk.Invalid, "ticket.inbox_missing", "A ticket belongs to an inbox.").In("inbox_id")
	}
	if t.Hidden != desk.HiddenNo {
		t.HiddenAt, t.HiddenReason = s.clk.Ms(), n.HiddenReason
	}
	left, err := s.stamp(ctx, tx, &t, n)
	if err != nil {
		return t, err
	}
	over, err := s.over(ctx, tx, n.ContactID)
	if err != nil {
		return t, err
	}
	if over > 0 {
		t.ContactID = 0
	}
	if t.Language, err = s.languageOf(ctx, tx, n); err != nil {
		return t, err
	}
	if t.Number, err = s.number(ctx, tx); err != nil {
		return t, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO tickets (id, number, subject, description, inbox_id, channel, account_id, contact_id, pipeline_id, status_id, open, priority, category,
		properties, hidden, created_at, updated_at, last_activity_at, closed_at, hidden_at, hidden_reason, language, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $16, $17, $18, $19, $20, 1)`,
		t.ID, t.Number, t.Subject, t.Description, t.InboxID, t.Channel, t.AccountID, t.ContactID, t.PipelineID, t.StatusID, t.Open, t.Priority, t.Category,
		db.JSON(t.Properties), t.Hidden, now, t.ClosedAt, t.HiddenAt, t.HiddenReason, t.Language)
	if err != nil {
		return t, fmt.Errorf("ticket: create: %w", err)
	}
	data := map[string]any{"number": t.Number, "subject": t.Subject}
	if err = s.firstTags(ctx, tx, n, t.ID, data); err != nil {
		return t, err
	}
	if t.Hidden != desk.HiddenNo {
		data["hidden"], data["hidden_reason"] = t.Hidden, t.HiddenReason
	}
	if len(left) > 0 {
		data["defaults_left_out"] = left
	}
	ev := eventOf(t, n.Actor, desk.EvTicketCreated, data)
	ev.ThreadID = n.ThreadID
	if _, err = s.ev.Record(ctx, tx, ev); err != nil || over == 0 {
		return t, err
	}
	return t, s.takesPart(ctx, tx, t, n.ContactID, over)
}

// stamp fills pipeline, status, priority, category and properties from the policy, then from what was asked for. It returns what of the policy could not be used.
func (s *Service) stamp(ctx context.Context, tx *db.Tx, t *desk.Ticket, n NewTicket) (left []string, err error) {
	ps, err := s.Pipelines(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(ps) == 0 {
		return nil, desk.Errorf(desk.Conflict, "pipeline.none", "There is no pipeline yet.")
	}
	pipe, status, left := place(ps, n.Policy)
	if n.PipelineID != 0 {
		if pipe, err = findPipeline(ps, n.PipelineID); err != nil {
			return nil, err
		}
		status = firstOpen(pipe)
	}
	if n.StatusID != 0 {
		if pipe, status, err = findStatus(ps, n.StatusID); err != nil {
			return nil, err
		}
		if n.PipelineID != 0 && n.PipelineID != pipe.ID {
			return nil, desk.Errorf(desk.Invalid, "ticket.status_elsewhere", "The status %s does not belong to that pipeline.", status.Name).In("status_id")
		}
	}
	t.PipelineID, t.StatusID, t.Open = pipe.ID, status.ID, status.State == Open
	if !t.Open {
		t.ClosedAt = t.CreatedAt
	}
	switch p := desk.Priority(n.Policy.Priority); {
	case n.Priority != nil:
		if err := checkPriority(*n.Priority); err != nil {
			return nil, err
		}
		t.Priority = *n.Priority
	case checkPriority(p) == nil:
		t.Priority = p
	default:
		left = append(left, "priority")
	}
	t.Category = clip(oneLine(n.Policy.Category), maxCategory)
	if n.Category != nil {
		if err := checkCategory(*n.Category); err != nil {
			return nil, err
		}
		t.Category = *n.Category
	}
	return s.stampProperties(ctx, tx, t, n, left)
}

// stampProperties fills the custom properties: the policy's as far as they are good, those asked for on top, checked alone and together.
func (s *Service) stampProperties(ctx context.Context, tx *db.Tx, t *desk.Ticket, n NewTicket, left []string) ([]string, error) {
	good, bad, err := s.props.Sort(ctx, tx, object, n.Policy.Properties)
	if err != nil {
		return nil, err
	}
	for name := range bad {
		left = append(left, "properties."+name)
	}
	asked, err := s.props.Check(ctx, tx, object, n.Properties)
	if err != nil {
		return nil, err
	}
	merge(t.Properties, good)
	merge(t.Properties, asked)
	if len(asked) > 0 {
		if err := s.props.Fit(ctx, tx, object, t.Properties, asked); err != nil {
			return nil, err
		}
	}
	if !t.Open && binds(n.Actor) && n.Made == "" {
		return left, s.props.Complete(ctx, tx, object, t.Properties)
	}
	return left, nil
}

func merge(dst, src map[string]any) {
	for k, v := range src {
		if v == nil {
			delete(dst, k)
		} else {
			dst[k] = v
		}
	}
}

// number is the next short number, never one of a ticket that is gone. PostgreSQL's sequence may leave gaps and never repeats; SQLite has one writer.
func (s *Service) number(ctx context.Context, tx *db.Tx) (n int64, err error) {
	query := `SELECT MAX(COALESCE((SELECT MAX(number) FROM tickets), 1000), COALESCE((SELECT MAX(number) FROM erased_tickets), 0)) + 1`
	if tx.Dialect() == db.Postgres {
		query = `SELECT nextval('ticket_numbers')`
	}
	if err := tx.QueryRow(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("ticket: number: %w", err)
	}
	return n, nil
}

func checkPriority(p desk.Priority) error {
	switch p {
	case "", desk.PriorityLow, desk.PriorityMedium, desk.PriorityHigh, desk.PriorityUrgent:
		return nil
	}
	return desk.Errorf(desk.Invalid, "ticket.priority_unknown", "%q is not a priority: use low, medium, high or urgent.", p).In("priority")
}

func checkCategory(c string) error {
	if len(c) > maxCategory || strings.ContainsAny(c, "\r\n\x00") {
		return desk.Errorf(desk.Invalid, "ticket.category_malformed", "A category is one line of at most %d bytes.", maxCategory).In("category")
	}
	return nil
}

func eventOf(t desk.Ticket, actor desk.Actor, typ string, data any) desk.Event {
	return desk.Event{Type: typ, Actor: actor, TicketID: t.ID, Contact: t.ContactID, Inbox: t.InboxID, Data: event.Data(data)}
}

// Columns are the columns of the tickets table, unqualified, in the order that Scan reads. Read models use them too.
const Columns = `id, number, subject, description, inbox_id, channel, account_id, contact_id, pipeline_id, status_id, open, priority, category, owner_id, team_id, assignment,
	properties, hidden, merged_into, snippet, last_direction, message_count, created_at, updated_at, last_activity_at, last_inbound_at, first_reply_at, closed_at,
	snoozed, snoozed_until, snoozed_by, hidden_at, hidden_reason, language, version`

// Scan reads a row of Columns.
func Scan(r db.Scanner) (t desk.Ticket, err error) {
	t.Properties = map[string]any{}
	err = r.Scan(&t.ID, &t.Number, &t.Subject, &t.Description, &t.InboxID, &t.Channel, &t.AccountID, &t.ContactID, &t.PipelineID, &t.StatusID, &t.Open, &t.Priority, &t.Category,
		&t.OwnerID, &t.TeamID, db.ScanJSON(&t.Assignment), db.ScanJSON(&t.Properties), &t.Hidden, &t.MergedInto, &t.Snippet, &t.LastDirection, &t.MessageCount,
		&t.CreatedAt, &t.UpdatedAt, &t.LastActivity, &t.LastInbound, &t.FirstReply, &t.ClosedAt,
		&t.Snoozed, &t.SnoozedUntil, &t.SnoozedBy, &t.HiddenAt, &t.HiddenReason, &t.Language, &t.Version)
	return t, err
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "ticket.not_found", "There is no such ticket.")
	}
	return err
}

// Get returns a ticket, whatever hides it.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.TicketID) (desk.Ticket, error) {
	t, err := db.One(ctx, q, Scan, `SELECT `+Columns+` FROM tickets WHERE id = $1`, id)
	return t, missing(err)
}

// ByNumber returns the ticket with a short number (TK-19).
func (s *Service) ByNumber(ctx context.Context, q db.Queryer, number int64) (desk.Ticket, error) {
	t, err := db.One(ctx, q, Scan, `SELECT `+Columns+` FROM tickets WHERE number = $1`, number)
	return t, missing(err)
}

// Lock returns a ticket and holds its row until the transaction ends.
func (s *Service) Lock(ctx context.Context, tx *db.Tx, id desk.TicketID) (desk.Ticket, error) {
	t, err := db.One(ctx, tx, Scan, `SELECT `+Columns+` FROM tickets WHERE id = $1`+tx.ForUpdate(), id)
	return t, missing(err)
}

// OpenCounts tells how many open tickets each of the users owns; hidden and snoozed ones do not count.
func (s *Service) OpenCounts(ctx context.Context, q db.Queryer, users []desk.User) (map[desk.UserID]int, error) {
	return openOf(ctx, q, users, "")
}

// OpenChats is OpenCounts of the tickets of one channel: how many conversations each of the users is in (CP-02).
func (s *Service) OpenChats(ctx context.Context, q db.Queryer, users []desk.User, channel string) (map[desk.UserID]int, error) {
	return openOf(ctx, q, users, " AND channel = $1", channel)
}

func openOf(ctx context.Context, q db.Queryer, users []desk.User, and string, args ...any) (map[desk.UserID]int, error) {
	out := make(map[desk.UserID]int, len(users))
	if len(users) == 0 {
		return out, nil
	}
	ids := make([]desk.UserID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	type count struct {
		owner desk.UserID
		n     int
	}
	cs, err := db.All(ctx, q, func(r db.Scanner) (c count, err error) { err = r.Scan(&c.owner, &c.n); return c, err },
		`SELECT owner_id, COUNT(*) FROM tickets WHERE open = 1 AND hidden = '' AND snoozed = 0 AND owner_id IN `+db.IDs(ids)+and+` GROUP BY owner_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("ticket: open counts: %w", err)
	}
	for _, c := range cs {
		out[c.owner] = c.n
	}
	return out, nil
}

var quotedNumber = regexp.MustCompile(` ?\[#(\d{1,15})\]`)

// Unnumbered is a subject without the numbers of tickets that stand in it as [#1042], as far as they are ours to take away (TK-19).
func Unnumbered(subject string, ours func(number int64) bool) string {
	return strings.TrimSpace(quotedNumber.ReplaceAllStringFunc(subject, func(mark string) string {
		n, err := strconv.ParseInt(strings.Trim(mark, " [#]"), 10, 64)
		if err != nil || !ours(n) {
			return mark
		}
		return ""
	}))
}

// Numbers are the numbers under which a ticket was known to who writes about it: its own, and those of tickets that were merged into it.
func (s *Service) Numbers(ctx context.Context, q db.Queryer, id desk.TicketID) ([]int64, error) {
	ids, err := s.Absorbed(ctx, q, id)
	if err != nil {
		return nil, err
	}
	return db.All(ctx, q, db.Column[int64], "SELECT number FROM tickets WHERE id IN "+inList(append(ids, id)))
}

// oneLine folds white space, so that a subject or snippet is one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// clip cuts s to at most n bytes at a rune's edge.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
