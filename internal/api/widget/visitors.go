package widget

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
)

// asVisitor is a browser as it knows itself.
func asVisitor(v visitor.Visitor, token string) *Visitor {
	return &Visitor{ID: v.ID, Token: token, ExpiresAt: v.ExpiresAt, Known: v.Proven, EmailKnown: v.ClaimedEmail != "" || v.ContactID != 0, SessionOnly: v.SessionOnly}
}

// arrive answers POST /widget/visitor: a browser that wants to write is given an identity. One that has a token keeps it.
func (w *widget) arrive(rw http.ResponseWriter, r *http.Request) error {
	var in HelloIn
	if err := read(rw, r, &in); err != nil {
		return err
	}
	ctx := r.Context()
	token := in.Token
	v, err := w.known(r, lobby.Create, token)
	if err != nil {
		return err
	}
	if v.ID == 0 {
		if err := w.Guard.Take(lobby.Create, 0, w.server.ClientIP(r)); err != nil {
			return err
		}
	}
	acc, err := w.pick(ctx, in)
	if err != nil {
		return err
	}
	g := w.glimpse(r, acc, in, false)
	if g.Track, err = w.mayTrack(ctx, r, v, acc, in); err != nil {
		return err
	}
	if v.ID == 0 {
		v, token, err = w.begin(ctx, g)
	} else if in.SessionOnly && !v.SessionOnly {
		v, err = db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) { return w.Visitors.Touch(ctx, tx, v, g) })
	}
	if err != nil {
		return err
	}
	var what *IdentityOut
	if v, token, what, err = w.prove(ctx, r, v, token, acc, in.Identity, g); err != nil {
		return err
	}
	w.server.JSON(rw, http.StatusOK, map[string]any{"visitor": asVisitor(v, token), "identity": what})
	return nil
}

// known is the visitor of a token, the zero visitor when it is none (any more): whoever shows such a one is new.
func (w *widget) known(r *http.Request, kind lobby.Kind, token string) (visitor.Visitor, error) {
	if token == "" {
		return visitor.Visitor{}, nil
	}
	v, err := w.holder(r, kind, token)
	if desk.CodeOf(err) == desk.Unauthorized {
		return visitor.Visitor{}, nil
	}
	return v, err
}

func (w *widget) begin(ctx context.Context, g visitor.Glimpse) (v visitor.Visitor, token string, err error) {
	err = w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, token, err = w.Visitors.Arrive(ctx, tx, g)
		return err
	})
	return v, token, err
}

// pick is the account that a request is about, for what it lets be kept: the one it names, or that of its chatflow; the most careful ground otherwise.
func (w *widget) pick(ctx context.Context, in HelloIn) (account, error) {
	all, err := w.accounts(ctx)
	if err != nil {
		return account{}, err
	}
	if id, err := desk.ParseID[desk.ChannelAccountID](in.Account); err == nil {
		if a, ok := all[id]; ok {
			return a, nil
		}
	}
	if in.Flow != nil && in.Flow.ID != 0 {
		if f, err := w.Chatflows.Get(ctx, w.DB, in.Flow.ID); err == nil {
			if a, ok := all[f.AccountID]; ok {
				return a, nil
			}
		}
	}
	if len(all) == 1 {
		for _, a := range all {
			return a, nil
		}
	}
	var a account
	a.set.Privacy.IP, a.set.Privacy.Tracking, a.set.Privacy.RespectGPC = "drop", "off", true
	return a, nil
}

// mayTrack says whether pages may be kept: the account does, the page and the browser agree, and consent was given where it is needed before (TR-11, TR-12).
func (w *widget) mayTrack(ctx context.Context, r *http.Request, v visitor.Visitor, acc account, in HelloIn) (bool, error) {
	p := acc.set.Privacy
	switch {
	case p.Tracking == "off" || in.SessionOnly || v.SessionOnly || in.DNT || in.Track != nil && !*in.Track,
		p.RespectGPC && (in.GPC || r.Header.Get("Sec-GPC") == "1"):
		return false, nil
	case p.Tracking == "on" && p.Consent != consent.Explicit:
		return true, nil
	case v.ID == 0:
		return false, nil
	}
	state, err := w.Consents.State(ctx, w.DB, v.ID, acc.ID, consent.Process, "")
	return state == consent.Given, err
}

// check verifies a signed token: one of ours, or one that the customer's own server signed with the account's key. It has to be for the address that was given with it.
func (w *widget) check(ctx context.Context, acc account, in IdentityIn) (channel.Proof, error) {
	var p channel.Proof
	var err error
	if visitor.Ours(in.Token) {
		p, err = w.Signer.Verify(in.Token)
	} else {
		p, err = w.customers(ctx, acc, in.Token)
	}
	if err != nil {
		return p, err
	}
	if given := desk.NormalizeEmail(in.Email); given == "" || given != desk.NormalizeEmail(p.Email) {
		return p, desk.Errorf(desk.Forbidden, "identity.token_other_address", "The identification token was made for another address.")
	}
	return p, nil
}

