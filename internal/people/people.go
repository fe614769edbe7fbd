// Package people owns users and teams, and whether somebody is there: the tables users, teams, team_members, user_absences and availability_log. It refuses two
// users with one address, a team nobody can name and the loss of the last active owner. It knows no password beyond its hash (access makes and checks it) and
// decides no permission. Availability is changed in one place (shift), at the edges of hours and absences by Keep. Called by access, assignment, transfer and the API.
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
	"github.com/kanalhq/kanal/internal/hours"
)

// Service is the users and teams of this installation. Safe for concurrent use.
type Service struct {
	db     *db.DB
	clk    *clock.Clock
	ev     *event.Log
	onExit []func(ctx context.Context, tx *db.Tx, id desk.UserID) error
	around Around
	since  desk.Time // of this process: nobody idles while it was not there to see them
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service {
	return &Service{db: d, clk: clk, ev: ev, since: clk.Ms()}
}

// Around is what others know that availability hangs on; what is nil is not there.
type Around struct {
	Calendars func(ctx context.Context, q db.Queryer, slugs []string) (map[string][]hours.Holiday, error)
	Zone      func(ctx context.Context, q db.Queryer) (string, error)                                   // of those without their own
	Idle      func(ctx context.Context, q db.Queryer) (after time.Duration, since desk.Time, err error) // 0: nobody idles
}

// With is told what is around. Before the service is used.
func (s *Service) With(a Around) *Service {
	s.around = a
	return s
}

// OnDeactivate has fn called in the transaction that deactivates a user, so that what the user holds (sessions) ends with it. Register at
// start-up, before the service is used.
func (s *Service) OnDeactivate(fn func(ctx context.Context, tx *db.Tx, id desk.UserID) error) {
	s.onExit = append(s.onExit, fn)
}

// Roles in order, from most to least.
var Roles = []desk.Role{desk.RoleOwner, desk.RoleAdmin, desk.RoleSupervisor, desk.RoleAgent, desk.RoleLight, desk.RoleViewer}

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
