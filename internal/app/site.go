package app

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/api/site"
	"github.com/kanalhq/kanal/internal/installation"
	"github.com/kanalhq/kanal/internal/netx"
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
