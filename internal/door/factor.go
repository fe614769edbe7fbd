package door

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Codes are those of RFC 6238 as every app makes them: six digits, half a minute, one step to either side for clocks that differ.
const (
	stepSeconds = 30
	skew        = 1
	recoveries  = 10
)

var shape = totp.ValidateOpts{Period: stepSeconds, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// Enrolment is what an app needs to count codes.
type Enrolment struct {
	Secret string   `json:"secret" doc:"To type where no picture can be taken."`
	URI    string   `json:"uri"`
	QR     []string `json:"qr" doc:"The picture, a row of 0 and 1 for each line."`
}

// Factors is what somebody has beside a password.
type Factors struct {
	Code       bool      `json:"code" doc:"An app that counts codes."`
	Since      desk.Time `json:"since"`
	Recovery   int       `json:"recovery_left"`
	Asked      bool      `json:"required" doc:"A second factor is asked of this person."`
	Passkeys   []Passkey `json:"passkeys"`
	Offered    bool      `json:"passkeys_offered"`
	WhyNot     string    `json:"passkeys_why_not" enum:",no_address,needs_https,needs_name"`
	Identities []Linked  `json:"identities"`
}

// Linked is an account at a provider.
type Linked struct {
	Provider string    `json:"provider"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	LastUsed desk.Time `json:"last_used_at"`
}

// Of says what somebody has.
func (s *Service) Of(ctx context.Context, id desk.UserID) (Factors, error) {
	f := Factors{Offered: s.keys != nil, WhyNot: s.why}
	u, err := s.People.Get(ctx, s.DB, id)
	if err != nil {
		return f, err
	}
	r, err := s.Rules(ctx)
	if err != nil {
		return f, err
	}
	f.Asked = asked(r, u)
	row, err := s.factor(ctx, s.DB, id, "")
	if err != nil {
		return f, err
	}
	f.Code, f.Since, f.Recovery = row.confirmed != 0, row.confirmed, len(row.recovery)
	if f.Passkeys, err = s.Passkeys(ctx, s.DB, id); err != nil {
		return f, err
	}
	f.Identities, err = db.All(ctx, s.DB, func(r db.Scanner) (l Linked, err error) {
		err = r.Scan(&l.Provider, &l.Name, &l.Email, &l.LastUsed)
		return l, err
	}, `SELECT p.slug, p.name, i.email, i.last_used_at FROM sign_in_identities i JOIN sign_in_providers p ON p.id = i.provider_id WHERE i.user_id = $1 ORDER BY p.name, p.id`, id)
	if f.Identities == nil {
		f.Identities = []Linked{}
	}
	return f, err
}

type factorRow struct {
	sealed    string
	confirmed desk.Time
	step      int64
	recovery  []string
}

func (s *Service) factor(ctx context.Context, q db.Queryer, id desk.UserID, lock string) (f factorRow, err error) {
	err = q.QueryRow(ctx, `SELECT secret, confirmed_at, last_step, recovery FROM second_factors WHERE user_id = $1`+lock, id).Scan(&f.sealed, &f.confirmed, &f.step, db.ScanJSON(&f.recovery))
	if errors.Is(err, sql.ErrNoRows) {
		return factorRow{}, nil
	}
	if err != nil {
		return f, fmt.Errorf("door: second factor: %w", err)
	}
	return f, nil
}

func sealedAs(id desk.UserID) string { return "second_factor." + id.String() }

// Enrol makes a new secret for somebody. It counts once Confirm has seen a code of it; what was in force until then stays.
func (s *Service) Enrol(ctx context.Context, id desk.UserID) (Enrolment, error) {
	u, err := s.People.Get(ctx, s.DB, id)
	if err != nil {
		return Enrolment{}, err
	}
	has, err := s.has(ctx, s.DB, id)
	if err != nil {
		return Enrolment{}, err
	}
	if has.code {
		return Enrolment{}, desk.Errorf(desk.Conflict, "sign_in.has_factor", "There is a second factor already. Remove it before you set up another.")
	}
	company, err := s.Settings.Company(ctx, s.DB)
	if err != nil {
		return Enrolment{}, err
	}
	issuer := strings.NewReplacer(":", " ", "/", " ").Replace(company.Name)
	if strings.TrimSpace(issuer) == "" {
		issuer = "Kanal"
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: u.Email, Period: stepSeconds, Digits: shape.Digits, Algorithm: shape.Algorithm, SecretSize: 20})
	if err != nil {
		return Enrolment{}, fmt.Errorf("door: enrol: %w", err)
	}
	sealed, err := s.Box.Seal([]byte(key.Secret()), sealedAs(id))
	if err != nil {
		return Enrolment{}, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO second_factors (user_id, secret, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0 WHERE second_factors.confirmed_at = 0`, id, sealed, s.Clock.Ms())
		if err != nil {
			return fmt.Errorf("door: enrol: %w", err)
		}
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	rows, err := picture(key.URL())
	return Enrolment{Secret: key.Secret(), URI: key.URL(), QR: rows}, err
}

