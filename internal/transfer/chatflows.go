package transfer

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Chatflow is a chatflow of a chat channel. Its definition is what visitors get: applying another publishes it; with published: false it is a draft.
// What somebody is writing in the workspace meanwhile stays while the definition is the one that is live.
type Chatflow struct {
	Slug       string          `yaml:"slug"`
	Channel    *string         `yaml:"channel,omitempty"` // slug of the channel account
	Kind       *string         `yaml:"kind,omitempty"`    // live_chat, bot
	Name       *string         `yaml:"name,omitempty"`
	Active     *bool           `yaml:"active,omitempty"`
	Position   *int            `yaml:"position,omitempty"` // the lowest that fits a page shows
	Published  *bool           `yaml:"published,omitempty"`
	Definition *map[string]any `yaml:"definition,omitempty"`
}

func (s *Service) exportChatflows(ctx context.Context, q db.Queryer, f *File) error {
	if s.Chatflows == nil {
		return nil
	}
	all, err := s.Chatflows.List(ctx, q, 0)
	if err != nil {
		return err
	}
	for _, x := range all {
		acc, err := s.Inboxes.Account(ctx, q, x.AccountID)
		if desk.CodeOf(err) == desk.NotFound || err == nil && acc.ArchivedAt != 0 {
			continue // its channel has gone
		}
		if err != nil {
			return err
		}
		position, published, def := int(x.Position), x.Published != 0, x.Draft
		if published {
			v, err := s.Chatflows.VersionOf(ctx, q, x.ID, x.Published)
			if err != nil {
				return err
			}
			def = v.Definition
		}
		body := bare(def)
		out := Chatflow{Slug: x.Slug, Channel: &acc.Slug, Kind: &x.Kind, Name: &x.Name, Active: &x.Active, Position: &position, Definition: &body}
		if !published {
			out.Published = &published
		}
		f.Chatflows = append(f.Chatflows, out)
	}
	return nil
}

// bare is a definition without what says nothing, as it stands in a file.
func bare(d chatflow.Definition) map[string]any {
	b, _ := json.Marshal(d)
	var m map[string]any
	_ = json.Unmarshal(b, &m)
	strip(m)
	return m
}

// strip takes empty texts, lists and objects out, deep.
func strip(v any) (empty bool) {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case []any:
		for _, e := range x {
			strip(e)
		}
		return len(x) == 0
	case map[string]any:
		for k, e := range x {
			if strip(e) {
				delete(x, k)
			}
		}
		return len(x) == 0
	}
	return false
}

func sameDefinition(a, b chatflow.Definition) bool {
	x, _ := json.Marshal(bare(a))
	y, _ := json.Marshal(bare(b))
	return string(x) == string(y)
}

func (a *applying) chatflows(ctx context.Context) error {
	seen := map[string]bool{}
	for i, x := range a.src.Chatflows {
		path := indexed("chatflows", i)
		if err := a.once(seen, path, x.Slug); err != nil {
			return err
		}
		if err := a.chatflow(ctx, path, x); err != nil {
			return a.src.at(path, err)
		}
	}
	if !a.o.Prune || a.src.Chatflows == nil || a.Chatflows == nil {
		return nil
	}
	all, err := a.Chatflows.List(ctx, a.tx, 0)
	for _, x := range all {
		if seen[x.Slug] {
			continue
		}
		if err := a.Chatflows.Archive(ctx, a.tx, a.o.Actor, x.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) chatflow(ctx context.Context, path string, x Chatflow) error {
	if a.Chatflows == nil {
		return desk.Errorf(desk.Invalid, "config.chatflows", "This installation has no chatflows.")
	}
	var account desk.ChannelAccountID
	if x.Channel != nil {
		acc, err := a.Inboxes.AccountBySlug(ctx, a.tx, *x.Channel)
		if err != nil || acc.ArchivedAt != 0 || !a.Channels.Live(acc.Channel) {
			return a.src.refuse(path+".channel", "config.chatflow_channel", "There is no chat channel %q.", *x.Channel)
		}
		account = acc.ID
	}
	var def *chatflow.Definition
	if x.Definition != nil {
		b, err := json.Marshal(*x.Definition)
		if err != nil {
			return a.src.refuse(path+".definition", "chatflow.malformed", "The chatflow cannot be read.")
		}
		d, err := chatflow.Parse(b)
		if err != nil {
			return err
		}
		def = &d
	}
	have, ok, err := a.Chatflows.BySlug(ctx, a.tx, x.Slug)
	if err != nil {
		return err
	}
	if ok && have.ArchivedAt != 0 {
		return desk.Errorf(desk.Conflict, "chatflow.archived_slug", "%s is an archived chatflow. Choose another short name.", x.Slug).In("slug")
	}
	if !ok {
		n := chatflow.Flow{Slug: x.Slug, Kind: chatflow.LiveChat, Name: x.Slug, AccountID: account, Active: true}
		set(&n.Kind, x.Kind)
		set(&n.Name, x.Name)
		set(&n.Active, x.Active)
		if def != nil {
			n.Draft = *def
		}
		if have, err = a.Chatflows.Create(ctx, a.tx, a.o.Actor, n); err != nil {
			return err
		}
	} else if x.Kind != nil && *x.Kind != have.Kind {
		return desk.Errorf(desk.Conflict, "chatflow.kind_fixed", "A chatflow stays a %s. Make another.", have.Kind).In("kind")
	}
	return a.chatflowIs(ctx, have, account, def, x)
}

// chatflowIs makes a chatflow what the file says.
func (a *applying) chatflowIs(ctx context.Context, have chatflow.Flow, account desk.ChannelAccountID, def *chatflow.Definition, x Chatflow) error {
	c := chatflow.Change{Name: x.Name, Active: x.Active}
	if account != 0 {
		c.AccountID = &account
	}
	if x.Position != nil {
		at := int64(*x.Position)
		c.Position = &at
	}
	live := false
	if def != nil && have.Published != 0 {
		v, err := a.Chatflows.VersionOf(ctx, a.tx, have.ID, have.Published)
		if err != nil {
			return err
		}
		live = sameDefinition(v.Definition, *def)
	}
	if def != nil && !live && !sameDefinition(have.Draft, *def) {
		c.Draft = def
	}
	f, err := a.Chatflows.Update(ctx, a.tx, a.o.Actor, have.ID, c)
	if err != nil || def == nil || live || x.Published != nil && !*x.Published {
		return err
	}
	_, err = a.Chatflows.Publish(ctx, a.tx, a.o.Actor, f.ID, "")
	return err
}
