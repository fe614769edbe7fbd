package inbox

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

const accountColumns = `id, slug, channel, inbox_id, name, active, authorized, state, state_reason, state_at, address, settings, ticket, assign, former, version, created_at, updated_at, archived_at`

func scanAccount(r db.Scanner) (a desk.ChannelAccount, err error) {
	var settings string
	err = r.Scan(&a.ID, &a.Slug, &a.Channel, &a.InboxID, &a.Name, &a.Active, &a.Authorized, &a.State, &a.StateReason, &a.StateAt, &a.Address, &settings,
		db.ScanJSON(&a.Ticket), db.ScanJSON(&a.Assign), db.ScanJSON(&a.Former), &a.Version, &a.CreatedAt, &a.UpdatedAt, &a.ArchivedAt)
	a.Settings = json.RawMessage(settings)
	return a, err
}

func noAccount(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "channel_account.not_found", "There is no such channel.")
	}
	return err
}

// Account returns a channel account without its secrets, archived or not: history names it.
func (s *Service) Account(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (desk.ChannelAccount, error) {
	a, err := db.One(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM channel_accounts WHERE id = $1`, id)
	return a, noAccount(err)
}

// AccountBySlug finds a channel account by its short name.
func (s *Service) AccountBySlug(ctx context.Context, q db.Queryer, slug string) (desk.ChannelAccount, error) {
	a, err := db.One(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM channel_accounts WHERE slug = $1 AND archived_at = 0`, slug)
	return a, noAccount(err)
}

// AccountWithSecrets returns a channel account with its secrets opened: only for handing it to its adapter.
func (s *Service) AccountWithSecrets(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (desk.ChannelAccount, error) {
	a, err := s.Account(ctx, q, id)
	if err != nil {
		return a, err
	}
	a.Secrets, err = s.secrets(ctx, q, id)
	return a, err
}

func sealedFor(id desk.ChannelAccountID) string { return "channel_account:" + id.String() }

func (s *Service) secrets(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) ([]byte, error) {
	var sealed string
	if err := q.QueryRow(ctx, `SELECT secrets FROM channel_accounts WHERE id = $1`, id).Scan(&sealed); err != nil {
		return nil, noAccount(err)
	}
	plain, err := s.Box.Open(sealed, sealedFor(id))
	if err != nil {
		return nil, fmt.Errorf("inbox: secrets: %w", err)
	}
	return plain, nil
}

// Filter picks accounts; the zero value is every account that is not archived.
type Filter struct {
	Inbox      desk.InboxID
	Channel    string
	ActiveOnly bool
	Archived   bool // also those
}

// Accounts lists channel accounts by name.
func (s *Service) Accounts(ctx context.Context, q db.Queryer, f Filter) ([]desk.ChannelAccount, error) {
	as, err := db.All(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM channel_accounts
		WHERE (inbox_id = $1 OR $1 = 0) AND (channel = $2 OR $2 = '') AND (active = 1 OR $3 = 0) AND (archived_at = 0 OR $4 = 1) ORDER BY name, id`,
		f.Inbox, f.Channel, f.ActiveOnly, f.Archived)
	if err != nil {
		return nil, fmt.Errorf("inbox: accounts: %w", err)
	}
	return as, nil
}

// IsFallback reports whether an account is the one every installation begins with (EM-13).
func (s *Service) IsFallback(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (is bool, err error) {
	err = q.QueryRow(ctx, `SELECT is_fallback FROM channel_accounts WHERE id = $1`, id).Scan(&is)
	return is, noAccount(err)
}

// Fallback is the account that every installation begins with (EM-13), which also sends the installation's own mail.
func (s *Service) Fallback(ctx context.Context, q db.Queryer) (desk.ChannelAccount, error) {
	a, err := db.One(ctx, q, scanAccount, `SELECT `+accountColumns+` FROM channel_accounts WHERE is_fallback = 1 AND archived_at = 0`)
	return a, noAccount(err)
}

// NewAccount is what a channel account begins with. Secrets may stand in Settings at their fields or in Secrets, nested or by dotted path.
type NewAccount struct {
	Slug     string          // of Name when empty
	Channel  string          // must be a channel that this binary has
	InboxID  desk.InboxID    // exactly one (GEN-20)
	Name     string          //
	Active   *bool           // nil: yes (GEN-13)
	Settings json.RawMessage // the adapter's own
	Secrets  json.RawMessage
	Ticket   *desk.TicketPolicy // nil: always in the help desk (GEN-05), never in an inbox (IH-03)
	Assign   *desk.AssignPolicy // nil: no one (RT-01)
	// Terms is the version of the channel's terms that the actor accepted (EM-06). Operator is set for settings files: who applies one has accepted.
	Terms    string
	Operator bool
	fallback bool
}

// CreateAccount connects an account. It refuses settings that cannot work (the adapter's Validator names the field), an address that somebody else has, and
// terms that were not accepted. Records channel_account.connected and terms.accepted.
func (s *Service) CreateAccount(ctx context.Context, tx *db.Tx, actor desk.Actor, n NewAccount) (desk.ChannelAccount, error) {
	adapter, err := s.adapter(n.Channel)
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	spec := adapter.Spec()
	now := s.Clock.Ms()
	a := desk.ChannelAccount{
		ID: desk.ChannelAccountID(tx.NewID()), Slug: n.Slug, Channel: n.Channel, InboxID: n.InboxID, Name: strings.TrimSpace(n.Name),
		Active: n.Active == nil || *n.Active, Authorized: true, State: desk.StateConnecting, StateAt: now, CreatedAt: now, UpdatedAt: now,
	}
	if n.Slug == "" {
		a.Slug = cmp.Or(desk.Slug(a.Name), a.Channel)
	}
	if err := errors.Join(checkName(a.Name), desk.CheckSlug("slug", a.Slug)); err != nil {
		return desk.ChannelAccount{}, err
	}
	box, err := s.liveInbox(ctx, tx, n.InboxID)
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	if a.Ticket, a.Assign, err = s.policies(ctx, tx, box, n.Ticket, n.Assign); err != nil {
		return desk.ChannelAccount{}, err
	}
	if s.Fresh != nil {
		if n.Settings, err = s.Fresh(ctx, tx, spec, n.Settings); err != nil {
			return desk.ChannelAccount{}, err
		}
	}
	plain, secrets, address, err := s.settle(adapter, n.Settings, n.Secrets, nil)
	if err == nil && s.Check != nil {
		err = s.Check(ctx, tx, spec, plain)
	}
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	a.Settings, a.Address = plain, address
	sealed, err := s.seal(a.ID, secrets)
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	if err := checkTerms(spec, n.Terms, n.Operator); err != nil {
		return desk.ChannelAccount{}, err
	}
	if a.Slug, err = insertAccount(ctx, tx, a, sealed, n); err != nil {
		return desk.ChannelAccount{}, err
	}
	if err := s.holdAll(ctx, tx, spec, a); err != nil {
		return desk.ChannelAccount{}, err
	}
	if err := s.acceptTerms(ctx, tx, actor, spec, a); err != nil {
		return desk.ChannelAccount{}, err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvAccountConnected, Actor: actor, Inbox: a.InboxID, Data: event.Data(map[string]any{
		"channel_account_id": a.ID, "slug": a.Slug, "name": a.Name, "channel": a.Channel, "delivery_identifier": a.Address})})
	return a, err
}

// insertAccount writes the row and returns the slug it got: one that was made of the name takes a number when the name is another account's too.
func insertAccount(ctx context.Context, tx *db.Tx, a desk.ChannelAccount, sealed string, n NewAccount) (string, error) {
	slug := a.Slug
	for i := 2; ; i++ {
		added, err := tx.Exec(ctx, `INSERT INTO channel_accounts (id, slug, channel, inbox_id, name, active, authorized, state, state_at, address, settings, secrets, ticket, assign, is_fallback, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16) ON CONFLICT (slug) DO NOTHING`,
			a.ID, slug, a.Channel, a.InboxID, a.Name, a.Active, a.Authorized, a.State, a.StateAt, a.Address, string(a.Settings), sealed, db.JSON(a.Ticket), db.JSON(a.Assign), n.fallback, a.CreatedAt)
		if err != nil {
			return "", fmt.Errorf("inbox: create account: %w", err)
		}
		if added > 0 {
			return slug, nil
		}
		if n.Slug != "" {
			return "", desk.Errorf(desk.Conflict, "channel_account.slug_taken", "There is already a channel with the short name %s.", slug).In("slug")
		}
		slug = fmt.Sprintf("%s-%d", a.Slug, i)
	}
}

// hosted is the name that a channel's Spec gives to the kind of account whose addresses Kanal receives itself.
const hostedKind = "hosted"

// holdAll registers an account's address, and for a hosted one its unguessable address too.
func (s *Service) holdAll(ctx context.Context, tx *db.Tx, spec channel.Spec, a desk.ChannelAccount) error {
	if err := s.hold(ctx, tx, spec.Address, a.Address, false, a.ID); err != nil {
		return err
	}
	if kindOf(a.Settings) != hostedKind || s.Host == "" {
		return nil
	}
	if have, err := s.HostedAddress(ctx, tx, a.ID); err != nil || have != "" {
		return err
	}
	return s.hold(ctx, tx, spec.Address, s.makeHosted(a.Slug), true, a.ID)
}

func (s *Service) adapter(name string) (channel.Adapter, error) {
	a, ok := s.Channels.Get(name)
	if !ok {
		names := []string{}
		for _, c := range s.Channels.All() {
			names = append(names, c.Spec().Channel)
		}
		return nil, desk.Errorf(desk.Invalid, "channel.unknown", "There is no channel %q. There are %s.", name, strings.Join(names, ", ")).In("channel")
	}
	return a, nil
}

// liveInbox locks the inbox row, so that an inbox is not archived under a new account.
func (s *Service) liveInbox(ctx context.Context, tx *db.Tx, id desk.InboxID) (desk.Inbox, error) {
	b, err := db.One(ctx, tx, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id)
	if errors.Is(err, sql.ErrNoRows) {
		return b, desk.Errorf(desk.Invalid, "channel_account.inbox_unknown", "A channel belongs to an inbox that exists.").In("inbox_id")
	}
	return b, err
}

// When a conversation makes a ticket (GEN-05, IH-03).
const (
	createAlways   = "always"
	createWhen     = "when"
	createNewTopic = "new_topic"
	createNever    = "never"
)

// checkCreate refuses a rule of when tickets are made, or of who gets them, that cannot be followed.
func checkCreate(t *desk.TicketPolicy) error {
	switch t.Create {
	case createAlways, createNewTopic, createNever:
		t.When = nil
	case createWhen:
		if t.When == nil || len(t.When.When) == 0 {
			return desk.Errorf(desk.Invalid, "channel_account.when_missing", "Say when a ticket is made: add a condition, or choose always.").In("ticket.when")
		}
		if err := condition.Check(*t.When, nil, "ticket.when"); err != nil {
			return err
		}
	default:
		return desk.Errorf(desk.Invalid, "channel_account.create_unknown", "Tickets are made always, when conditions hold, for a new topic, or never.").In("ticket.create")
	}
	switch t.Owner {
	case "", "conversation", "policy", "no_one":
		return nil
	}
	return desk.Errorf(desk.Invalid, "channel_account.owner_unknown", "A ticket goes to the owner of the conversation, by the assignment rule, or to no one.").In("ticket.owner")
}

// policies fills in the defaults of a place and refuses what it cannot follow.
func (s *Service) policies(ctx context.Context, q db.Queryer, box desk.Inbox, t *desk.TicketPolicy, as *desk.AssignPolicy) (desk.TicketPolicy, desk.AssignPolicy, error) {
	ticket, assign := desk.TicketPolicy{}, desk.AssignPolicy{AvailableOnly: true} // RT-06
	if t != nil {
		ticket = *t
	}
	if as != nil {
		assign = *as
	}
	if ticket.Create == "" {
		if ticket.Create = createNever; box.Kind == desk.KindHelpdesk {
			ticket.Create = createAlways
		}
	}
	if err := checkCreate(&ticket); err != nil {
		return ticket, assign, err
	}
	if err := s.Tickets.CheckPolicy(ctx, q, ticket); err != nil {
		return ticket, assign, err
	}
	err := s.checkAssign(ctx, q, &assign)
	return ticket, assign, err
}

func (s *Service) checkAssign(ctx context.Context, q db.Queryer, a *desk.AssignPolicy) error {
	if a.To == "" {
		a.To = "no_one"
	}
	if a.By == "" {
		a.By = "least_open"
	}
	if a.By != "least_open" && a.By != "random" {
		return desk.Errorf(desk.Invalid, "assign.by_unknown", "Work is spread by least_open or random.").In("assign.by")
	}
	for i, e := range a.Users {
		if n := desk.NormalizeEmail(e); n != "" {
			a.Users[i] = n
		}
	}
	switch a.To {
	case "no_one", "contact_owner":
	case "users":
		if len(a.Users) == 0 {
			return desk.Errorf(desk.Invalid, "assign.users_missing", "Name the users who get the work.").In("assign.users")
		}
	case "teams":
		if len(a.Teams) == 0 {
			return desk.Errorf(desk.Invalid, "assign.teams_missing", "Name the teams that get the work.").In("assign.teams")
		}
	case "users_and_teams":
		if len(a.Users)+len(a.Teams) == 0 {
			return desk.Errorf(desk.Invalid, "assign.users_missing", "Name the users or teams who get the work.").In("assign.users")
		}
	default:
		return desk.Errorf(desk.Invalid, "assign.to_unknown", "Work goes to no_one, users, teams, users_and_teams or contact_owner.").In("assign.to")
	}
	return s.checkRules(ctx, q, a)
}
