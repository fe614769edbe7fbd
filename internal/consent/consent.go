// Package consent owns the proof of what somebody agreed to: who, when, over which channel, in which exact words (the table consents). A row is never
// changed but for the person it turns out to be of; a withdrawal is a row of its own. It refuses an answer without the words it was an answer to. Called by
// the widget's handlers, by whoever must know before using what was typed (CO-09), and by export and erasure of a person.
package consent

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// What is agreed to.
const (
	Process = "process" // reading and keeping what is written
	Track   = "track"   // keeping the pages that are seen
	Write   = "write:"  // and what about: being written to, of which kind of mail (FM-20)
	Agree   = "agree:"  // and to what: a box of a form
)

// Kinds.
const (
	Explicit = "explicit" // asked, and nothing happens before the answer
	Implicit = "implicit" // told; going on is the answer
)

// Actions.
const (
	Shown     = "shown"
	Given     = "given"
	Declined  = "declined"
	Withdrawn = "withdrawn"
)

// None is the state of somebody who was never asked, or only shown the words.
const None = "none"

const (
	maxWording = 4000
	maxLine    = 400
)

// Service is the consents of this installation. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk: clk, ev: ev} }

// Entry is one line of the proof. Version is the hash of Wording.
type Entry struct {
	ID        desk.ConsentID        `json:"id"`
	ContactID desk.ContactID        `json:"contact_id"`
	VisitorID desk.VisitorID        `json:"visitor_id"`
	ThreadID  desk.ThreadID         `json:"thread_id"`
	AccountID desk.ChannelAccountID `json:"channel_account_id"`
	Channel   string                `json:"channel"`
	Purpose   string                `json:"purpose" doc:"process, track, write:what or agree:what"`
	Kind      string                `json:"kind" enum:"explicit,implicit"`
	Action    string                `json:"action" enum:"shown,given,declined,withdrawn"`
	Locale    string                `json:"locale"`
	Wording   string                `json:"wording"`
	Version   string                `json:"version"`
	IP        string                `json:"ip"`
	UserAgent string                `json:"user_agent"`
	At        desk.Time             `json:"at"`
}

// Version names a wording: the same words have the same.
func Version(wording string) string {
	sum := sha256.Sum256([]byte(wording))
	return hex.EncodeToString(sum[:8])
}

// Record writes one line. Purpose is Process when empty; Version and At are set here. The last line of the same visitor again is nothing, so that a repeated
// request leaves one proof. What is answered, not what is only shown, is recorded as consent.recorded.
func (s *Service) Record(ctx context.Context, tx *db.Tx, e Entry) (Entry, error) {
	if e.Purpose == "" {
		e.Purpose = Process
	}
	if err := check(e); err != nil {
		return Entry{}, err
	}
	e.Version, e.At = Version(e.Wording), s.clk.Ms()
	e.Locale, e.UserAgent, e.IP, e.Channel = clip(e.Locale, 35), clip(e.UserAgent, maxLine), clip(e.IP, 64), clip(e.Channel, 40)
	last, err := s.last(ctx, tx, e.VisitorID, e.ContactID, e.AccountID, e.Purpose, "")
	if err != nil {
		return Entry{}, err
	}
	if last.ID != 0 && last.Action == e.Action && last.Version == e.Version && last.Kind == e.Kind && last.ThreadID == e.ThreadID {
		return last, nil
	}
	e.ID = desk.ConsentID(tx.NewID())
	_, err = tx.Exec(ctx, `INSERT INTO consents (id, contact_id, visitor_id, thread_id, account_id, channel, purpose, kind, action, locale, wording, wording_hash, ip, user_agent, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		e.ID, e.ContactID, e.VisitorID, e.ThreadID, e.AccountID, e.Channel, e.Purpose, e.Kind, e.Action, e.Locale, e.Wording, e.Version, e.IP, e.UserAgent, e.At)
	if err != nil {
		return Entry{}, fmt.Errorf("consent: record: %w", err)
	}
	if e.Action == Shown {
		return e, nil
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvConsent, Actor: desk.System, ThreadID: e.ThreadID, Contact: e.ContactID,
		Data: event.Data(map[string]any{"visitor_id": e.VisitorID, "purpose": e.Purpose, "kind": e.Kind, "action": e.Action, "version": e.Version})})
	return e, err
}

func check(e Entry) error {
	one := func(field, v string, of ...string) error {
		for _, o := range of {
			if v == o {
				return nil
			}
		}
		return desk.Errorf(desk.Invalid, "consent.malformed", "“%.20s” is none of: %s.", v, strings.Join(of, ", ")).In(field)
	}
	purpose, _, _ := strings.Cut(e.Purpose, ":")
	if purpose != e.Purpose {
		purpose += ":"
	}
	if err := errors.Join(one("purpose", purpose, Process, Track, Write, Agree), one("kind", e.Kind, Explicit, Implicit), one("action", e.Action, Shown, Given, Declined, Withdrawn)); err != nil {
		return err
	}
	switch {
	case e.VisitorID == 0 && e.ContactID == 0:
		return desk.Errorf(desk.Invalid, "consent.nobody", "A consent is somebody's.").In("visitor_id")
	case strings.TrimSpace(e.Wording) == "" || len(e.Wording) > maxWording:
		return desk.Errorf(desk.Invalid, "consent.wording_missing", "A consent is to words that were shown.").In("wording")
	}
	return nil
}

// State is the last answer of a visitor to an account's question in the words of a version: given, declined, withdrawn, or None. Other words are another question:
// what was given to them does not count; declined and withdrawn hold whatever the words. An empty version takes any.
func (s *Service) State(ctx context.Context, q db.Queryer, visitor desk.VisitorID, account desk.ChannelAccountID, purpose, version string) (string, error) {
	last, err := s.last(ctx, q, visitor, 0, account, purpose, Shown)
	switch {
	case err != nil:
		return "", err
	case last.ID == 0, last.Action == Given && version != "" && last.Version != version:
		return None, nil
	}
	return last.Action, nil
}

// last line of a visitor, or without one of a contact; but is an action that does not count.
func (s *Service) last(ctx context.Context, q db.Queryer, visitor desk.VisitorID, contact desk.ContactID, account desk.ChannelAccountID, purpose, but string) (Entry, error) {
	where, who := `visitor_id = $1`, int64(visitor)
	if visitor == 0 {
		where, who = `contact_id = $1 AND visitor_id = 0`, int64(contact)
	}
	e, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM consents WHERE `+where+` AND account_id = $2 AND purpose = $3 AND action <> $4 ORDER BY id DESC LIMIT 1`, who, account, purpose, but)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, nil
	}
	if err != nil {
		return Entry{}, fmt.Errorf("consent: last: %w", err)
	}
	return e, nil
}