// picture is a QR code as rows of 0 and 1.
func picture(text string) ([]string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("door: picture: %w", err)
	}
	b := code.Bounds()
	rows := make([]string, 0, b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row := make([]byte, 0, b.Dx())
		for x := b.Min.X; x < b.Max.X; x++ {
			bit := byte('0')
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				bit = '1'
			}
			row = append(row, bit)
		}
		rows = append(rows, string(row))
	}
	return rows, nil
}

func wrongCode() error {
	return desk.Errorf(desk.Invalid, "sign_in.wrong_code", "That code is not right. Take the one that the app shows now; each counts once.").In("code")
}

// Confirm puts a secret in force once a code of it was seen, and returns recovery codes, shown this once. The session in which that was counts as begun with it.
func (s *Service) Confirm(ctx context.Context, v access.Viewer, ip, code string) ([]string, error) {
	return s.confirm(ctx, v.User.ID, v.Session, v.Actor, ip, code)
}

func (s *Service) confirm(ctx context.Context, id desk.UserID, in desk.SessionID, actor desk.Actor, ip, code string) (codes []string, err error) {
	result, err := s.Access.Guess("factor "+id.String(), ip)
	if err != nil {
		return nil, err
	}
	codes, hashes := s.recoveryCodes()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		row, err := s.factor(ctx, tx, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if row.sealed == "" || row.confirmed != 0 {
			return desk.Errorf(desk.Conflict, "sign_in.not_enrolled", "Begin setting up the second factor again.")
		}
		step, ok, err := s.counts(id, row, code)
		if err != nil {
			return err
		}
		if !ok {
			return wrongCode()
		}
		if _, err := tx.Exec(ctx, `UPDATE second_factors SET confirmed_at = $1, last_step = $2, recovery = $3 WHERE user_id = $4`, s.Clock.Ms(), step, string(db.JSON(hashes)), id); err != nil {
			return fmt.Errorf("door: confirm: %w", err)
		}
		if err := s.Access.Strengthen(ctx, tx, in); err != nil {
			return err
		}
		return s.tell(ctx, tx, actor, id, "factor_added", nil)
	})
	result(err == nil)
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// recoveryCodes are for a day without the app: 50 bits each, kept as hashes.
func (s *Service) recoveryCodes() (codes, hashes []string) {
	for range recoveries {
		b := make([]byte, 7)
		_, _ = rand.Read(b) // never fails
		c := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:10]
		codes = append(codes, c[:5]+"-"+c[5:])
		hashes = append(hashes, s.Access.Hash("recovery", c))
	}
	return codes, hashes
}

// counts reports whether a code is of a step that did not count yet (RFC 6238, 5.2), and which.
func (s *Service) counts(id desk.UserID, row factorRow, code string) (step int64, ok bool, err error) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	if len(code) != shape.Digits.Length() {
		return 0, false, nil
	}
	secret, err := s.Box.Open(row.sealed, sealedAs(id))
	if err != nil {
		return 0, false, err
	}
	now := s.Clock.Now().Unix() / stepSeconds
	for at := now - skew; at <= now+skew; at++ {
		if at <= row.step {
			continue
		}
		if good, err := totp.ValidateCustom(code, string(secret), time.Unix(at*stepSeconds, 0), shape); err == nil && good {
			return at, true, nil
		}
	}
	return 0, false, nil
}

// spend takes a code or a recovery code of somebody; false when it is neither.
func (s *Service) spend(ctx context.Context, tx *db.Tx, id desk.UserID, code string) (bool, error) {
	row, err := s.factor(ctx, tx, id, tx.ForUpdate())
	if err != nil || row.confirmed == 0 {
		return false, err
	}
	step, ok, err := s.counts(id, row, code)
	if err != nil {
		return false, err
	}
	if ok {
		_, err = tx.Exec(ctx, `UPDATE second_factors SET last_step = $1 WHERE user_id = $2`, step, id)
		return err == nil, err
	}
	plain := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	at := slices.Index(row.recovery, s.Access.Hash("recovery", plain))
	if at < 0 {
		return false, nil
	}
	left, _ := json.Marshal(slices.Delete(row.recovery, at, at+1))
	if _, err = tx.Exec(ctx, `UPDATE second_factors SET recovery = $1 WHERE user_id = $2`, string(left), id); err != nil {
		return false, fmt.Errorf("door: recovery: %w", err)
	}
	return true, s.tell(ctx, tx, desk.ByUser(id), id, "recovery_used", map[string]any{"left": len(row.recovery) - 1})
}

