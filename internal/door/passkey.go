package door

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// maxPasskeys bounds how many one person keeps.
const maxPasskeys = 20

// PasskeyID names a passkey.
type PasskeyID int64

// Passkey is one way in without a password, as its owner sees it.
type Passkey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt desk.Time `json:"created_at"`
	LastUsed  desk.Time `json:"last_used_at"`
	Synced    bool      `json:"synced" doc:"Kept in an account of its maker, not on one device alone."`
}

// holder is somebody as the library asks of them.
type holder struct {
	user desk.User
	keys []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return handle(h.user.ID) }
func (h holder) WebAuthnName() string                       { return h.user.Email }
func (h holder) WebAuthnDisplayName() string                { return h.user.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// handle names somebody to a passkey without saying who they are (WebAuthn 14.6.1).
func handle(id desk.UserID) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

func (s *Service) noPasskeys() error {
	return desk.Errorf(desk.Conflict, "passkey.unavailable", "Passkeys need the workspace to have a name and https (%s is its address). An administrator sets --base-url.", s.Base)
}

func (s *Service) holder(ctx context.Context, q db.Queryer, id desk.UserID) (holder, error) {
	u, err := s.People.Get(ctx, q, id)
	if err != nil {
		return holder{}, err
	}
	keys, err := db.All(ctx, q, func(r db.Scanner) (c webauthn.Credential, err error) { err = r.Scan(db.ScanJSON(&c)); return c, err },
		`SELECT credential FROM passkeys WHERE user_id = $1 ORDER BY id`, id)
	if err != nil {
		return holder{}, fmt.Errorf("door: passkeys: %w", err)
	}
	return holder{u, keys}, nil
}

// Passkeys lists somebody's.
func (s *Service) Passkeys(ctx context.Context, q db.Queryer, id desk.UserID) ([]Passkey, error) {
	ps, err := db.All(ctx, q, func(r db.Scanner) (p Passkey, err error) {
		var c webauthn.Credential
		var n int64
		err = r.Scan(&n, &p.Name, &p.CreatedAt, &p.LastUsed, db.ScanJSON(&c))
		p.ID, p.Synced = fmt.Sprint(n), c.Flags.BackupState
		return p, err
	}, `SELECT id, name, created_at, last_used_at, credential FROM passkeys WHERE user_id = $1 ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("door: passkeys: %w", err)
	}
	if ps == nil {
		ps = []Passkey{}
	}
	return ps, nil
}

// Ceremony is what a browser is asked, and the token to bring its answer with.
type Ceremony struct {
	Attempt string          `json:"attempt"`
	Options json.RawMessage `json:"options" doc:"For navigator.credentials; binary fields are base64url."`
}

// BeginPasskey asks a browser to make a passkey for somebody who is signed in.
func (s *Service) BeginPasskey(ctx context.Context, v access.Viewer) (Ceremony, error) {
	if s.keys == nil {
		return Ceremony{}, s.noPasskeys()
	}
	h, err := s.holder(ctx, s.DB, v.User.ID)
	if err != nil {
		return Ceremony{}, err
	}
	if len(h.keys) >= maxPasskeys {
		return Ceremony{}, desk.Errorf(desk.Conflict, "passkey.too_many", "You have %d passkeys. Remove one that you no longer use.", len(h.keys))
	}
	var have []protocol.CredentialDescriptor
	for _, k := range h.keys {
		have = append(have, k.Descriptor())
	}
	options, session, err := s.keys.BeginRegistration(h, webauthn.WithExclusions(have), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
	}))
	if err != nil {
		return Ceremony{}, fmt.Errorf("door: new passkey: %w", err)
	}
	return s.ceremony(ctx, kindNewKey, v.User.ID, session, options.Response)
}

func (s *Service) ceremony(ctx context.Context, kind string, user desk.UserID, session *webauthn.SessionData, options any) (c Ceremony, err error) {
	if c.Options, err = json.Marshal(options); err != nil {
		return c, fmt.Errorf("door: passkey: %w", err)
	}
	c.Attempt, err = s.begin(ctx, kind, user, session)
	return c, err
}

func badKey(err error) error {
	var p *protocol.Error
	if errors.As(err, &p) {
		return desk.Errorf(desk.Invalid, "passkey.refused", "This passkey was not accepted: %s.", strings.TrimSuffix(p.Details, ".")).In("response")
	}
	return desk.Errorf(desk.Invalid, "passkey.refused", "This passkey was not accepted.").In("response")
}

// AddPasskey keeps what the browser made.
func (s *Service) AddPasskey(ctx context.Context, v access.Viewer, attempt, name string, response []byte) (Passkey, error) {
	if s.keys == nil {
		return Passkey{}, s.noPasskeys()
	}
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 100 {
		return Passkey{}, desk.Errorf(desk.Invalid, "passkey.name", "A passkey has a name of at most 100 bytes, by which you know it again.").In("name")
	}
	var session webauthn.SessionData
	user, err := s.look(ctx, s.DB, kindNewKey, attempt, &session)
	if err != nil {
		return Passkey{}, err
	}
	if user != v.User.ID {
		return Passkey{}, badAttempt()
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(response))
	if err != nil {
		return Passkey{}, badKey(err)
	}
	h, err := s.holder(ctx, s.DB, user)
	if err != nil {
		return Passkey{}, err
	}
	cred, err := s.keys.CreateCredential(h, session, parsed)
	if err != nil {
		return Passkey{}, badKey(err)
	}
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (Passkey, error) {
		if err := s.finish(ctx, tx, kindNewKey, attempt); err != nil {
			return Passkey{}, err
		}
		id, now := tx.NewID(), s.Clock.Ms()
		n, err := tx.Exec(ctx, `INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential_id) DO NOTHING`,
			id, user, base64.RawURLEncoding.EncodeToString(cred.ID), string(db.JSON(cred)), name, now)
		if err != nil {
			return Passkey{}, fmt.Errorf("door: new passkey: %w", err)
		}
		if n == 0 {
			return Passkey{}, desk.Errorf(desk.Conflict, "passkey.known", "This passkey is kept already.")
		}
		if err := s.Access.Strengthen(ctx, tx, v.Session); err != nil { // making one asks for a finger or a PIN, as using one does
			return Passkey{}, err
		}
		return Passkey{ID: fmt.Sprint(id), Name: name, CreatedAt: now, Synced: cred.Flags.BackupState}, s.tell(ctx, tx, v.Actor, user, "passkey_added", map[string]any{"name": name})
	})
}

// RemovePasskey takes one away. The last one stays while a second factor is asked and there is no other.
func (s *Service) RemovePasskey(ctx context.Context, v access.Viewer, id PasskeyID) error {
	r, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var name string
		err := tx.QueryRow(ctx, `SELECT name FROM passkeys WHERE id = $1 AND user_id = $2`+tx.ForUpdate(), id, v.User.ID).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return desk.Errorf(desk.NotFound, "passkey.not_found", "There is no such passkey.")
		}
		if err != nil {
			return fmt.Errorf("door: remove passkey: %w", err)
		}
		has, err := s.has(ctx, tx, v.User.ID)
		if err != nil {
			return err
		}
		if asked(r, v.User) && !has.code && has.passkeys == 1 {
			return desk.Errorf(desk.Conflict, "sign_in.factor_required", "A second factor is asked of you here. Set up another before you remove this one.")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM passkeys WHERE id = $1`, id); err != nil {
			return fmt.Errorf("door: remove passkey: %w", err)
		}
		return s.tell(ctx, tx, v.Actor, v.User.ID, "passkey_removed", map[string]any{"name": name})
	})
}

