package config

import (
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// Providers are the base URLs of the services Kanal talks to. KANAL_<name>_URL points one elsewhere.
var Providers = map[string]string{
	"GRAPH":           "https://graph.facebook.com",
	"TWILIO":          "https://api.twilio.com",
	"TELEGRAM":        "https://api.telegram.org",
	"LINE":            "https://api.line.me",
	"VIBER":           "https://chatapi.viber.com",
	"SLACK":           "https://slack.com/api",
	"WECHAT":          "https://api.weixin.qq.com",
	"GMAIL":           "https://gmail.googleapis.com",
	"MSGRAPH":         "https://graph.microsoft.com",
	"GOOGLE_OAUTH":    "https://oauth2.googleapis.com",
	"MICROSOFT_OAUTH": "https://login.microsoftonline.com",
}

// ProviderURL is a provider's base URL without a final slash. An unknown name is a programming error and panics.
func ProviderURL(name string) string {
	base, ok := Providers[name]
	if !ok {
		panic("config: no provider " + name)
	}
	if v := os.Getenv("KANAL_" + name + "_URL"); v != "" && checkProvider(v) == nil {
		base = v
	}
	return strings.TrimRight(base, "/")
}

// CheckProviders refuses base URLs that are not https, unless they lead to this machine itself.
func CheckProviders(getenv func(string) string) error {
	for name := range Providers {
		env := "KANAL_" + name + "_URL"
		if v := getenv(env); v != "" {
			if err := checkProvider(v); err != nil {
				return desk.Errorf(desk.Invalid, "config.provider_url", "%s must be an https URL; plain http is for this machine only (127.0.0.1, ::1 or localhost).", env).In(env).Because(err)
			}
		}
	}
	return nil
}

func checkProvider(s string) error {
	u, err := url.Parse(s)
	if err != nil {
		return err
	}
	if u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())) {
		return nil
	}
	return desk.Errorf(desk.Invalid, "config.provider_url", "not https")
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
