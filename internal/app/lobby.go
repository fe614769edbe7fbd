package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// lobby makes the visitors' stream.
func (a *App) lobby() {
	a.Guard = lobby.NewGuard(lobby.DefaultLimits)
	a.Lobby = lobby.New(lobby.Deps{
		DB: a.DB, Events: a.Events, Threads: a.Threads, Agents: a.Hub, Guard: a.Guard, Settings: a.chatSettings, May: a.mayTell, Person: a.person, Log: a.log,
	})
	a.Lobby.Shows(a.mapper())
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

// visitorCollector reads the visitors' connections and what was refused when it is asked.
type visitorCollector struct{ a *App }

var (
	descVisitors = prometheus.NewDesc("kanal_widget_visitors", "Visitors of websites who are connected to this process.", nil, nil)
	descStreams  = prometheus.NewDesc("kanal_widget_streams", "Open streams and long polls of visitors.", nil, nil)
	descTold     = prometheus.NewDesc("kanal_widget_frames_total", "What visitors were told: live, replayed after a lost connection.", []string{"how"}, nil)
	descCut      = prometheus.NewDesc("kanal_widget_streams_cut_total", "Streams that were ended because their reader was too slow.", nil, nil)
	descRefused  = prometheus.NewDesc("kanal_widget_refused_total", "Requests of visitors that were refused, by reason.", []string{"reason"}, nil)
)

func (c visitorCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descVisitors, descStreams, descTold, descCut, descRefused} {
		out <- d
	}
}

func (c visitorCollector) Collect(out chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	n := c.a.Lobby.Numbers()
	send(descVisitors, prometheus.GaugeValue, float64(n.Visitors))
	send(descStreams, prometheus.GaugeValue, float64(n.Streams))
	send(descTold, prometheus.CounterValue, float64(n.Told), "live")
	send(descTold, prometheus.CounterValue, float64(n.Replayed), "replayed")
	send(descCut, prometheus.CounterValue, float64(n.Cut))
	for reason, count := range c.a.Guard.Refused() {
		send(descRefused, prometheus.CounterValue, float64(count), reason)
	}
}
