// Package app builds everything from the options of a start and runs it: database, event log, jobs, channels, flows, the HTTP
// edge and the shared listeners, in one process. It owns the data directory's lock and control socket, the order in which things
// start and stop, health and metrics, and the commands of the command line. It decides nothing about mail or tickets. cmd/kanal calls
// Serve and RunCommand; tests call Open.
package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/all"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/view"
)

// Config is what a start is told.
type Config struct {
	config.Checked
	Log *slog.Logger
	Out io.Writer // what a person should read: the owner's link, where the server is
	// Started, when set, is called once everything runs and before the server says that it is ready; the demo fills the installation there.
	Started func(ctx context.Context, a *App) error
	// Quiet leaves the greeting to Started.
	Quiet bool
	// Development adds the channels that are only for trying out.
	Development bool
}

// App is one opened installation.
type App struct {
	cfg  Config
	log  *slog.Logger
	lock *dirLock

	Clock      *clock.Clock
	DB         *db.DB
	Box        *secret.Box
	Blobs      *blob.DiskStore
	Events     *event.Log
	Jobs       *job.Queue
	Settings   *setting.Service
	People     *people.Service
	Access     *access.Service
	Properties *property.Service
	Tickets    *ticket.Service
	Inbox      *inbox.Service
	Contacts   *contact.Service
	Threads    *thread.Service
	Assign     *assignment.Service
	Registry   *channel.Registry
	Board      *switchboard.Board
	Intake     *intake.Service
	Dispatch   *dispatch.Service
	Search     *search.Service
	Views      *view.Service
	Transfer   *transfer.Service
	Hub        *realtime.Hub

	listen   map[string]net.Listener // shared listeners of channels, by name
	tokenKey []byte
	metrics  *metrics

	mu    sync.Mutex
	ends  []func()             // run at stop, last first
	parts []context.CancelFunc // ends whatever start began, if it was not ended in order
	work  sync.WaitGroup
	state readiness
}

// Open takes the directory's lock and builds every service. Nothing runs yet: no jobs, no receivers, no listeners.
func Open(ctx context.Context, cfg Config) (*App, error) {
	if err := prepareDir(cfg.Data); err != nil {
		return nil, err
	}
	lock, err := lockDir(cfg.Data)
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: cfg.Log, lock: lock, Clock: clock.New(), listen: map[string]net.Listener{}}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if !cfg.ClockAt.IsZero() {
		a.Clock.Set(cfg.ClockAt)
	}
	if err := a.open(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	if a.Box, err = secret.Open(a.cfg.Data, os.Getenv("KANAL_SECRET_KEY")); err != nil {
		return err
	}
	a.DB, err = db.Open(ctx, db.Options{Path: filepath.Join(a.cfg.Data, "kanal.db"), URL: a.cfg.DatabaseURL, Log: a.log})
	if err != nil {
		return fmt.Errorf("app: database: %w", err)
	}
	a.Events = event.New(a.DB, a.Clock, a.log)
	a.Settings = setting.New(a.DB, a.Clock, a.Events)
	if err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Settings.CheckKey(ctx, tx, a.Box) }); err != nil {
		return err
	}
	if a.Blobs, err = blob.Disk(filepath.Join(a.cfg.Data, "blobs")); err != nil {
		return err
	}
	a.Jobs = job.New(a.DB, a.Clock, a.log, job.Options{
		Lease: config.Window("JOB_LEASE"), Base: config.Window("RETRY_BASE"), Max: config.Window("RETRY_MAX"), Poll: config.Window("JOB_POLL"), Drain: config.Window("DRAIN"),
	})
	a.tokenKey = a.Box.Derive("thread tokens")
	a.nouns()
	if err := a.channels(); err != nil {
		return err
	}
	return a.flows(ctx)
}

// relay is the mail server that hosted addresses leave by.
func relay(r *config.Relay) (*email.Submission, error) {
	if r == nil {
		return nil, nil
	}
	port, err := strconv.Atoi(r.Port)
	if err != nil {
		return nil, desk.Errorf(desk.Invalid, "config.relay", "The relay's port must be a number.").In("relay").Because(err)
	}
	return &email.Submission{Host: r.Host, Port: port, TLS: r.TLS, Username: r.Username, Password: r.Password}, nil
}

// channels makes the registry.
func (a *App) channels() error {
	opt := all.Options{Development: a.cfg.Development, Email: email.Options{
		Hostname: a.cfg.Base.Hostname(), Resolver: a.cfg.Resolver, TokenKey: a.tokenKey, IMAPPoll: config.Window("IMAP_POLL"),
		IdleRestart: config.Window("IMAP_IDLE_RESTART"), SendTimeout: config.Window("SEND_TIMEOUT"),
	}}
	var err error
	if opt.Email.Relay, err = relay(a.cfg.RelayTo); err != nil {
		return err
	}
	if opt.Email.SMTP.StopGrace = config.Window("DRAIN"); a.cfg.TLSCert != "" {
		if opt.Email.TLSConfig, err = loadTLS(a.cfg.TLSCert, a.cfg.TLSKey); err != nil {
			return err
		}
	}
	a.Registry = all.Registry(opt)
	a.Inbox = inbox.New(inbox.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Box: a.Box, Channels: a.Registry, Tickets: a.Tickets, People: a.People, Host: a.cfg.Base.Hostname(),
	})
	return nil
}

