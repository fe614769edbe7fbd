package email

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// A thread token names a thread in addresses and Message-IDs so that an answer finds its way even when a relay rewrites or drops
// the references (EM-30). It is 7 bytes of thread id and 10 bytes (80 bits) of HMAC-SHA256, in base32 in lower case: 28
// characters, read in either case because some relays fold it.
const (
	tokenMAC = 10
	tokenLen = 28
)

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// SignToken makes a thread's token. The key is the installation's; another key makes every older token invalid.
func SignToken(key []byte, thread desk.ThreadID) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(thread))
	return tokenEncoding.EncodeToString(append(b[1:], tokenSum(key, b[1:])...))
}

// VerifyToken returns the thread that a token names, if the key made it. It takes constant time for any well-formed token.
func VerifyToken(key []byte, tok string) (desk.ThreadID, bool) {
	if len(tok) != tokenLen {
		return 0, false
	}
	b, err := tokenEncoding.DecodeString(strings.ToLower(tok))
	if err != nil || len(b) != 7+tokenMAC {
		return 0, false
	}
	var id [8]byte
	copy(id[1:], b[:7])
	n := binary.BigEndian.Uint64(id[:])
	ok := hmac.Equal(b[7:], tokenSum(key, b[:7]))
	if !ok || n == 0 || n > desk.MaxID {
		return 0, false
	}
	return desk.ThreadID(n), true
}

func tokenSum(key, id []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("kanal thread token 1\x00"))
	h.Write(id)
	return h.Sum(nil)[:tokenMAC]
}

// PlusAddress puts a token into an address: support@host becomes support+t-TOKEN@host.
func PlusAddress(address, token string) string {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || token == "" {
		return address
	}
	return address[:at] + "+t-" + token + address[at:]
}

// CutPlusToken takes a token out of an address: the plain address and the token, or the address as it was and "".
func CutPlusToken(address string) (plain, token string) {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return address, ""
	}
	local := address[:at]
	i := len(local) - tokenLen
	if i < 4 || !strings.EqualFold(local[i-3:i], "+t-") || !isToken(local[i:]) {
		return address, ""
	}
	return local[:i-3] + address[at:], strings.ToLower(local[i:])
}

// MessageIDToken returns the token in a Message-ID that Kanal made, or "". It says nothing about the signature.
func MessageIDToken(id string) string {
	id = strings.TrimPrefix(strings.TrimSpace(id), "<")
	if len(id) > tokenLen+1 && id[tokenLen] == '.' && isToken(id[:tokenLen]) {
		return strings.ToLower(id[:tokenLen])
	}
	return ""
}

func isToken(s string) bool {
	if len(s) != tokenLen {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if s[i] >= '2' && s[i] <= '7' {
			continue
		}
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// tokens collects candidates from addresses and Message-IDs, each once, addresses first.
func tokens(addresses, ids []string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(t string) {
		if t != "" && !seen[t] && len(out) < 50 {
			seen[t] = true
			out = append(out, t)
		}
	}
	for _, a := range addresses {
		_, t := CutPlusToken(a)
		add(t)
	}
	for _, id := range ids {
		add(MessageIDToken(id))
	}
	return out
}
