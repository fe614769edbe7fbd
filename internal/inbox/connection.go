package inbox

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

func cutAddress(a string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(a, '@')
	if i < 0 {
		return a, "", false
	}
	return a[:i], a[i+1:], true
}

func settingsOf(address string) (json.RawMessage, error) {
	return json.Marshal(map[string]any{"kind": hostedKind, "address": address})
}

func mustJSON(m map[string]any) json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil {
		return json.RawMessage("{}") // m came out of JSON
	}
	return b
}

// SetState tells how an account's connection is doing. Reconnect takes its authorization away and connected gives it back; active is left alone (GEN-21). Repeating a
// state with its reason is free; a change records channel_account.state_changed.
func (s *Service) SetState(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID, state desk.AccountState, reason string) error {
	a, err := db.One(ctx, tx, scanAccount, `SELECT `+accountColumns+` FROM channel_accounts WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // removed meanwhile
	}
	if err != nil {
		return fmt.Errorf("inbox: set state: %w", err)
	}
	if a.State == state && a.StateReason == reason {
		return nil
	}
	authorized := a.Authorized
	switch state {
	case desk.StateReconnect:
		authorized = false
	case desk.StateConnected:
		authorized = true
	case desk.StateConnecting, desk.StateTrouble:
	default:
		return fmt.Errorf("inbox: set state: %q is no state", state)
	}
	if _, err := tx.Exec(ctx, `UPDATE channel_accounts SET state = $1, state_reason = $2, state_at = $3, authorized = $4 WHERE id = $5`, state, reason, s.Clock.Ms(), authorized, id); err != nil {
		return fmt.Errorf("inbox: set state: %w", err)
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvAccountState, Inbox: a.InboxID, Data: event.Data(map[string]any{
		"channel_account_id": id, "slug": a.Slug, "name": a.Name, "from": a.State, "to": state, "reason": reason, "authorized": authorized})})
	return err
}

// SaveSecrets replaces an account's secrets, as when a token was refreshed. No event: nobody decided it.
func (s *Service) SaveSecrets(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID, secrets []byte) error {
	sealed, err := s.seal(id, secrets)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE channel_accounts SET secrets = $1 WHERE id = $2 AND archived_at = 0`, sealed, id)
	return err
}

const binary = "base64:"

// SetCursor stores a receiver's position under a name, in the transaction that files what lies before it.
func (s *Service) SetCursor(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID, name string, value []byte) error {
	text := string(value)
	if !utf8.Valid(value) || strings.ContainsRune(text, 0) || strings.HasPrefix(text, binary) {
		text = binary + base64.StdEncoding.EncodeToString(value)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_cursors (account_id, name, value, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, id, name, text, s.Clock.Ms())
	if err != nil {
		return fmt.Errorf("inbox: set cursor: %w", err)
	}
	return nil
}

// Cursor returns a stored position, or nil.
func (s *Service) Cursor(ctx context.Context, q db.Queryer, id desk.ChannelAccountID, name string) ([]byte, error) {
	var text string
	err := q.QueryRow(ctx, `SELECT value FROM account_cursors WHERE account_id = $1 AND name = $2`, id, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inbox: cursor: %w", err)
	}
	if rest, ok := strings.CutPrefix(text, binary); ok {
		return base64.StdEncoding.DecodeString(rest)
	}
	return []byte(text), nil
}

// Lease takes or renews the right to run an account's receiver, for ttl of real time. ok is false while another holder has it.
func (s *Service) Lease(ctx context.Context, id desk.ChannelAccountID, holder string, ttl time.Duration) (ok bool, err error) {
	now := time.Now()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO account_leases (account_id, holder, lease_until) VALUES ($1, $2, $3)
			ON CONFLICT (account_id) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until
			WHERE account_leases.holder = excluded.holder OR account_leases.lease_until <= $4`, id, holder, now.Add(ttl).UnixMilli(), now.UnixMilli())
		ok = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("inbox: lease: %w", err)
	}
	return ok, nil
}

// Release gives a lease back, if holder still has it.
func (s *Service) Release(ctx context.Context, id desk.ChannelAccountID, holder string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM account_leases WHERE account_id = $1 AND holder = $2`, id, holder)
		return err
	})
}

// Verification is a provider's mail that asks to confirm a forward (EM-14).
type Verification struct {
	Provider string         `json:"provider"`
	Subject  string         `json:"subject"`
	Code     string         `json:"code"`
	Link     string         `json:"link"`
	Address  string         `json:"address"`
	Message  desk.MessageID `json:"message_id"`
	RawID    desk.RawID     `json:"raw_id"`
	At       desk.Time      `json:"at"`

	Auth *desk.AuthEvidence `json:"auth"` // who may have sent it: the link in it leads out of here
}

// Forwarding is how far the forwarding to a hosted account is.
type Forwarding struct {
	Hosted     string        `json:"hosted_address"`
	VerifiedAt desk.Time     `json:"verified_at"` // when the first forwarded mail came through
	Last       *Verification `json:"last"`
}

// NoteVerification keeps the last confirmation mail of an account, for the administrator. Records channel_account.verification_received.
func (s *Service) NoteVerification(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID, v Verification) error {
	if v.At == 0 {
		v.At = s.Clock.Ms()
	}
	a, err := s.Account(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE channel_accounts SET verification = $1 WHERE id = $2`, db.JSON(v), id); err != nil {
		return fmt.Errorf("inbox: verification: %w", err)
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvVerificationMail, Inbox: a.InboxID, Message: v.Message, Data: event.Data(map[string]any{
		"channel_account_id": id, "name": a.Name, "provider": v.Provider, "subject": v.Subject, "code": v.Code, "link": v.Link})})
	return err
}

// MarkForwarded notes that mail forwarded to an account came through; only the first time counts. Records channel_account.forwarding_verified.
func (s *Service) MarkForwarded(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) error {
	n, err := tx.Exec(ctx, `UPDATE channel_accounts SET verified_at = $1 WHERE id = $2 AND verified_at = 0`, s.Clock.Ms(), id)
	if err != nil || n == 0 {
		return err
	}
	a, err := s.Account(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvForwardVerified, Inbox: a.InboxID, Data: event.Data(map[string]any{"channel_account_id": id, "name": a.Name})})
	return err
}

// Forwarding tells how far the forwarding to an account is.
func (s *Service) Forwarding(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (f Forwarding, err error) {
	var last string
	if err := q.QueryRow(ctx, `SELECT verified_at, verification FROM channel_accounts WHERE id = $1`, id).Scan(&f.VerifiedAt, &last); err != nil {
		return f, noAccount(err)
	}
	if last != "" {
		f.Last = &Verification{}
		if err := json.Unmarshal([]byte(last), f.Last); err != nil {
			return f, fmt.Errorf("inbox: forwarding: %w", err)
		}
	}
	f.Hosted, err = s.HostedAddress(ctx, q, id)
	return f, err
}
