package admin

import (
	"context"
	"encoding/json"
	"sort"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// Account is a channel account as an administrator sees it. Secrets are never shown: only which of them are set.
type Account struct {
	desk.ChannelAccount
	Version    int64              `json:"version" doc:"Send it with PATCH to refuse a stale edit."`
	Fallback   bool               `json:"fallback" doc:"The account every installation begins with."`
	SecretsSet []string           `json:"secrets_set" doc:"The paths of secret settings that have a value."`
	Terms      []inbox.Acceptance `json:"terms" doc:"Who accepted which terms, and when."`
}

func (a *admins) mountAccounts() {
	const tag = "Channels"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/channels", ID: "listChannels", Tag: tag, Summary: "The channels this server has, with what their forms ask"}, a.channels)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/channel-accounts", ID: "listChannelAccounts", Tag: tag, Summary: "The connected accounts",
		Description: "Without the permission account.access the rows hold names and states only."}, a.accounts)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/channel-accounts", ID: "createChannelAccount", Tag: tag, Summary: "Connect an account", Status: 201, Errors: []int{409},
		Description: "`accepted_terms` is the version of the channel's terms that was shown and accepted: who accepted which text, and when, is kept (EM-06)."}, a.create)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/channel-accounts/{id}", ID: "getChannelAccount", Tag: tag, Summary: "One account", Errors: []int{404}}, a.account)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/channel-accounts/{id}", ID: "patchChannelAccount", Tag: tag, Summary: "Change an account", Errors: []int{404, 409},
		Description: "`settings` replaces the whole object; a secret that is left out or empty stays, null removes it."}, a.patch)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/channel-accounts/{id}", ID: "deleteChannelAccount", Tag: tag, Summary: "Disconnect an account; its history stays", Status: noContent, Errors: []int{404, 409}}, a.remove)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/channel-accounts/check", ID: "checkChannelAccount", Tag: tag, Summary: "Test a connection before it is stored",
		Description: "Every step with its outcome and how to mend it. With `account_id`, secrets that are left out are those stored."}, a.check)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/channel-accounts/{id}/preview", ID: "previewChannelAccount", Tag: tag, Summary: "What a recipient would see of changed settings", Errors: []int{404}}, a.previewAccount)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/channels/{channel}/preview", ID: "previewChannel", Tag: tag, Summary: "What a recipient would see of settings not yet stored", Errors: []int{404}}, a.previewChannel)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/channel-accounts/{id}/verification", ID: "getForwarding", Tag: tag, Summary: "How far the forwarding to an account is", Errors: []int{404},
		Description: "The hosted address, when the first forwarded mail came through, and the provider's last confirmation mail (EM-14)."}, a.verification)
}

func (a *admins) channels(_ context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[channel.Spec]], error) {
	out := []channel.Spec{}
	for _, ad := range a.Registry.All() {
		out = append(out, tidySpec(ad.Spec()))
	}
	return page(out, nil)
}

// tidySpec makes lists that are none empty, as the schema says.
func tidySpec(s channel.Spec) channel.Spec {
	s.Fields, s.Kinds, s.Can.AttachmentTypes = append([]channel.Field{}, s.Fields...), append([]channel.Kind{}, s.Kinds...), some(s.Can.AttachmentTypes)
	for i := range s.Fields {
		s.Fields[i].Options, s.Fields[i].Kinds = some(s.Fields[i].Options), some(s.Fields[i].Kinds)
	}
	for i := range s.Kinds {
		if s.Kinds[i].Preset == nil {
			s.Kinds[i].Preset = map[string]any{}
		}
	}
	return s
}

// tidy does the same for an account.
func tidy(c desk.ChannelAccount) desk.ChannelAccount {
	if len(c.Settings) == 0 {
		c.Settings = json.RawMessage("{}")
	}
	if c.Ticket.Properties == nil {
		c.Ticket.Properties = map[string]any{}
	}
	c.Assign.Users, c.Assign.Teams = some(c.Assign.Users), some(c.Assign.Teams)
	return c
}

