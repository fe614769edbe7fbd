package chatflow

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// PreviewParam is the parameter of a page's address that shows a draft there.
const PreviewParam = "kanal_preview"

// PreviewToken lets whoever holds it see the draft of a chatflow on a page, until then (CF-23).
func PreviewToken(key []byte, id desk.ChatflowID, until desk.Time) string {
	body := strconv.FormatInt(int64(id), 36) + "." + strconv.FormatInt(int64(until), 36)
	return body + "." + previewMAC(key, body)
}

// ReadPreview returns whose draft a token shows; ok is false when it was not made here or has expired.
func ReadPreview(key []byte, token string, now desk.Time) (id desk.ChatflowID, ok bool) {
	body, mac := token, ""
	if i := strings.LastIndexByte(token, '.'); i >= 0 {
		body, mac = token[:i], token[i+1:]
	}
	if !hmac.Equal([]byte(mac), []byte(previewMAC(key, body))) {
		return 0, false
	}
	first, last, _ := strings.Cut(body, ".")
	n, err := strconv.ParseInt(first, 36, 64)
	until, err2 := strconv.ParseInt(last, 36, 64)
	return desk.ChatflowID(n), err == nil && err2 == nil && int64(now) < until
}

func previewMAC(key []byte, body string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("chatflow preview\x00" + body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}
