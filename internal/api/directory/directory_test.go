package directory_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/admin"
	apidirectory "github.com/kanalhq/kanal/internal/api/directory"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/directory"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

type world struct {
	*desktest.Desk
	t     *testing.T
	web   *httptest.Server
	owner desk.User
	token string
	dir   *directory.Service
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{Desk: desktest.New(t, d), t: t}
	base, _ := url.Parse("https://desk.example")
	leaving := admin.Leaving{DB: d, Tickets: w.Tickets, Assign: w.Assignment}
	w.dir = directory.New(directory.Deps{DB: d, Clock: w.Clock, People: w.People, Access: w.Access, Settings: w.Settings, Base: base.String(),
		Left: func(ctx context.Context, actor desk.Actor, id desk.UserID, how string) error {
			_, _, err := leaving.PassOn(ctx, actor, id, 0, how)
			return err
		}})
	s := api.New(api.Deps{DB: d, Clock: w.Clock, Access: w.Access, Key: bytes.Repeat([]byte{9}, 32), BaseURL: base, Version: "test", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	apidirectory.Mount(s, apidirectory.Deps{DB: d, Directory: w.dir})
	w.web = httptest.NewServer(s.Handler())
	t.Cleanup(w.web.Close)
	w.owner = w.User(desktest.Role(desk.RoleOwner))
	w.token = w.secret(w.owner, access.ScopeDirectory)
	return w
}

func (w *world) secret(u desk.User, scopes ...string) (secret string) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		secret, _, err = w.Access.CreateToken(ctx, tx, desk.System, u.ID, "Directory", scopes, 0)
		return err
	})
	return secret
}

type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (a answer) want(status int, parts ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.what, a.status, status, a.body)
	}
	for _, p := range parts {
		if p, not := strings.CutPrefix(p, "!"); strings.Contains(a.body, p) == not {
			a.t.Errorf("%s: %q in %s", a.what, p, a.body)
		}
	}
	return a
}

func (a answer) id() string { id, _ := a.json["id"].(string); return id }

