package chat

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

const (
	minSecret = 32             // characters
	longest   = 24 * time.Hour // that a customer's token may be good for
	skew      = time.Minute    // between two servers' clocks
	maxToken  = 8 << 10        // bytes
)

func refused(reason, public string) error {
	return desk.Errorf(desk.Forbidden, "identity."+reason, "%s", public)
}

// claims are what a customer's token says.
type claims struct {
	Subject    string  `json:"sub"`
	Email      string  `json:"email"`
	Name       string  `json:"name"`
	GivenName  string  `json:"given_name"`
	FamilyName string  `json:"family_name"`
	Expires    float64 `json:"exp"`
	NotBefore  float64 `json:"nbf"`
	Issued     float64 `json:"iat"`
}

// Prove implements channel.Prover: JSON Web Tokens (RFC 7519), HS256 with the account's secret or EdDSA with its public key. A token names its algorithm, but the
// account decides which it takes: one signed with the public key as a secret is none.
func (*Adapter) Prove(acc desk.ChannelAccount, token string, now time.Time) (channel.Proof, error) {
	var p channel.Proof
	k, err := readKeys(acc.Settings, acc.Secrets)
	if err != nil {
		return p, err
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return p, refused("token_malformed", "This is no identification token.")
	}
	var header struct {
		Alg  string   `json:"alg"`
		Crit []string `json:"crit"`
	}
	var c claims
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || decode(parts[0], &header) != nil || decode(parts[1], &c) != nil || len(header.Crit) > 0 {
		return p, refused("token_malformed", "This is no identification token.")
	}
	if !signed(k, header.Alg, parts[0]+"."+parts[1], sig) {
		return p, refused("token_forged", "The signature of the identification token does not fit.")
	}
	expires := seconds(c.Expires)
	switch {
	case c.Expires == 0 || expires.After(now.Add(longest+skew)):
		return p, refused("token_lasting", "An identification token has to end within 24 hours.")
	case !expires.After(now):
		return p, refused("token_expired", "The identification token has expired.")
	case seconds(c.NotBefore).After(now.Add(skew)) || seconds(c.Issued).After(now.Add(skew)):
		return p, refused("token_early", "The identification token is not valid yet.")
	}
	first, last := richtext.TypedLine(c.GivenName, 200), richtext.TypedLine(c.FamilyName, 200)
	if first == "" && last == "" {
		first, last, _ = strings.Cut(richtext.TypedLine(c.Name, 200), " ")
	}
	return channel.Proof{Email: c.Email, FirstName: first, LastName: last, ExternalID: richtext.TypedLine(c.Subject, 200), Expires: expires}, nil
}

func seconds(f float64) time.Time {
	if f <= 0 || f > 1<<40 {
		return time.Unix(0, 0)
	}
	return time.Unix(int64(f), 0)
}

func signed(k keys, alg, what string, sig []byte) bool {
	switch alg {
	case "HS256":
		if len(k.Identity.Secret) < minSecret {
			return false
		}
		m := hmac.New(sha256.New, []byte(k.Identity.Secret))
		m.Write([]byte(what))
		return hmac.Equal(m.Sum(nil), sig)
	case "EdDSA":
		pub, err := publicKey(k.Identity.PublicKey)
		return err == nil && ed25519.Verify(pub, []byte(what), sig)
	}
	return false
}

func decode(part string, into any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// publicKey reads an Ed25519 key: PEM, or its 32 bytes in base64.
func publicKey(s string) (ed25519.PublicKey, error) {
	wrong := desk.Errorf(desk.Invalid, "chat.public_key", "This is no Ed25519 public key: paste its PEM text, or its 32 bytes in base64.").In("identity.public_key")
	s = strings.TrimSpace(s)
	if block, _ := pem.Decode([]byte(s)); block != nil {
		any, err := x509.ParsePKIXPublicKey(block.Bytes)
		pub, ok := any.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, wrong.Because(err)
		}
		return pub, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(s); err == nil && len(b) == ed25519.PublicKeySize {
			return b, nil
		}
	}
	return nil, wrong
}
