package app

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/api/site"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/installation"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/webpush"
	"github.com/kanalhq/kanal/web"
)

// site is what stands on other people's websites.
func (a *App) site() site.Deps {
	return site.Deps{
		DB: a.DB, Inboxes: a.Inbox, Settings: a.Settings, Assets: web.FS(), Base: a.cfg.Base, Log: a.log, Live: a.Registry.Live,
		Check: installation.Checker{Base: a.cfg.Base, Private: inside(a.cfg.Base)},
	}
}

// inside reports whether the installation itself is reached on a private address: then its websites may be too.
func inside(base *url.URL) bool {
	host := base.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		return !netx.Public(ip)
	}
	return host == "localhost" || !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
}

// push tells visitors of answers while no page of theirs is open.
func (a *App) push() error {
	key, err := webpush.NewKey(a.Box.Derive("web push"))
	if err != nil {
		return err
	}
	a.Push = webpush.New(webpush.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Threads: a.Threads, Visitors: a.Visitors, Key: key, Base: a.cfg.Base, Log: a.log, Online: a.Lobby.IsOnline,
		Client: netx.Guard{}.HTTP(netx.HTTPOptions{Timeout: 20 * time.Second, MaxBody: 64 << 10, MaxRedirects: -1}),
		Name: func(ctx context.Context, q db.Queryer) (string, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Name, err
		},
	})
	return nil
}
