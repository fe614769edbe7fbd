package access_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
)

// PM-12, PM-06: the whole table, so that a change of it is a change of this test.
func TestRolesHaveThesePermissions(t *testing.T) {
	want := map[desk.Role]string{
		desk.RoleOwner:      "tickets.view tickets.reply tickets.comment tickets.edit tickets.assign tickets.delete contacts.edit contacts.delete contacts.export contacts.erase sensitive.view views.share availability.manage inboxes.all account.access chatflows.manage routing.manage forms.manage submissions.view channels.move roles.manage properties.manage users.manage settings.manage tokens.manage audit.view conversations.visitor_identification.tokens.create",
		desk.RoleAdmin:      "tickets.view tickets.reply tickets.comment tickets.edit tickets.assign tickets.delete contacts.edit contacts.delete contacts.export contacts.erase sensitive.view views.share availability.manage inboxes.all account.access chatflows.manage routing.manage forms.manage submissions.view channels.move roles.manage properties.manage users.manage settings.manage tokens.manage audit.view conversations.visitor_identification.tokens.create",
		desk.RoleSupervisor: "tickets.view tickets.reply tickets.comment tickets.edit tickets.assign tickets.delete contacts.edit contacts.delete views.share availability.manage routing.manage submissions.view audit.view",
		desk.RoleAgent:      "tickets.view tickets.reply tickets.comment tickets.edit tickets.assign contacts.edit",
		desk.RoleLight:      "tickets.view tickets.comment",
		desk.RoleViewer:     "tickets.view",
	}
	for _, role := range people.Roles {
		var got []string
		for _, p := range access.Permissions {
			if access.RoleCan(role, p) {
				got = append(got, string(p))
			}
		}
		if strings.Join(got, " ") != want[role] {
			t.Errorf("%s may %v", role, got)
		}
	}
	if len(access.Roles) != len(people.Roles) || access.RoleCan("boss", access.TicketsView) {
		t.Error("a role is missing, or an unknown one may do something")
	}
	may := func(by, other desk.Role) bool { return access.MayManage(desk.User{Role: by}, desk.User{Role: other}) }
	if may(desk.RoleAdmin, desk.RoleOwner) || !may(desk.RoleAdmin, desk.RoleAdmin) || !may(desk.RoleOwner, desk.RoleOwner) || may(desk.RoleSupervisor, desk.RoleViewer) {
		t.Error("MayManage")
	}
}

