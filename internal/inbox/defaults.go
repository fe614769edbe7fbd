package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Names that an installation begins with.
const (
	HelpdeskSlug = "helpdesk"
	FallbackSlug = "fallback"
	fallbackUser = "support" // support@HOST
)

// EnsureDefaults makes what every installation has: the help desk, a pipeline, and the fallback address support@host, which takes mail from first start (EM-13). It is called at
// each start; when host has changed, the fallback address follows it.
func (s *Service) EnsureDefaults(ctx context.Context, tx *db.Tx, host string) error {
	if err := s.Tickets.EnsureDefaults(ctx, tx); err != nil {
		return err
	}
	box, err := s.Helpdesk(ctx, tx)
	if desk.CodeOf(err) == desk.NotFound {
		box, err = s.CreateInbox(ctx, tx, desk.System, NewInbox{Slug: HelpdeskSlug, Kind: desk.KindHelpdesk, Name: "Help desk"})
		if desk.CodeOf(err) == desk.Conflict { // another node was first
			box, err = s.Helpdesk(ctx, tx)
		}
	}
	if err != nil {
		return err
	}
	adapter, ok := s.hostedMail()
	address := desk.NormalizeEmail(fallbackUser + "@" + host)
	if !ok || address == "" {
		return nil
	}
	var id desk.ChannelAccountID
	err = tx.QueryRow(ctx, `SELECT id FROM channel_accounts WHERE is_fallback = 1 AND archived_at = 0`).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s.makeFallback(ctx, tx, box, adapter, address)
	case err != nil:
		return fmt.Errorf("inbox: fallback: %w", err)
	}
	return s.moveFallback(ctx, tx, id, address, host)
}

// hostedMail is the channel whose addresses are mail and which can be received here.
func (s *Service) hostedMail() (channel.Adapter, bool) {
	for _, a := range s.Channels.All() {
		spec := a.Spec()
		if spec.Address != desk.AddrEmail {
			continue
		}
		for _, k := range spec.Kinds {
			if k.Name == hostedKind {
				return a, true
			}
		}
	}
	return nil, false
}

func (s *Service) makeFallback(ctx context.Context, tx *db.Tx, box desk.Inbox, adapter channel.Adapter, address string) error {
	if _, held, err := s.FindAddress(ctx, tx, desk.AddrEmail, address); err != nil || held {
		return err // a team chose that address itself
	}
	settings, err := settingsOf(address)
	if err != nil {
		return err
	}
	_, err = s.CreateAccount(ctx, tx, desk.System, NewAccount{Slug: FallbackSlug, Channel: adapter.Spec().Channel, InboxID: box.ID, Name: "Fallback address", Settings: settings, Operator: true, fallback: true})
	if desk.ReasonOf(err) == "channel_account.slug_taken" { // another node was first
		return nil
	}
	return err
}

// moveFallback follows a new host name, unless the account yielded its address or was given another.
func (s *Service) moveFallback(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID, address, host string) error {
	acc, err := s.Account(ctx, tx, id)
	if err != nil || acc.Address == address {
		return err
	}
	if local, _, _ := cutAddress(acc.Address); local != fallbackUser {
		return nil
	}
	if _, held, err := s.FindAddress(ctx, tx, desk.AddrEmail, address); err != nil || held {
		return err
	}
	m, err := object(acc.Settings, "settings")
	if err != nil {
		return err
	}
	channel.Put(m, "address", address)
	s2 := *s
	s2.Host = host
	if err := s2.release(ctx, tx, id); err != nil { // its hosted address was at the old host too
		return err
	}
	_, err = s2.UpdateAccount(ctx, tx, desk.System, id, AccountChange{Settings: mustJSON(m)})
	return err
}

// yield gives the fallback account its unguessable address as its own, so that a team may use support@host by name.
func (s *Service) yield(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) error {
	acc, err := s.Account(ctx, tx, id)
	if err != nil {
		return err
	}
	hosted, err := s.HostedAddress(ctx, tx, id)
	if err != nil {
		return err
	}
	if hosted == "" || hosted == acc.Address {
		return taken(acc.Address, holder{account: id, name: acc.Name})
	}
	m, err := object(acc.Settings, "settings")
	if err != nil {
		return err
	}
	channel.Put(m, "address", hosted)
	_, err = s.UpdateAccount(ctx, tx, desk.System, id, AccountChange{Settings: mustJSON(m)})
	return err
}