func (a *admins) accounts(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[Account]], error) {
	all, err := a.Inboxes.Accounts(ctx, a.DB, inbox.Filter{})
	if err != nil {
		return nil, err
	}
	out := []Account{}
	for _, c := range all {
		switch {
		case v.Can(access.AccountAccess):
			full, err := a.full(ctx, c)
			if err != nil {
				return nil, err
			}
			out = append(out, full)
		case v.SeesInbox(c.InboxID):
			c.Settings, c.Ticket, c.Assign, c.StateReason = nil, desk.TicketPolicy{}, desk.AssignPolicy{}, ""
			out = append(out, Account{ChannelAccount: tidy(c), SecretsSet: []string{}, Terms: []inbox.Acceptance{}})
		}
	}
	return page(out, nil)
}

// full adds what only administrators see.
func (a *admins) full(ctx context.Context, c desk.ChannelAccount) (Account, error) {
	out := Account{ChannelAccount: tidy(c), SecretsSet: []string{}}
	var err error
	if out.Version, err = a.Inboxes.Version(ctx, a.DB, c.ID); err != nil {
		return out, err
	}
	if out.Fallback, err = a.Inboxes.IsFallback(ctx, a.DB, c.ID); err != nil {
		return out, err
	}
	if out.Terms, err = a.Inboxes.Acceptances(ctx, a.DB, c.ID); err != nil {
		return out, err
	}
	out.Terms = some(out.Terms)
	opened, err := a.Inboxes.AccountWithSecrets(ctx, a.DB, c.ID)
	if err != nil {
		a.Log.Warn("the secrets of an account cannot be opened", "channel_account_id", c.ID, "err", err) // the key was changed: it can be mended here
		return out, nil
	}
	var secrets map[string]any
	if len(opened.Secrets) > 0 {
		_ = json.Unmarshal(opened.Secrets, &secrets) // what is no object has no paths
	}
	out.SecretsSet = append(out.SecretsSet, paths("", secrets)...)
	return out, nil
}

// paths lists the leaves of a JSON object that have a value, by dotted path.
func paths(prefix string, m map[string]any) (out []string) {
	for k, v := range m {
		switch x := v.(type) {
		case map[string]any:
			out = append(out, paths(prefix+k+".", x)...)
		case nil:
		case string:
			if x != "" {
				out = append(out, prefix+k)
			}
		default:
			out = append(out, prefix+k)
		}
	}
	sort.Strings(out)
	return out
}

// TicketPolicyInput is what is stamped on new tickets.
type TicketPolicyInput struct {
	Create     string           `json:"create,omitempty" enum:",always,when,new_topic,never" doc:"always; when the conditions of when hold; new_topic: not while the contact has an open ticket over this channel, which the conversation then joins; never."`
	When       *desk.Conditions `json:"when,omitempty" doc:"With create: when."`
	Owner      string           `json:"owner,omitempty" enum:",conversation,policy,no_one" doc:"Of a ticket made of a conversation that somebody has already."`
	Pipeline   string           `json:"pipeline,omitempty" doc:"A slug."`
	Status     string           `json:"status,omitempty" doc:"A slug."`
	Priority   string           `json:"priority,omitempty" enum:",low,medium,high,urgent"`
	Category   string           `json:"category,omitempty" maxLength:"200"`
	Properties map[string]any   `json:"properties,omitempty"`
}

func (p *TicketPolicyInput) policy() *desk.TicketPolicy {
	if p == nil {
		return nil
	}
	return &desk.TicketPolicy{Create: p.Create, When: p.When, Owner: p.Owner, Pipeline: p.Pipeline, Status: p.Status, Priority: p.Priority, Category: p.Category, Properties: p.Properties}
}