func TestInboxAccess(t *testing.T) { // IH-09, PM-05
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ann, bo, eva, boss := k.User(), k.User(), k.User(), k.User(desktest.Role(desk.RoleAdmin))
		team := k.Team("sales", bo)
		box := k.Inbox("sales", desk.Access{Users: []desk.UserID{ann.ID}, Teams: []desk.TeamID{team.ID}})
		for _, c := range []struct {
			who        desk.User
			sees, acts bool
		}{{ann, true, true}, {bo, true, true}, {eva, false, false}, {boss, true, false}} {
			v := k.Viewer(c.who)
			if v.SeesInbox(box.ID) != c.sees || v.ActsIn(box.ID) != c.acts || !v.SeesInbox(k.Helpdesk().ID) || !v.ActsIn(k.Helpdesk().ID) {
				t.Errorf("%s (%s): sees %v, acts %v", c.who.Name, c.who.Role, v.SeesInbox(box.ID), v.ActsIn(box.ID))
			}
		}
		if err := k.Viewer(eva).NeedIn(box.ID, access.TicketsView); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("what cannot be seen is not there: %v", err)
		}
		if err := k.Viewer(boss).NeedIn(box.ID, access.TicketsReply); desk.ReasonOf(err) != "access.not_member" {
			t.Errorf("an administrator acts only as a member: %v", err)
		}
		if err := k.Viewer(boss).NeedIn(box.ID, access.TicketsView); err != nil {
			t.Error(err)
		}
		if err := (access.Viewer{}).Need(access.TicketsView); desk.CodeOf(err) != desk.Unauthorized {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User(desktest.Named("Ann Holm"))
		k.SetPassword(ann)
		sign := func() string {
			t.Helper()
			token, v, err := k.Access.SignIn(ctx, " ANN@acme.example", desktest.Password, "Browser", "192.0.2.1")
			if err != nil || v.User.ID != ann.ID || v.Session == 0 {
				t.Fatalf("%+v %v", v, err)
			}
			return token
		}
		token := sign()
		v, err := k.Access.Authenticate(ctx, token)
		if err != nil || v.User.ID != ann.ID || v.Actor != desk.ByUser(ann.ID) || !v.Can(access.TicketsReply) || v.Can(access.UsersManage) {
			t.Fatalf("%+v %v", v, err)
		}
		t.Run("the token is not in the database", func(t *testing.T) {
			var stored string
			if err := d.QueryRow(ctx, `SELECT token_hash FROM sessions`).Scan(&stored); err != nil || stored == token || strings.Contains(stored, token) || len(stored) != 64 {
				t.Fatalf("stored %q, %v", stored, err)
			}
		})
		t.Run("wrong, unknown and deactivated get one answer", func(t *testing.T) {
			gone := k.User(desktest.Named("Gone G"))
			k.SetPassword(gone)
			off := false
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.People.Update(ctx, tx, desk.System, gone.ID, people.UserChange{Active: &off})
				return err
			})
			nopass := k.User(desktest.Named("Nora N"))
			for email, password := range map[string]string{ann.Email: "wrong", "nobody@acme.example": desktest.Password, gone.Email: desktest.Password, nopass.Email: "", "not an address": "x"} {
				_, _, err := k.Access.SignIn(ctx, email, password, "", "192.0.2.9")
				if desk.ReasonOf(err) != "access.wrong_credentials" || desk.CodeOf(err) != desk.Unauthorized {
					t.Errorf("%s: %v", email, err)
				}
			}
		})
		t.Run("it slides while used, ends when idle, and at last in any case", func(t *testing.T) {
			token := sign()
			for range 8 { // 80 days, ten at a time
				k.Clock.Advance(10 * 24 * time.Hour)
				if _, err := k.Access.Authenticate(ctx, token); err != nil {
					t.Fatal(err)
				}
			}
			k.Clock.Advance(11 * 24 * time.Hour)
			if _, err := k.Access.Authenticate(ctx, token); desk.ReasonOf(err) != "access.session_expired" {
				t.Fatalf("after 91 days: %v", err)
			}
			token = sign()
			k.Clock.Advance(access.SessionIdle + time.Minute)
			if _, err := k.Access.Authenticate(ctx, token); desk.CodeOf(err) != desk.Unauthorized {
				t.Fatalf("idle: %v", err)
			}
		})
		t.Run("signing out ends it", func(t *testing.T) {
			token := sign()
			if err := k.Access.SignOut(ctx, token); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Access.Authenticate(ctx, token); desk.CodeOf(err) != desk.Unauthorized {
				t.Fatalf("err = %v", err)
			}
			if len(k.EventsOf(desk.EvSessionEnded)) == 0 {
				t.Error("open streams are not told")
			}
		})
		t.Run("a new password ends the other sessions", func(t *testing.T) {
			mine, other := sign(), sign()
			v, err := k.Access.Authenticate(ctx, mine)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.Access.ChangePassword(ctx, v, "wrong", "another password"); desk.ReasonOf(err) != "password.wrong" {
				t.Fatalf("err = %v", err)
			}
			if err := k.Access.ChangePassword(ctx, v, desktest.Password, "short"); desk.ReasonOf(err) != "password.too_short" {
				t.Fatalf("err = %v", err)
			}
			if err := k.Access.ChangePassword(ctx, v, desktest.Password, "another password"); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Access.Authenticate(ctx, mine); err != nil {
				t.Errorf("mine: %v", err)
			}
			if _, err := k.Access.Authenticate(ctx, other); err == nil {
				t.Error("the other one lives on")
			}
			k.SetPassword(ann)
		})
		t.Run("a deactivated user's sessions and tokens end at once, and sessions do not come back", func(t *testing.T) { // PM-10
			token := sign()
			var api string
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				api, _, err = k.Access.CreateToken(ctx, tx, desk.System, ann.ID, "x", []string{"all"}, 0)
				return err
			})
			for _, active := range []bool{false, true} {
				k.Write(func(ctx context.Context, tx *db.Tx) error {
					_, err := k.People.Update(ctx, tx, desk.System, ann.ID, people.UserChange{Active: &active})
					return err
				})
				if _, err := k.Access.Authenticate(ctx, token); desk.CodeOf(err) != desk.Unauthorized {
					t.Errorf("session, active %v: %v", active, err)
				}
				if _, err := k.Access.Authenticate(ctx, api); (err == nil) != active {
					t.Errorf("token, active %v: %v", active, err)
				}
			}
		})
		t.Run("a changed role counts at once", func(t *testing.T) { // PM-10
			token := sign()
			role := desk.RoleViewer
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.People.Update(ctx, tx, desk.System, ann.ID, people.UserChange{Role: &role})
				return err
			})
			if v, err := k.Access.Authenticate(ctx, token); err != nil || v.Can(access.TicketsReply) {
				t.Errorf("%v %v", v.Permissions(), err)
			}
		})
	})
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo := k.User(), k.User()
		k.SetPassword(ann)
		token, v, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "Browser\x00", "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		xs, err := k.Access.Sessions(ctx, d, ann.ID)
		if err != nil || len(xs) != 1 || xs[0].ID != v.Session || xs[0].UserAgent != "Browser" {
			t.Fatalf("%+v %v", xs, err)
		}
		end := func(of desk.UserID) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				return k.Access.EndSession(ctx, tx, desk.System, of, v.Session)
			})
		}
		if err := end(bo.ID); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("somebody else's: %v", err)
		}
		if err := end(ann.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Access.Authenticate(ctx, token); err == nil {
			t.Error("a revoked session lives on")
		}
	})
}