// customers asks the channel whether an account's key signed a token: the account that is meant, or any that has a key.
func (w *widget) customers(ctx context.Context, acc account, token string) (p channel.Proof, err error) {
	all, err := w.accounts(ctx)
	if err != nil {
		return p, err
	}
	err = desk.Errorf(desk.Forbidden, "identity.token_forged", "The signature of the identification token does not fit.")
	for id, a := range all {
		if acc.ID != 0 && acc.ID != id {
			continue
		}
		ad, _ := w.Registry.Get(a.Channel)
		prover, ok := ad.(channel.Prover)
		if !ok {
			continue
		}
		full, e := w.Inboxes.AccountWithSecrets(ctx, w.DB, id)
		if e != nil {
			return p, e
		}
		if p, e = prover.Prove(full, token, w.Clock.Now()); e == nil || desk.ReasonOf(e) != "identity.token_forged" {
			return p, e
		}
	}
	return p, err
}

// prove applies the identity that a page brings. A refusal is no error of the request: the browser goes on as nobody in particular, and never as who it was when the page says that it
// is somebody else now (TR-08).
func (w *widget) prove(ctx context.Context, r *http.Request, v visitor.Visitor, token string, acc account, in *IdentityIn, g visitor.Glimpse) (visitor.Visitor, string, *IdentityOut, error) {
	if in == nil || in.Email == "" && in.Token == "" {
		return v, token, nil, nil
	}
	if err := w.Guard.Take(lobby.Identify, v.ID, w.server.ClientIP(r)); err != nil {
		return v, token, nil, err
	}
	p, err := w.check(ctx, acc, *in)
	var out identity.Proven
	one := acc.set.Identity.OneBrowser
	if err == nil && !one && (acc.ID == 0 || visitor.Ours(in.Token)) { // good for more than one channel: the strictest says
		if one, err = w.oneBrowser(ctx); err != nil {
			return v, token, nil, err
		}
	}
	if err == nil {
		out, err = db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (identity.Proven, error) {
			return w.Identity.Prove(ctx, tx, v.ID, p, in.Token, one, g)
		})
	}
	if err == nil {
		if out.Token != "" {
			token = out.Token
		}
		return out.Visitor, token, &IdentityOut{State: "proven"}, nil
	}
	if desk.CodeOf(err) != desk.Forbidden {
		return v, token, nil, err
	}
	w.Guard.Refuse(desk.ReasonOf(err))
	refused := &IdentityOut{State: "refused", Reason: desk.ReasonOf(err)}
	same, err := w.isEmail(ctx, v, in.Email)
	if err != nil || !v.Proven || same {
		return v, token, refused, err
	}
	err = w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return w.Visitors.End(ctx, tx, v, false) })
	if err == nil {
		v, token, err = w.begin(ctx, g)
	}
	return v, token, refused, err
}

// oneBrowser reports whether a channel takes a token from one browser alone. Which channel a request names is the browser's word: a copied token is shown with another, or none.
func (w *widget) oneBrowser(ctx context.Context) (bool, error) {
	all, err := w.accounts(ctx)
	for _, a := range all {
		if a.Active && a.set.Identity.OneBrowser {
			return true, err
		}
	}
	return false, err
}

// isEmail reports whether an address is that of who a visitor is proven to be.
func (w *widget) isEmail(ctx context.Context, v visitor.Visitor, email string) (bool, error) {
	c, err := w.Identity.ContactOf(ctx, w.DB, v)
	if err != nil || c.ID == 0 {
		return false, err
	}
	email = desk.NormalizeEmail(email)
	for _, a := range c.Addresses {
		if a.Kind == desk.AddrEmail && a.Value == email {
			return true, nil
		}
	}
	return c.Email == email, nil
}

// profile answers POST /widget/profile: what a visitor types of themselves. The answer is the same whoever's address it is.
func (w *widget) profile(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Identify)
	if err != nil {
		return err
	}
	var in struct {
		Name    string                `json:"name"`
		Email   string                `json:"email"`
		Phone   string                `json:"phone"`
		Account desk.ChannelAccountID `json:"account"`
		Flow    *FlowRef              `json:"flow"`
		Thread  desk.ThreadID         `json:"thread"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	ctx := r.Context()
	if err := w.consentedAnywhere(ctx, v, in.Account, in.Flow, in.Thread); err != nil {
		return err
	}
	v, err = db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) {
		return w.Identity.Claim(ctx, tx, v.ID, in.Name, in.Email, in.Phone)
	})
	if err != nil {
		return err
	}
	state := "claimed"
	if v.Proven {
		state = "known"
	}
	w.server.JSON(rw, http.StatusOK, map[string]any{"email_state": state, "visitor": asVisitor(v, "")})
	return nil
}

// identify answers POST /widget/identify: a signed token for a browser that is here already.
func (w *widget) identify(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Other)
	if err != nil {
		return err
	}
	var in struct {
		IdentityIn
		Account string `json:"account"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	acc, err := w.pick(r.Context(), HelloIn{Account: in.Account})
	if err != nil {
		return err
	}
	g := w.glimpse(r, acc, HelloIn{Locale: v.Language, Timezone: v.Timezone, SessionOnly: v.SessionOnly}, false)
	g.Track = v.Tracked
	v, token, out, err := w.prove(r.Context(), r, v, "", acc, &in.IdentityIn, g)
	if err != nil {
		return err
	}
	if out == nil {
		return desk.Errorf(desk.Invalid, "identity.token_missing", "Send an address and the token for it.").In("token")
	}
	w.server.JSON(rw, http.StatusOK, map[string]any{"visitor": asVisitor(v, token), "identity": out})
	return nil
}

