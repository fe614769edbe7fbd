// Package directory lets a company's directory (Microsoft Entra ID, Okta and others) keep users and teams by SCIM 2.0 (PM-13): its users are users here, its groups teams, and
// a group may give a role. It owns the tables directory_users and directory_groups: what the directory calls whom. It acts as the user of its token and refuses what they could
// not do: to change who may more, to give what they do not have, to take away the last owner. Nobody is deleted: who leaves is deactivated. Called by the API.
package directory

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/directory/scim"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

// Deps are what a Service works with.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	People   *people.Service
	Access   *access.Service
	Settings *setting.Service
	Base     string // the workspace's address
	// Left passes on the open tickets of somebody who was deactivated; how is setting.Directory.Tickets. nil: they stay.
	Left func(ctx context.Context, actor desk.Actor, id desk.UserID, how string) error
}

// Service answers a directory. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Path is where SCIM is spoken.
const Path = "/scim/v2"

// Found is a page of what was asked for.
type Found struct {
	Total, Start int
	Items        []scim.Resource
}

// Query is what a list is asked for.
type Query struct {
	Filter string
	Start  int // from 1
	Count  int // -1: as many as there may be
}

// MaxPage is how many resources one answer holds.
const MaxPage = 200

func (q Query) page(all []scim.Resource) (Found, error) {
	if q.Filter != "" {
		f, err := scim.ParseFilter(q.Filter)
		if err != nil {
			return Found{}, err
		}
		all = slices.DeleteFunc(all, func(r scim.Resource) bool { return !f.Match(r) })
	}
	out := Found{Total: len(all), Start: max(q.Start, 1)}
	n := q.Count
	if n < 0 || n > MaxPage {
		n = MaxPage
	}
	from := min(out.Start-1, len(all))
	out.Items = all[from:min(from+n, len(all))]
	return out, nil
}

// tagged adds meta with a version that changes when anything does.
func (s *Service) tagged(r scim.Resource, kind string, created, modified desk.Time) scim.Resource {
	b, _ := json.Marshal(plain(r))
	sum := sha256.Sum256(b)
	meta := map[string]any{"resourceType": kind, "location": s.location(kind, r.Text("id")), "version": `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	if created != 0 {
		meta["created"] = created.Time().UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if modified != 0 {
		meta["lastModified"] = modified.Time().UTC().Format("2006-01-02T15:04:05.000Z")
	}
	r["meta"] = meta
	return r
}

func plain(r scim.Resource) map[string]any { return map[string]any(r) }

func (s *Service) location(kind, id string) string {
	return strings.TrimSuffix(s.Base, "/") + Path + "/" + kind + "s/" + id
}

// Version is a resource's ETag.
func Version(r scim.Resource) string { return r.Text("meta", "version") }

// unchanged refuses a change of what is different by now; match is the If-Match of the request.
func unchanged(r scim.Resource, match string) error {
	if match == "" || strings.TrimSpace(match) == "*" {
		return nil
	}
	for _, m := range strings.Split(match, ",") {
		if strings.TrimPrefix(strings.TrimSpace(m), "W/") == strings.TrimPrefix(Version(r), "W/") {
			return nil
		}
	}
	return &scim.Error{Status: http.StatusPreconditionFailed, Detail: "It has changed since it was read."}
}

func notFound(kind, id string) error {
	return &scim.Error{Status: http.StatusNotFound, Detail: kind + " " + strconv.Quote(cut(id, 60)) + " is not there."}
}

func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

func idOf[T ~int64](name string) T {
	n, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return 0
	}
	return T(n)
}

// named is what the directory calls somebody.
type named struct {
	external, userName string
	role               desk.Role
	removed            desk.Time
}

func (s *Service) names(ctx context.Context, q db.Queryer, id desk.UserID) (n named, err error) {
	err = q.QueryRow(ctx, `SELECT external_id, user_name, role, removed_at FROM directory_users WHERE user_id = $1`, id).Scan(&n.external, &n.userName, &n.role, &n.removed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return n, fmt.Errorf("directory: names: %w", err)
	}
	return n, nil
}

func (s *Service) allNames(ctx context.Context, q db.Queryer) (map[desk.UserID]named, error) {
	out := map[desk.UserID]named{}
	_, err := db.All(ctx, q, func(r db.Scanner) (struct{}, error) {
		var id desk.UserID
		var n named
		err := r.Scan(&id, &n.external, &n.userName, &n.role, &n.removed)
		out[id] = n
		return struct{}{}, err
	}, `SELECT user_id, external_id, user_name, role, removed_at FROM directory_users`)
	if err != nil {
		return nil, fmt.Errorf("directory: names: %w", err)
	}
	return out, nil
}

func (s *Service) keep(ctx context.Context, tx *db.Tx, id desk.UserID, n named) error {
	_, err := tx.Exec(ctx, `INSERT INTO directory_users (user_id, external_id, user_name, role, removed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE
		SET external_id = excluded.external_id, user_name = excluded.user_name, role = excluded.role, removed_at = excluded.removed_at`, id, n.external, n.userName, n.role, n.removed)
	if err != nil {
		return fmt.Errorf("directory: keep: %w", err)
	}
	return nil
}

// allowed refuses whoever's token it is to change somebody who may more than they.
func allowed(v access.Viewer, u desk.User) error {
	if access.MayManage(v.User, u) {
		return nil
	}
	return &scim.Error{Status: http.StatusForbidden, Detail: u.Name + " may do more here than whoever's token this is."}
}
