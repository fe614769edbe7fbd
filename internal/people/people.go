// Package people owns users and teams: the tables users, teams and team_members. It refuses two users with one
// address, a team nobody can name and the loss of the last active owner. It knows no password beyond its hash (access
// makes and checks it) and decides no permission. Called by access, assignment, transfer and the admin API.
package people

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Service is the users and teams of this installation. Safe for concurrent use.
type Service struct {
	db     *db.DB
	clk    *clock.Clock
	ev     *event.Log
	onExit []func(ctx context.Context, tx *db.Tx, id desk.UserID) error
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service {
	return &Service{db: d, clk: clk, ev: ev}
}

// OnDeactivate has fn called in the transaction that deactivates a user, so that what the user holds (sessions) ends with it. Register at
// start-up, before the service is used.
func (s *Service) OnDeactivate(fn func(ctx context.Context, tx *db.Tx, id desk.UserID) error) {
	s.onExit = append(s.onExit, fn)
}

// Roles in order, from most to least.
var Roles = []desk.Role{desk.RoleOwner, desk.RoleAdmin, desk.RoleSupervisor, desk.RoleAgent, desk.RoleLight, desk.RoleViewer}

func checkRole(r desk.Role) error {
	for _, known := range Roles {
		if r == known {
			return nil
		}
	}
	return desk.Errorf(desk.Invalid, "user.role_unknown", "%q is not a role: use owner, admin, supervisor, agent, light or viewer.", r).In("role")
}

var localeForm = regexp.MustCompile(`^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

func checkLocale(v string) error {
	if v == "" || localeForm.MatchString(v) {
		return nil
	}
	return desk.Errorf(desk.Invalid, "user.locale_malformed", "%q is not a language code such as en, de or pt-BR.", v).In("locale")
}

func checkTimezone(v string) error {
	if v == "" {
		return nil
	}
	if _, err := time.LoadLocation(v); err != nil || v == "Local" {
		return desk.Errorf(desk.Invalid, "user.timezone_unknown", "%q is not a time zone: write it like Europe/Copenhagen.", v).In("timezone")
	}
	return nil
}

const maxName = 200

func checkLine(field, v string) error {
	if len(v) > maxName || strings.ContainsAny(v, "\r\n\x00") {
		return desk.Errorf(desk.Invalid, "user.name_malformed", "A name is one line of at most %d bytes.", maxName).In(field)
	}
	return nil
}

func checkEmail(v string) (string, error) {
	n := desk.NormalizeEmail(v)
	if n == "" {
		return "", desk.Errorf(desk.Invalid, "user.email_malformed", "%q is not an email address.", v).In("email")
	}
	return n, nil
}

// splitName gives the first word and the rest.
func splitName(name string) (first, last string) {
	first, last, _ = strings.Cut(strings.TrimSpace(name), " ")
	return first, strings.TrimSpace(last)
}
