// Package config is what a start needs to know before there is a database: the options of `serve` and `demo` in one table (flag,
// environment name, default, help), the time windows (windows.go) and the providers' base URLs (providers.go). It reads and checks; it
// opens nothing. cmd/kanal fills Serve and the manual's page is made from Table. Whatever can be changed while running is a setting in
// the database instead.
package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Serve are the options of `kanal serve` and `kanal demo`. The tags are the table: kong reads them, and so does Table.
type Serve struct {
	Data           string   `name:"data" env:"KANAL_DATA" default:"./data" placeholder:"DIR" help:"Everything of this installation: database, files, secret.key, kanal.sock."`
	HTTP           string   `name:"http" env:"KANAL_HTTP" default:":8080" placeholder:"ADDR" help:"Address of the web server; off disables it."`
	SMTP           string   `name:"smtp" env:"KANAL_SMTP" default:":2525" placeholder:"ADDR" help:"Address of the mail server; off disables it."`
	BaseURL        string   `name:"base-url" env:"KANAL_BASE_URL" placeholder:"URL" help:"Public origin, such as https://desk.example.com (default: from --http). Its host names the fallback address support@HOST."`
	DatabaseURL    string   `name:"database-url" env:"KANAL_DATABASE_URL" placeholder:"URL" help:"PostgreSQL instead of SQLite: postgres://user:password@host/name."`
	Blobs          string   `name:"blobs" env:"KANAL_BLOBS" placeholder:"PLACE" help:"Where attachments and large originals are kept (default: DIR/blobs): a folder, which several nodes may share, or s3://bucket/prefix?endpoint=URL&region=R&path_style=1."`
	Relay          string   `name:"relay" env:"KANAL_RELAY" placeholder:"URL" help:"Mail server that hosted addresses and system mail leave by: smtp://user:pass@host:port?tls=starttls|implicit|none."`
	Resolver       string   `name:"resolver" env:"KANAL_RESOLVER" placeholder:"ADDR" help:"DNS server for SPF, DKIM, DMARC and MX (default: the system's)."`
	Clock          string   `name:"clock" env:"KANAL_CLOCK" placeholder:"TIME" help:"For tests: starts the server's time there (RFC 3339) and lets POST /api/test/clock move it."`
	Config         string   `name:"config" env:"KANAL_CONFIG" placeholder:"FILE" help:"Settings applied at start, as by kanal config apply."`
	TLSCert        string   `name:"tls-cert" env:"KANAL_TLS_CERT" placeholder:"FILE" help:"Certificate chain in PEM, for HTTPS and for STARTTLS; with --tls-key."`
	TLSKey         string   `name:"tls-key" env:"KANAL_TLS_KEY" placeholder:"FILE" help:"Private key of --tls-cert in PEM."`
	TrustedProxies []string `name:"trusted-proxies" env:"KANAL_TRUSTED_PROXIES" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For and -Proto are believed, as addresses or networks."`
	GeoDB          string   `name:"geo-db" env:"KANAL_GEO_DB" placeholder:"FILE" help:"A country database in the MaxMind DB format: chatflows can then be shown by country."`
	LogFormat      string   `name:"log-format" env:"KANAL_LOG_FORMAT" default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json."`
	LogLevel       string   `name:"log-level" env:"KANAL_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"debug, info, warn or error."`
}

// Option is a row of the table.
type Option struct {
	Flag    string `json:"flag"` // "" when only the environment sets it
	Env     string `json:"env"`
	Default string `json:"default"`
	Value   string `json:"value"` // what stands for the value in the help
	Help    string `json:"help"`
}

// Table lists every option of Serve, then what only the environment sets.
func Table() []Option {
	var out []Option
	t := reflect.TypeFor[Serve]()
	for i := range t.NumField() {
		g := t.Field(i).Tag.Get
		out = append(out, Option{Flag: "--" + g("name"), Env: g("env"), Default: g("default"), Value: g("placeholder"), Help: g("help")})
	}
	return append(out, Option{
		Env: "KANAL_SECRET_KEY", Value: "KEY",
		Help: "Master key in base64 or hex (32 bytes), instead of DIR/secret.key. The same on every node.",
	}, Option{
		Env: "KANAL_S3_ACCESS_KEY", Value: "KEY", Help: "Access key of the bucket of --blobs; or KANAL_S3_ACCESS_KEY_FILE names a file with it.",
	}, Option{
		Env: "KANAL_S3_SECRET_KEY", Value: "KEY", Help: "Secret key of the bucket of --blobs; or KANAL_S3_SECRET_KEY_FILE names a file with it.",
	}, localLinks, privateProviders)
}