// AskPasskey asks a browser to sign in with whichever passkey it has for here.
func (s *Service) AskPasskey(ctx context.Context, ip string) (Ceremony, error) {
	if s.keys == nil {
		return Ceremony{}, s.noPasskeys()
	}
	if err := s.Admit(ctx, ip); err != nil {
		return Ceremony{}, err
	}
	options, session, err := s.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("door: passkey: %w", err)
	}
	return s.ceremony(ctx, kindPasskey, 0, session, options.Response)
}

// Passkey signs somebody in by the browser's answer. A passkey that asks for a finger or a PIN is both factors.
func (s *Service) Passkey(ctx context.Context, attempt string, response []byte, m access.Means) (e Entry, err error) {
	if s.keys == nil {
		return Entry{}, s.noPasskeys()
	}
	if err := s.Admit(ctx, m.IP); err != nil {
		return Entry{}, err
	}
	result, err := s.Access.Guess("passkey", m.IP)
	if err != nil {
		return Entry{}, err
	}
	var session webauthn.SessionData
	if _, err := s.look(ctx, s.DB, kindPasskey, attempt, &session); err != nil {
		return Entry{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBody(bytes.NewReader(response))
	if err != nil {
		return Entry{}, badKey(err)
	}
	var who holder
	_, cred, err := s.keys.ValidatePasskeyLogin(func(_, userHandle []byte) (webauthn.User, error) {
		if len(userHandle) != 8 {
			return nil, errors.New("unknown user handle")
		}
		h, err := s.holder(ctx, s.DB, desk.UserID(binary.BigEndian.Uint64(userHandle)))
		who = h
		return h, err
	}, session, parsed)
	if err != nil || cred.Authenticator.CloneWarning {
		result(false)
		if err == nil {
			err = errors.New("counter went back")
		}
		s.Log.Warn("a passkey was refused", "user_id", who.user.ID, "error", err)
		return Entry{}, badKey(err)
	}
	result(true)
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.finish(ctx, tx, kindPasskey, attempt); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE passkeys SET credential = $1, last_used_at = $2 WHERE credential_id = $3 AND user_id = $4`,
			string(db.JSON(cred)), s.Clock.Ms(), base64.RawURLEncoding.EncodeToString(cred.ID), who.user.ID)
		if err != nil {
			return fmt.Errorf("door: passkey: %w", err)
		}
		if n == 0 { // removed in the meantime
			return badAttempt()
		}
		m.Method, m.Factor = "passkey", true
		e.Token, e.Viewer, err = s.Access.Open(ctx, tx, who.user.ID, m)
		return err
	})
	return e, err
}
