package door_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

const here = "192.0.2.7"

var from = access.Means{UserAgent: "Browser", IP: here}

func newDoor(k *desktest.Desk) *door.Service {
	return door.New(door.Deps{DB: k.DB, Clock: k.Clock, Events: k.Events, Box: k.Box, Access: k.Access, People: k.People, Settings: k.Settings, Base: "https://desk.example", Web: http.DefaultClient})
}

// withPassword gives somebody the password of the tests.
func withPassword(t *testing.T, k *desktest.Desk, u desk.User) desk.User {
	t.Helper()
	if err := k.Access.SetPassword(context.Background(), desk.System, u.ID, desktest.Password, 0); err != nil {
		t.Fatal(err)
	}
	return u
}

func code(t *testing.T, k *desktest.Desk, secret string, steps int) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, k.Clock.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// viewer is somebody signed in.
func viewer(t *testing.T, k *desktest.Desk, id desk.UserID) access.Viewer {
	t.Helper()
	_, v, err := k.Access.Enter(context.Background(), id, from)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// PM-13: a second factor is asked for after the password; a code counts once, a recovery code once, and removing it needs one.
func TestASecondFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, ann := newDoor(k), withPassword(t, k, k.User())
		v := viewer(t, k, ann.ID)
		e, err := s.Enrol(ctx, ann.ID)
		if err != nil || len(e.QR) < 21 || len(e.QR[0]) != len(e.QR) || !strings.HasPrefix(e.URI, "otpauth://totp/") {
			t.Fatalf("%+v %v", e, err)
		}
		if in, err := s.SignIn(ctx, ann.Email, desktest.Password, from); err != nil || in.Needs != "" {
			t.Fatalf("a factor that is not confirmed was asked for: %+v %v", in, err)
		}
		if _, err := s.Confirm(ctx, v, here, "000000"); desk.ReasonOf(err) != "sign_in.wrong_code" {
			t.Fatalf("a wrong code: %v", err)
		}
		recovery, err := s.Confirm(ctx, v, here, code(t, k, e.Secret, -1))
		if err != nil || len(recovery) != 10 {
			t.Fatalf("%v %v", recovery, err)
		}
		begin := func() string {
			t.Helper()
			in, err := s.SignIn(ctx, ann.Email, desktest.Password, from)
			if err != nil || in.Needs != door.NeedsCode || in.Token != "" || in.Attempt == "" {
				t.Fatalf("%+v %v", in, err)
			}
			return in.Attempt
		}
		attempt, now := begin(), code(t, k, e.Secret, 0)
		in, err := s.Code(ctx, attempt, now, from)
		if err != nil || in.Viewer.User.ID != ann.ID {
			t.Fatalf("%+v %v", in, err)
		}
		xs, _ := k.Access.Sessions(ctx, d, ann.ID)
		if len(xs) == 0 || !xs[0].Factor || xs[0].Method != "password" {
			t.Errorf("the session does not say how: %+v", xs)
		}
		if _, err := s.Code(ctx, attempt, now, from); desk.ReasonOf(err) != "sign_in.expired" {
			t.Errorf("an attempt counts twice: %v", err)
		}
		if _, err := s.Code(ctx, begin(), now, from); desk.ReasonOf(err) != "sign_in.wrong_code" {
			t.Errorf("a code counts twice: %v", err)
		}
		if _, err := s.Code(ctx, begin(), strings.ToUpper(recovery[3]), from); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if _, err := s.Code(ctx, begin(), recovery[3], from); desk.ReasonOf(err) != "sign_in.wrong_code" {
			t.Errorf("a recovery code counts twice: %v", err)
		}
		if f, err := s.Of(ctx, ann.ID); err != nil || !f.Code || f.Recovery != 9 {
			t.Errorf("%+v %v", f, err)
		}
		if err := s.Remove(ctx, v, here, "123"); desk.ReasonOf(err) != "sign_in.wrong_code" {
			t.Errorf("removed without a code: %v", err)
		}
		if err := s.Remove(ctx, v, here, recovery[0]); err != nil {
			t.Fatal(err)
		}
		if in, err := s.SignIn(ctx, ann.Email, desktest.Password, from); err != nil || in.Needs != "" {
			t.Errorf("removed, and still asked for: %+v %v", in, err)
		}
	})
}

func TestOfManyWhoBringOneCodeOneComesIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, ann := newDoor(k), withPassword(t, k, k.User())
		e, err := s.Enrol(ctx, ann.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Confirm(ctx, viewer(t, k, ann.ID), here, code(t, k, e.Secret, -1)); err != nil {
			t.Fatal(err)
		}
		c, in, mu, wg := code(t, k, e.Secret, 0), 0, sync.Mutex{}, sync.WaitGroup{}
		for range 6 {
			a, err := s.SignIn(ctx, ann.Email, desktest.Password, from)
			if err != nil {
				t.Fatal(err)
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				if e, err := s.Code(ctx, a.Attempt, c, from); err == nil && e.Token != "" {
					mu.Lock()
					in++
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		if in != 1 {
			t.Errorf("%d came in by one code", in)
		}
	})
}

func TestGuessingCodesIsBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, ann := newDoor(k), withPassword(t, k, k.User())
		e, _ := s.Enrol(ctx, ann.ID)
		if _, err := s.Confirm(ctx, viewer(t, k, ann.ID), here, code(t, k, e.Secret, -1)); err != nil {
			t.Fatal(err)
		}
		in, err := s.SignIn(ctx, ann.Email, desktest.Password, from)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			_, err = s.Code(ctx, in.Attempt, "000000", from)
		}
		if _, err = s.Code(ctx, in.Attempt, code(t, k, e.Secret, 0), from); desk.CodeOf(err) != desk.RateLimited {
			t.Errorf("after ten wrong codes: %v", err)
		}
	})
}

// PM-13, PM-10: what is asked of everybody counts at once, and nobody locks themselves out.
func TestRulesOfSigningIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := newDoor(k)
		admin, agent := withPassword(t, k, k.User(desktest.Role(desk.RoleAdmin))), withPassword(t, k, k.User())
		owner := withPassword(t, k, k.User(desktest.Role(desk.RoleOwner)))
		v := viewer(t, k, admin.ID)
		set := func(change func(*setting.SignIn)) error {
			r := setting.DefaultSignIn
			change(&r)
			_, err := s.SetRules(ctx, v, here, r)
			return err
		}
		if err := set(func(r *setting.SignIn) { r.Factor = "administrators" }); desk.ReasonOf(err) != "sign_in.no_factor" {
			t.Fatalf("asked of oneself without having one: %v", err)
		}
		e, err := s.Enrol(ctx, admin.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Confirm(ctx, v, here, code(t, k, e.Secret, 0)); err != nil {
			t.Fatal(err)
		}
		weak, _, err := k.Access.Enter(ctx, agent.ID, from)
		if err != nil {
			t.Fatal(err)
		}
		if err := set(func(r *setting.SignIn) { r.Factor = "everybody" }); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Access.Authenticate(ctx, weak); desk.CodeOf(err) != desk.Unauthorized {
			t.Errorf("a session without a second factor goes on: %v", err)
		}
		in, err := s.SignIn(ctx, agent.Email, desktest.Password, from)
		if err != nil || in.Needs != door.NeedsEnrol || in.Token != "" {
			t.Fatalf("%+v %v", in, err)
		}
		first, err := s.EnrolFirst(ctx, in.Attempt)
		if err != nil {
			t.Fatal(err)
		}
		done, codes, err := s.ConfirmFirst(ctx, in.Attempt, code(t, k, first.Secret, 0), from)
		if err != nil || done.Token == "" || len(codes) != 10 {
			t.Fatalf("%+v %v", done, err)
		}
		if err := s.Remove(ctx, done.Viewer, here, codes[0]); desk.ReasonOf(err) != "sign_in.factor_required" {
			t.Errorf("removed though it is asked for: %v", err)
		}
		// A new password is no second factor.
		var link string
		k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			link, _, err = k.Access.CreateLink(ctx, tx, access.PurposeReset, agent.ID)
			return err
		})
		if in, err := s.UseLink(ctx, link, "", "", desktest.Password, from); err != nil || in.Needs != door.NeedsCode || in.Token != "" {
			t.Errorf("%+v %v", in, err)
		}
		if err := set(func(r *setting.SignIn) { r.Allow = []string{"10.0.0.0/8"} }); desk.ReasonOf(err) != "sign_in.locks_out" {
			t.Errorf("locked out: %v", err)
		}
		if err := set(func(r *setting.SignIn) { r.Allow = []string{"192.0.2.0/24", "10.0.0.1"} }); err != nil {
			t.Fatal(err)
		}
		for ip, ok := range map[string]bool{here: true, "10.0.0.1": true, "10.0.0.2": false, "::ffff:192.0.2.9": true, "nonsense": false} {
			if err := s.Admit(ctx, ip); (err == nil) != ok {
				t.Errorf("%s: %v", ip, err)
			}
		}
		if err := set(func(r *setting.SignIn) { r.Allow = []string{"192.0.2.0/33"} }); desk.ReasonOf(err) != "sign_in.network" {
			t.Errorf("no network: %v", err)
		}
		if err := set(func(r *setting.SignIn) { r.Passwords = "owners" }); desk.ReasonOf(err) != "sign_in.no_other_way" {
			t.Errorf("an administrator without another way: %v", err)
		}
		v = viewer(t, k, owner.ID)
		if err := set(func(r *setting.SignIn) { r.Passwords = "owners" }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SignIn(ctx, agent.Email, desktest.Password, from); desk.ReasonOf(err) != "sign_in.no_passwords" {
			t.Errorf("a password of an agent: %v", err)
		}
		if in, err := s.SignIn(ctx, owner.Email, desktest.Password, from); err != nil || in.Token == "" {
			t.Errorf("the owner's password: %+v %v", in, err)
		}
	})
}

