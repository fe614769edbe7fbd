// Package widget answers browsers on customers' websites, under /widget/: which chatflow a page shows, who a browser is, its conversations, messages and files, consent, and the
// stream of what happens (stream.go). A visitor is known by a token in the Authorization header and by nothing else: no cookie is read, and what another site's page makes a
// browser send is refused. Only hello, view and event are answered to pages of other origins, for that is where they are called from; they say nothing of conversations. It
// refuses whatever is not a visitor's own, and everything before consent where that must be explicit (CO-09). app mounts it.
package widget

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Deps is what the handlers call.
type Deps struct {
	DB        *db.DB
	Clock     *clock.Clock
	Log       *slog.Logger
	Base      *url.URL
	Registry  *channel.Registry
	Visitors  *visitor.Service
	Identity  *identity.Service
	Signer    *visitor.Signer
	Consents  *consent.Service
	Inboxes   *inbox.Service
	Settings  *setting.Service
	Threads   *thread.Service
	Chatflows *chatflow.Service
	Avail     *availability.Service
	Intake    *intake.Service
	Guard     *lobby.Guard
	Mapper    *Mapper
	Blobs     blob.Store
	Key       []byte // signs receipts of uploads
	Preview   []byte // reads tokens of previews
	// Ends is told in the transaction that a visitor has ended a conversation: the dialogue stops, the survey asks. Nil: nobody.
	Ends func(ctx context.Context, tx *db.Tx, th desk.Thread) error
	// Transcript sends a conversation by mail. Nil: cannot be done here.
	Transcript func(ctx context.Context, th desk.ThreadID, to string) error
	// Rate keeps what a visitor says of a conversation. Nil: cannot be done here.
	Rate func(ctx context.Context, th desk.Thread, score int, comment string) error
	// Fetched is told which messages a widget was given. Nil: nobody.
	Fetched func(ids []desk.MessageID)
	// Viewing tells agents which page a visitor is on. Nil: nobody is told.
	Viewing func(ctx context.Context, id desk.VisitorID, p lobby.Page)
	// Facts are what is known of a contact, by the names of routing's fields. Nil: nothing is.
	Facts func(ctx context.Context, q db.Queryer, id desk.ContactID) (condition.Facts, error)
	// Country of an address, "" without a table of addresses.
	Country func(ip string) string
}

type widget struct {
	Deps
	server *api.Server
}

// Mount adds the visitors' endpoints to a server.
func Mount(s *api.Server, d Deps) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	w := &widget{d, s}
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /widget/hello": w.hello, "POST /widget/view": w.view, "POST /widget/event": w.event,
	} {
		s.FromAnywhere(pattern)
		s.Handle(pattern, w.open(h))
	}
	for pattern, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /widget/visitor": w.arrive, "POST /widget/profile": w.profile, "POST /widget/identify": w.identify, "POST /widget/logout": w.logout,
		"POST /widget/messages": w.send, "GET /widget/threads": w.threads, "GET /widget/threads/{id}/messages": w.within(lobby.Other, w.messages),
		"POST /widget/threads/{id}/seen": w.within(lobby.Other, w.seen), "POST /widget/threads/{id}/end": w.within(lobby.Other, w.end),
		"POST /widget/threads/{id}/transcript": w.within(lobby.Identify, w.transcript), // it sends mail to whatever address is typed: seldom
		"POST /widget/threads/{id}/rate":       w.within(lobby.Other, w.rate),
		"POST /widget/files":                   w.upload, "POST /widget/consent": w.consent, "GET /widget/consent": w.consents,
	} {
		s.Handle(pattern, w.own(h))
	}
	s.Handle("GET /widget/files/{id}", w.answer(w.file))
	w.mountPlain()
	s.Handle("/widget/", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s.Fail(rw, r, desk.Errorf(desk.NotFound, "route.not_found", "There is nothing at this address."))
	}))
	// What a page asks before it posts something else than plain text.
	for _, path := range []string{"/widget/hello", "/widget/view", "/widget/event"} {
		s.Handle("OPTIONS "+path, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			cors(rw.Header())
			rw.Header().Set("Access-Control-Allow-Methods", "POST")
			rw.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			rw.Header().Set("Access-Control-Max-Age", "86400")
			rw.WriteHeader(http.StatusNoContent)
		}))
	}
}

func cors(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Timing-Allow-Origin", "*")
}

// answer turns a handler's error into a problem, counted by its reason.
func (w *widget) answer(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cache-Control", "no-store")
		err := h(rw, r)
		if err == nil {
			return
		}
		switch desk.CodeOf(err) {
		case desk.Internal, desk.Unavailable, desk.RateLimited: // the guard has counted its own
		default:
			w.Guard.Refuse(desk.ReasonOf(err))
		}
		w.server.Fail(rw, r, err)
	})
}

// open answers pages of any origin.
func (w *widget) open(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	in := w.answer(h)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		cors(rw.Header())
		in.ServeHTTP(rw, r)
	})
}

