package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// AccountChange says what to change; nil leaves a field alone. Settings replaces the whole object but for secrets: one that is
// absent, empty or "" is kept, and null removes it. Secrets is the same, laid over.
type AccountChange struct {
	Name          *string
	InboxID       *desk.InboxID
	Active        *bool
	Settings      json.RawMessage
	Secrets       json.RawMessage
	Ticket        *desk.TicketPolicy
	Assign        *desk.AssignPolicy
	Terms         string // a newer version of the terms that the actor accepted
	ExpectVersion int64
}

// UpdateAccount changes an account. New settings or secrets are tried anew. Records channel_account.updated with before and after; secrets never.
func (s *Service) UpdateAccount(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChannelAccountID, c AccountChange) (desk.ChannelAccount, error) {
	before, version, err := s.lockAccount(ctx, tx, id)
	if err != nil {
		return before, err
	}
	if c.ExpectVersion != 0 && c.ExpectVersion != version {
		return before, desk.Errorf(desk.Conflict, "channel_account.stale", "Somebody else changed this channel meanwhile. Look at it again, then repeat your change.").In("version")
	}
	adapter, err := s.adapter(before.Channel)
	if err != nil {
		return before, err
	}
	a := before
	if err := s.changeFields(ctx, tx, &a, before, c); err != nil {
		return before, err
	}
	sealed, secretsChanged, err := s.changeSettings(ctx, tx, adapter, &a, c)
	if err != nil {
		return before, err
	}
	changes := accountDifference(before, a)
	if secretsChanged {
		changes["secrets"] = [2]any{"kept secret", "changed"}
	}
	if c.Terms != "" {
		if err := checkTerms(adapter.Spec(), c.Terms, false); err != nil {
			return before, err
		}
		if err := s.acceptTerms(ctx, tx, actor, adapter.Spec(), a); err != nil {
			return before, err
		}
	}
	if len(changes) == 0 {
		return before, nil
	}
	a.UpdatedAt = s.Clock.Ms()
	if secretsChanged || !sameJSON(a.Settings, before.Settings) { // to be tried anew
		a.Authorized, a.State, a.StateReason, a.StateAt = true, desk.StateConnecting, "", a.UpdatedAt
	}
	if err := s.storeAccount(ctx, tx, a, sealed, secretsChanged); err != nil {
		return before, err
	}
	if err := s.moveAddress(ctx, tx, adapter.Spec(), before, a); err != nil {
		return before, err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvAccountUpdated, Actor: actor, Inbox: a.InboxID,
		Data: event.Data(map[string]any{"channel_account_id": id, "slug": a.Slug, "name": a.Name, "changes": changes})})
	return a, err
}

// changeFields applies what is no setting of the adapter.
func (s *Service) changeFields(ctx context.Context, tx *db.Tx, a *desk.ChannelAccount, before desk.ChannelAccount, c AccountChange) error {
	if c.Name != nil {
		if a.Name = strings.TrimSpace(*c.Name); checkName(a.Name) != nil {
			return checkName(a.Name)
		}
	}
	if c.InboxID != nil && *c.InboxID != before.InboxID {
		a.InboxID, a.Former = *c.InboxID, former(before, *c.InboxID)
	}
	if c.Active != nil {
		a.Active = *c.Active
	}
	if c.InboxID == nil && c.Ticket == nil && c.Assign == nil {
		return nil
	}
	return s.changePolicies(ctx, tx, a, before, c)
}

// former are the inboxes in which an account was once it has left its own for another: answers to what was said there find their conversation (MG-06).
func former(a desk.ChannelAccount, to desk.InboxID) []desk.InboxID {
	out := slices.DeleteFunc(append([]desk.InboxID{a.InboxID}, a.Former...), func(id desk.InboxID) bool { return id == to })
	return slices.Compact(out)
}

func some(ids []desk.InboxID) []desk.InboxID {
	if ids == nil {
		return []desk.InboxID{}
	}
	return ids
}

