package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/demo"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/simulate"
)

type demoCmd struct {
	config.Serve
	Mailbox string `name:"mailbox" env:"KANAL_MAILBOX" default:":8081" placeholder:"ADDR" help:"Address of the page with the simulated customers' mailboxes; off disables it."`
	Keep    bool   `help:"Keep the fresh directory afterwards."`
}

// Run starts a demo company. Without --data it lives in a fresh directory, removed at the end.
func (c *demoCmd) Run(e *env) error {
	if c.Data == "./data" { // the default of serve is not a demo's
		dir, err := os.MkdirTemp("", "kanal-demo-")
		if err != nil {
			return err
		}
		c.Data = dir
		if !c.Keep {
			defer os.RemoveAll(dir)
		}
	}
	mails, err := simulate.NewMail(simulate.MailOptions{Hostname: "mail.customers.example"})
	if err != nil {
		return err
	}
	defer mails.Close()
	if c.Relay == "" {
		c.Relay = "smtp://" + mails.Addr() + "?tls=none"
	}
	opt, err := checked(c.Serve)
	if err != nil {
		return err
	}
	page, err := c.page()
	if err != nil {
		return err
	}
	return app.Serve(e.ctx, app.Config{Checked: opt, Log: logger(opt, e.errOut), Out: e.out, Quiet: true, LocalLinks: true, Channels: channels, Started: func(ctx context.Context, a *app.App) error {
		return c.started(ctx, e, a, mails, page)
	}})
}

func (c *demoCmd) page() (net.Listener, error) {
	if c.Mailbox == "off" || c.Mailbox == "" {
		return nil, nil
	}
	ln, err := net.Listen("tcp", c.Mailbox)
	if err != nil {
		return nil, fmt.Errorf("the mailbox page cannot listen on %s, choose another address with --mailbox: %w", c.Mailbox, err)
	}
	return ln, nil
}

// started fills the installation and tells where to look.
func (c *demoCmd) started(ctx context.Context, e *env, a *app.App, mails *simulate.Mail, ln net.Listener) error {
	if addr := a.MailAddr(); addr != "" {
		mails.SetKanal(addr)
	}
	began := time.Now()
	n, err := demo.Fill(ctx, demo.Parts{
		DB: a.DB, Clock: a.Clock, Log: a.Log(), Access: a.Access, People: a.People, Threads: a.Threads, Tickets: a.Tickets, Dispatch: a.Dispatch, Desk: a.Triage, Surveys: a.Surveys, Blobs: a.Blobs, Mail: mails,
		Inboxes: a.Inbox, Flows: a.Chatflows,
		Apply: a.Apply, Deliver: deliverer(a),
		Progress: progress(e.errOut),
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "\n  The demo of Kanal is ready: a bike shop with %d tickets, made in %s.\n\n", n, time.Since(began).Round(100*time.Millisecond))
	fmt.Fprintf(e.out, "    Workspace  %s\n", a.URL())
	if ln != nil {
		url := mailboxURL(ln)
		fmt.Fprintf(e.out, "    Customers  %s  (write to the team, read its answers)\n", url)
		fmt.Fprintf(e.out, "    Website    %s/shop  (the shop's own site, with the chat on it; a bot answers on /shop/help)\n", url)
		serveMailbox(ctx, a, mails, ln)
	}
	fmt.Fprintf(e.out, "\n    Sign in as   mette@nordlys.example   owner\n                 jonas@nordlys.example   administrator\n                 aino@nordlys.example    supervisor\n"+
		"                 sofie@nordlys.example   agent (and karim, lukas)\n    Password     %s\n\n", demo.Password)
	return nil
}

// deliverer files a mail as if the shared listener had just taken it from a sender whose authentication holds.
func deliverer(a *app.App) func(ctx context.Context, from string, to []string, body []byte) error {
	return func(ctx context.Context, from string, to []string, body []byte) error {
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
}

// progress shows how far a long job is, on a terminal.
func progress(w io.Writer) func(share float64) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(share float64) {
		fmt.Fprintf(w, "\rmaking two weeks of mail: %3.0f %%", share*100)
		if share >= 1 {
			fmt.Fprintf(w, "\r%40s\r", "")
		}
	}
}

func mailboxURL(ln net.Listener) string {
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func serveMailbox(ctx context.Context, a *app.App, mails *simulate.Mail, ln net.Listener) {
	p := &demo.Page{
		Mail: mails, Workspace: a.URL(), Now: a.Clock.Now, Addresses: []string{"support@nordlys.example", "workshop@nordlys.example", "billing@nordlys.example", "sales@nordlys.example"},
		NewID: func() string {
			var b [12]byte
			_, _ = rand.Read(b[:])
			return hex.EncodeToString(b[:])
		},
	}
	srv := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	go func() {
		if err := srv.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.Log().Error("the mailbox page stopped", "err", err)
		}
	}()
}
