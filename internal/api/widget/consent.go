package widget

import (
	"context"
	"net/http"

	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
)

// consented refuses whatever would reach the team before an explicit consent (CO-09).
func (w *widget) consented(ctx context.Context, v visitor.Visitor, acc account) error {
	if acc.set.Privacy.Consent != consent.Explicit {
		return nil
	}
	state, err := w.Consents.State(ctx, w.DB, v.ID, acc.ID, consent.Process, "")
	if err != nil {
		return err
	}
	if state != consent.Given {
		return desk.Errorf(desk.Forbidden, "consent.required", "Nothing was sent: your consent is needed before.")
	}
	return nil
}

// implied records that a visitor who writes has agreed to the notice that they saw (CO-04).
func (w *widget) implied(ctx context.Context, r *http.Request, v visitor.Visitor, acc account, th desk.ThreadID, locale string) error {
	if acc.set.Privacy.Consent != consent.Implicit {
		return nil
	}
	n, ok := consent.NoticeOf(acc.set.Privacy, w.langs(ctx, acc, locale)...)
	if !ok {
		return nil
	}
	state, err := w.Consents.State(ctx, w.DB, v.ID, acc.ID, consent.Process, n.Version)
	if err != nil || state == consent.Given {
		return err
	}
	return w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Consents.Record(ctx, tx, w.proof(r, v, acc, n, consent.Given))
		return err
	})
}

func (w *widget) proof(r *http.Request, v visitor.Visitor, acc account, n consent.Notice, action string) consent.Entry {
	e := consent.Entry{
		VisitorID: v.ID, ContactID: v.ContactID, AccountID: acc.ID, Channel: acc.Channel, Kind: n.Kind, Action: action, Locale: n.Locale, Wording: n.Text,
		IP: visitor.Address(acc.set.Privacy.IP, w.server.ClientIP(r)), UserAgent: r.UserAgent(),
	}
	if v.SessionOnly {
		e.IP, e.UserAgent = "", ""
	}
	return e
}

// consentedAnywhere is consented for a request that may not say which account it is about.
func (w *widget) consentedAnywhere(ctx context.Context, v visitor.Visitor, id desk.ChannelAccountID, flow *FlowRef, thread desk.ThreadID) error {
	if id == 0 && flow != nil && flow.ID != 0 {
		if f, err := w.Chatflows.Get(ctx, w.DB, flow.ID); err == nil {
			id = f.AccountID
		}
	}
	if id == 0 && thread != 0 {
		th, err := w.mine(ctx, v, thread)
		if err != nil {
			return err
		}
		id = th.AccountID
	}
	if id != 0 {
		acc, err := w.accountOf(ctx, id)
		if err != nil {
			return err
		}
		return w.consented(ctx, v, acc)
	}
	return w.consentedAll(ctx, v, account{})
}

// consentedAll is consented for a request of which it is not known which channel it is about: each that asks before must have been told yes, for what is kept of a visitor
// is seen in all of them.
func (w *widget) consentedAll(ctx context.Context, v visitor.Visitor, acc account) error {
	if acc.ID != 0 {
		return w.consented(ctx, v, acc)
	}
	all, err := w.accounts(ctx)
	if err != nil {
		return err
	}
	for _, acc := range all {
		if !acc.Active {
			continue
		}
		if err := w.consented(ctx, v, acc); err != nil {
			return err
		}
	}
	return nil
}

// consent answers POST /widget/consent: given, declined, withdrawn, shown. What is kept are the words that the account has, by their version, never words that the browser sends.
func (w *widget) consent(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Other)
	if err != nil {
		return err
	}
	var in struct {
		Flow    *FlowRef              `json:"flow"`
		Account desk.ChannelAccountID `json:"account"`
		Thread  desk.ThreadID         `json:"thread"`
		Action  string                `json:"action"`
		Version string                `json:"version"`
		Locale  string                `json:"locale"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	ctx := r.Context()
	acc, err := w.pick(ctx, HelloIn{Account: in.Account.String(), Flow: in.Flow})
	if err != nil {
		return err
	}
	if in.Thread != 0 {
		th, err := w.mine(ctx, v, in.Thread)
		if err != nil {
			return err
		}
		if acc, err = w.accountOf(ctx, th.AccountID); err != nil {
			return err
		}
	}
	n, err := w.notice(ctx, acc, in.Version, in.Locale)
	if err != nil {
		return err
	}
	state, err := db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (string, error) {
		e := w.proof(r, v, acc, n, in.Action)
		e.ThreadID = in.Thread
		if _, err := w.Consents.Record(ctx, tx, e); err != nil {
			return "", err
		}
		if in.Action == consent.Declined || in.Action == consent.Withdrawn { // nothing is kept of where they have been
			_, err := w.Visitors.Touch(ctx, tx, v, visitor.Glimpse{SessionOnly: true})
			if err != nil {
				return "", err
			}
		}
		if in.Action == consent.Given && v.SessionOnly {
			_, err := w.Visitors.Touch(ctx, tx, v, visitor.Glimpse{Agreed: true, Language: v.Language, IP: visitor.Address(acc.set.Privacy.IP, w.server.ClientIP(r))})
			if err != nil {
				return "", err
			}
		}
		return w.Consents.State(ctx, tx, v.ID, acc.ID, consent.Process, "")
	})
	if err != nil {
		return err
	}
	w.server.JSON(rw, http.StatusOK, map[string]any{"state": consentState(state)})
	return nil
}

// notice is the account's, in the language in which it has the version that the visitor saw.
func (w *widget) notice(ctx context.Context, acc account, version, locale string) (consent.Notice, error) {
	if acc.ID == 0 {
		return consent.Notice{}, desk.Errorf(desk.Invalid, "consent.account", "Say which chat it is about.").In("account")
	}
	langs := w.langs(ctx, acc, locale)
	tries := [][]string{langs, {locale}}
	for l := range acc.set.Privacy.Text {
		tries = append(tries, []string{l})
	}
	for _, l := range []string{"en", "da", "de", "sv", "fi"} {
		tries = append(tries, []string{l})
	}
	for _, t := range tries {
		n, ok := consent.NoticeOf(acc.set.Privacy, t...)
		if !ok {
			break
		}
		if version == "" || n.Version == version {
			return n, nil
		}
	}
	return consent.Notice{}, desk.Errorf(desk.Conflict, "consent.changed", "The words have changed since. Read them again.").In("version")
}

func consentState(s string) string {
	if s == consent.None {
		return ""
	}
	return s
}

// consents answers GET /widget/consent: everything that was agreed to in this browser, to be kept (CO-06).
func (w *widget) consents(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Other)
	if err != nil {
		return err
	}
	all, err := w.Consents.OfVisitor(r.Context(), w.DB, v.ID)
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Disposition", `attachment; filename="consent.json"`)
	w.server.JSON(rw, http.StatusOK, map[string]any{"items": all})
	return nil
}
