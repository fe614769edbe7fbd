package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
)

const rounds = 5

// Intake measures mail bytes to committed, routed ticket: plain new mails beside the bare statements that such a mail issues, in turns
// on the same database, then the mix.
func Intake(ctx context.Context, opt Options) ([]Row, error) {
	if opt.Messages <= 0 {
		opt.Messages = 6000
	}
	if opt.Callers <= 0 {
		opt.Callers = 64
	}
	a, done, err := open(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer done()
	in, err := newIntake(ctx, a)
	if err != nil {
		return nil, err
	}
	base, err := in.baseline(ctx)
	if err != nil {
		return nil, err
	}
	stop := in.background(ctx)
	defer stop()
	opt.say("a plain new mail issues %d statements", base.statements())
	var plain, bareRows, mix []Row
	for r := range rounds {
		n := opt.Messages / rounds
		opt.say("round %d of %d", r+1, rounds)
		for _, run := range []struct {
			into *[]Row
			fn   func(i int) error
		}{
			{&plain, func(int) error { return in.deliver(ctx, plainMail(in.next(), in.acc.Address)) }},
			{&bareRows, func(int) error { return base.run(ctx, a.DB) }},
			{&mix, func(int) error { return in.deliver(ctx, mixed(in.next(), in.acc.Address)) }},
		} {
			row, err := timed(n, opt.Callers, run.fn)
			if err != nil {
				return nil, err
			}
			*run.into = append(*run.into, row)
		}
	}
	if err := in.check(ctx); err != nil {
		return nil, err
	}
	rows := []Row{join(plain), join(bareRows), join(mix)}
	rows[0].What, rows[1].What, rows[2].What = "plain new mails", "the same statements bare", "mail mix"
	rows[0].Ratio = rows[0].PerSecond / rows[1].PerSecond
	rows[1].Note = fmt.Sprintf("%d statements", base.statements())
	for i := range rows {
		rows[i].Bench, rows[i].Database = "intake", string(a.DB.Dialect())
	}
	return rows, nil
}

type intakeRun struct {
	app   *app.App
	acc   desk.ChannelAccount
	n     atomic.Int64
	given atomic.Int64
}

func (in *intakeRun) next() int { return int(in.n.Add(1)) }

// newIntake makes five agents who share the mail of the fallback address, least open work first.
func newIntake(ctx context.Context, a *app.App) (*intakeRun, error) {
	in := &intakeRun{app: a}
	err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.Inbox.EnsureDefaults(ctx, tx, "desk.bench.example"); err != nil {
			return err
		}
		accounts, err := a.Inbox.Accounts(ctx, tx, inbox.Filter{ActiveOnly: true})
		if err != nil {
			return err
		}
		if len(accounts) == 0 {
			return fmt.Errorf("bench: no channel account")
		}
		var agents []string
		for i := range 5 {
			u, err := a.People.Create(ctx, tx, desk.System, people.NewUser{Email: fmt.Sprintf("agent%d@desk.bench.example", i), Name: fmt.Sprint("Agent ", i), Role: desk.RoleAgent})
			if err != nil {
				return err
			}
			agents = append(agents, u.Email)
		}
		assign := desk.AssignPolicy{To: "users", Users: agents, AvailableOnly: true, By: "least_open"}
		in.acc, err = a.Inbox.UpdateAccount(ctx, tx, desk.System, accounts[0].ID, inbox.AccountChange{Assign: &assign})
		return err
	})
	return in, err
}

func (in *intakeRun) deliver(ctx context.Context, body []byte) error {
	raw := channel.Raw{
		Account: in.acc.ID, Channel: in.acc.Channel, Body: body, At: time.Now(),
		Envelope: channel.Envelope{From: "customer@customer.example", To: []string{in.acc.Address}, Peer: "192.0.2.10", Helo: "mail.customer.example", TLS: true},
		Auth:     &desk.AuthEvidence{SPF: "pass", DKIM: "pass", DMARC: "pass"},
	}
	raw.Dedupe = email.DedupeKey(raw)
	in.given.Add(1)
	return in.app.Intake.Deliver(ctx, []channel.Raw{raw})
}

// baseline records two plain mails, after some that fill caches.
func (in *intakeRun) baseline(ctx context.Context) (*bare, error) {
	var recorded []recording
	for i := range 10 {
		n := in.next()
		body := plainMail(n, in.acc.Address)
		r, err := record(in.app.DB, token(n), func() error { return in.deliver(ctx, body) })
		if err != nil {
			return nil, err
		}
		if i >= 8 {
			recorded = append(recorded, r)
		}
	}
	return compile(recorded[0], recorded[1])
}

// background runs what runs beside intake in a server: numbering of events and jobs.
func (in *intakeRun) background(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { in.app.Events.Run(ctx) })
	wg.Go(func() { in.app.Jobs.Run(ctx) })
	return func() { cancel(); wg.Wait() }
}

// check counts: a figure of work that was not done is none.
func (in *intakeRun) check(ctx context.Context) error {
	var filed, owned int64
	err := in.app.DB.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM inbound_raw r JOIN messages m ON m.raw_id = r.id WHERE r.state = 'filed'),
		(SELECT COUNT(*) FROM tickets WHERE owner_id = 0)`).Scan(&filed, &owned)
	if err != nil {
		return err
	}
	if filed < in.given.Load() || owned != 0 {
		return fmt.Errorf("bench: of %d mails %d were filed; %d tickets have no owner", in.given.Load(), filed, owned)
	}
	return nil
}
