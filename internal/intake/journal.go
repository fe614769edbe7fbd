package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
)

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

const insertRaw = `INSERT INTO inbound_raw (id, account_id, channel, dedupe_key, at, size, body, blob, envelope, auth, message_id, state, updated_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
	ON CONFLICT (account_id, dedupe_key) DO UPDATE SET duplicates = inbound_raw.duplicates + 1, updated_at = excluded.updated_at
	RETURNING id`

// journal keeps the item as it arrived. The unique key of account and dedupe key ends a redelivery here: it is counted, and is not fresh.
func (s *Service) journal(ctx context.Context, tx *db.Tx, it *item) error {
	id := desk.RawID(tx.NewID())
	body := it.raw.Body
	if it.blob != "" || body == nil {
		body = []byte{}
	}
	ch := it.acc.Channel
	if ch == "" {
		ch = thread.Clean(it.raw.Channel)
	}
	var auth db.JSONArg
	if it.raw.Auth != nil {
		auth = db.JSON(it.raw.Auth)
	}
	err := tx.QueryRow(ctx, insertRaw, id, it.raw.Account, ch, it.dedupe, it.at, len(it.raw.Body), body, it.blob, db.JSON(it.raw.Envelope), auth, it.remoteID(), StateFiled, s.Clock.Ms()).Scan(&it.id)
	if err != nil {
		return wrap("journal", err)
	}
	it.fresh = it.id == id
	return nil
}

func (it *item) remoteID() string {
	for _, in := range it.in {
		if in.RemoteID != "" {
			return thread.Ref(in.RemoteID)
		}
	}
	return ""
}

// outcome is what became of an item.
type outcome struct {
	state       string
	disposition desk.Disposition
	thread      desk.ThreadID
	ticket      desk.TicketID
	message     desk.MessageID
	reason      string
}

// conclude writes what became of an item.
func (s *Service) conclude(ctx context.Context, tx *db.Tx, it *item, o outcome) error {
	_, err := tx.Exec(ctx, `UPDATE inbound_raw SET state = $1, disposition = $2, thread_id = $3, ticket_id = $4, filed_as = $5, reason = $6, error = '', message_id = $7, updated_at = $8 WHERE id = $9`,
		o.state, o.disposition, o.thread, o.ticket, o.message, thread.Clean(o.reason), it.remoteID(), s.Clock.Ms(), it.id)
	if err != nil {
		return wrap("conclude", err)
	}
	return s.dropOriginal(ctx, tx, it, o)
}

const maxError = 4000 // bytes kept of what went wrong

// setAside keeps an item that cannot be understood or applied, with the reason, and tells administrators. Its original stays replayable.
func (s *Service) setAside(ctx context.Context, tx *db.Tx, it *item, fault error) error {
	text := thread.Clean(fault.Error())
	if len(text) > maxError {
		text = thread.Clean(text[:maxError])
	}
	public := "It could not be filed."
	var e *desk.Error
	if errors.As(fault, &e) && e.Public != "" {
		public = e.Public
	}
	_, err := tx.Exec(ctx, "UPDATE inbound_raw SET state = $1, reason = $2, error = $3, thread_id = 0, ticket_id = 0, filed_as = 0, updated_at = $4 WHERE id = $5",
		StateSetAside, public, text, s.Clock.Ms(), it.id)
	if err != nil {
		return wrap("set aside", err)
	}
	id, account, ch := it.id, it.raw.Account, it.acc.Channel
	tx.AfterCommit(func() {
		s.Log.Warn("an inbound item was set aside", "raw_id", id, "channel_account_id", account, "channel", ch, "err", fault)
	})
	_, err = s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvInboundSetAside, Inbox: it.acc.InboxID, Data: event.Data(map[string]any{"raw_id": it.id, "account_id": it.raw.Account, "error": public}),
	})
	return err
}

// Entry is a journal entry, with the JSON keys of `kanal inbound list`.
type Entry struct {
	ID          desk.RawID            `json:"id"`
	At          desk.Time             `json:"at"`
	Channel     string                `json:"channel"`
	Account     string                `json:"account"` // slug
	AccountID   desk.ChannelAccountID `json:"channel_account_id"`
	DedupeKey   string                `json:"dedupe_key"`
	RemoteID    string                `json:"message_id"` // the provider's id: Message-ID
	State       string                `json:"state" enum:"filed,duplicate,set_aside,ignored"`
	Disposition desk.Disposition      `json:"disposition"`
	Thread      desk.ThreadID         `json:"thread"`
	Ticket      desk.TicketID         `json:"ticket"`
	FiledAs     desk.MessageID        `json:"filed_as"`
	Reason      string                `json:"reason"`
	Error       string                `json:"error"`
	Duplicates  int                   `json:"duplicates"` // how often it came again
	Size        int64                 `json:"size"`
}

// The message knows best where it is now: threads move, tickets merge.
const entrySQL = `SELECT r.id, r.at, r.channel, COALESCE(a.slug, ''), r.account_id, r.dedupe_key, r.message_id, r.state, r.disposition,
	COALESCE(m.thread_id, r.thread_id), COALESCE(m.ticket_id, r.ticket_id), r.filed_as, r.reason, r.error, r.duplicates, r.size
	FROM inbound_raw r LEFT JOIN channel_accounts a ON a.id = r.account_id LEFT JOIN messages m ON m.id = r.filed_as AND r.filed_as <> 0`