func (w *world) do(method, path, body string, header ...string) answer {
	w.t.Helper()
	r, err := http.NewRequest(method, w.web.URL+"/scim/v2"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	a := answer{t: w.t, what: method + " " + path, status: res.StatusCode, header: res.Header, body: string(b)}
	_ = json.Unmarshal(b, &a.json)
	if len(b) > 0 && res.Header.Get("Content-Type") != "application/scim+json" {
		w.t.Errorf("%s: %s", a.what, res.Header.Get("Content-Type"))
	}
	return a
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

func (w *world) user(name string) desk.User {
	w.t.Helper()
	id, err := desk.ParseID[desk.UserID](name)
	if err != nil {
		w.t.Fatal(err)
	}
	u, err := w.People.Get(context.Background(), w.DB, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// entra makes a user as Microsoft Entra ID does.
func entra(upn, first, last string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"` + upn + `","active":true,
		"emails":[{"primary":true,"type":"work","value":"` + upn + `"}],"meta":{"resourceType":"User"},"name":{"formatted":"` + first + ` ` + last + `","familyName":"` + last + `","givenName":"` + first + `"},"roles":[],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}`
}

func patch(ops string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + ops + `]}`
}

// PM-13: the requests of Microsoft Entra ID, in their documented order: does it answer, is there such a user, make one, change, deactivate, delete.
func TestEntraKeepsUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.do("GET", `/Users?filter=userName+eq+%22non-existent%40acme.example%22`, "").want(200, `"totalResults":0`, `"Resources":[]`, "ListResponse")
		made := w.do("POST", "/Users", entra("ann@acme.example", "Ann", "Holm")).want(201, `"userName":"ann@acme.example"`, `"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`)
		u := w.user(made.id())
		if u.Name != "Ann Holm" || u.FirstName != "Ann" || u.Email != "ann@acme.example" || u.Role != desk.RoleAgent || !u.Active {
			t.Fatalf("%+v", u)
		}
		if made.header.Get("Location") != "https://desk.example/scim/v2/Users/"+made.id() || !strings.HasPrefix(made.header.Get("ETag"), `W/"`) {
			t.Errorf("%v", made.header)
		}
		w.do("POST", "/Users", entra("ANN@acme.example", "Ann", "Holm")).want(409, `"scimType":"uniqueness"`, `"status":"409"`)
		w.do("GET", `/Users?filter=userName+eq+%22Ann%40ACME.example%22`, "").want(200, `"totalResults":1`, made.id())
		w.do("GET", `/Users?filter=externalId+eq+%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22`, "").want(200, `"totalResults":1`)
		w.do("GET", `/Users?filter=userName+is+x`, "").want(400, `"scimType":"invalidFilter"`)
		one := "/Users/" + made.id()
		w.do("PATCH", one, patch(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ann.berg@acme.example"},{"op":"Replace","path":"name.familyName","value":"Berg"},{"op":"Add","path":"userName","value":"ann.berg@acme.example"},{"op":"Add","path":"preferredLanguage","value":"da-DK"}`)).
			want(200, `"userName":"ann.berg@acme.example"`, `"familyName":"Berg"`, `"displayName":"Ann Berg"`)
		if u = w.user(made.id()); u.Email != "ann.berg@acme.example" || u.Locale != "da" {
			t.Errorf("%+v", u)
		}
		_, v, err := w.Access.Enter(context.Background(), u.ID, access.Means{Method: "password"})
		if err != nil || v.Session == 0 {
			t.Fatal(err)
		}
		tk := w.Ticket()
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Tickets.SetOwner(ctx, tx, desk.System, tk.ID, desk.Assignment{OwnerID: u.ID})
			return err
		})
		w.do("PATCH", one, patch(`{"op":"Replace","path":"active","value":"False"}`)).want(200, `"active":false`)
		if xs, _ := w.Access.Sessions(context.Background(), w.DB, u.ID); len(xs) != 0 {
			t.Error("who was deactivated is still signed in")
		}
		if got, err := w.Tickets.Get(context.Background(), w.DB, tk.ID); err != nil || got.OwnerID == u.ID {
			t.Errorf("the ticket of who left: %+v %v", got.OwnerID, err)
		}
		w.do("DELETE", one, "").want(204)
		w.do("GET", one, "").want(404, `"status":"404"`)
		w.do("GET", "/Users", "").want(200, "!ann.berg")
		if again := w.do("POST", "/Users", entra("ann.berg@acme.example", "Ann", "Berg")).want(201); again.id() != made.id() || !w.user(made.id()).Active {
			t.Error("who comes back is somebody else")
		}
		if n := len(w.EventsOf(desk.EvUserUpdated)); n < 3 {
			t.Errorf("%d changes stand in the audit log", n)
		}
	})
}

// PM-13: the requests of Okta, which changes by PUT and by PATCH without a path, and asks for pages.
func TestOktaKeepsUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, x := range []string{"a", "b", "c"} {
			w.do("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+x+`@acme.example","name":{"givenName":"`+x+`","familyName":"Doe"},"emails":[{"primary":true,"value":"`+x+`@acme.example","type":"work"}],"displayName":"`+x+` Doe","locale":"en-US","externalId":"00u`+x+`","groups":[],"password":"1mz050nq","active":true}`).want(201, "!1mz050nq")
		}
		page := w.do("GET", "/Users?startIndex=2&count=2", "").want(200, `"totalResults":4`, `"startIndex":2`, `"itemsPerPage":2`, "a@acme.example", "b@acme.example", "!c@acme.example")
		w.do("GET", "/Users?startIndex=1&count=0", "").want(200, `"totalResults":4`, `"Resources":[]`)
		w.do("GET", "/Users?count=x", "").want(400, "invalidValue")
		rs := page.json["Resources"].([]any)
		id := rs[0].(map[string]any)["id"].(string)
		got := w.do("GET", "/Users/"+id, "").want(200)
		tag := got.header.Get("ETag")
		w.do("GET", "/Users/"+id, "", "If-None-Match", tag).want(304)
		w.do("PUT", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"`+id+`","userName":"a@acme.example","name":{"givenName":"Anna","familyName":"Doe"},"emails":[{"primary":true,"value":"a@acme.example","type":"work"}],"displayName":"Anna Doe","active":true}`, "If-Match", tag).
			want(200, `"givenName":"Anna"`, `"externalId":"00ua"`)
		w.do("PUT", "/Users/"+id, `{"userName":"a@acme.example"}`, "If-Match", tag).want(412, `"status":"412"`)
		w.do("PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}`).want(200, `"active":false`)
		w.do("PATCH", "/Users/"+id, patch(`{"op":"replace","value":{"active":true}}`)).want(200, `"active":true`)
		w.do("PATCH", "/Users/"+id, patch(`{"op":"replace","path":"id","value":"1"}`)).want(400, "mutability")
		w.do("PATCH", "/Users/"+id, patch(`{"op":"replace","path":"userName","value":"b@acme.example"}`)).want(409, "uniqueness")
		w.do("PATCH", "/Users/"+id, `nonsense`).want(400, "invalidSyntax")
		w.do("GET", "/Users/"+id+"?attributes=userName,name.givenName", "").want(200, "userName", "givenName", "!emails")
		w.do("GET", "/Users/"+id+"?excludedAttributes=groups", "").want(200, "emails", `!"groups"`)
	})
}