// Code finishes a sign-in with a code of the second factor, or a recovery code.
func (s *Service) Code(ctx context.Context, attempt, code string, m access.Means) (e Entry, err error) {
	if err := s.Admit(ctx, m.IP); err != nil {
		return Entry{}, err
	}
	var p pending
	id, err := s.look(ctx, s.DB, kindFactor, attempt, &p)
	if err != nil {
		return Entry{}, err
	}
	if p.Needs != NeedsCode {
		return Entry{}, badAttempt()
	}
	result, err := s.Access.Guess("factor "+id.String(), m.IP)
	if err != nil {
		return Entry{}, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := s.spend(ctx, tx, id, code)
		if err != nil {
			return err
		}
		if !ok {
			return wrongCode()
		}
		if err := s.finish(ctx, tx, kindFactor, attempt); err != nil {
			return err
		}
		m.Method, m.Factor = p.Method, true
		e.Token, e.Viewer, err = s.Access.Open(ctx, tx, id, m)
		return err
	})
	result(err == nil)
	return e, err
}

// EnrolFirst is Enrol in a sign-in that asks for a second factor which is not there yet.
func (s *Service) EnrolFirst(ctx context.Context, attempt string) (Enrolment, error) {
	var p pending
	id, err := s.look(ctx, s.DB, kindFactor, attempt, &p)
	if err != nil {
		return Enrolment{}, err
	}
	if p.Needs != NeedsEnrol {
		return Enrolment{}, badAttempt()
	}
	return s.Enrol(ctx, id)
}

// ConfirmFirst is Confirm in such a sign-in, which it finishes.
func (s *Service) ConfirmFirst(ctx context.Context, attempt, code string, m access.Means) (e Entry, codes []string, err error) {
	if err := s.Admit(ctx, m.IP); err != nil {
		return Entry{}, nil, err
	}
	var p pending
	id, err := s.look(ctx, s.DB, kindFactor, attempt, &p)
	if err != nil {
		return Entry{}, nil, err
	}
	if p.Needs != NeedsEnrol {
		return Entry{}, nil, badAttempt()
	}
	if codes, err = s.confirm(ctx, id, 0, desk.ByUser(id), m.IP, code); err != nil {
		return Entry{}, nil, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.finish(ctx, tx, kindFactor, attempt); err != nil {
			return err
		}
		m.Method, m.Factor = p.Method, true
		e.Token, e.Viewer, err = s.Access.Open(ctx, tx, id, m)
		return err
	})
	return e, codes, err
}

// Remove takes away one's second factor, with a code or a recovery code. Not where one is asked for and nothing else is there.
func (s *Service) Remove(ctx context.Context, v access.Viewer, ip, code string) error {
	r, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	result, err := s.Access.Guess("factor "+v.User.ID.String(), ip)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		has, err := s.has(ctx, tx, v.User.ID)
		if err != nil {
			return err
		}
		if asked(r, v.User) && has.passkeys == 0 {
			return desk.Errorf(desk.Conflict, "sign_in.factor_required", "A second factor is asked of you here. Add a passkey before you remove this one.")
		}
		ok, err := s.spend(ctx, tx, v.User.ID, code)
		if err != nil {
			return err
		}
		if !ok {
			return wrongCode()
		}
		if _, err := tx.Exec(ctx, `DELETE FROM second_factors WHERE user_id = $1`, v.User.ID); err != nil {
			return fmt.Errorf("door: remove: %w", err)
		}
		return s.tell(ctx, tx, v.Actor, v.User.ID, "factor_removed", nil)
	})
	result(err == nil || desk.ReasonOf(err) == "sign_in.factor_required")
	return err
}

// Renew replaces the recovery codes, with a code.
func (s *Service) Renew(ctx context.Context, v access.Viewer, ip, code string) (codes []string, err error) {
	result, err := s.Access.Guess("factor "+v.User.ID.String(), ip)
	if err != nil {
		return nil, err
	}
	codes, hashes := s.recoveryCodes()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := s.spend(ctx, tx, v.User.ID, code)
		if err != nil {
			return err
		}
		if !ok {
			return wrongCode()
		}
		if _, err := tx.Exec(ctx, `UPDATE second_factors SET recovery = $1 WHERE user_id = $2`, string(db.JSON(hashes)), v.User.ID); err != nil {
			return fmt.Errorf("door: renew: %w", err)
		}
		return s.tell(ctx, tx, v.Actor, v.User.ID, "recovery_renewed", nil)
	})
	result(err == nil)
	if err != nil {
		return nil, err
	}
	return codes, nil
}
