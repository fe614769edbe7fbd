package door_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

// realm is a provider: what it says of whoever comes next, and what it was asked.
type realm struct {
	*httptest.Server
	key    *ecdsa.PrivateKey
	claims map[string]any
	asked  url.Values
}

func newRealm(t *testing.T) *realm {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &realm{key: key}
	discovery := &oidctest.Server{Algorithms: []string{oidc.ES256}, PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.ES256}}}
	mux := http.NewServeMux()
	mux.Handle("/", discovery)
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm()
		r.asked = req.PostForm
		b, _ := json.Marshal(r.claims)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": oidctest.SignIDToken(key, "k", oidc.ES256, string(b))})
	})
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	discovery.SetIssuer(r.URL)
	return r
}

// go through a provider: what it says with the right nonce unless said otherwise.
func (r *realm) visit(t *testing.T, s *door.Service, says map[string]any) (door.Entry, error) {
	t.Helper()
	ctx := context.Background()
	to, cookie, err := s.Depart(ctx, "company", "/tickets/mine", here)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != "https://desk.example/api/sign-in/oidc/company/callback" {
		t.Errorf("sent to %s", to)
	}
	r.claims = map[string]any{"iss": r.URL, "aud": "kanal", "sub": "s1", "email": "ann@acme.example", "email_verified": true, "name": "Ann Holm", "nonce": q.Get("nonce"), "exp": 4102444800, "iat": 1}
	maps.Copy(r.claims, says)
	e, next, err := s.Return(ctx, "company", url.Values{"state": {q.Get("state")}, "code": {"c"}}, cookie, from)
	if next != "/tickets/mine" {
		t.Errorf("goes on to %q", next)
	}
	return e, err
}

// PM-13: OpenID Connect. Whose account it is follows what the provider vouches for, and nothing else.
func TestSigningInAtAProvider(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, r := newDoor(k), newRealm(t)
		set := func(c door.ProviderChange) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := s.SetProvider(ctx, tx, desk.System, "company", c)
				return err
			})
		}
		name, client, secret := "Company", "kanal", "s3cret"
		if err := set(door.ProviderChange{Name: &name, Issuer: &r.URL, ClientID: &client, Secret: &secret}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.visit(t, s, nil); desk.ReasonOf(err) != "provider.unknown_user" {
			t.Fatalf("nobody has the address: %v", err)
		}
		if r.asked.Get("code_verifier") == "" {
			t.Errorf("no proof that who left came back (PKCE): %v", r.asked)
		}
		ann := k.User(func(n *people.NewUser) { n.Email = "ann@acme.example" })
		for what, says := range map[string]map[string]any{
			"provider.unverified": {"email_verified": false}, "provider.no_email": {"email": ""},
			"provider.failed": {"nonce": "another"},
		} {
			if _, err := r.visit(t, s, says); desk.ReasonOf(err) != what {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, says := range []map[string]any{{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}} {
			if _, err := r.visit(t, s, says); desk.ReasonOf(err) != "provider.failed" {
				t.Errorf("%v: %v", says, err)
			}
		}
		e, err := r.visit(t, s, nil)
		if err != nil || e.Viewer.User.ID != ann.ID || e.Token == "" {
			t.Fatalf("%+v %v", e, err)
		}
		// The account is known now, whatever the address becomes.
		if e, err := r.visit(t, s, map[string]any{"email": "other@acme.example", "email_verified": false}); err != nil || e.Viewer.User.ID != ann.ID {
			t.Errorf("%+v %v", e, err)
		}
		if err := set(door.ProviderChange{Trust: &door.Trust{Create: true}}); desk.ReasonOf(err) != "provider.domains" {
			t.Errorf("anybody would come in: %v", err)
		}
		if err := set(door.ProviderChange{Trust: &door.Trust{Create: true, Domains: []string{"@Acme.example"}, Role: desk.RoleLight, Unmarked: true}}); err != nil {
			t.Fatal(err)
		}
		if e, err := r.visit(t, s, map[string]any{"sub": "s2", "email": "New@acme.example", "email_verified": nil, "name": "Nina New"}); err != nil || e.Viewer.User.Role != desk.RoleLight || e.Viewer.User.Name != "Nina New" {
			t.Errorf("%+v %v", e.Viewer.User, err)
		}
		if _, err := r.visit(t, s, map[string]any{"sub": "s3", "email": "x@evil.example"}); desk.ReasonOf(err) != "provider.domain" {
			t.Errorf("another domain: %v", err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.People.Update(ctx, tx, desk.System, ann.ID, people.UserChange{Active: new(bool)})
			return err
		})
		if _, err := r.visit(t, s, nil); desk.CodeOf(err) != desk.Unauthorized {
			t.Errorf("deactivated, and comes in: %v", err)
		}
		off := false
		if err := set(door.ProviderChange{Active: &off}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Depart(ctx, "company", "/", here); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("switched off, and answers: %v", err)
		}
		for _, e := range k.EventsOf(desk.EvSettingsChanged) {
			if strings.Contains(string(e.Data), secret) {
				t.Errorf("the audit log has the secret: %s", e.Data)
			}
		}
	})
}

func TestWhoComesBackIsWhoLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, r := newDoor(k), newRealm(t)
		name, client := "Company", "kanal"
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.SetProvider(ctx, tx, desk.System, "company", door.ProviderChange{Name: &name, Issuer: &r.URL, ClientID: &client})
			return err
		})
		to, _, err := s.Depart(ctx, "company", "//evil.example", here)
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		if _, next, err := s.Return(ctx, "company", url.Values{"state": {u.Query().Get("state")}, "code": {"c"}}, "another browser", from); desk.ReasonOf(err) != "sign_in.expired" || next != "/" {
			t.Errorf("%s %v", next, err)
		}
		if _, _, err := s.Return(ctx, "company", url.Values{"state": {"made up"}, "code": {"c"}}, "", from); desk.ReasonOf(err) != "sign_in.expired" {
			t.Errorf("%v", err)
		}
	})
}

// A provider that asks for no second factor itself does not replace the one that is asked for here.
func TestAProviderIsNoSecondFactorUnlessItSaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, r := newDoor(k), newRealm(t)
		k.User(func(n *people.NewUser) { n.Email = "ann@acme.example" })
		name, client := "Company", "kanal"
		set := func(trust door.Trust) {
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := s.SetProvider(ctx, tx, desk.System, "company", door.ProviderChange{Name: &name, Issuer: &r.URL, ClientID: &client, Trust: &trust})
				return err
			})
		}
		set(door.Trust{})
		rules := setting.DefaultSignIn
		rules.Factor = "everybody"
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, _, err := k.Settings.SetSignIn(ctx, tx, desk.System, rules)
			return err
		})
		if e, err := r.visit(t, s, nil); err != nil || e.Needs != door.NeedsEnrol {
			t.Errorf("%+v %v", e, err)
		}
		set(door.Trust{TwoFactor: true})
		if e, err := r.visit(t, s, nil); err != nil || e.Needs != "" || e.Token == "" {
			t.Errorf("%+v %v", e, err)
		}
		xs, err := k.Access.Sessions(ctx, d, func() desk.UserID { u, _ := k.People.ByEmail(ctx, d, "ann@acme.example"); return u.ID }())
		if err != nil || len(xs) != 1 || xs[0].Method != "oidc:company" || !xs[0].Factor {
			t.Errorf("%+v %v", xs, err)
		}
	})
}
