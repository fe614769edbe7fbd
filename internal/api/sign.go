package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/desk"
)

// signedFor is how long a signed URL works at least. The end is rounded to the day, so that a browser may keep what it fetched.
const signedFor = 24 * time.Hour

// Signer makes and checks signatures of addresses.
type Signer struct {
	Key   []byte
	Clock *clock.Clock
}

// Sign makes the signature of a URL that a sandboxed frame fetches without a cookie. kind keeps one use from standing in for another.
func (s *Server) Sign(kind, value string) string { return s.signer().Sign(kind, value) }

// Signed checks a signature.
func (s *Server) Signed(kind, value, sig string) error { return s.signer().Signed(kind, value, sig) }

func (s *Server) signer() Signer { return Signer{s.Key, s.Clock} }

// Sign makes the signature of a URL that a sandboxed frame fetches without a cookie. kind keeps one use from standing in for another.
func (s Signer) Sign(kind, value string) string {
	day := int64((24 * time.Hour).Seconds())
	until := (s.Clock.Now().Add(signedFor).Unix()/day + 1) * day
	return strconv.FormatInt(until, 36) + "." + s.mac(kind, value, until)
}

// Signed checks a signature.
func (s Signer) Signed(kind, value, sig string) error {
	at, mac, _ := strings.Cut(sig, ".")
	until, err := strconv.ParseInt(at, 36, 64)
	if err != nil || !hmac.Equal([]byte(mac), []byte(s.mac(kind, value, until))) {
		return desk.Errorf(desk.Forbidden, "url.signature", "This address was not made by Kanal.")
	}
	if s.Clock.Now().Unix() > until {
		return desk.Errorf(desk.Forbidden, "url.expired", "This address has expired. Open the message again.")
	}
	return nil
}

func (s Signer) mac(kind, value string, until int64) string {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte(kind + "\x00" + strconv.FormatInt(until, 36) + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}