func TestFailedSignInsAreLimited(t *testing.T) {
	ctx, k := context.Background(), desktest.New(t, dbtest.SQLite(t))
	ann := k.User()
	k.SetPassword(ann)
	for range 10 {
		_, _, err := k.Access.SignIn(ctx, ann.Email, "wrong", "", "192.0.2.1")
		if desk.CodeOf(err) != desk.Unauthorized {
			t.Fatal(err)
		}
	}
	if _, _, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "", "192.0.2.1"); desk.CodeOf(err) != desk.RateLimited {
		t.Fatalf("the eleventh: %v", err)
	}
	if _, _, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "", "192.0.2.2"); err != nil {
		t.Fatalf("from elsewhere: %v", err)
	}
	k.Clock.Advance(16 * time.Minute)
	if _, _, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "", "192.0.2.1"); err != nil {
		t.Fatalf("later: %v", err)
	}
}

func TestAPITokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User()
		make := func(scopes []string, expires desk.Time) (secret string, tok access.Token, err error) {
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				secret, tok, err = k.Access.CreateToken(ctx, tx, desk.System, ann.ID, "Import", scopes, expires)
				return err
			})
			return secret, tok, err
		}
		secret, tok, err := make([]string{"tickets.view", "users.manage", "tickets.view"}, 0)
		if err != nil || !strings.HasPrefix(secret, "kanal_") || tok.Hint != secret[len(secret)-4:] || len(tok.Scopes) != 2 {
			t.Fatalf("%+v %v", tok, err)
		}
		v, err := k.Access.Authenticate(ctx, secret)
		if err != nil || v.Token == nil || v.Actor != desk.ByUser(ann.ID) {
			t.Fatalf("%+v %v", v, err)
		}
		if !v.Can(access.TicketsView) || v.Can(access.TicketsReply) || v.Can(access.UsersManage) {
			t.Errorf("scopes only take away: %v", v.Permissions())
		}
		ts, err := k.Access.Tokens(ctx, d, ann.ID)
		if err != nil || len(ts) != 1 || ts[0].LastUsed == 0 {
			t.Fatalf("%+v %v", ts, err)
		}
		used := ts[0].LastUsed
		k.Clock.Advance(time.Second)
		_, _ = k.Access.Authenticate(ctx, secret)
		if ts, _ = k.Access.Tokens(ctx, d, 0); ts[0].LastUsed != used {
			t.Error("each use is a write")
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Access.RevokeToken(ctx, tx, desk.System, tok.ID) })
		if _, err := k.Access.Authenticate(ctx, secret); desk.ReasonOf(err) != "token.ended" {
			t.Errorf("revoked: %v", err)
		}
		if ts, _ = k.Access.Tokens(ctx, d, 0); len(ts) != 0 {
			t.Error("a revoked token is listed")
		}
		secret, _, err = make([]string{"all"}, k.Clock.Ms().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(2 * time.Hour)
		if _, err := k.Access.Authenticate(ctx, secret); desk.CodeOf(err) != desk.Unauthorized {
			t.Errorf("expired: %v", err)
		}
		for reason, scopes := range map[string][]string{"token.scope_unknown": {"ticket.view"}, "token.scopes_missing": {}} {
			if _, _, err := make(scopes, 0); desk.ReasonOf(err) != reason {
				t.Errorf("%v: %v", scopes, err)
			}
		}
		for _, bad := range []string{"", "kanal_", "kanal_x", "x", strings.Repeat("x", 5000)} {
			if _, err := k.Access.Authenticate(ctx, bad); desk.CodeOf(err) != desk.Unauthorized {
				t.Errorf("%.10q: %v", bad, err)
			}
		}
	})
}

