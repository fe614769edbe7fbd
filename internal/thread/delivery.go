package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Delivery is what became of one recipient of an outgoing message.
type Delivery struct {
	MessageID desk.MessageID      `json:"message_id"`
	Recipient string              `json:"recipient"`
	State     desk.DeliveryStatus `json:"state"`
	Code      string              `json:"code"`
	Detail    string              `json:"detail"`
	Attempt   int                 `json:"attempt"`
	UpdatedAt desk.Time           `json:"updated_at"`
}

// CreateDeliveries opens the ledger of an outgoing message: every recipient queued.
func (s *Service) CreateDeliveries(ctx context.Context, tx *db.Tx, id desk.MessageID, recipients []string) error {
	now := s.clk.Ms()
	for _, r := range distinct(recipients) {
		_, err := tx.Exec(ctx, "INSERT INTO deliveries (message_id, recipient, state, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", id, r, desk.StatusQueued, now)
		if err != nil {
			return fmt.Errorf("thread: deliveries: %w", err)
		}
	}
	return nil
}

// OpenDelivery opens the ledger of a message that was handed over as it was stored.
func (s *Service) OpenDelivery(ctx context.Context, tx *db.Tx, id desk.MessageID, to string, state desk.DeliveryStatus) error {
	_, err := tx.Exec(ctx, "INSERT INTO deliveries (message_id, recipient, state, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", id, recipient(to), state, s.clk.Ms())
	if err != nil {
		return fmt.Errorf("thread: delivery: %w", err)
	}
	return nil
}

func recipient(s string) string {
	if v := desk.NormalizeEmail(s); v != "" {
		return v
	}
	return clip(s, 400)
}