// logout answers POST /widget/logout (TR-08).
func (w *widget) logout(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Other)
	if err == nil {
		err = w.Identity.SignOut(r.Context(), v.ID)
	}
	if err != nil && desk.ReasonOf(err) != "visitor.signed_out" {
		return err
	}
	rw.WriteHeader(http.StatusNoContent)
	return nil
}

// view and event answer what a page tells: POST /widget/view, POST /widget/event. The token stands in the body, so that the page's browser need not ask first.
func (w *widget) view(rw http.ResponseWriter, r *http.Request) error {
	return w.happened(rw, r, func(in HelloIn, _ EventIn) (HelloIn, []EventIn) { return in, nil })
}

func (w *widget) event(rw http.ResponseWriter, r *http.Request) error {
	return w.happened(rw, r, func(in HelloIn, e EventIn) (HelloIn, []EventIn) {
		e.URL = in.URL
		in.URL = ""
		return in, []EventIn{e}
	})
}

func (w *widget) happened(rw http.ResponseWriter, r *http.Request, split func(HelloIn, EventIn) (HelloIn, []EventIn)) error {
	var in struct {
		HelloIn
		Name string         `json:"name"`
		Data map[string]any `json:"data"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	var v visitor.Visitor
	var err error
	if in.Token != "" {
		v, err = w.holder(r, lobby.View, in.Token)
	} else {
		v, err = w.who(r, lobby.View)
	}
	if err != nil {
		return err
	}
	page, events := split(in.HelloIn, EventIn{Name: in.Name, Data: in.Data})
	acc, err := w.pick(r.Context(), page)
	if err != nil {
		return err
	}
	if _, err := w.noteVisit(r.Context(), r, v, acc, page, events); err != nil {
		return err
	}
	rw.WriteHeader(http.StatusNoContent)
	return nil
}

// noteVisit writes down that a known browser was seen, its page and what was done there, as far as that is allowed.
func (w *widget) noteVisit(ctx context.Context, r *http.Request, v visitor.Visitor, acc account, in HelloIn, events []EventIn) (visitor.Visitor, error) {
	g := w.glimpse(r, acc, in, in.URL != "")
	var err error
	if acc.ID == 0 { // it is not said which account: what was allowed stays so, unless the browser says no
		g.Track = v.Tracked && !in.GPC && !in.DNT && r.Header.Get("Sec-GPC") != "1"
		g.IP = v.IP
	} else if g.Track, err = w.mayTrack(ctx, r, v, acc, in); err != nil {
		return v, err
	}
	out, err := db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) {
		out, err := w.Visitors.Touch(ctx, tx, v, g)
		if err != nil {
			return v, err
		}
		for i, e := range events {
			if i >= 20 {
				break
			}
			url := e.URL
			if url == "" {
				url = in.URL
			}
			if err := w.Visitors.Happened(ctx, tx, out, e.Name, url, e.Data); err != nil {
				return v, err
			}
		}
		return out, nil
	})
	if err == nil && w.Viewing != nil && out.Tracked && in.URL != "" {
		w.Viewing(ctx, out.ID, lobby.Page{URL: out.PageURL, Title: out.PageTitle})
	}
	return out, err
}

// claims keeps what a page says of its visitor without a proof: the address as claimed (TR-09), the name.
func (w *widget) claims(ctx context.Context, v visitor.Visitor, acc account, in map[string]any) (visitor.Visitor, error) {
	text := func(keys ...string) string {
		for _, k := range keys {
			if s, ok := in[k].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	email := desk.NormalizeEmail(text("email"))
	name := text("name")
	if name == "" {
		name = fmt.Sprintf("%s %s", text("firstname", "first_name", "firstName"), text("lastname", "last_name", "lastName"))
	}
	if v.ID == 0 || v.Proven || v.SessionOnly || email == "" || email == v.ClaimedEmail {
		return v, nil
	}
	if err := w.consentedAll(ctx, v, acc); err != nil {
		return v, nil //nolint:nilerr // not yet: the page says it again with the next
	}
	return db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) {
		return w.Identity.Claim(ctx, tx, v.ID, name, email, text("phone"))
	})
}
