package echo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// SignatureHeader carries hex HMAC-SHA256 over the raw body, with the account's secret; one for each account, joined by commas.
const SignatureHeader = "X-Echo-Signature"

// Delivery is what a provider posts: items for one or several accounts.
type Delivery struct {
	Items []json.RawMessage `json:"items"`
}

type addressed struct {
	Account string `json:"account"`
	ID      string `json:"id"`
}

// Hook implements channel.Hooker. Every account named in the delivery must have signed it.
func (*Adapter) Hook(r *http.Request, body []byte, find func(string) (desk.ChannelAccount, bool)) (channel.HookReply, []channel.Raw, error) {
	unauthorized := desk.Errorf(desk.Unauthorized, "echo.signature", "The signature does not fit.")
	var d Delivery
	if err := json.Unmarshal(body, &d); err != nil {
		return channel.HookReply{}, nil, unauthorized.Because(err)
	}
	if len(d.Items) == 0 { // nobody's secret was checked
		return channel.HookReply{}, nil, unauthorized
	}
	signatures := strings.Split(r.Header.Get(SignatureHeader), ",")
	var raws []channel.Raw
	for _, item := range d.Items {
		var to addressed
		if err := json.Unmarshal(item, &to); err != nil {
			return channel.HookReply{}, nil, unauthorized.Because(err)
		}
		acc, ok := find(strings.ToLower(to.Account))
		if !ok {
			return channel.HookReply{}, nil, unauthorized
		}
		s, err := read(acc.Settings, acc.Secrets)
		if err != nil || !signed(body, s.Secret, signatures) {
			return channel.HookReply{}, nil, unauthorized
		}
		dedupe := "id:" + to.ID
		if to.ID == "" {
			sum := sha256.Sum256(item)
			dedupe = "sha256:" + hex.EncodeToString(sum[:])
		}
		raws = append(raws, channel.Raw{Account: acc.ID, Channel: Name, Dedupe: dedupe, Body: item})
	}
	return channel.HookReply{Status: http.StatusOK, Type: "application/json", Body: []byte(`{"ok":true}`)}, raws, nil
}

func signed(body []byte, secret string, signatures []string) bool {
	if secret == "" {
		return false
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	want := m.Sum(nil)
	for _, s := range signatures {
		if got, err := hex.DecodeString(strings.TrimSpace(s)); err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}
