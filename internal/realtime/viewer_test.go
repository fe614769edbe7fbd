package realtime

import (
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
)

func viewerOf(r desk.Role) *access.Viewer {
	return &access.Viewer{User: desk.User{ID: 1, Role: r, Active: true}, Scopes: []string{access.ScopeAll}}
}