// Place is where an account files what it receives, in the transaction that files it. The account is held so that it cannot change inbox before the commit; those who
// deliver do not wait for each other.
func (s *Service) Place(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) (version int64, err error) {
	query := `SELECT version FROM channel_accounts WHERE id = $1`
	if tx.Dialect() == db.Postgres {
		query += ` FOR KEY SHARE`
	}
	err = tx.QueryRow(ctx, query, id).Scan(&version)
	return version, noAccount(err)
}

// changeSettings applies new settings and secrets, and returns the secrets sealed when they changed.
func (s *Service) changeSettings(ctx context.Context, tx *db.Tx, adapter channel.Adapter, a *desk.ChannelAccount, c AccountChange) (sealed string, changed bool, err error) {
	if c.Settings == nil && c.Secrets == nil {
		return "", false, nil
	}
	old, err := s.secrets(ctx, tx, a.ID)
	if err != nil && desk.ReasonOf(err) != "secret.wrong_key" && desk.ReasonOf(err) != "secret.damaged" { // entering them again is the cure
		return "", false, err
	}
	settings := c.Settings
	if settings == nil {
		settings = a.Settings
	}
	plain, secrets, address, err := s.settle(adapter, settings, c.Secrets, old)
	if err == nil && s.Check != nil {
		err = s.Check(ctx, tx, adapter.Spec(), plain)
	}
	if err != nil {
		return "", false, err
	}
	a.Settings, a.Address = plain, address
	if sameJSON(secrets, old) {
		return "", false, nil
	}
	sealed, err = s.seal(a.ID, secrets)
	return sealed, true, err
}

func (s *Service) storeAccount(ctx context.Context, tx *db.Tx, a desk.ChannelAccount, sealed string, secretsChanged bool) error {
	if _, err := tx.Exec(ctx, `UPDATE channel_accounts SET name = $1, inbox_id = $2, active = $3, authorized = $4, state = $5, state_reason = $6, state_at = $7, address = $8, settings = $9,
		ticket = $10, assign = $11, former = $12, updated_at = $13, version = version + 1 WHERE id = $14`,
		a.Name, a.InboxID, a.Active, a.Authorized, a.State, a.StateReason, a.StateAt, a.Address, string(a.Settings), db.JSON(a.Ticket), db.JSON(a.Assign), db.JSON(some(a.Former)), a.UpdatedAt, a.ID); err != nil {
		return fmt.Errorf("inbox: update account: %w", err)
	}
	if !secretsChanged {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE channel_accounts SET secrets = $1 WHERE id = $2`, sealed, a.ID); err != nil {
		return fmt.Errorf("inbox: update account: %w", err)
	}
	return nil
}

func (s *Service) changePolicies(ctx context.Context, tx *db.Tx, a *desk.ChannelAccount, before desk.ChannelAccount, c AccountChange) error {
	box, err := s.liveInbox(ctx, tx, a.InboxID)
	if err != nil {
		return err
	}
	ticket, assign := c.Ticket, c.Assign
	if ticket == nil {
		t := before.Ticket
		if c.InboxID != nil && *c.InboxID != before.InboxID && box.Kind == desk.KindHelpdesk && t.Create == createNever { // moved to the help desk: tickets from now on
			t.Create = createAlways
		}
		ticket = &t
	}
	if assign == nil {
		// One that names somebody who has gone since stays as it is: it says so when it decides.
		a.Ticket, _, err = s.policies(ctx, tx, box, ticket, nil)
		return err
	}
	a.Ticket, a.Assign, err = s.policies(ctx, tx, box, ticket, assign)
	return err
}

// moveAddress registers the new address before the old one is freed, so that nothing else slips between.
func (s *Service) moveAddress(ctx context.Context, tx *db.Tx, spec channel.Spec, before, a desk.ChannelAccount) error {
	if before.Address == a.Address && kindOf(before.Settings) == kindOf(a.Settings) {
		return nil
	}
	if err := s.holdAll(ctx, tx, spec, a); err != nil {
		return err
	}
	keep := []string{a.Address}
	if kindOf(a.Settings) == hostedKind {
		h, err := s.HostedAddress(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		keep = append(keep, h)
	}
	if err := s.release(ctx, tx, a.ID, keep...); err != nil {
		return err
	}
	if before.Address == a.Address {
		return nil
	}
	// Another address has another position and another proof.
	if _, err := tx.Exec(ctx, `DELETE FROM account_cursors WHERE account_id = $1`, a.ID); err != nil {
		return fmt.Errorf("inbox: forget cursors: %w", err)
	}
	_, err := tx.Exec(ctx, `UPDATE channel_accounts SET verified_at = 0, verification = '' WHERE id = $1`, a.ID)
	return err
}

func accountDifference(a, b desk.ChannelAccount) map[string][2]any {
	out := map[string][2]any{}
	put := func(field string, x, y any) {
		if db.JSON(x) != db.JSON(y) {
			out[field] = [2]any{x, y}
		}
	}
	put("name", a.Name, b.Name)
	put("inbox_id", a.InboxID, b.InboxID)
	put("active", a.Active, b.Active)
	put("delivery_identifier", a.Address, b.Address)
	put("ticket", a.Ticket, b.Ticket)
	put("assign", a.Assign, b.Assign)
	if !sameJSON(a.Settings, b.Settings) {
		out["settings"] = [2]any{a.Settings, b.Settings}
	}
	return out
}

func (s *Service) lockAccount(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) (a desk.ChannelAccount, version int64, err error) {
	a, err = db.One(ctx, tx, scanAccount, `SELECT `+accountColumns+` FROM channel_accounts WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id)
	if err != nil {
		return a, 0, noAccount(err)
	}
	err = tx.QueryRow(ctx, `SELECT version FROM channel_accounts WHERE id = $1`, id).Scan(&version)
	return a, version, err
}