func TestOneTimeLinks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		setup := func() (token string, needed bool) {
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				token, needed, err = k.Access.SetupLink(ctx, tx)
				return err
			})
			return token, needed
		}
		old, _ := setup()
		token, needed := setup()
		if !needed {
			t.Fatal("no owner yet, and no link needed")
		}
		if _, err := k.Access.PeekLink(ctx, d, old); desk.ReasonOf(err) != "link.invalid" {
			t.Errorf("the older link: %v", err)
		}
		if _, _, err := k.Access.UseLink(ctx, token, "Olga", "olga@acme.example", "short", "", ""); desk.ReasonOf(err) != "password.too_short" {
			t.Fatalf("err = %v", err)
		}
		t.Run("the owner is made once, however many try", func(t *testing.T) {
			var wg sync.WaitGroup
			sessions := make([]string, 6)
			for i := range sessions {
				wg.Add(1)
				go func() {
					defer wg.Done()
					sessions[i], _, _ = k.Access.UseLink(ctx, token, "Olga Owner", "olga@acme.example", desktest.Password, "", "")
				}()
			}
			wg.Wait()
			sessions = slices.DeleteFunc(sessions, func(s string) bool { return s == "" })
			if len(sessions) != 1 {
				t.Fatalf("%d succeeded", len(sessions))
			}
			v, err := k.Access.Authenticate(ctx, sessions[0])
			if err != nil || v.User.Role != desk.RoleOwner || v.User.Name != "Olga Owner" {
				t.Fatalf("%+v %v", v.User, err)
			}
			if _, needed := setup(); needed {
				t.Error("an owner exists, and a link is still made")
			}
		})
		ann := k.User()
		link := func(p access.Purpose) (token string) {
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				token, _, err = k.Access.CreateLink(ctx, tx, p, ann.ID)
				return err
			})
			return token
		}
		t.Run("an invitation sets a password and signs in", func(t *testing.T) {
			token := link(access.PurposeInvite)
			if l, err := k.Access.PeekLink(ctx, d, token); err != nil || l.Email != ann.Email {
				t.Fatalf("%+v %v", l, err)
			}
			var wg sync.WaitGroup
			used := make(chan access.Viewer, 6)
			for range cap(used) {
				wg.Add(1)
				go func() {
					defer wg.Done()
					if _, v, err := k.Access.UseLink(ctx, token, "", "", desktest.Password, "", ""); err == nil {
						used <- v
					} else if desk.ReasonOf(err) != "link.invalid" {
						t.Errorf("err = %v", err)
					}
				}()
			}
			wg.Wait()
			if n := len(used); n != 1 || (<-used).User.ID != ann.ID {
				t.Fatalf("%d used it", n)
			}
			if _, _, err := k.Access.UseLink(ctx, token, "", "", desktest.Password, "", ""); desk.ReasonOf(err) != "link.invalid" {
				t.Errorf("twice: %v", err)
			}
			if _, _, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "", ""); err != nil {
				t.Error(err)
			}
		})
		t.Run("a reset ends sessions and expires", func(t *testing.T) {
			s, _, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "", "")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := k.Access.UseLink(ctx, link(access.PurposeReset), "", "", "another password", "", ""); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Access.Authenticate(ctx, s); err == nil {
				t.Error("the old session lives on")
			}
			late := link(access.PurposeReset)
			k.Clock.Advance(access.ResetTTL + time.Second)
			if _, _, err := k.Access.UseLink(ctx, late, "", "", desktest.Password, "", ""); desk.ReasonOf(err) != "link.invalid" {
				t.Errorf("late: %v", err)
			}
		})
	})
}

func TestSweepRemovesWhatHasEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User()
		k.SetPassword(ann)
		rows := func() (n int) {
			if err := d.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM one_time_links)`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if _, _, err := k.Access.SignIn(ctx, ann.Email, desktest.Password, "", ""); err != nil {
			t.Fatal(err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, _, err := k.Access.CreateLink(ctx, tx, access.PurposeReset, ann.ID)
			return err
		})
		for _, want := range []int{2, 0} {
			if err := k.Access.Sweep(ctx); err != nil || rows() != want {
				t.Fatalf("%d rows, want %d, %v", rows(), want, err)
			}
			k.Clock.Advance(60 * 24 * time.Hour)
		}
	})
}
