package setting

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// SignIn is how people may sign in (PM-13).
type SignIn struct {
	Passwords string   `json:"passwords" yaml:"passwords,omitempty" enum:"everybody,owners" doc:"owners: the others sign in by a provider or a passkey"`
	Factor    string   `json:"second_factor" yaml:"second_factor,omitempty" enum:"optional,administrators,everybody" doc:"of whom a second factor is asked beside a password"`
	Allow     []string `json:"allow" yaml:"allow,omitempty,flow" doc:"networks from which the workspace and its API are used, like 192.0.2.0/24; empty: from anywhere"`
}

// DefaultSignIn is what an installation begins with.
var DefaultSignIn = SignIn{Passwords: "everybody", Factor: "optional", Allow: []string{}}

const signInName = "sign_in"

// Allows reports whether an address may use the workspace.
func (s SignIn) Allows(ip string) bool {
	if len(s.Allow) == 0 {
		return true
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(s.Allow, func(n string) bool {
		p, err := netip.ParsePrefix(n)
		return err == nil && p.Contains(a)
	})
}

// SignIn returns how people may sign in.
func (s *Service) SignIn(ctx context.Context, q db.Queryer) (SignIn, error) {
	v := DefaultSignIn
	err := read(ctx, q, signInName, &v)
	return v, err
}

// SetSignIn changes how people may sign in, and records settings.changed with before and after.
func (s *Service) SetSignIn(ctx context.Context, tx *db.Tx, actor desk.Actor, v SignIn) (before, after SignIn, err error) {
	var had string
	err = tx.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`+tx.ForUpdate(), signInName).Scan(&had)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return v, v, fmt.Errorf("setting: sign-in: %w", err)
	}
	before = DefaultSignIn
	if had != "" {
		if err := json.Unmarshal([]byte(had), &before); err != nil {
			return v, v, fmt.Errorf("setting: sign-in: %w", err)
		}
	}
	if !slices.Contains([]string{"everybody", "owners"}, v.Passwords) {
		return before, before, desk.Errorf(desk.Invalid, "sign_in.passwords", "%q is not whom passwords are for: everybody or owners.", v.Passwords).In("passwords")
	}
	if !slices.Contains([]string{"optional", "administrators", "everybody"}, v.Factor) {
		return before, before, desk.Errorf(desk.Invalid, "sign_in.factor", "%q is not of whom a second factor is asked: optional, administrators or everybody.", v.Factor).In("second_factor")
	}
	allow := []string{}
	for _, n := range v.Allow {
		n = strings.TrimSpace(n)
		if a, err := netip.ParseAddr(n); err == nil {
			n = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()).String()
		}
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return before, before, desk.Errorf(desk.Invalid, "sign_in.network", "%q is not a network. Write it like 192.0.2.0/24 or 2001:db8::/32.", n).In("allow")
		}
		if n = p.Masked().String(); !slices.Contains(allow, n) {
			allow = append(allow, n)
		}
	}
	v.Allow = allow
	if before.Passwords == v.Passwords && before.Factor == v.Factor && slices.Equal(before.Allow, v.Allow) {
		return before, v, nil
	}
	if err := s.store(ctx, tx, signInName, string(db.JSON(v))); err != nil {
		return before, before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "sign_in", "slug": "sign_in", "before": before, "after": v})})
	return before, v, err
}