// Version is what UpdateAccount's ExpectVersion compares.
func (s *Service) Version(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (v int64, err error) {
	err = q.QueryRow(ctx, `SELECT version FROM channel_accounts WHERE id = $1`, id).Scan(&v)
	return v, noAccount(err)
}

// ArchiveAccount removes a channel account (GEN-14): its secrets, cursors and addresses go, its threads, messages and tickets stay, and its address and short name are free again.
func (s *Service) ArchiveAccount(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChannelAccountID) error {
	a, _, err := s.lockAccount(ctx, tx, id)
	if err != nil {
		return err
	}
	if is, err := s.IsFallback(ctx, tx, id); err != nil || is {
		if err == nil {
			err = desk.Errorf(desk.Conflict, "channel_account.fallback_stays", "The fallback address cannot be removed. It can be switched off.")
		}
		return err
	}
	if err := s.release(ctx, tx, id); err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM account_cursors WHERE account_id = $1`, `DELETE FROM account_leases WHERE account_id = $1`} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return fmt.Errorf("inbox: archive account: %w", err)
		}
	}
	now := s.Clock.Ms()
	if _, err := tx.Exec(ctx, `UPDATE channel_accounts SET archived_at = $1, updated_at = $1, active = 0, secrets = '', slug = slug || '.' || CAST(id AS TEXT), version = version + 1 WHERE id = $2`, now, id); err != nil {
		return fmt.Errorf("inbox: archive account: %w", err)
	}
	if s.Removed != nil {
		if err := s.Removed(ctx, tx, actor, a); err != nil {
			return err
		}
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvAccountRemoved, Actor: actor, Inbox: a.InboxID,
		Data: event.Data(map[string]any{"channel_account_id": id, "slug": a.Slug, "name": a.Name, "delivery_identifier": a.Address})})
	return err
}

// HoldAccount locks an account until the transaction ends: nothing is filed over it meanwhile.
func (s *Service) HoldAccount(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) error {
	_, _, err := s.lockAccount(ctx, tx, id)
	return err
}