// AssignPolicyInput is who gets a new ticket.
type AssignPolicyInput struct {
	To            string   `json:"to,omitempty" enum:",no_one,users,teams,users_and_teams,contact_owner"`
	Users         []string `json:"users,omitempty" doc:"Email addresses."`
	Teams         []string `json:"teams,omitempty" doc:"Slugs."`
	AvailableOnly *bool    `json:"available_only,omitempty" doc:"Only users who are available. Left out: yes."`
	By            string   `json:"by,omitempty" enum:",least_open,random"`

	Rules        []desk.SkillRule  `json:"rules,omitempty" maxItems:"200" doc:"Looked at first, in their order (SK-08)."`
	Fallback     []desk.AssignStep `json:"fallback,omitempty" maxItems:"20" doc:"Of contact_owner, tried in their order."`
	HoldSeconds  int               `json:"hold_seconds,omitempty" minimum:"0" doc:"How long work waits for an owner who is away before the fallback is tried."`
	MailOwner    bool              `json:"mail_owner,omitempty" doc:"An owner who is away gets the submission by mail and may answer from there."`
	TrackedOnly  bool              `json:"tracked_only,omitempty" doc:"Contact owner only for contacts who were tracked by a cookie."`
	NoQueue      bool              `json:"no_queue,omitempty" doc:"What nobody could have stays unassigned until a person acts."`
	ExtraMembers bool              `json:"extra_members,omitempty" doc:"Extra members of the teams count too."`
	Hours        string            `json:"hours,omitempty" doc:"Slug of business hours: outside them nobody gets anything."`
	OwnContact   bool              `json:"own_contact,omitempty" doc:"A contact without an owner becomes that of whom the rule chose."`
	Reopened     string            `json:"reopened,omitempty" enum:",keep_available,keep,again" doc:"Whose a ticket is that the customer opens again."`
}

func (p *AssignPolicyInput) policy() *desk.AssignPolicy {
	if p == nil {
		return nil
	}
	return &desk.AssignPolicy{To: p.To, Users: p.Users, Teams: p.Teams, AvailableOnly: p.AvailableOnly == nil || *p.AvailableOnly, By: p.By, // RT-06
		Rules: p.Rules, Fallback: p.Fallback, HoldSeconds: p.HoldSeconds, MailOwner: p.MailOwner, TrackedOnly: p.TrackedOnly, NoQueue: p.NoQueue, ExtraMembers: p.ExtraMembers, Hours: p.Hours, OwnContact: p.OwnContact, Reopened: p.Reopened}
}

// NewInboxInput is an inbox that is made with its first channel.
type NewInboxInput struct {
	Name   string       `json:"name" maxLength:"200" example:"Sales"`
	Access *AccessInput `json:"access,omitempty" doc:"Left out: everybody."`
}

type createAccountInput struct {
	Body struct {
		Channel  string             `json:"channel" maxLength:"40"`
		Name     string             `json:"name" maxLength:"200" example:"Support"`
		Slug     string             `json:"slug,omitempty" maxLength:"100"`
		InboxID  desk.InboxID       `json:"inbox_id,omitempty" doc:"Or new_inbox."`
		NewInbox *NewInboxInput     `json:"new_inbox,omitempty" doc:"Make the inbox together with its channel (GEN-15)."`
		Active   *bool              `json:"active,omitempty"`
		Settings json.RawMessage    `json:"settings,omitempty"`
		Secrets  json.RawMessage    `json:"secrets,omitempty" doc:"Written, never read."`
		Ticket   *TicketPolicyInput `json:"ticket,omitempty"`
		Assign   *AssignPolicyInput `json:"assign,omitempty"`
		Terms    string             `json:"accepted_terms,omitempty" doc:"The version of the terms that was accepted."`
	}
}

func (a *admins) create(ctx context.Context, v access.Viewer, in *createAccountInput) (*api.Out[Account], error) {
	b := in.Body
	c, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.ChannelAccount, error) {
		if b.NewInbox != nil {
			box, err := a.Inboxes.CreateInbox(ctx, tx, v.Actor, inbox.NewInbox{Name: b.NewInbox.Name, Access: b.NewInbox.Access.access()})
			if err != nil {
				return desk.ChannelAccount{}, err
			}
			b.InboxID = box.ID
		}
		return a.Inboxes.CreateAccount(ctx, tx, v.Actor, inbox.NewAccount{
			Slug: b.Slug, Channel: b.Channel, InboxID: b.InboxID, Name: b.Name, Active: b.Active, Settings: b.Settings, Secrets: b.Secrets,
			Ticket: b.Ticket.policy(), Assign: b.Assign.policy(), Terms: b.Terms,
		})
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(a.full(ctx, c))
}

