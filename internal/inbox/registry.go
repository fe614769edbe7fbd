package inbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Holders of an address.
const (
	holderTeam     = "team"
	holderPersonal = "personal"
)

// Normal is the form in which the registry keeps an address of a kind; "" when it is none.
func Normal(kind desk.AddressKind, value string) string {
	if kind == desk.AddrEmail {
		return desk.NormalizeEmail(value)
	}
	return strings.TrimSpace(value)
}

// FindAddress returns the channel account that holds an address, whether it is active or not; an archived one holds none. Mail to name+anything@ is mail to
// name@ unless the whole address is registered itself. ok is false for personal mailboxes too: what reaches them is nobody else's (EM-10).
func (s *Service) FindAddress(ctx context.Context, q db.Queryer, kind desk.AddressKind, value string) (acc desk.ChannelAccount, ok bool, err error) {
	value = Normal(kind, value)
	if value == "" {
		return acc, false, nil
	}
	tries := []string{value}
	if kind == desk.AddrEmail {
		local, domain, _ := strings.Cut(value, "@")
		if base, _, plus := strings.Cut(local, "+"); plus && base != "" {
			tries = append(tries, base+"@"+domain)
		}
	}
	for _, v := range tries {
		var holder string
		var id desk.ChannelAccountID
		err := q.QueryRow(ctx, `SELECT holder, account_id FROM address_registry WHERE kind = $1 AND value = $2`, kind, v).Scan(&holder, &id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return acc, false, fmt.Errorf("inbox: find address: %w", err)
		}
		if holder != holderTeam {
			return acc, false, nil
		}
		acc, err = s.Account(ctx, q, id)
		return acc, err == nil, err
	}
	return acc, false, nil
}

// Held is one address of an account.
type Held struct {
	Kind   desk.AddressKind `json:"kind"`
	Value  string           `json:"value"`
	Hosted bool             `json:"hosted"` // made by us, unguessable: what other mailboxes forward to
}

// Addresses lists what an account holds, its own address first.
func (s *Service) Addresses(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) ([]Held, error) {
	hs, err := db.All(ctx, q, func(r db.Scanner) (h Held, err error) { err = r.Scan(&h.Kind, &h.Value, &h.Hosted); return h, err },
		`SELECT kind, value, hosted FROM address_registry WHERE account_id = $1 ORDER BY hosted, value`, id)
	if err != nil {
		return nil, fmt.Errorf("inbox: addresses: %w", err)
	}
	return hs, nil
}

// HostedAddress is the unguessable address to forward to, "" for an account that has none.
func (s *Service) HostedAddress(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (string, error) {
	hs, err := s.Addresses(ctx, q, id)
	for _, h := range hs {
		if h.Hosted {
			return h.Value, err
		}
	}
	return "", err
}

// hold registers a team address, or says who has it. The primary key decides between two at once. An address that
// only the fallback account holds, and nobody chose, yields to whoever names it.
func (s *Service) hold(ctx context.Context, tx *db.Tx, kind desk.AddressKind, value string, hosted bool, acc desk.ChannelAccountID) error {
	if value == "" {
		return nil
	}
	for range 3 {
		n, err := tx.Exec(ctx, `INSERT INTO address_registry (kind, value, holder, hosted, account_id, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, value) DO NOTHING`,
			kind, value, holderTeam, hosted, acc, s.Clock.Ms())
		if err != nil {
			return fmt.Errorf("inbox: hold address: %w", err)
		}
		if n == 1 {
			return nil
		}
		have, err := s.holderOf(ctx, tx, kind, value)
		if errors.Is(err, sql.ErrNoRows) {
			continue // freed between the two
		}
		if err != nil {
			return err
		}
		if have.account == acc && have.account != 0 {
			return nil
		}
		if !have.fallback || hosted {
			return taken(value, have)
		}
		if err := s.yield(ctx, tx, have.account); err != nil {
			return err
		}
	}
	return desk.Errorf(desk.Conflict, "address.taken", "%s is already in use.", value).In("address")
}

// HoldPersonal registers a user's own mailbox (EM-47), or says who has the address.
func (s *Service) HoldPersonal(ctx context.Context, tx *db.Tx, kind desk.AddressKind, value string, user desk.UserID) error {
	value = Normal(kind, value)
	if value == "" {
		return desk.Errorf(desk.Invalid, "address.malformed", "That is not an address.").In("address")
	}
	n, err := tx.Exec(ctx, `INSERT INTO address_registry (kind, value, holder, user_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, value) DO NOTHING`,
		kind, value, holderPersonal, user, s.Clock.Ms())
	if err != nil {
		return fmt.Errorf("inbox: hold address: %w", err)
	}
	if n == 1 {
		return nil
	}
	have, err := s.holderOf(ctx, tx, kind, value)
	if err != nil || have.user == user && have.user != 0 {
		return err
	}
	return taken(value, have)
}

// ReleasePersonal frees a user's own mailbox.
func (s *Service) ReleasePersonal(ctx context.Context, tx *db.Tx, kind desk.AddressKind, value string, user desk.UserID) error {
	_, err := tx.Exec(ctx, `DELETE FROM address_registry WHERE kind = $1 AND value = $2 AND user_id = $3`, kind, Normal(kind, value), user)
	return err
}

// release frees what an account holds, but for the addresses to keep.
func (s *Service) release(ctx context.Context, tx *db.Tx, acc desk.ChannelAccountID, keep ...string) error {
	hs, err := s.Addresses(ctx, tx, acc)
	if err != nil {
		return err
	}
next:
	for _, h := range hs {
		for _, k := range keep {
			if h.Value == k {
				continue next
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM address_registry WHERE kind = $1 AND value = $2 AND account_id = $3`, h.Kind, h.Value, acc); err != nil {
			return fmt.Errorf("inbox: release address: %w", err)
		}
	}
	return nil
}

type holder struct {
	account  desk.ChannelAccountID
	user     desk.UserID
	name     string // of the account or the user
	inbox    string
	fallback bool
}

func (s *Service) holderOf(ctx context.Context, tx *db.Tx, kind desk.AddressKind, value string) (h holder, err error) {
	err = tx.QueryRow(ctx, `SELECT r.account_id, r.user_id, COALESCE(a.name, u.name, ''), COALESCE(b.name, ''), COALESCE(a.is_fallback, 0)
		FROM address_registry r LEFT JOIN channel_accounts a ON a.id = r.account_id LEFT JOIN inboxes b ON b.id = a.inbox_id LEFT JOIN users u ON u.id = r.user_id
		WHERE r.kind = $1 AND r.value = $2`, kind, value).Scan(&h.account, &h.user, &h.name, &h.inbox, &h.fallback)
	if err != nil {
		return h, fmt.Errorf("inbox: who holds the address: %w", err)
	}
	return h, nil
}

// taken says who holds an address.
func taken(value string, h holder) error {
	if h.user != 0 {
		return desk.Errorf(desk.Conflict, "address.personal", "%s is already the personal mailbox of %s. An address is personal or a team's, never both.", value, h.name).In("address")
	}
	return desk.Errorf(desk.Conflict, "address.team", "%s is already the team address of “%s” (%s).", value, h.name, h.inbox).In("address")
}

var lowerBase32 = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// makeHosted is an address nobody guesses: the slug and 60 random bits at our host.
func (s *Service) makeHosted(slug string) string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	if len(slug) > 40 {
		slug = slug[:40]
	}
	return desk.NormalizeEmail(slug + "-" + lowerBase32.EncodeToString(b)[:12] + "@" + s.Host)
}
