package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
)

// Cookie is the session cookie's name.
const Cookie = "kanal_session"

// Credential is what a request brought: a token or the session cookie's value, or "". A token wins: then the cookie is not looked at.
func Credential(r *http.Request) string {
	if b := bearer(r); b != "" {
		return b
	}
	if c, err := r.Cookie(Cookie); err == nil {
		return c.Value
	}
	return ""
}

// authorize finds who is asking and whether the rule lets them.
func (s *Server) authorize(r *http.Request, rule Rule) (access.Viewer, error) {
	if rule.Limit != "" {
		if err := s.limits[rule.Limit].take(s.ClientIP(r)); err != nil {
			return access.Viewer{}, err
		}
	}
	if rule.Public {
		return access.Viewer{}, nil
	}
	if err := s.Admitted(r); err != nil {
		return access.Viewer{}, err
	}
	v, err := s.Viewer(r.Context(), Credential(r))
	switch {
	case err != nil:
		return v, err
	case v.Token != nil && !slices.ContainsFunc(v.Scopes, func(x string) bool { return x != access.ScopeDirectory }):
		return v, errDirectory
	case rule.Whole && !slices.Contains(v.Scopes, access.ScopeAll):
		return v, errScope
	case rule.Needs != "":
		return v, v.Need(rule.Needs)
	}
	return v, nil
}

// Viewer authenticates a request outside the operations, as a stream does when it looks again.
func (s *Server) Viewer(ctx context.Context, credential string) (access.Viewer, error) {
	if credential == "" {
		return access.Viewer{}, errNobody
	}
	return s.Access.Authenticate(ctx, credential)
}

// Admitted refuses a request from where the workspace may not be used (PM-13). Who authenticates one outside the operations asks it first.
func (s *Server) Admitted(r *http.Request) error {
	if s.Admit == nil {
		return nil
	}
	return s.Admit(r.Context(), s.ClientIP(r))
}

// SetSession gives the browser a session; "" takes it away.
func (s *Server) SetSession(token string) http.Cookie {
	c := http.Cookie{Name: Cookie, Value: token, Path: "/", HttpOnly: true, Secure: s.Secure(), SameSite: http.SameSiteLaxMode, MaxAge: int(access.SessionMax.Seconds())}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// ClientIP is the address a request came from: the peer's, or what a trusted proxy says; an IPv4 address is written as one, however it came.
func (s *Server) ClientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	host = plainAddress(host)
	if len(s.Proxies) == 0 {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(host); i-- {
		hop := strings.TrimSpace(hops[i])
		if ap, err := netip.ParseAddrPort(hop); err == nil { // some proxies say the port too
			hop = ap.Addr().String()
		}
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		host = plainAddress(hop)
	}
	return host
}

func plainAddress(host string) string {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	return a.Unmap().WithZone("").String()
}

func (s *Server) trusted(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.Proxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
