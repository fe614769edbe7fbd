package transfer

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

func (a *applying) inboxes(ctx context.Context) error {
	seen := map[string]bool{}
	for i, b := range a.src.Inboxes {
		path := indexed("inboxes", i)
		if err := a.once(seen, path, b.Slug); err != nil {
			return err
		}
		access, err := a.access(ctx, path+".access", b.Access)
		if err != nil {
			return err
		}
		have, err := a.Inboxes.InboxBySlug(ctx, a.tx, b.Slug)
		if desk.CodeOf(err) == desk.NotFound && b.Kind == desk.KindHelpdesk {
			have, err = a.Inboxes.Helpdesk(ctx, a.tx) // there is one: this is it
		}
		switch {
		case desk.CodeOf(err) == desk.NotFound:
			n := inbox.NewInbox{Slug: b.Slug, Kind: b.Kind, Name: b.Slug, Access: access}
			set(&n.Name, b.Name)
			_, err = a.Inboxes.CreateInbox(ctx, a.tx, a.o.Actor, n)
		case err == nil && b.Kind != "" && b.Kind != have.Kind:
			return a.src.refuse(path+".kind", "inbox.kind_stays", "%s is of kind %s, which stays. Make another inbox and move the channels.", b.Slug, have.Kind)
		case err == nil:
			_, err = a.Inboxes.UpdateInbox(ctx, a.tx, a.o.Actor, have.ID, inbox.InboxChange{Slug: &b.Slug, Name: b.Name, Access: access})
		}
		if err != nil {
			return a.src.at(path, err)
		}
	}
	return nil
}

func (a *applying) access(ctx context.Context, path string, x *Access) (*desk.Access, error) {
	if x == nil {
		return nil, nil
	}
	users, err := a.userIDs(ctx, path+".users", x.Users)
	if err != nil {
		return nil, err
	}
	teams, err := a.teamIDs(ctx, path+".teams", x.Teams)
	if err != nil {
		return nil, err
	}
	return &desk.Access{Everyone: x.Everyone, Users: users, Teams: teams}, nil
}

func (a *applying) channels(ctx context.Context) error {
	seen := map[string]bool{}
	for i, c := range a.src.Channels {
		path := indexed("channels", i)
		if err := a.once(seen, path, c.Slug); err != nil {
			return err
		}
		if err := a.channel(ctx, path, c); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) channel(ctx context.Context, path string, c Channel) error {
	have, err := a.Inboxes.AccountBySlug(ctx, a.tx, c.Slug)
	exists := err == nil
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return err
	}
	if exists && have.Channel != c.Channel {
		return a.src.refuse(path+".channel", "config.channel_stays", "%s is a channel of kind %s, which stays. Use another slug.", c.Slug, have.Channel)
	}
	var box desk.Inbox
	switch {
	case c.Inbox != "":
		if box, err = a.Inboxes.InboxBySlug(ctx, a.tx, c.Inbox); desk.CodeOf(err) == desk.NotFound {
			return a.unknown(ctx, path+".inbox", "inbox", c.Inbox)
		}
	case !exists:
		box, err = a.Inboxes.Helpdesk(ctx, a.tx)
	default:
		box, err = a.Inboxes.Inbox(ctx, a.tx, have.InboxID)
	}
	if err != nil {
		return err
	}
	assign, err := a.assign(ctx, path+".assign", c.Assign, have)
	if err != nil {
		return err
	}
	settings, secrets, err := encode(c)
	if err != nil {
		return a.src.refuse(path+".settings", "config.settings_malformed", "These settings cannot be stored: keys must be text.")
	}
	if !exists {
		n := inbox.NewAccount{Slug: c.Slug, Channel: c.Channel, InboxID: box.ID, Name: c.Slug, Active: c.Active, Settings: settings, Secrets: secrets, Ticket: c.Ticket, Assign: assign, Operator: true}
		set(&n.Name, c.Name)
		_, err = a.Inboxes.CreateAccount(ctx, a.tx, a.o.Actor, n)
		return a.src.at(path, err)
	}
	if err := a.elsewhere(ctx, have, settings, c.secrets); err != nil {
		return a.src.at(path, err)
	}
	ch := inbox.AccountChange{Name: c.Name, Active: c.Active, Settings: settings, Secrets: secrets, Assign: assign}
	if box.ID != have.InboxID {
		ch.InboxID = &box.ID
	}
	if c.Ticket != nil {
		want := *c.Ticket
		if want.Create == "" {
			want.Create = have.Ticket.Create
		}
		if !reflect.DeepEqual(leaves(want), leaves(have.Ticket)) {
			ch.Ticket = c.Ticket
		}
	}
	_, err = a.Inboxes.UpdateAccount(ctx, a.tx, a.o.Actor, have.ID, ch)
	return a.src.at(path, err)
}

// elsewhere holds back stored credentials from a server they were not entered for, when the text comes from a browser and not from who runs the machine.
func (a *applying) elsewhere(ctx context.Context, have desk.ChannelAccount, settings json.RawMessage, secrets map[string]any) error {
	adapter, ok := a.Channels.Get(have.Channel)
	if !a.Outside.Closed || settings == nil || !ok {
		return nil
	}
	stored, err := a.Inboxes.AccountWithSecrets(ctx, a.tx, have.ID)
	if err != nil {
		return nil // the update says what is wrong; with a changed key the secrets are entered anew
	}
	given := map[string]any{}
	for at, v := range secrets {
		putPath(given, at, v)
	}
	fresh, err := json.Marshal(given)
	if err != nil {
		return err
	}
	return a.Inboxes.Elsewhere(adapter.Spec(), stored, settings, fresh)
}

// assign is the policy to store, or nil when it stays as it is: one that names somebody who has gone since may stay so.
func (a *applying) assign(ctx context.Context, path string, x *Assign, have desk.ChannelAccount) (*desk.AssignPolicy, error) {
	if x == nil {
		return nil, nil
	}
	p := x.policy()
	if have.ID != 0 && reflect.DeepEqual(leaves(exportAssign(p)), leaves(exportAssign(have.Assign))) {
		return nil, nil
	}
	if _, err := a.userIDs(ctx, path+".users", p.Users); err != nil {
		return nil, err
	}
	_, err := a.teamIDs(ctx, path+".teams", p.Teams)
	return &p, err
}

func encode(c Channel) (settings, secrets json.RawMessage, err error) {
	if c.Settings == nil && len(c.secrets) == 0 {
		return nil, nil, nil
	}
	if c.Settings != nil {
		if settings, err = json.Marshal(c.Settings); err != nil {
			return nil, nil, err
		}
	}
	if len(c.secrets) > 0 {
		secrets, err = json.Marshal(c.secrets)
	}
	return settings, secrets, err
}