func (a *App) nouns() {
	a.People = people.New(a.DB, a.Clock, a.Events)
	a.Access = access.New(access.Deps{DB: a.DB, Clock: a.Clock, Events: a.Events, Box: a.Box, People: a.People})
	a.Properties = property.New(a.DB, a.Clock, a.Events)
	a.Tickets = ticket.New(a.DB, a.Clock, a.Events, a.Properties)
	a.Contacts = contact.New(a.Clock, a.Events)
	a.Threads = thread.New(a.Clock, a.Events)
}

// ensureDefaults makes what every installation has, and returns the first owner's setup token while there is no owner.
func (a *App) ensureDefaults(ctx context.Context) (setup string, err error) {
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.Inbox.EnsureDefaults(ctx, tx, a.cfg.Base.Hostname()); err != nil {
			return err
		}
		var err error
		setup, _, err = a.Access.SetupLink(ctx, tx)
		return err
	})
	return setup, err
}

// nodeName names this installation directory on this machine in leases: the same after a restart, another for another directory.
func (a *App) nodeName() (string, error) {
	path := filepath.Join(a.cfg.Data, "node")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		var r [8]byte
		_, _ = rand.Read(r[:])
		b = []byte(hex.EncodeToString(r[:]))
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("app: node name: %w", err)
	}
	host, _ := os.Hostname()
	return host + "/" + strings.TrimSpace(string(b)), nil
}

// goes runs fn beside the others and waits for it at the end.
func (a *App) goes(name string, fn func()) {
	a.work.Add(1)
	go func() {
		defer a.work.Done()
		fn()
		a.log.Debug("ended", "part", name)
	}()
}

// atStop registers what to do when the installation is closed, last first.
func (a *App) atStop(fn func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ends = append(a.ends, fn)
}

// Close gives everything back: connections, database, lock. It is idempotent.
func (a *App) Close() {
	a.mu.Lock()
	ends, parts := a.ends, a.parts
	a.ends, a.parts = nil, nil
	a.mu.Unlock()
	for _, cancel := range parts {
		cancel()
	}
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i]()
	}
	a.work.Wait()
	if a.Board != nil {
		a.Board.Close()
	}
	if a.DB != nil {
		if err := a.DB.Close(); err != nil {
			a.log.Error("database did not close cleanly", "err", err)
		}
	}
	for _, ln := range a.listen {
		_ = ln.Close()
	}
	a.lock.release()
	a.lock = nil
}

// Company is the organisation's name, as customers see it.
func (a *App) company(ctx context.Context, q db.Queryer) (string, error) {
	c, err := a.Settings.Company(ctx, q)
	return c.Name, err
}

// abilities answers read models what a channel can do.
func (a *App) abilities(name string) channel.Abilities {
	if ad, ok := a.Registry.Get(name); ok {
		return ad.Spec().Can
	}
	return channel.Abilities{}
}

// signThread makes a thread's token for Reply-To addresses and Message-IDs.
func (a *App) signThread(id desk.ThreadID) string { return email.SignToken(a.tokenKey, id) }

// verifyThread is its opposite.
func (a *App) verifyThread(token string) (desk.ThreadID, bool) {
	return email.VerifyToken(a.tokenKey, token)
}

// Log is the installation's log.
func (a *App) Log() *slog.Logger { return a.log }

// URL is the public origin.
func (a *App) URL() string { return a.cfg.Base.String() }

// MailAddr is where mail is taken, as host:port that this machine can dial; "" when it is off.
func (a *App) MailAddr() string {
	ln := a.listen[email.Name]
	if ln == nil {
		return ""
	}
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// Deliver files a mail as if the shared listener had just taken it from a sender whose authentication holds. The demo tells its stories with it.
func (a *App) Deliver(ctx context.Context, from string, to []string, body []byte) error {
	auth := &desk.AuthEvidence{SPF: "pass", DKIM: "pass", DMARC: "pass"}
	var raws []channel.Raw
	for _, address := range to {
		acc, ok, err := a.Inbox.FindAddress(ctx, a.DB, desk.AddrEmail, address)
		if err != nil {
			return err
		}
		if !ok {
			return desk.Errorf(desk.NotFound, "address.unknown", "Nobody here has the address %s.", address)
		}
		raws = append(raws, channel.Raw{
			Account: acc.ID, Channel: acc.Channel, Dedupe: email.DedupeKey(channel.Raw{Body: body}), Body: body, Auth: auth, At: a.Clock.Now(),
			Envelope: channel.Envelope{From: from, Null: from == "", To: []string{address}, Peer: "127.0.0.1", Helo: "mail.customers.example", TLS: true},
		})
	}
	return a.Intake.Deliver(ctx, raws)
}