const columns = `id, contact_id, visitor_id, thread_id, account_id, channel, purpose, kind, action, locale, wording, wording_hash, ip, user_agent, at`

func scan(r db.Scanner) (e Entry, err error) {
	err = r.Scan(&e.ID, &e.ContactID, &e.VisitorID, &e.ThreadID, &e.AccountID, &e.Channel, &e.Purpose, &e.Kind, &e.Action, &e.Locale, &e.Wording, &e.Version, &e.IP, &e.UserAgent, &e.At)
	return e, err
}

// OfVisitor is the whole proof of a browser, oldest first (CO-06).
func (s *Service) OfVisitor(ctx context.Context, q db.Queryer, id desk.VisitorID) ([]Entry, error) {
	return s.all(ctx, q, `visitor_id = $1`, int64(id))
}

// OfContact is the whole proof of a person, whatever browsers they used, oldest first.
func (s *Service) OfContact(ctx context.Context, q db.Queryer, id desk.ContactID) ([]Entry, error) {
	return s.all(ctx, q, `contact_id = $1`, int64(id))
}

func (s *Service) all(ctx context.Context, q db.Queryer, where string, id int64) ([]Entry, error) {
	if id == 0 {
		return []Entry{}, nil
	}
	es, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM consents WHERE `+where+` ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("consent: export: %w", err)
	}
	return append([]Entry{}, es...), nil
}

// Bind notes whose browser it was, once that is known.
func (s *Service) Bind(ctx context.Context, tx *db.Tx, visitor desk.VisitorID, contact desk.ContactID) error {
	if _, err := tx.Exec(ctx, `UPDATE consents SET contact_id = $1 WHERE visitor_id = $2 AND visitor_id <> 0`, contact, visitor); err != nil {
		return fmt.Errorf("consent: bind: %w", err)
	}
	return nil
}

// Move gives a contact's proof to the one it is merged into.
func (s *Service) Move(ctx context.Context, tx *db.Tx, from, into desk.ContactID) error {
	if _, err := tx.Exec(ctx, `UPDATE consents SET contact_id = $1 WHERE contact_id = $2 AND contact_id <> 0`, into, from); err != nil {
		return fmt.Errorf("consent: move: %w", err)
	}
	return nil
}

// Forget takes away the proof of a person, a browser and of what was asked in conversations that are erased (CO-08).
func (s *Service) Forget(ctx context.Context, tx *db.Tx, contacts []desk.ContactID, visitors []desk.VisitorID, threads []desk.ThreadID) error {
	for _, d := range []struct {
		n   int
		sql string
	}{
		{len(contacts), `DELETE FROM consents WHERE contact_id IN ` + db.IDs(contacts)},
		{len(visitors), `DELETE FROM consents WHERE visitor_id IN ` + db.IDs(visitors)},
		{len(threads), `DELETE FROM consents WHERE thread_id IN ` + db.IDs(threads)},
	} {
		if d.n == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, d.sql); err != nil {
			return fmt.Errorf("consent: forget: %w", err)
		}
	}
	return nil
}

func clip(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
