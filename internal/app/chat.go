package app

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/afterchat"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/site"
	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dialogue"
	"github.com/kanalhq/kanal/internal/installation"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
	"github.com/kanalhq/kanal/internal/webpush"
	"github.com/kanalhq/kanal/web"
)

// chat makes what visitors of websites meet: their stream, what happens around the end of chats, the bots, and push.
func (a *App) chat() error {
	a.lobby()
	a.afterchat()
	a.dialogue()
	return a.push()
}

// lobby makes the visitors' stream.
func (a *App) lobby() {
	a.Guard = lobby.NewGuard(lobby.DefaultLimits)
	a.Lobby = lobby.New(lobby.Deps{
		DB: a.DB, Events: a.Events, Threads: a.Threads, Agents: a.Hub, Guard: a.Guard, Settings: a.chatSettings, May: a.mayTell, Person: a.person, Log: a.log,
		Gone: func(ctx context.Context, ids []desk.VisitorID) error { return a.After.Left(ctx, ids) },
	})
	a.Lobby.Shows(a.mapper())
}

// contactFacts is what chatflows may ask of a contact, by the names that rules of assignment have for it.
func (a *App) contactFacts(ctx context.Context, q db.Queryer, id desk.ContactID) (condition.Facts, error) {
	return a.Assign.FactsOf(ctx, q, assignment.About{ContactID: id})
}

// signer makes and reads identification tokens.
func (a *App) signer() *visitor.Signer {
	return visitor.NewSigner(a.Box.Derive("visitor identification"), a.Clock)
}

// mapper shows conversations as visitors see them.
func (a *App) mapper() *widget.Mapper {
	return &widget.Mapper{People: a.People, Store: a.Threads, Registry: a.Registry, Signer: api.Signer{Key: a.Box.Derive("signed links"), Clock: a.Clock}}
}

// answers tells visitors that somebody of the team types.
func (a *App) answers(ticket desk.TicketID, user desk.UserID, on bool) {
	a.Lobby.AgentTypes(lobby.AgentTyping{Ticket: ticket, User: user, On: on})
}

// person is who a contact is now, after merges.
func (a *App) person(ctx context.Context, id desk.ContactID) (desk.ContactID, error) {
	c, err := a.Contacts.Get(ctx, a.DB, id)
	return c.ID, err
}

func (a *App) chatSettings(ctx context.Context, id desk.ChannelAccountID) (webchat.Settings, error) {
	acc, err := a.Inbox.Account(ctx, a.DB, id)
	if err != nil {
		return webchat.Settings{}, err
	}
	return webchat.Parse(acc.Settings)
}

// mayTell says whether what a visitor does may reach agents: where consent must be explicit, only once it was given (CO-09).
func (a *App) mayTell(ctx context.Context, visitor desk.VisitorID, account desk.ChannelAccountID) (bool, error) {
	s, err := a.chatSettings(ctx, account)
	if err != nil || s.Privacy.Consent != "explicit" {
		return err == nil, err
	}
	state, err := a.Consent.State(ctx, a.DB, visitor, account, consent.Process, "")
	return state == consent.Given, err
}

// pushAvailability gives open widgets a new state, each in its language, and as it is for who waits already.
func (a *App) pushAvailability(f availability.Facts) {
	a.Lobby.Push(f.AccountID, func(w lobby.Widget) any {
		return f.For(availability.Asking{Langs: []string{w.Language}, Visitor: w.Visitor, Owner: w.Owner, Now: a.Clock.Now()})
	})
}

// afterchat makes what happens around the end of chats.
func (a *App) afterchat() {
	a.After = afterchat.New(afterchat.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, People: a.People, Inbox: a.Inbox, Threads: a.Threads, Tickets: a.Tickets, Visitors: a.Visitors, Replies: a.Dispatch,
		Surveys: a.Surveys, Registry: a.Registry, Online: a.Lobby.IsOnline, Unseen: config.Window("CHAT_UNSEEN"), Gather: config.Window("CHAT_GONE"), Log: a.log,
		Words: a.named,
	})
}

// dialogue makes what runs the bots.
func (a *App) dialogue() {
	a.Dialogue = dialogue.New(dialogue.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Flows: a.Chatflows, Threads: a.Threads, Tickets: a.Tickets, Contacts: a.Contacts, Inboxes: a.Inbox, Visitors: a.Visitors,
		Properties: a.Properties, Assign: a.Assign, Dispatch: a.Dispatch, Intake: a.Intake, Identity: a.Identity, Consents: a.Consent, Avail: a.Avail, Company: a.company, Sender: a.After.Sender, Mails: a.Guard.Mails,
		Client: netx.Guard{AllowPrivate: true}.HTTP(netx.HTTPOptions{Timeout: 10 * time.Second, MaxBody: 1 << 20, MaxRedirects: -1}), Log: a.log,
	})
	a.Intake.Dialogue, a.Dispatch.Bots = a.Dialogue, a.Dialogue
	a.Avail.Handovers = a.Chatflows.Handovers
}

// givenAddress is the address that a visitor gave, for answers that leave by mail.
type givenAddress struct{ visitors *visitor.Service }

func (g givenAddress) Mail(ctx context.Context, q db.Queryer, id desk.VisitorID) (desk.Party, error) {
	v, err := g.visitors.Get(ctx, q, id)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			err = nil
		}
		return desk.Party{}, err
	}
	return desk.Party{Field: "to", Kind: desk.AddrEmail, Address: v.ClaimedEmail, Name: v.ClaimedName}, nil
}

// transcript mails a conversation to an address that a visitor typed.
func (a *App) transcript(ctx context.Context, th desk.ThreadID, to string) error {
	return a.After.Transcript(ctx, desk.System, th, to)
}

// rate keeps what a visitor says of how it went.
func (a *App) rate(ctx context.Context, th desk.Thread, score int, comment string) error {
	return a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.After.Rate(ctx, tx, desk.Actor{Kind: desk.ActorVisitor, ID: int64(th.VisitorID)}, th.ID, score, comment)
	})
}

// site is what stands on other people's websites.
func (a *App) site() site.Deps {
	return site.Deps{
		DB: a.DB, Inboxes: a.Inbox, Settings: a.Settings, Assets: web.FS(), Base: a.cfg.Base, Log: a.log, Live: a.Registry.Live,
		Check: installation.Checker{Base: a.cfg.Base, Private: inside(a.cfg.Base)},
	}
}

// inside reports whether the installation itself is reached on a private address: then its websites may be too.
func inside(base *url.URL) bool {
	host := base.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		return !netx.Public(ip)
	}
	return host == "localhost" || !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
}

// push tells visitors of answers while no page of theirs is open.
func (a *App) push() error {
	key, err := webpush.NewKey(a.Box.Derive("web push"))
	if err != nil {
		return err
	}
	a.Push = webpush.New(webpush.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Threads: a.Threads, Visitors: a.Visitors, Key: key, Base: a.cfg.Base, Log: a.log, Online: a.Lobby.IsOnline,
		Client: netx.Guard{}.HTTP(netx.HTTPOptions{Timeout: 20 * time.Second, MaxBody: 64 << 10, MaxRedirects: -1}),
		Name:   a.company, Shows: a.mapper().Messages,
	})
	return nil
}
