package app

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/notify"
)

// systemMail sends the installation's own mail (XC-07): from its fallback address, by its relay, through the channel's adapter like any other, but marked as a machine's
// and belonging to no conversation. What comes back to it opens nothing: automatic mail from one of our own addresses ends at intake.
type systemMail struct{ a *App }

// Unavailable implements notify.Sender.
func (m systemMail) Unavailable(ctx context.Context) (slug, sentence string) {
	acc, err := m.account(ctx)
	switch {
	case err != nil:
		return "no_address", "There is no fallback address to send from."
	case m.a.cfg.RelayTo == nil && !m.ownLine(ctx, acc):
		return "no_relay", "Kanal was started without a relay: whoever runs it adds --relay smtp://… so that it can send mail of its own."
	case !acc.Active:
		return "address_off", "The fallback address is switched off: it is what Kanal's own mail is sent from."
	}
	return "", ""
}

// ownLine: the account has a relay of its own.
func (m systemMail) ownLine(ctx context.Context, acc desk.ChannelAccount) bool {
	full, err := m.a.Inbox.AccountWithSecrets(ctx, m.a.DB, acc.ID)
	if err != nil {
		return false
	}
	for _, part := range [][]byte{full.Settings, full.Secrets} {
		var set map[string]any
		if json.Unmarshal(part, &set) == nil {
			if relay, _ := channel.Look(set, "relay").(string); relay != "" {
				return true
			}
		}
	}
	return false
}

func (m systemMail) account(ctx context.Context) (desk.ChannelAccount, error) {
	return m.a.Inbox.Fallback(ctx, m.a.DB)
}

// Send implements notify.Sender.
func (m systemMail) Send(ctx context.Context, l notify.Letter, commit func(ctx context.Context) error) error {
	acc, err := m.account(ctx)
	if err != nil {
		return err
	}
	company, err := m.a.company(ctx, m.a.DB)
	if err != nil {
		return err
	}
	if company == "" {
		company = "Kanal"
	}
	out := channel.Outbound{
		From: desk.Party{Kind: desk.AddrEmail, Address: acc.Address, Name: company}, ReplyTo: acc.Address, To: []desk.Party{{Kind: desk.AddrEmail, Address: l.To.Email, Name: l.To.Name}},
		Subject: l.Subject, Text: l.Text, HTML: l.HTML, Automatic: true, Sender: channel.Sender{Company: company},
		Commit: func(ctx context.Context, _ []string) error { return commit(ctx) },
	}
	ad, ok := m.a.Registry.Get(acc.Channel)
	if named, can := ad.(channel.Identifier); ok && can {
		out.RemoteID = named.NewRemoteID(acc, "")
	}
	return m.a.Board.Use(ctx, acc.ID, func(_ desk.ChannelAccount, conn channel.Conn) error {
		receipt, err := conn.Send(ctx, out)
		if err == nil && len(receipt.Failed) > 0 {
			return receipt.Failed[0].Error
		}
		return err
	})
}

// post sends one letter now, in the request of whoever asked for it.
func (m systemMail) post(ctx context.Context, to desk.User, subject, text, html string) error {
	if slug, why := m.Unavailable(ctx); slug != "" {
		return desk.Errorf(desk.Unavailable, "sysmail."+slug, "%s", why)
	}
	return m.Send(ctx, notify.Letter{To: to, Subject: subject, Text: text, HTML: html}, func(context.Context) error { return nil })
}

// notifier tells people.
func (a *App) notifier() *notify.Service {
	return notify.New(notify.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, People: a.People, Log: a.log, Base: a.cfg.Base.String(), Senders: map[string]notify.Sender{notify.Email: systemMail{a}},
		Viewing: func(ticket desk.TicketID) []desk.UserID {
			var out []desk.UserID
			for _, w := range a.Hub.Watchers(ticket) {
				out = append(out, w.ID)
			}
			return out
		},
		Company: func(ctx context.Context, q db.Queryer) (string, notify.Rhythm, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Name, notify.Rhythm{Locale: c.Locale, Zone: c.Timezone}, err
		},
		Windows: notify.Windows{Bundle: config.Window("NOTIFY_BUNDLE"), Every: config.Window("NOTIFY_EVERY"), Keep: config.Window("NOTIFY_KEEP")},
	})
}
