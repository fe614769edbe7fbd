package chat_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/desk"
)

const secret = "0123456789abcdef0123456789abcdef"

func account(settings, secrets string) desk.ChannelAccount {
	return desk.ChannelAccount{ID: 1, Channel: chat.Name, Settings: json.RawMessage(settings), Secrets: json.RawMessage(secrets)}
}

func TestConformance(t *testing.T) {
	acc := account(`{"surface":"both"}`, `{"identity":{"secret":"`+secret+`"}}`)
	channeltest.Run(t, chat.New(), "testdata", channeltest.Sample{
		Account: acc,
		Refused: map[string]channeltest.Refusal{
			"unknown surface": {Settings: `{"surface":"moon"}`, Field: "surface"},
			"short secret":    {Settings: `{}`, Secrets: `{"identity":{"secret":"abc"}}`, Field: "identity.secret"},
			"no key":          {Settings: `{"identity":{"public_key":"abc"}}`, Field: "identity.public_key"},
		},
		Sends: []channeltest.Send{
			{Name: "stored", Prepare: func(*testing.T, *channeltest.Host) (desk.ChannelAccount, func() int) { return acc, nil },
				Out: channel.Outbound{RemoteID: "r1", Text: "Hello", To: []desk.Party{{Kind: desk.AddrVisitor, Address: "5"}}}},
		},
	})
}

func part(v any) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

func hs256(key string, header, claims map[string]any) string {
	s := part(header) + "." + part(claims)
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(s))
	return s + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// TR-06: a customer's own server signs who a visitor is; what is forged, expired or signed otherwise is refused, each with a reason of its own.
func TestCustomersTokens(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	pub, priv, _ := ed25519.GenerateKey(nil)
	der, _ := x509.MarshalPKIXPublicKey(pub)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	settings, _ := json.Marshal(map[string]any{"identity": map[string]any{"public_key": text}})
	acc := account(string(settings), `{"identity":{"secret":"`+secret+`"}}`)
	good := func() map[string]any {
		return map[string]any{"sub": "u1", "email": "Mira@Example.com", "name": "Mira Holm", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix()}
	}
	with := func(k string, v any) map[string]any { c := good(); c[k] = v; return c }
	hs := map[string]any{"alg": "HS256", "typ": "JWT"}
	eddsa := func(c map[string]any) string {
		s := part(map[string]any{"alg": "EdDSA"}) + "." + part(c)
		return s + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(priv, []byte(s)))
	}
	whole := hs256(secret, hs, good())
	for name, c := range map[string]struct{ token, reason string }{
		"HS256":                      {whole, ""},
		"EdDSA":                      {eddsa(good()), ""},
		"another secret":             {hs256("x"+secret, hs, good()), "identity.token_forged"},
		"the public key as secret":   {hs256(text, hs, good()), "identity.token_forged"},
		"no signature":               {part(map[string]any{"alg": "none"}) + "." + part(good()) + ".", "identity.token_forged"},
		"another algorithm's name":   {hs256(secret, map[string]any{"alg": "HS512"}, good()), "identity.token_forged"},
		"another claim":              {strings.Join([]string{strings.Split(whole, ".")[0], part(with("email", "boss@example.com")), strings.Split(whole, ".")[2]}, "."), "identity.token_forged"},
		"critical header":            {hs256(secret, map[string]any{"alg": "HS256", "crit": []string{"x"}}, good()), "identity.token_malformed"},
		"expired":                    {hs256(secret, hs, with("exp", now.Add(-time.Second).Unix())), "identity.token_expired"},
		"no end":                     {hs256(secret, hs, with("exp", 0)), "identity.token_lasting"},
		"a year":                     {hs256(secret, hs, with("exp", now.Add(8760*time.Hour).Unix())), "identity.token_lasting"},
		"tomorrow's":                 {hs256(secret, hs, with("nbf", now.Add(time.Hour).Unix())), "identity.token_early"},
		"no token":                   {"a.b", "identity.token_malformed"},
		"too long":                   {strings.Repeat("a", 9000) + ".b.c", "identity.token_malformed"},
		"not base64 in the middle":   {part(hs) + ".%%.aa", "identity.token_malformed"},
		"an absurd number as an end": {hs256(secret, hs, with("exp", 1e300)), "identity.token_expired"},
	} {
		p, err := chat.New().Prove(acc, c.token, now)
		if got := desk.ReasonOf(err); got != c.reason {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.reason, err)
		}
		if err == nil && (p.Email != "Mira@Example.com" || p.FirstName != "Mira" || p.LastName != "Holm" || p.ExternalID != "u1") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, err := chat.New().Prove(account(`{}`, ``), hs256("", hs, good()), now); err == nil {
		t.Error("an account without a key took a token that was signed with nothing")
	}
}