func scanEntry(s db.Scanner) (e Entry, err error) {
	err = s.Scan(&e.ID, &e.At, &e.Channel, &e.Account, &e.AccountID, &e.DedupeKey, &e.RemoteID, &e.State, &e.Disposition, &e.Thread, &e.Ticket, &e.FiledAs, &e.Reason, &e.Error, &e.Duplicates, &e.Size)
	return e, err
}

// Filter narrows List. Before pages: entries below that id.
type Filter struct {
	State   string
	Channel string
	Since   desk.Time
	Before  desk.RawID
	Limit   int // at most 1,000; 0 means 100
}

// List returns journal entries, newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Entry, error) {
	switch f.State {
	case "", StateFiled, StateDuplicate, StateSetAside, StateIgnored:
	default:
		return nil, desk.Errorf(desk.Invalid, "inbound.state_unknown", "%q is not a state: use filed, duplicate, set_aside or ignored.", f.State).In("state")
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, 1000)
	if f.Before == 0 {
		f.Before = desk.MaxID
	}
	where, args := " WHERE r.id < $1", []any{f.Before}
	for _, c := range []struct {
		set   bool
		text  string
		value any
	}{{f.State != "", "r.state = $%d", f.State}, {f.Channel != "", "r.channel = $%d", f.Channel}, {f.Since != 0, "r.at >= $%d", f.Since}} {
		if c.set {
			args = append(args, c.value)
			where += " AND " + fmt.Sprintf(c.text, len(args))
		}
	}
	args = append(args, f.Limit)
	out, err := db.All(ctx, s.DB, scanEntry, entrySQL+where+fmt.Sprintf(" ORDER BY r.id DESC LIMIT $%d", len(args)), args...)
	if err != nil {
		return nil, wrap("list", err)
	}
	return out, nil
}

// Get returns one journal entry.
func (s *Service) Get(ctx context.Context, id desk.RawID) (Entry, error) {
	e, err := scanEntry(s.DB.QueryRow(ctx, entrySQL+" WHERE r.id = $1", id))
	return e, missing(err)
}

// ByMessageID returns the entries of a Message-ID, oldest first, in every account.
func (s *Service) ByMessageID(ctx context.Context, id string) ([]Entry, error) {
	return db.All(ctx, s.DB, scanEntry, entrySQL+" WHERE r.message_id = $1 AND r.message_id <> '' ORDER BY r.id LIMIT 200", thread.Ref(id))
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "inbound.not_found", "There is no such entry in the journal.")
	}
	return err
}

// Source opens the original of an entry, byte for byte, with its size.
func (s *Service) Source(ctx context.Context, id desk.RawID) (io.ReadSeekCloser, int64, error) {
	var body []byte
	var sha string
	var size int64
	err := s.DB.QueryRow(ctx, "SELECT body, blob, size FROM inbound_raw WHERE id = $1", id).Scan(&body, &sha, &size)
	if err != nil {
		return nil, 0, missing(err)
	}
	if sha != "" {
		r, err := s.Blobs.Open(ctx, sha)
		return r, size, err
	}
	if size > 0 && len(body) == 0 {
		return nil, 0, pruned()
	}
	return nopCloser{bytes.NewReader(body)}, size, nil
}

func pruned() error {
	return desk.Errorf(desk.NotFound, "inbound.pruned", "The original was removed: after the time you keep originals, or with what was erased.")
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// loadRaw reads an entry back as it was delivered.
func (s *Service) loadRaw(ctx context.Context, id desk.RawID) (channel.Raw, string, error) {
	var raw channel.Raw
	var at desk.Time
	var auth desk.AuthEvidence
	var authText, sha, envelope string
	var size int64
	err := s.DB.QueryRow(ctx, "SELECT account_id, channel, dedupe_key, at, body, blob, envelope, auth, size FROM inbound_raw WHERE id = $1", id).
		Scan(&raw.Account, &raw.Channel, &raw.Dedupe, &at, &raw.Body, &sha, &envelope, &authText, &size)
	if err != nil {
		return raw, sha, missing(err)
	}
	if size > 0 && sha == "" && len(raw.Body) == 0 {
		return raw, sha, pruned()
	}
	raw.At = at.Time()
	if err := json.Unmarshal([]byte(envelope), &raw.Envelope); err != nil {
		return raw, sha, wrap("read envelope", err)
	}
	if authText != "" {
		if err := json.Unmarshal([]byte(authText), &auth); err != nil {
			return raw, sha, wrap("read evidence", err)
		}
		raw.Auth = &auth
	}
	if sha == "" {
		return raw, sha, nil
	}
	r, err := s.Blobs.Open(ctx, sha)
	if err != nil {
		return raw, sha, wrap("open original", err)
	}
	defer r.Close()
	raw.Body, err = io.ReadAll(r)
	return raw, sha, err
}
