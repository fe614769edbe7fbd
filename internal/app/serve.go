package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/desk"
)

// Serve runs an installation until ctx ends or a part of it breaks, then stops it in order: no new work, sessions and jobs in
// progress finish, the database is closed.
func Serve(ctx context.Context, cfg Config) error {
	raiseFiles()
	if err := prepareDir(cfg.Data); err != nil {
		return err
	}
	if probe, err := lockDir(cfg.Data); err != nil { // say so before complaining about ports that the other one holds
		return err
	} else {
		probe.release()
	}
	web, err := bind("http", cfg.HTTP)
	if err != nil {
		return err
	}
	mail, err := bind("smtp", cfg.SMTP)
	if err != nil {
		closeAll(web)
		return err
	}
	cfg.Base = actualBase(cfg, web)
	a, err := Open(ctx, cfg)
	if err != nil {
		closeAll(web, mail)
		return err
	}
	defer a.Close()
	a.takeMail(mail)
	return a.run(ctx, web)
}

// takeMail hands the mail socket to the channel that has a shared listener for mail addresses.
func (a *App) takeMail(ln net.Listener) {
	if ln == nil {
		return
	}
	a.mail = ln
	for _, ad := range a.Registry.All() {
		if _, ok := ad.(channel.Listener); ok && ad.Spec().Address == desk.AddrEmail {
			a.listen[ad.Spec().Channel] = ln
			return
		}
	}
}

func closeAll(lns ...net.Listener) {
	for _, ln := range lns {
		if ln != nil {
			_ = ln.Close()
		}
	}
}

// bind opens a listening socket; "off" is none.
func bind(what, addr string) (net.Listener, error) {
	if addr == "off" || addr == "" {
		return nil, nil
	}
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		return ln, nil
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, desk.Errorf(desk.Conflict, "app.port_in_use", "Another program listens on %s already. Stop it, or choose another address with --%s.", addr, what).Because(err)
	case errors.Is(err, syscall.EACCES):
		return nil, desk.Errorf(desk.Forbidden, "app.port_forbidden", "This user may not listen on %s: ports below 1024 need a privilege. Choose another with --%s, or give the binary CAP_NET_BIND_SERVICE.", addr, what).Because(err)
	}
	return nil, desk.Errorf(desk.Invalid, "app.address", "--%s %s: %v.", what, addr, rootCause(err)).Because(err)
}