// PM-13: groups are teams, a group may give a role, and what a group gave goes with it.
func TestGroupsAreTeamsAndGiveRoles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		rules := setting.DefaultDirectory
		rules.Role, rules.Groups = desk.RoleLight, []setting.GroupRole{{Group: "Kanal admins", Role: desk.RoleAdmin}, {Group: "Support", Role: desk.RoleAgent}}
		if _, err := w.dir.SetRules(ctx, w.Viewer(w.owner), rules); err != nil {
			t.Fatal(err)
		}
		ann := w.do("POST", "/Users", entra("ann@acme.example", "Ann", "Holm")).want(201).id()
		bob := w.do("POST", "/Users", entra("bob@acme.example", "Bob", "Lund")).want(201).id()
		if r := w.user(ann).Role; r != desk.RoleLight {
			t.Fatalf("who is new is %s", r)
		}
		support := w.do("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"8aa1a0c0","displayName":"Support","meta":{"resourceType":"Group"}}`).want(201, `"members":[]`).id()
		admins := w.do("POST", "/Groups", `{"displayName":"Kanal Admins","members":[]}`).want(201).id()
		w.do("POST", "/Groups", `{"displayName":"support"}`).want(409, "uniqueness")
		w.do("GET", `/Groups?excludedAttributes=members&filter=displayName+eq+%22support%22`, "").want(200, `"totalResults":1`, "!members", support)
		w.do("PATCH", "/Groups/"+support, patch(`{"op":"Add","path":"members","value":[{"value":"`+ann+`"},{"value":"`+bob+`"}]}`)).want(200, ann, bob)
		w.do("PATCH", "/Groups/"+admins, patch(`{"op":"add","path":"members","value":{"value":"`+ann+`"}}`)).want(200, ann)
		if a, b := w.user(ann), w.user(bob); a.Role != desk.RoleAdmin || b.Role != desk.RoleAgent || len(a.Teams) != 2 {
			t.Errorf("%s %v, %s", a.Role, a.Teams, b.Role)
		}
		w.do("GET", "/Users/"+ann, "").want(200, `"display":"Support"`, `"display":"Kanal Admins"`)
		w.do("PATCH", "/Groups/"+admins, patch(`{"op":"Remove","path":"members[value eq \"`+ann+`\"]"}`)).want(200, "!"+ann)
		w.do("PATCH", "/Groups/"+support, patch(`{"op":"Remove","path":"members","value":[{"value":"`+bob+`"}]}`)).want(200, "!"+bob, ann)
		if a, b := w.user(ann), w.user(bob); a.Role != desk.RoleAgent || b.Role != desk.RoleLight {
			t.Errorf("who left the group is still %s; who left both is %s", a.Role, b.Role)
		}
		role := desk.RoleSupervisor // by hand
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.People.Update(ctx, tx, desk.System, w.user(bob).ID, people.UserChange{Role: &role})
			return err
		})
		w.do("PATCH", "/Groups/"+admins, patch(`{"op":"replace","value":{"id":"`+admins+`","displayName":"Others"}}`)).want(200, `"displayName":"Others"`)
		w.do("PATCH", "/Groups/"+admins, patch(`{"op":"add","path":"members","value":[{"value":"`+bob+`"}]}`)).want(200)
		if r := w.user(bob).Role; r != desk.RoleSupervisor {
			t.Errorf("what was given by hand became %s", r)
		}
		w.do("PATCH", "/Groups/"+support, patch(`{"op":"add","path":"members","value":[{"value":"123"}]}`)).want(400, "invalidValue")
		w.do("PUT", "/Groups/"+support, `{"displayName":"Support","members":[]}`).want(200, `"members":[]`, `"externalId":"8aa1a0c0"`)
		w.do("DELETE", "/Groups/"+support, "").want(204)
		w.do("GET", "/Groups/"+support, "").want(404)
	})
}