func (a *admins) account(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[Account], error) {
	c, err := a.live(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(a.full(ctx, c))
}

// live is the account that a path names, unless it was disconnected.
func (a *admins) live(ctx context.Context, name string) (desk.ChannelAccount, error) {
	id, err := idOf[desk.ChannelAccountID](name)
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	c, err := a.Inboxes.Account(ctx, a.DB, id)
	if err == nil && c.ArchivedAt != 0 {
		err = desk.Errorf(desk.NotFound, "channel_account.not_found", "There is no such channel.")
	}
	return c, err
}

type patchAccountInput struct {
	api.ByID
	Body struct {
		Name     *string            `json:"name,omitempty" maxLength:"200"`
		InboxID  *desk.InboxID      `json:"inbox_id,omitempty" doc:"The one it is in: another is refused, see …/moves."`
		Active   *bool              `json:"active,omitempty" doc:"The administrator's switch, apart from whether the credentials work."`
		Settings json.RawMessage    `json:"settings,omitempty"`
		Secrets  json.RawMessage    `json:"secrets,omitempty" doc:"Written, never read."`
		Ticket   *TicketPolicyInput `json:"ticket,omitempty"`
		Assign   *AssignPolicyInput `json:"assign,omitempty"`
		Terms    string             `json:"accepted_terms,omitempty"`
		Version  int64              `json:"version,omitempty"`
	}
}

// elsewhere holds back stored credentials from a server they were not entered for. Those that cannot be opened go nowhere.
func (a *admins) elsewhere(ctx context.Context, id desk.ChannelAccountID, settings, secrets json.RawMessage) error {
	if settings == nil {
		return nil
	}
	stored, err := a.Inboxes.AccountWithSecrets(ctx, a.DB, id)
	if err != nil {
		return nil // the update says what is wrong; with a changed key the secrets are entered anew
	}
	adapter, ok := a.Registry.Get(stored.Channel)
	if !ok {
		return nil
	}
	return a.Inboxes.Elsewhere(adapter.Spec(), stored, settings, secrets)
}

func (a *admins) patch(ctx context.Context, v access.Viewer, in *patchAccountInput) (*api.Out[Account], error) {
	c, err := a.live(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	if b.InboxID != nil && *b.InboxID != c.InboxID {
		return nil, desk.Errorf(desk.Conflict, "channel_account.moves", "To put a channel into another inbox, move it: that says what becomes of its conversations, and can be undone.").In("inbox_id")
	}
	if err := a.elsewhere(ctx, c.ID, b.Settings, b.Secrets); err != nil {
		return nil, err
	}
	c, err = db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.ChannelAccount, error) {
		return a.Inboxes.UpdateAccount(ctx, tx, v.Actor, c.ID, inbox.AccountChange{
			Name: b.Name, InboxID: b.InboxID, Active: b.Active, Settings: b.Settings, Secrets: b.Secrets, Ticket: b.Ticket.policy(), Assign: b.Assign.policy(),
			Terms: b.Terms, ExpectVersion: b.Version,
		})
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(a.full(ctx, c))
}

func (a *admins) remove(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	c, err := a.live(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Inboxes.ArchiveAccount(ctx, tx, v.Actor, c.ID)
	})
}

type checkInput struct {
	Body struct {
		Channel   string                `json:"channel" maxLength:"40"`
		Settings  json.RawMessage       `json:"settings,omitempty"`
		Secrets   json.RawMessage       `json:"secrets,omitempty"`
		AccountID desk.ChannelAccountID `json:"account_id,omitempty" doc:"Whose stored secrets fill in those left out."`
	}
}

// Checked is what a test of a connection found.
type Checked struct {
	Probes []channel.Probe `json:"probes"`
}

func (a *admins) check(ctx context.Context, _ access.Viewer, in *checkInput) (*api.Out[Checked], error) {
	b := in.Body
	adapter, ok := a.Registry.Get(b.Channel)
	if !ok {
		return nil, errNoChannel(b.Channel)
	}
	acc := desk.ChannelAccount{Channel: b.Channel, Active: true, Authorized: true}
	if b.AccountID != 0 {
		stored, err := a.Inboxes.AccountWithSecrets(ctx, a.DB, b.AccountID)
		if err != nil {
			return nil, err
		}
		if stored.Channel != b.Channel {
			return nil, desk.Errorf(desk.Invalid, "channel_account.other_channel", "The account is of another channel.").In("account_id")
		}
		if err := a.Inboxes.Elsewhere(adapter.Spec(), stored, b.Settings, b.Secrets); err != nil {
			return nil, err
		}
		acc = stored
	}
	var err error
	if acc.Settings, acc.Secrets, err = a.Inboxes.Part(adapter.Spec(), b.Settings, b.Secrets, acc.Secrets); err != nil {
		return nil, err
	}
	probes, err := a.Board.Check(ctx, acc)
	return api.Answer(Checked{some(probes)}, err)
}

func errNoChannel(name string) error {
	return desk.Errorf(desk.NotFound, "channel.unknown", "There is no channel %q.", name).In("channel")
}

type previewBody struct {
	Settings json.RawMessage `json:"settings,omitempty"`
	UserID   desk.UserID     `json:"user_id,omitempty" doc:"Whose names to fill in; left out: one's own."`
}

type previewChannelInput struct {
	Channel string `path:"channel"`
	Body    previewBody
}

type previewAccountInput struct {
	api.ByID
	Body previewBody
}

// Preview is what a recipient would see.
type Preview struct {
	FromName      string `json:"from_name" example:"Ann Holm (Acme)"`
	SignatureHTML string `json:"signature_html" doc:"Cleaned."`
	SignatureText string `json:"signature_text"`
}

func (a *admins) previewChannel(ctx context.Context, v access.Viewer, in *previewChannelInput) (*api.Out[Preview], error) {
	return api.Answer(a.preview(ctx, v, in.Channel, in.Body.Settings, in.Body.UserID))
}

func (a *admins) previewAccount(ctx context.Context, v access.Viewer, in *previewAccountInput) (*api.Out[Preview], error) {
	c, err := a.live(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	settings := in.Body.Settings
	if len(settings) == 0 {
		settings = c.Settings
	}
	return api.Answer(a.preview(ctx, v, c.Channel, settings, in.Body.UserID))
}

func (a *admins) preview(ctx context.Context, v access.Viewer, name string, settings json.RawMessage, as desk.UserID) (Preview, error) {
	adapter, ok := a.Registry.Get(name)
	if !ok {
		return Preview{}, errNoChannel(name)
	}
	p, ok := adapter.(channel.Previewer)
	if !ok {
		return Preview{}, nil // nothing of the settings is seen by a recipient
	}
	u := v.User
	if as != 0 {
		var err error
		if u, err = a.People.Get(ctx, a.DB, as); err != nil {
			return Preview{}, err
		}
	}
	company, err := a.Settings.Company(ctx, a.DB)
	if err != nil {
		return Preview{}, err
	}
	if len(settings) == 0 {
		settings = json.RawMessage("{}")
	}
	from, html, text := p.Preview(settings, channel.Sender{
		FullName: u.Name, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email, Company: strings.TrimSpace(company.Name),
	})
	return Preview{from, html, text}, nil
}

// Forwarding is how far the forwarding to an account is.
type Forwarding struct {
	Verified   bool                `json:"verified" doc:"A forwarded mail came through."`
	VerifiedAt desk.Time           `json:"verified_at"`
	Address    string              `json:"address" doc:"Where to forward to; empty when the account is no hosted address."`
	Mail       *inbox.Verification `json:"mail" doc:"The provider's last mail that asks to confirm."`
}

func (a *admins) verification(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[Forwarding], error) {
	c, err := a.live(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	f, err := a.Inboxes.Forwarding(ctx, a.DB, c.ID)
	return api.Answer(Forwarding{f.VerifiedAt != 0, f.VerifiedAt, f.Hosted, f.Last}, err)
}