func distinct(in []string) []string {
	out := make([]string, 0, len(in))
	for _, r := range in {
		if r = recipient(r); r != "" && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	sort.Strings(out)
	return out
}

func scanDelivery(s db.Scanner) (d Delivery, err error) {
	err = s.Scan(&d.MessageID, &d.Recipient, &d.State, &d.Code, &d.Detail, &d.Attempt, &d.UpdatedAt)
	return d, err
}

const deliveryColumns = "message_id, recipient, state, code, detail, attempt, updated_at"

// Deliveries returns the ledger's present for a message: one row a recipient.
func (s *Service) Deliveries(ctx context.Context, q db.Queryer, id desk.MessageID) ([]Delivery, error) {
	return db.All(ctx, q, scanDelivery, "SELECT "+deliveryColumns+" FROM deliveries WHERE message_id = $1 ORDER BY recipient", id)
}

// Requeue sets recipients that failed, are uncertain or were cancelled back to queued: a person asked to send again. None named means all of
// them. It returns those that are queued now.
func (s *Service) Requeue(ctx context.Context, tx *db.Tx, id desk.MessageID, recipients []string) ([]string, error) {
	all, err := s.lockDeliveries(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	want := distinct(recipients)
	out := []string{}
	for i, d := range all {
		again := d.State == desk.StatusFailed || d.State == desk.StatusUncertain || d.State == desk.StatusCancelled
		if !again || len(want) > 0 && !slices.Contains(want, d.Recipient) {
			continue
		}
		all[i].State, all[i].Code, all[i].Detail = desk.StatusQueued, "", ""
		if err := s.writeDelivery(ctx, tx, all[i]); err != nil {
			return nil, err
		}
		out = append(out, d.Recipient)
	}
	_, err = s.settleMessage(ctx, tx, id, all)
	return out, err
}

// lockDeliveries holds the message's row, then reads its ledger.
func (s *Service) lockDeliveries(ctx context.Context, tx *db.Tx, id desk.MessageID) ([]Delivery, error) {
	var one int
	err := tx.QueryRow(ctx, "SELECT 1 FROM messages WHERE id = $1"+tx.ForUpdate(), id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, messageNotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("thread: deliveries: %w", err)
	}
	return s.Deliveries(ctx, tx, id)
}

func (s *Service) writeDelivery(ctx context.Context, tx *db.Tx, d Delivery) error {
	_, err := tx.Exec(ctx, "UPDATE deliveries SET state = $1, code = $2, detail = $3, attempt = $4, updated_at = $5 WHERE message_id = $6 AND recipient = $7",
		d.State, clip(d.Code, 100), clip(d.Detail, 2000), d.Attempt, s.clk.Ms(), d.MessageID, d.Recipient)
	if err != nil {
		return fmt.Errorf("thread: delivery: %w", err)
	}
	return nil
}

// follows lists, for each state, what it may still become. Receipts arrive late and out of order: a state never goes back (read is never
// again delivered), evidence of delivery beats a failure, and a failure never beats evidence of delivery.
var follows = map[desk.DeliveryStatus][]desk.DeliveryStatus{
	desk.StatusQueued:    {desk.StatusSending, desk.StatusSent, desk.StatusDelivered, desk.StatusRead, desk.StatusFailed, desk.StatusUncertain, desk.StatusCancelled},
	desk.StatusSending:   {desk.StatusQueued, desk.StatusSent, desk.StatusDelivered, desk.StatusRead, desk.StatusFailed, desk.StatusUncertain},
	desk.StatusUncertain: {desk.StatusSent, desk.StatusDelivered, desk.StatusRead, desk.StatusFailed},
	desk.StatusSent:      {desk.StatusDelivered, desk.StatusRead, desk.StatusFailed},
	desk.StatusFailed:    {desk.StatusDelivered, desk.StatusRead},
	desk.StatusDelivered: {desk.StatusRead},
}

// severity orders states from best to worst: a message's own state is the worst of its recipients' (GEN-23).
var severity = []desk.DeliveryStatus{
	desk.StatusCancelled, desk.StatusRead, desk.StatusDelivered, desk.StatusSent, desk.StatusSending, desk.StatusQueued, desk.StatusUncertain, desk.StatusFailed,
}

// Worst is the state of a message whose recipients are in the states given.
func Worst(states ...desk.DeliveryStatus) desk.DeliveryStatus {
	at := -1
	for _, st := range states {
		at = max(at, slices.Index(severity, st))
	}
	if at < 0 {
		return ""
	}
	return severity[at]
}

// MarkStatus moves one recipient of an outgoing message to a state, or all that can go there when recipient is "". A step back is no error and
// changes nothing. The message takes the worst of its recipients' states. Records one event (message.sent, delivered, read, failed or
// uncertain) when something changed. code and detail are the provider's own words; detail is shown to agents.
func (s *Service) MarkStatus(ctx context.Context, tx *db.Tx, id desk.MessageID, to string, state desk.DeliveryStatus, code, detail string) (changed bool, err error) {
	all, err := s.lockDeliveries(ctx, tx, id)
	if err != nil {
		return false, err
	}
	if to != "" {
		to = recipient(to)
	}
	var moved []string
	for i, d := range all {
		if to != "" && d.Recipient != to || !slices.Contains(follows[d.State], state) {
			continue
		}
		all[i].State, all[i].Code, all[i].Detail = state, code, detail
		if err := s.writeDelivery(ctx, tx, all[i]); err != nil {
			return false, err
		}
		moved = append(moved, d.Recipient)
	}
	if len(moved) == 0 {
		return false, nil
	}
	m, err := s.settleMessage(ctx, tx, id, all)
	if err != nil {
		return false, err
	}
	return true, s.tellStatus(ctx, tx, m, state, moved, code, detail)
}

type settled struct {
	id     desk.MessageID
	thread desk.ThreadID
	ticket desk.TicketID
	inbox  desk.InboxID
	remote string
}

// settleMessage gives the message the worst state of its recipients.
func (s *Service) settleMessage(ctx context.Context, tx *db.Tx, id desk.MessageID, all []Delivery) (m settled, err error) {
	states := make([]desk.DeliveryStatus, len(all))
	for i, d := range all {
		states[i] = d.State
	}
	worst, reason := Worst(states...), ""
	for _, d := range all {
		if d.State == worst && (worst == desk.StatusFailed || worst == desk.StatusUncertain) && d.Detail != "" {
			reason = d.Detail
			break
		}
	}
	m.id = id
	err = tx.QueryRow(ctx, "UPDATE messages SET status = $1, status_reason = $2 WHERE id = $3 RETURNING thread_id, ticket_id, inbox_id, remote_id", worst, clip(reason, 2000), id).
		Scan(&m.thread, &m.ticket, &m.inbox, &m.remote)
	if err != nil {
		return m, fmt.Errorf("thread: settle: %w", orNotFound(err))
	}
	return m, nil
}

func (s *Service) tellStatus(ctx context.Context, tx *db.Tx, m settled, state desk.DeliveryStatus, moved []string, code, detail string) error {
	ev := desk.Event{TicketID: m.ticket, ThreadID: m.thread, Message: m.id, Inbox: m.inbox}
	one := map[string]any{"recipient": moved[0], "recipients": moved}
	switch state {
	case desk.StatusSent:
		ev.Type, ev.Data = desk.EvMessageSent, event.Data(map[string]any{"remote_id": m.remote, "recipients": moved})
	case desk.StatusDelivered:
		ev.Type, ev.Data = desk.EvMessageDelivered, event.Data(one)
	case desk.StatusRead:
		ev.Type, ev.Data = desk.EvMessageRead, event.Data(one)
	case desk.StatusFailed:
		one["code"], one["reason"] = clip(code, 100), clip(detail, 2000)
		ev.Type, ev.Data = desk.EvMessageFailed, event.Data(one)
	case desk.StatusUncertain:
		ev.Type, ev.Data = desk.EvMessageUncertain, event.Data(map[string]any{"recipients": moved})
	case desk.StatusCancelled:
		ev.Type, ev.Data = desk.EvMessageUpdated, event.Data(map[string]any{"fields": []string{"status"}, "status": state})
	default:
		return nil // sending and queued are not news
	}
	_, err := s.ev.Record(ctx, tx, ev)
	return err
}

// SetStatus sets the state of a message that has no recipients of its own (a chat message, a message of the system). Records no event.
func (s *Service) SetStatus(ctx context.Context, tx *db.Tx, id desk.MessageID, state desk.DeliveryStatus, reason string) error {
	if _, err := tx.Exec(ctx, "UPDATE messages SET status = $1, status_reason = $2 WHERE id = $3", state, clip(reason, 2000), id); err != nil {
		return fmt.Errorf("thread: set status: %w", err)
	}
	return nil
}

// KeepEarly keeps a receipt that came before our own settle knew the provider's id.
func (s *Service) KeepEarly(ctx context.Context, tx *db.Tx, account desk.ChannelAccountID, remote string, status any) error {
	_, err := tx.Exec(ctx, "INSERT INTO early_statuses (id, account_id, remote_id, status, created_at) VALUES ($1, $2, $3, $4, $5)", tx.NewID(), account, Ref(remote), db.JSON(status), s.clk.Ms())
	if err != nil {
		return fmt.Errorf("thread: keep early receipt: %w", err)
	}
	return nil
}

// TakeEarly returns and removes what KeepEarly kept for an id, oldest first, as the JSON that was given.
func (s *Service) TakeEarly(ctx context.Context, tx *db.Tx, account desk.ChannelAccountID, remote string) ([]string, error) {
	if err := s.LockRemote(ctx, tx, remote); err != nil {
		return nil, err
	}
	remote = Ref(remote)
	out, err := db.All(ctx, tx, db.Column[string], "SELECT status FROM early_statuses WHERE account_id = $1 AND remote_id = $2 ORDER BY id", account, remote)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, "DELETE FROM early_statuses WHERE account_id = $1 AND remote_id = $2", account, remote)
	return out, err
}

// Sent finds the outgoing message that a receipt or bounce names by its remote id, in any inbox; account 0 means any account. 0 when there
// is none.
func (s *Service) Sent(ctx context.Context, q db.Queryer, remote string, account desk.ChannelAccountID) (desk.MessageID, desk.ThreadID, error) {
	var id desk.MessageID
	var thread desk.ThreadID
	if remote = Ref(remote); remote == "" {
		return 0, 0, nil
	}
	err := q.QueryRow(ctx, `SELECT id, thread_id FROM messages WHERE remote_id = $1 AND remote_id <> '' AND direction = 'outgoing' AND raw_id = 0 AND account_id = CASE WHEN CAST($2 AS BIGINT) = 0 THEN account_id ELSE CAST($2 AS BIGINT) END
		ORDER BY id LIMIT 1`, remote, int64(account)).Scan(&id, &thread)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return id, thread, err
}

// SentTo finds the newest message of a thread that was sent to a recipient; 0 when there is none.
func (s *Service) SentTo(ctx context.Context, q db.Queryer, id desk.ThreadID, to string) (m desk.MessageID, err error) {
	t, err := s.Get(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	err = q.QueryRow(ctx, "SELECT m.id FROM messages m JOIN deliveries d ON d.message_id = m.id WHERE m.thread_id = $1 AND d.recipient = $2 ORDER BY m.id DESC LIMIT 1", t.ID, recipient(to)).Scan(&m)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return m, err
}