// PM-13, PM-10: a directory does nothing that its token's user could not, takes away no last owner, and needs a scope of its own.
func TestADirectoryRaisesNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/Users/" + w.owner.ID.String()
		w.do("PATCH", one, patch(`{"op":"replace","path":"active","value":false}`)).want(409, "last active owner")
		w.do("DELETE", one, "").want(409)
		boss := w.token
		adm := w.User(desktest.Role(desk.RoleAdmin))
		w.token = w.secret(adm, access.ScopeDirectory)
		w.do("PATCH", one, patch(`{"op":"replace","path":"userName","value":"evil@acme.example"}`)).want(403)
		w.do("GET", one, "").want(200)
		rules := setting.DefaultDirectory
		rules.Groups = []setting.GroupRole{{Group: "Bosses", Role: desk.RoleOwner}}
		if _, err := w.dir.SetRules(context.Background(), w.Viewer(w.owner), rules); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("a group makes owners: %v", err)
		}
		for name, secret := range map[string]string{"all": w.secret(w.owner, access.ScopeAll), "users.manage": w.secret(w.owner, string(access.UsersManage)), "an agent's": w.secret(w.User(), access.ScopeDirectory)} {
			w.token = secret
			if w.do("GET", "/Users", "").status != 403 {
				t.Errorf("%s is enough", name)
			}
		}
		w.token = "kanal_nonsense"
		if a := w.do("GET", "/Users", "").want(401, `"status":"401"`); a.header.Get("WWW-Authenticate") == "" {
			t.Error("it does not say how to sign in")
		}
		w.token = ""
		w.do("GET", "/ServiceProviderConfig", "").want(401)
		w.token = boss
		r, _ := http.NewRequest("GET", w.web.URL+"/api/directory/settings", nil)
		r.Header.Set("Authorization", "Bearer "+boss)
		if res, err := http.DefaultClient.Do(r); err != nil || res.StatusCode != 403 {
			t.Errorf("the token opens the workspace's own API: %v %v", res.StatusCode, err)
		}
		if v, err := w.Access.Authenticate(context.Background(), boss); err != nil || v.Can(access.TicketsView) || v.Can(access.UsersManage) {
			t.Errorf("the scope gives more than it says: %v %v", v.Permissions(), err)
		}
		w.do("GET", "/ServiceProviderConfig", "").want(200, `"patch":{"supported":true}`, `"bulk":`)
		w.do("GET", "/ResourceTypes", "").want(200, `"endpoint":"/Users"`, `"endpoint":"/Groups"`)
		w.do("GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "").want(200, `"name":"userName"`)
		w.do("GET", "/Nothing", "").want(404, "urn:ietf:params:scim:api:messages:2.0:Error")
		w.do("POST", "/Users", `{"userName":"x@acme.example","displayName":"`+strings.Repeat("x", 3<<20)+`"}`).want(413)
		limited := 0
		for range 700 {
			if w.do("GET", "/ResourceTypes", "", "X-Forwarded-For", "198.51.100.7").status == 429 {
				limited++
			}
		}
		if limited == 0 {
			t.Error("nothing bounds what a directory asks")
		}
	})
}
