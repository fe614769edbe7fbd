package api

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
)

// secure sets the headers every answer has. Handlers that show something (the app, a message's frame, an image) replace the policy by their own.
func (s *Server) secure(h http.Header, r *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	if s.Secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
}

// appPolicy is the workspace's own: nothing but itself, style sheets by nonce. Style attributes are allowed because the preview of a signature is
// a frame that inherits this policy.
func appPolicy(nonce string) string {
	return "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-" + nonce + "'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; " +
		"connect-src 'self'; frame-src 'self'; font-src 'self'; manifest-src 'self'; media-src 'self' blob:; " +
		"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
}

// FramePolicy is that of a message's frame: no script at all, no connection, images from here and inline ones only. It keeps its origin so that the
// page around it can measure it; nothing inside can act on that, since nothing inside can run.
const FramePolicy = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// FilePolicy is that of a stranger's file: whatever it is, it runs nothing.
const FilePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

func nonce() string {
	var b [18]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