// own answers the widget's own frame alone.
func (w *widget) own(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return w.answer(func(rw http.ResponseWriter, r *http.Request) error {
		if err := lobby.SameOrigin(r, w.Base); err != nil {
			return err
		}
		return h(rw, r)
	})
}

const maxBody = 128 << 10

// read decodes a body, whatever type it says to have: a page sends JSON as plain text, so that its browser need not ask before.
func read(rw http.ResponseWriter, r *http.Request, into any) error {
	api.Body(rw, r, maxBody)
	err := json.NewDecoder(r.Body).Decode(into)
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case api.TooLarge(err):
		return desk.Errorf(desk.TooLarge, "request.too_large", "The request is larger than allowed here.")
	}
	var e *desk.Error
	if errors.As(err, &e) {
		return e
	}
	return desk.Errorf(desk.Invalid, "request.invalid", "The body is no JSON of the right form.").Because(err)
}

// who is asking: the visitor whose token the request brings. Kinds have limits of their own. A banned visitor is refused.
func (w *widget) who(r *http.Request, kind lobby.Kind) (visitor.Visitor, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return visitor.Visitor{}, desk.Errorf(desk.Unauthorized, "visitor.token_missing", "This needs the visitor's token in the Authorization header.")
	}
	return w.holder(r, kind, strings.TrimSpace(token))
}

// holder of a token.
func (w *widget) holder(r *http.Request, kind lobby.Kind, token string) (visitor.Visitor, error) {
	v, err := w.Visitors.ByToken(r.Context(), w.DB, token)
	if err != nil {
		if desk.CodeOf(err) == desk.Unauthorized { // guessing costs
			if limit := w.Guard.Take(kind, 0, w.server.ClientIP(r)); limit != nil {
				return v, limit
			}
		}
		return v, err
	}
	if err := w.Guard.Take(kind, v.ID, w.server.ClientIP(r)); err != nil {
		return v, err
	}
	return v, v.Banned()
}

// account is a chat account that is there, with its settings.
type account struct {
	desk.ChannelAccount
	set webchat.Settings
}

// accounts are the chat accounts that are switched on, by id.
func (w *widget) accounts(ctx context.Context) (map[desk.ChannelAccountID]account, error) {
	all, err := w.Inboxes.Accounts(ctx, w.DB, inbox.Filter{})
	if err != nil {
		return nil, err
	}
	out := map[desk.ChannelAccountID]account{}
	for _, a := range all {
		if !w.Registry.Live(a.Channel) || a.ArchivedAt != 0 {
			continue
		}
		set, err := webchat.Parse(a.Settings)
		if err != nil {
			w.Log.Warn("a chat account's settings cannot be read", "channel_account_id", a.ID, "err", err)
			continue
		}
		out[a.ID] = account{a, set}
	}
	return out, nil
}

// accountOf is one chat account; one that is switched off or gone takes nothing.
func (w *widget) accountOf(ctx context.Context, id desk.ChannelAccountID) (account, error) {
	gone := desk.Errorf(desk.Conflict, "chat.closed", "This chat is closed.")
	if id == 0 {
		return account{}, gone
	}
	a, err := w.Inboxes.Account(ctx, w.DB, id)
	if desk.CodeOf(err) == desk.NotFound {
		return account{}, gone
	}
	if err != nil {
		return account{}, err
	}
	if !w.Registry.Live(a.Channel) || a.ArchivedAt != 0 || !a.Active {
		return account{}, gone
	}
	set, err := webchat.Parse(a.Settings)
	return account{a, set}, err
}

// glimpse is what a request says of its browser, as far as an account lets it be kept.
func (w *widget) glimpse(r *http.Request, acc account, in HelloIn, view bool) visitor.Glimpse {
	ip := w.server.ClientIP(r)
	g := visitor.Glimpse{
		URL: in.URL, Title: in.Title, Referrer: in.Referrer, Language: in.Locale, Timezone: in.Timezone, UserAgent: r.UserAgent(), UTK: in.UTK, View: view, SessionOnly: in.SessionOnly,
		IP: visitor.Address(acc.set.Privacy.IP, ip),
	}
	if w.Country != nil {
		g.Country = w.Country(ip)
	}
	return g
}

// langs are the languages to speak in, the first that there are words in wins: the channel's own when it has one, else the visitor's, then the company's.
func (w *widget) langs(ctx context.Context, acc account, asked string) []string {
	var out []string
	if l := acc.set.Language; l != "" && l != "auto" {
		out = append(out, l)
	} else if offered(acc.set.Languages, asked) {
		out = append(out, asked)
	}
	if c, err := w.Settings.Company(ctx, w.DB); err == nil {
		out = append(out, c.Locale)
	}
	return append(out, "en")
}

// offered: the channel speaks a language; one that names none speaks all.
func offered(list []string, lang string) bool {
	if lang == "" {
		return false
	}
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	for _, l := range list {
		if b, _, _ := strings.Cut(strings.ToLower(l), "-"); b == base {
			return true
		}
	}
	return len(list) == 0
}
