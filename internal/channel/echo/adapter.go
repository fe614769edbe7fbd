// Package echo is the smallest whole channel: the template that `make new-channel` copies, and a channel for trying things
// out with curl. It owns its wire format and nothing else; it holds no state about an account and never sees a
// database. The list in internal/channel/all names it, the hook server and the switchboard call it.
//
// In: POST /hooks/echo/ with the JSON of Delivery, signed with the account's secret. Out: one POST of the JSON of Reply to the account's url, or,
// without a url, nothing but a receipt.
package echo

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// Name is the channel's name in settings and rows.
const Name = "echo"

//go:embed icon.svg
var icon string

// Adapter is the channel.
type Adapter struct{}

// New makes the channel.
func New() *Adapter { return &Adapter{} }

// Spec implements channel.Adapter.
func (*Adapter) Spec() channel.Spec {
	return channel.Spec{
		Channel:   Name,
		GenericID: 1999, // ours: the public API has no such channel
		Name:      "Echo (for developers)",
		Icon:      icon,
		Threading: channel.ByKey,
		Address:   desk.AddressKind(Name),
		Fields: []channel.Field{
			{Path: "address", Label: "Name", Help: "What deliveries call this account.", Type: "text", Required: true, Step: "account"},
			{Path: "secret", Label: "Secret", Help: "Signs deliveries.", Type: "password", Required: true, Secret: true, Step: "account"},
			{Path: "url", Label: "Send replies to", Help: "A URL that takes a POST. Empty: replies are only acknowledged.", Type: "text", Step: "details"},
		},
		Can: channel.Abilities{Send: true, MaxText: 10_000},
	}
}

// settings are an account's, with its secrets.
type settings struct {
	Address string `json:"address"`
	Secret  string `json:"secret"`
	URL     string `json:"url"`
}

func read(plain, secrets []byte) (s settings, err error) {
	for _, b := range [][]byte{plain, secrets} {
		if len(b) == 0 {
			continue
		}
		if err := json.Unmarshal(b, &s); err != nil {
			return s, desk.Errorf(desk.Invalid, "echo.settings_malformed", "The settings of this channel cannot be read.").Because(err)
		}
	}
	return s, nil
}

// Validate implements channel.Validator.
func (*Adapter) Validate(plain, secrets []byte) (string, error) {
	s, err := read(plain, secrets)
	if err != nil {
		return "", err
	}
	address := strings.ToLower(strings.TrimSpace(s.Address))
	if address == "" || strings.ContainsAny(address, " /\r\n") {
		return "", desk.Errorf(desk.Invalid, "echo.address", "Enter a name without spaces.").In("address")
	}
	if s.Secret == "" {
		return "", desk.Errorf(desk.Invalid, "echo.secret", "Enter a secret.").In("secret")
	}
	if s.URL != "" {
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", desk.Errorf(desk.Invalid, "echo.url", "Enter a URL that begins with https://.").In("url")
		}
	}
	return address, nil
}

// Open implements channel.Adapter.
func (*Adapter) Open(_ context.Context, acc desk.ChannelAccount, host channel.Host) (channel.Conn, error) {
	s, err := read(acc.Settings, acc.Secrets)
	if err != nil {
		return nil, err
	}
	return &conn{set: s, host: host}, nil
}

var (
	_ channel.Adapter   = (*Adapter)(nil)
	_ channel.Hooker    = (*Adapter)(nil)
	_ channel.Validator = (*Adapter)(nil)
	_ channel.Checker   = (*conn)(nil)
)