func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// actualBase is the public origin; when nobody named one, its port is the one that was really opened.
func actualBase(cfg Config, web net.Listener) *url.URL {
	if cfg.BaseURL != "" || web == nil {
		return cfg.Base
	}
	u := *cfg.Base
	if _, port, err := net.SplitHostPort(web.Addr().String()); err == nil {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if cfg.TLSCert != "" {
		u.Scheme = "https"
	}
	return &u
}

// loadTLS reads the certificate for HTTPS and STARTTLS.
func loadTLS(cert, key string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, desk.Errorf(desk.Invalid, "config.tls_cert", "The certificate cannot be used: %v.", rootCause(err)).In("tls-cert").Because(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// part is something that runs until it is told to stop.
type part struct {
	stop context.CancelFunc
	done chan struct{}
}

// start runs fn in a context of its own, which outlives the process's until the part is stopped.
func (a *App) start(ctx context.Context, name string, fn func(ctx context.Context)) part {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := part{cancel, make(chan struct{})}
	a.mu.Lock()
	a.parts = append(a.parts, cancel)
	a.mu.Unlock()
	a.goes(name, func() {
		defer close(p.done)
		fn(ctx)
	})
	return p
}

func (p part) end() {
	p.stop()
	<-p.done
}

// prepare brings the installation into the state from which it serves.
func (a *App) prepare(ctx context.Context) (setup string, err error) {
	if err := a.checkBlobs(ctx); err != nil {
		return "", err
	}
	err = a.DB.Alone(ctx, "start", func(ctx context.Context) error { // nodes that start at once apply the same file
		if err := a.ensureDefaults(ctx); err != nil {
			return fmt.Errorf("app: first start: %w", err)
		}
		if a.cfg.Config == "" {
			return nil
		}
		return a.applyFile(ctx, a.cfg.Config)
	})
	if err != nil {
		return "", err
	}
	if setup, err = a.setupLink(ctx); err != nil {
		return "", fmt.Errorf("app: first start: %w", err)
	}
	return setup, a.serveControl(ctx)
}

func (a *App) run(ctx context.Context, web net.Listener) error {
	setup, err := a.prepare(ctx)
	if err != nil {
		closeAll(web)
		return err
	}
	handler := a.edge() // before the jobs run: it has some of its own
	broken := make(chan error, 4)
	fail := func(err error) {
		select {
		case broken <- err:
		default:
		}
	}
	events := a.start(ctx, "events", a.Events.Run)
	follow := a.start(ctx, "metrics", a.followEvents)
	indexer := a.start(ctx, "search", a.Search.Run)
	hub := a.start(ctx, "stream", a.Hub.Run)
	lobby := a.start(ctx, "visitors", a.Lobby.Run)
	avail := a.start(ctx, "availability", func(ctx context.Context) { a.Avail.Follow(ctx, a.pushAvailability) })
	hours := a.start(ctx, "hours", a.People.Keep)
	teller := a.start(ctx, "notify", a.Notify.Run)
	line := a.start(ctx, "waiting", a.Waiting.Run)
	after := a.start(ctx, "afterchat", a.After.Run)
	push := a.start(ctx, "webpush", a.Push.Run)
	jobs := a.start(ctx, "jobs", a.Jobs.Run)
	board := a.start(ctx, "channels", func(ctx context.Context) {
		if err := a.Board.Run(ctx); err != nil {
			fail(err)
		}
	})
	srv := a.serveHTTP(ctx, web, handler, fail)
	if err = a.begun(ctx, web, setup); err == nil {
		select {
		case <-ctx.Done():
		case err = <-broken:
			a.log.Error("a part of the server broke; stopping", "err", err)
		}
	}
	a.stop(srv, board, jobs)
	push.end()
	after.end()
	teller.end()
	hours.end()
	line.end()
	avail.end()
	lobby.end()
	hub.end()
	indexer.end()
	follow.end()
	events.end()
	return err
}

// begun is the end of the start: the demo is made, readiness is told.
func (a *App) begun(ctx context.Context, web net.Listener, setup string) error {
	if a.cfg.Started != nil {
		if err := a.cfg.Started(ctx, a); err != nil {
			if ctx.Err() != nil {
				return nil // stopped meanwhile
			}
			return err
		}
	}
	a.state.started.Store(true)
	a.announce(web, setup)
	return nil
}

// stop drains: readiness goes first, streams are told to reconnect, mail sessions and requests finish, then jobs.
func (a *App) stop(srv *http.Server, board, jobs part) {
	a.state.stopping.Store(true)
	a.log.Info("stopping; a second signal ends it at once")
	a.Hub.Drain()
	a.Lobby.Drain()
	var both sync.WaitGroup
	both.Go(func() {
		if srv == nil {
			return
		}
		quit, cancel := context.WithTimeout(context.Background(), config.Window("DRAIN"))
		defer cancel()
		if err := srv.Shutdown(quit); err != nil {
			_ = srv.Close()
		}
	})
	both.Go(board.end)
	both.Wait()
	jobs.end()
}

func (a *App) serveHTTP(ctx context.Context, ln net.Listener, handler http.Handler, fail func(error)) *http.Server {
	if ln == nil {
		return nil
	}
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ErrorLog:    slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.atStop(func() { _ = srv.Close() })
	a.goes("http", func() {
		var err error
		if a.cfg.TLSCert != "" {
			err = a.serveTLS(srv, ln)
		} else {
			err = srv.Serve(ln)
		}
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("app: web server: %w", err))
		}
	})
	return srv
}

func (a *App) serveTLS(srv *http.Server, ln net.Listener) error {
	cert, err := tls.LoadX509KeyPair(a.cfg.TLSCert, a.cfg.TLSKey)
	if err != nil {
		return err
	}
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}
	srv.HTTP2 = api.Lean()
	return srv.Serve(api.Shaken(ln, srv.TLSConfig, a.log))
}

// announce tells a person where the server is, and the first owner how to begin.
func (a *App) announce(web net.Listener, setup string) {
	a.log.Info("ready", "base_url", a.cfg.Base.String(), "database", a.DB.Dialect(), "version", Version().Version)
	if a.cfg.Out == nil || a.cfg.Quiet {
		return
	}
	if web != nil {
		fmt.Fprintf(a.cfg.Out, "\n  Kanal is ready: %s\n", a.cfg.Base)
	}
	if a.mail != nil {
		fmt.Fprintf(a.cfg.Out, "  Mail is taken on %s, first of all for support@%s\n", a.mail.Addr(), a.cfg.Base.Hostname())
	}
	if setup != "" {
		fmt.Fprintf(a.cfg.Out, "\n  Nobody can sign in yet. Make yourself the owner here (the link works once):\n\n    %s\n", SetupURL(a.cfg.Base, setup))
	}
	fmt.Fprintln(a.cfg.Out)
}

// SetupURL is where a one-time token is used.
func SetupURL(base *url.URL, token string) string {
	return strings.TrimRight(base.String(), "/") + "/setup?token=" + url.QueryEscape(token)
}
