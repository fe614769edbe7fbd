// Package app builds everything from the options of a start and runs it: database, event log, jobs, channels, flows, the HTTP
// edge and the shared listeners, in one process. It owns the data directory's lock and control socket, the order in which things
// start and stop, health and metrics, and the commands of the command line. It decides nothing about mail or tickets. cmd/kanal calls
// Serve and RunCommand; tests call Open.
package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/afterchat"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dialogue"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/geo"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/keeping"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/notify"
	"github.com/kanalhq/kanal/internal/ownermail"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/redaction"
	"github.com/kanalhq/kanal/internal/relocation"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/snippet"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/waiting"
	"github.com/kanalhq/kanal/internal/webpush"
	"github.com/kanalhq/kanal/internal/worktime"
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
	// Channels makes the registry of channels.
	Channels func(ChannelOptions) (*channel.Registry, error)
	// LocalLinks sends links to files also when only this machine or network reaches the base URL.
	LocalLinks bool
	// Development adds the channels that are only for trying out.
	Development bool
}

// App is one opened installation.
type App struct {
	cfg  Config
	log  *slog.Logger
	lock *dirLock

	Clock       *clock.Clock
	DB          *db.DB
	Box         *secret.Box
	Blobs       blob.Store
	Geo         *geo.DB // nil: no country is known
	Events      *event.Log
	Jobs        *job.Queue
	Settings    *setting.Service
	People      *people.Service
	Worktime    *worktime.Service
	Access      *access.Service
	Door        *door.Service
	Properties  *property.Service
	Saved       *customview.Service
	Spaces      *space.Service
	Tickets     *ticket.Service
	Skills      *skill.Service
	Inbox       *inbox.Service
	Contacts    *contact.Service
	Threads     *thread.Service
	Snippets    *snippet.Service
	Chatflows   *chatflow.Service
	Forms       *form.Service
	Submissions *submission.Service
	Dialogue    *dialogue.Service
	Spam        *spam.Service
	Assign      *assignment.Service
	Waiting     *waiting.Service
	Letters     *ownermail.Service
	Registry    *channel.Registry
	Board       *switchboard.Board
	Intake      *intake.Service
	Identity    *identity.Service
	Purge       *purge.Service
	Keeping     *keeping.Service
	Redaction   *redaction.Service
	Bulk        *bulk.Service
	Moves       *relocation.Service
	Surveys     *survey.Service
	Triage      *triage.Service
	Dispatch    *dispatch.Service
	Search      *search.Service
	Views       *view.Service
	Transfer    *transfer.Service
	Hub         *realtime.Hub
	Lobby       *lobby.Hub
	After       *afterchat.Service
	Push        *webpush.Service
	Guard       *lobby.Guard // what visitors may ask for
	Notify      *notify.Service
	Consent     *consent.Service
	Visitors    *visitor.Service
	Avail       *availability.Service

	listen  map[string]net.Listener // shared listeners of channels, by name
	mail    net.Listener            // the one that takes mail
	metrics *metrics

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
	if a.Box, err = openKey(a.cfg.Data, os.Getenv("KANAL_SECRET_KEY")); err != nil {
		return err
	}
	a.DB, err = db.Open(ctx, db.Options{Path: filepath.Join(a.cfg.Data, "kanal.db"), URL: a.cfg.DatabaseURL, NodeLease: config.Window("NODE_LEASE"), Log: a.log})
	if err != nil {
		return fmt.Errorf("app: database: %w", err)
	}
	a.Events = event.New(a.DB, a.Clock, a.log)
	a.Settings = setting.New(a.DB, a.Clock, a.Events)
	if err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Settings.CheckKey(ctx, tx, a.Box) }); err != nil {
		return err
	}
	if a.Blobs, err = a.openBlobs(); err != nil {
		return err
	}
	if a.Geo, err = geo.Open(a.cfg.GeoDB); err != nil {
		return err
	}
	a.Jobs = job.New(a.DB, a.Clock, a.log, job.Options{
		Lease: config.Window("JOB_LEASE"), Base: config.Window("RETRY_BASE"), Max: config.Window("RETRY_MAX"), Poll: config.Window("JOB_POLL"), Drain: config.Window("DRAIN"),
	})
	a.nouns()
	if err := a.channels(); err != nil {
		return err
	}
	return a.flows(ctx)
}

