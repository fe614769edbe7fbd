package chat

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
)

type validateFlow struct {
	Body struct {
		Kind       string          `json:"kind" enum:"live_chat,bot"`
		Definition json.RawMessage `json:"definition"`
	}
}

// Faults is what is wrong with a definition.
type Faults struct {
	Faults []chatflow.Problem `json:"faults"`
}

func (f *flows) validate(ctx context.Context, _ access.Viewer, in *validateFlow) (*api.Out[Faults], error) {
	def, err := chatflow.Parse(in.Body.Definition)
	if err != nil {
		return nil, err
	}
	more, err := f.unknown(ctx, f.DB, def)
	return api.Answer(Faults{append(chatflow.Validate(in.Body.Kind, def), more...)}, err)
}

type simulateFlow struct {
	Body struct {
		Definition json.RawMessage `json:"definition"`
		State      *chatflow.State `json:"state,omitempty" doc:"Where the dialogue stands; left out, it begins."`
		Input      chatflow.Input  `json:"input"`
		Env        *chatflow.Env   `json:"env,omitempty"`
	}
}

// Simulated is what the bot would do.
type Simulated struct {
	State   chatflow.State    `json:"state"`
	Effects []chatflow.Effect `json:"effects"`
	Trace   []chatflow.Taken  `json:"trace" doc:"The steps it went by, and why a branch was taken."`
}

func (f *flows) simulate(_ context.Context, _ access.Viewer, in *simulateFlow) (*api.Out[Simulated], error) {
	def, err := chatflow.Parse(in.Body.Definition)
	if err != nil {
		return nil, err
	}
	var st chatflow.State
	if in.Body.State != nil {
		st = *in.Body.State
	}
	var env chatflow.Env
	if in.Body.Env != nil {
		env = *in.Body.Env
	}
	if env.Now == 0 {
		env.Now = f.Clock.Ms()
	}
	st, effects, trace := chatflow.Walk(def, st, in.Body.Input, env)
	return api.Answer(Simulated{st, effects, trace}, nil)
}

type matchFlow struct {
	Body struct {
		URL       string                `json:"url" maxLength:"4000"`
		AccountID desk.ChannelAccountID `json:"account_id,omitempty" doc:"Of this channel alone; left out, of all, as a page asks."`
		Visitor   chatflow.Visitor      `json:"visitor,omitempty"`
		Contact   string                `json:"contact,omitempty" maxLength:"320" doc:"The address of a contact whom the visitor has proven to be."`
	}
}

// Matched is which chatflow a page shows, and of each why or why not.
type Matched struct {
	Winner desk.ChatflowID `json:"winner"`
	Why    []chatflow.Why  `json:"why"`
}

// person is what is known of a contact, for who may see them; nil of somebody unknown.
func (f *flows) person(ctx context.Context, v access.Viewer, address string) (condition.Facts, error) {
	address = desk.NormalizeEmail(address)
	if address == "" || f.Contacts == nil {
		return nil, nil
	}
	c, ok, err := f.Contacts.ByAddress(ctx, f.DB, desk.AddrEmail, address)
	if err != nil || !ok {
		return nil, err
	}
	if err := f.View.MayContact(ctx, view.SightOf(v), c.ID); err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			err = nil
		}
		return nil, err
	}
	facts, err := f.Assign.FactsOf(ctx, f.DB, assignment.About{ContactID: c.ID})
	for _, name := range v.Veil.Hidden { // a property that one may not see is not tried either
		delete(facts, name)
	}
	return facts, err
}

func (f *flows) match(ctx context.Context, v access.Viewer, in *matchFlow) (*api.Out[Matched], error) {
	live, err := f.Flows.Live(ctx, f.DB)
	if err != nil {
		return nil, err
	}
	accounts := map[desk.ChannelAccountID]desk.ChannelAccount{}
	for _, c := range live {
		if _, ok := accounts[c.AccountID]; ok {
			continue
		}
		acc, err := f.Inboxes.Account(ctx, f.DB, c.AccountID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return nil, err
		}
		accounts[c.AccountID] = acc
	}
	asked := []chatflow.Candidate{}
	for _, c := range live {
		if in.Body.AccountID != 0 && c.AccountID != in.Body.AccountID {
			continue
		}
		acc := accounts[c.AccountID]
		if f.Open != nil && c.Def.Hours == "business_hours" {
			open, err := f.Open(ctx, f.DB, acc, c.Def.BusinessHours, f.Clock.Now())
			if err != nil {
				return nil, err
			}
			c.Closed = !open
		}
		if !acc.Active || acc.ArchivedAt != 0 || acc.ID == 0 {
			c.Off = "inactive"
			if acc.Name != "" {
				c.Off = acc.Name
			}
		}
		asked = append(asked, c)
	}
	who := in.Body.Visitor
	if who.Facts, err = f.person(ctx, v, in.Body.Contact); err != nil {
		return nil, err
	}
	who.Known = who.Known || who.Facts != nil
	winner, why := chatflow.Match(asked, in.Body.URL, who)
	out := Matched{Why: why}
	if winner != nil {
		out.Winner = winner.ID
	}
	return api.Answer(out, nil)
}

type previewFlow struct {
	api.ByID
	Page string `query:"url" maxLength:"2000" doc:"A page with the tracking code; left out, a page of Kanal's own."`
}

// Preview is an address that shows a draft.
type Preview struct {
	URL       string    `json:"url"`
	Token     string    `json:"token"`
	ExpiresAt desk.Time `json:"expires_at"`
}

func (f *flows) preview(ctx context.Context, v access.Viewer, in *previewFlow) (*api.Out[Preview], error) {
	id, err := flowID(in.ID)
	if err != nil {
		return nil, err
	}
	number, err := db.Written(ctx, f.DB, func(ctx context.Context, tx *db.Tx) (int64, error) { return f.Flows.Snapshot(ctx, tx, v.Actor, id) })
	if err != nil {
		return nil, err
	}
	until := f.Clock.Ms().Add(previewFor)
	out := Preview{Token: chatflow.PreviewToken(f.Key, id, number, until), ExpiresAt: until}
	page := f.BaseURL.JoinPath("/widget/app")
	if in.Page != "" {
		if page, err = url.Parse(strings.TrimSpace(in.Page)); err != nil || page.Scheme != "http" && page.Scheme != "https" || page.Host == "" {
			return nil, desk.Errorf(desk.Invalid, "chatflow.preview_page", "%q is no address of a page. Begin it with https://.", in.Page).In("url")
		}
	}
	q := page.Query()
	q.Set(chatflow.PreviewParam, out.Token)
	page.RawQuery = q.Encode()
	out.URL = page.String()
	return api.Answer(out, nil)
}