// PM-13: whom the rules newly ask keeps no session without a second factor, whichever way they came to be asked; their next sign-in sets one up.
func TestWhoBecomesAdministratorNeedsASecondFactorAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := newDoor(k)
		owner, ann := withPassword(t, k, k.User(desktest.Role(desk.RoleOwner))), withPassword(t, k, k.User())
		v := viewer(t, k, owner.ID)
		e, err := s.Enrol(ctx, owner.ID)
		if err != nil {
			t.Fatal(err)
		}
		other := viewer(t, k, owner.ID)
		if _, err := s.Confirm(ctx, v, here, code(t, k, e.Secret, 0)); err != nil {
			t.Fatal(err)
		}
		rules := setting.DefaultSignIn
		rules.Factor = "administrators"
		if _, err := s.SetRules(ctx, other, here, rules); desk.ReasonOf(err) != "sign_in.weak_session" {
			t.Fatalf("asked in a session that would end by it: %v", err)
		}
		if _, err := s.SetRules(ctx, v, here, rules); err != nil {
			t.Fatal(err)
		}
		token, _, err := k.Access.Enter(ctx, ann.ID, from)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Access.Authenticate(ctx, token); err != nil {
			t.Fatalf("an agent is asked nothing: %v", err)
		}
		role := desk.RoleAdmin
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.People.Update(ctx, tx, v.Actor, ann.ID, people.UserChange{Role: &role})
			return err
		})
		if _, err := k.Access.Authenticate(ctx, token); desk.ReasonOf(err) != "access.factor_asked" {
			t.Errorf("an administrator without a second factor: %v", err)
		}
		if xs, err := k.Access.Sessions(ctx, d, ann.ID); err != nil || len(xs) != 0 {
			t.Errorf("the session is still listed: %+v %v", xs, err)
		}
		if in, err := s.SignIn(ctx, ann.Email, desktest.Password, from); err != nil || in.Needs != door.NeedsEnrol {
			t.Errorf("%+v %v", in, err)
		}
	})
}

// Who lost their phone is let in again by an administrator, and their sessions end.
func TestForgettingEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, ann := newDoor(k), withPassword(t, k, k.User())
		e, _ := s.Enrol(ctx, ann.ID)
		token, v, err := k.Access.Enter(ctx, ann.ID, from)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Confirm(ctx, v, here, code(t, k, e.Secret, 0)); err != nil {
			t.Fatal(err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Forgetting(ctx, tx, desk.System, ann.ID) })
		if _, err := k.Access.Authenticate(ctx, token); desk.CodeOf(err) != desk.Unauthorized {
			t.Errorf("the session goes on: %v", err)
		}
		if in, err := s.SignIn(ctx, ann.Email, desktest.Password, from); err != nil || in.Needs != "" {
			t.Errorf("%+v %v", in, err)
		}
		if n := len(k.EventsOf(desk.EvUserSignIn)); n != 2 {
			t.Errorf("%d events, want added and reset", n)
		}
	})
}

// Passkeys need a name and, but for localhost, https; what is no passkey is refused and says so.
func TestPasskeysWhereTheyCanBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User()
		v := viewer(t, k, ann.ID)
		for base, why := range map[string]string{"http://192.0.2.1:8080": "needs_name", "http://desk.example": "needs_https", "": "no_address", "https://desk.example": "", "http://localhost:8080": ""} {
			s := door.New(door.Deps{DB: d, Clock: k.Clock, Events: k.Events, Box: k.Box, Access: k.Access, People: k.People, Settings: k.Settings, Base: base})
			f, err := s.Of(ctx, ann.ID)
			if err != nil || f.WhyNot != why || f.Offered != (why == "") {
				t.Errorf("%s: %+v %v", base, f, err)
			}
			if why != "" {
				if _, err := s.BeginPasskey(ctx, v); desk.ReasonOf(err) != "passkey.unavailable" {
					t.Errorf("%s: %v", base, err)
				}
			}
		}
		s := newDoor(k)
		c, err := s.BeginPasskey(ctx, v)
		if err != nil || !strings.Contains(string(c.Options), `"residentKey":"required"`) {
			t.Fatalf("%s %v", c.Options, err)
		}
		if _, err := s.AddPasskey(ctx, v, c.Attempt, "Laptop", []byte(`{"id":"x"}`)); desk.ReasonOf(err) != "passkey.refused" {
			t.Errorf("nonsense: %v", err)
		}
		if _, err := s.AddPasskey(ctx, viewer(t, k, k.User().ID), c.Attempt, "Laptop", []byte(`{}`)); desk.ReasonOf(err) != "sign_in.expired" {
			t.Errorf("somebody else's: %v", err)
		}
		a, err := s.AskPasskey(ctx, here)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Passkey(ctx, a.Attempt, []byte(`{"id":"AAAA"}`), from); desk.ReasonOf(err) != "passkey.refused" {
			t.Errorf("nonsense: %v", err)
		}
		if _, err := s.Passkey(ctx, "unknown", []byte(`{}`), from); desk.ReasonOf(err) != "sign_in.expired" {
			t.Errorf("an attempt that never was: %v", err)
		}
	})
}