// Checked are the options understood.
type Checked struct {
	Serve
	Base           *url.URL // public origin, without a path or final slash
	RelayTo        *Relay   // nil: none
	BlobsAt        Blobs
	ClockAt        time.Time
	Level          slog.Level
	TrustedProxies []netip.Prefix
}

// Check understands the options, or says which one is wrong and how it should look.
func (s Serve) Check() (Checked, error) {
	c := Checked{Serve: s}
	var err error
	if c.Base, err = baseURL(s.BaseURL, s.HTTP); err != nil {
		return c, err
	}
	if s.Relay != "" {
		if c.RelayTo, err = ParseRelay(s.Relay); err != nil {
			return c, err
		}
	}
	if c.BlobsAt, err = ParseBlobs(s.Blobs, s.Data); err != nil {
		return c, err
	}
	if s.Clock != "" {
		if c.ClockAt, err = time.Parse(time.RFC3339Nano, s.Clock); err != nil {
			return c, bad("clock", "--clock must be a time such as 2026-03-01T09:00:00Z.", err)
		}
	}
	if err = c.Level.UnmarshalText([]byte(s.LogLevel)); err != nil && s.LogLevel != "" {
		return c, bad("log-level", "--log-level must be debug, info, warn or error.", err)
	}
	if s.LogFormat != "" && s.LogFormat != "text" && s.LogFormat != "json" {
		return c, bad("log-format", "--log-format must be text or json.", nil)
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return c, bad("tls-cert", "--tls-cert and --tls-key belong together.", nil)
	}
	if s.Resolver != "" && hostPort(s.Resolver, "53") == "" {
		return c, bad("resolver", "--resolver must be an address such as 127.0.0.1:53.", nil)
	}
	if s.Resolver != "" {
		c.Resolver = hostPort(s.Resolver, "53")
	}
	if s.DatabaseURL != "" && !strings.HasPrefix(s.DatabaseURL, "postgres://") && !strings.HasPrefix(s.DatabaseURL, "postgresql://") {
		return c, bad("database-url", "--database-url must look like postgres://user:password@host:5432/name.", nil)
	}
	for _, p := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if addr, e := netip.ParseAddr(p); e == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return c, bad("trusted-proxies", "--trusted-proxies must name addresses or networks, such as 10.0.0.0/8.", err)
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return c, nil
}

func bad(option, public string, err error) error {
	return desk.Errorf(desk.Invalid, "config."+strings.ReplaceAll(option, "-", "_"), "%s", public).In(option).Because(err)
}

func hostPort(s, port string) string {
	if _, _, err := net.SplitHostPort(s); err == nil {
		return s
	}
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return net.JoinHostPort(addr.String(), port)
	}
	if strings.ContainsAny(s, ":/ ") {
		return ""
	}
	return net.JoinHostPort(s, port)
}

// baseURL is the public origin; without one it is http://localhost with the web server's port.
func baseURL(s, listen string) (*url.URL, error) {
	if s == "" {
		host, port, err := net.SplitHostPort(listen)
		if err != nil {
			host, port = "", "8080"
		}
		if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
			host = "localhost"
		}
		return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return nil, bad("base-url", "--base-url must be an origin such as https://desk.example.com, without a path.", err)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

// Relay is a mail server to hand mail to.
type Relay struct {
	Host     string
	Port     string
	TLS      string // starttls (required), implicit, none
	Username string
	Password string
}

// Address is host:port.
func (r Relay) Address() string { return net.JoinHostPort(r.Host, r.Port) }

// String is the relay without its password, for logs.
func (r Relay) String() string { return fmt.Sprintf("smtp://%s?tls=%s", r.Address(), r.TLS) }

// ParseRelay reads smtp://user:pass@host:port?tls=starttls|implicit|none. Without tls it is starttls; without a port it is 587, 465 or 25.
func ParseRelay(s string) (*Relay, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, bad("relay", "The relay must look like smtp://user:pass@host:587?tls=starttls. Special characters of the password are written as %XX.", nil) // the cause would show the password
	}
	if u.Scheme != "smtp" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, bad("relay", "The relay must look like smtp://user:pass@host:587?tls=starttls.", nil)
	}
	r := &Relay{Host: u.Hostname(), Port: u.Port(), TLS: u.Query().Get("tls"), Username: u.User.Username()}
	r.Password, _ = u.User.Password()
	if r.TLS == "" {
		r.TLS = "starttls"
	}
	port, ok := map[string]string{"starttls": "587", "implicit": "465", "none": "25"}[r.TLS]
	if !ok {
		return nil, bad("relay", "The relay's tls must be starttls, implicit or none.", nil)
	}
	for k := range u.Query() {
		if k != "tls" {
			return nil, bad("relay", "The relay's only parameter is tls.", nil)
		}
	}
	if r.Port == "" {
		r.Port = port
	}
	return r, nil
}