// ChannelOptions are what the channels of this installation need to know of it.
type ChannelOptions struct {
	Hostname    string        // how mail greets, and the right side of Message-IDs
	Resolver    string        // host:port of the DNS server; "": the system's
	Relay       *config.Relay // where mail of hosted accounts leaves; nil: nowhere
	TokenKey    []byte        // signs threads
	TLS         *tls.Config   // the listeners' certificate; nil: self-signed
	Poll        time.Duration // how often a mailbox is asked
	IdleRestart time.Duration
	SendTimeout time.Duration
	StopGrace   time.Duration // for sessions in progress when the server stops
	Development bool          // also the channels that are only for trying out
}

// channels makes the registry.
func (a *App) channels() error {
	opt := ChannelOptions{
		Hostname: a.cfg.Base.Hostname(), Resolver: a.cfg.Resolver, Relay: a.cfg.RelayTo, TokenKey: a.Box.Derive("thread tokens"), Poll: config.Window("IMAP_POLL"),
		IdleRestart: config.Window("IMAP_IDLE_RESTART"), SendTimeout: config.Window("SEND_TIMEOUT"), StopGrace: config.Window("DRAIN"), Development: a.cfg.Development,
	}
	var err error
	if a.cfg.TLSCert != "" {
		if opt.TLS, err = loadTLS(a.cfg.TLSCert, a.cfg.TLSKey); err != nil {
			return err
		}
	}
	if a.Registry, err = a.cfg.Channels(opt); err != nil {
		return err
	}
	a.Inbox = inbox.New(inbox.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Box: a.Box, Channels: a.Registry, Tickets: a.Tickets, People: a.People, Host: a.cfg.Base.Hostname(),
		Fresh: a.freshSettings, Check: a.checkSettings, Hours: a.hasHours, Skills: func(ctx context.Context, q db.Queryer, slugs []string) ([]string, error) {
			return a.Skills.Unknown(ctx, q, slugs)
		},
	})
	return nil
}

func (a *App) nouns() {
	a.People = people.New(a.DB, a.Clock, a.Events)
	a.worktime()
	a.Access = access.New(access.Deps{DB: a.DB, Clock: a.Clock, Events: a.Events, Box: a.Box, People: a.People, Idle: config.Window("SESSION"), Invite: config.Window("INVITE")})
	a.Properties = property.New(a.DB, a.Clock, a.Events)
	a.Saved = customview.New(a.DB, a.Clock, a.Events, a.Properties)
	a.Spaces = space.New(a.Clock, a.Events)
	a.Tickets = ticket.New(a.DB, a.Clock, a.Events, a.Properties)
	a.Contacts = contact.New(a.Clock, a.Events)
	a.Threads = thread.New(a.Clock, a.Events)
	a.Snippets = snippet.New(a.Clock, a.Events)
	a.Chatflows = chatflow.New(a.DB, a.Clock, a.Events)
	a.Forms = form.New(a.Clock, a.Events)
	a.skills()
	a.Spam = spam.New(a.DB, a.Clock, a.Events)
	a.Consent = consent.New(a.Clock, a.Events)
	a.Visitors = visitor.New(a.Clock, a.Events)
}

// ensureDefaults makes what every installation has.
func (a *App) ensureDefaults(ctx context.Context) error {
	return a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Inbox.EnsureDefaults(ctx, tx, a.cfg.Base.Hostname())
	})
}

// setupLink is the first owner's one-time token while there is no owner, else "". Each start makes a new one and ends the last.
func (a *App) setupLink(ctx context.Context) (token string, err error) {
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		token, _, err = a.Access.SetupLink(ctx, tx)
		return err
	})
	return token, err
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
	if err := a.Geo.Close(); err != nil {
		a.log.Warn("the country database did not close cleanly", "err", err)
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

// named is the company's name, and the language in which customers are told something.
func (a *App) named(ctx context.Context, q db.Queryer) (name, locale string, err error) {
	c, err := a.Settings.Company(ctx, q)
	return c.Name, c.Locale, err
}

// words is the language and the time zone in which customers are told something.
func (a *App) words(ctx context.Context, q db.Queryer) (locale, timezone string, err error) {
	c, err := a.Settings.Company(ctx, q)
	return c.Locale, c.Timezone, err
}

// abilities answers read models what a channel can do.
func (a *App) abilities(name string) channel.Abilities {
	if ad, ok := a.Registry.Get(name); ok {
		return ad.Spec().Can
	}
	return channel.Abilities{}
}

// Log is the installation's log.
func (a *App) Log() *slog.Logger { return a.log }

// URL is the public origin.
func (a *App) URL() string { return a.cfg.Base.String() }

// MailAddr is where mail is taken, as host:port that this machine can dial; "" when it is off.
func (a *App) MailAddr() string {
	if a.mail == nil {
		return ""
	}
	host, port, _ := net.SplitHostPort(a.mail.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
