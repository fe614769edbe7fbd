package api_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

var update = flag.Bool("update", false, "write golden files anew")

var roles = []desk.Role{desk.RoleOwner, desk.RoleAdmin, desk.RoleSupervisor, desk.RoleAgent, desk.RoleLight, desk.RoleViewer, "reader-of-own", "settings-only"}

// ownRoles are roles of one's own that are asked too: one that sees only part of the tickets, and one that sees none.
var ownRoles = map[desk.Role]access.Role{
	"reader-of-own": {Slug: "reader-of-own", Name: "Reader of own", Permissions: []access.Permission{access.TicketsView, access.TicketsComment, access.ContactsEdit}, Tickets: desk.Reach{View: desk.ReachOwn}, Contacts: desk.Reach{View: desk.ReachOwn}},
	"settings-only": {Slug: "settings-only", Name: "Settings only", Permissions: slices.DeleteFunc(slices.Clone(access.Permissions), func(p access.Permission) bool {
		return strings.HasPrefix(string(p), "tickets.") || strings.HasPrefix(string(p), "contacts.")
	})},
}

func roleCan(r desk.Role, p access.Permission) bool {
	if own, ok := ownRoles[r]; ok {
		return own.Can(p)
	}
	return access.RoleCan(r, p)
}

// Every operation is asked by everybody: who is signed out gets 401, whose role lacks the permission gets 403, and nobody else does (PM-05, PM-06).
// What came out is a golden table, so that a change of who may do what is seen in a review.
func TestEveryOperationAsksForItsPermission(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	routes := s.api.Routes()
	if len(routes) < 60 {
		t.Fatalf("only %d routes: some are not mounted", len(routes))
	}
	// Bodies are empty and ids name nothing, so that an allowed operation is refused only for what it was given.
	path := strings.NewReplacer("{id}", "1", "{channel}", "none", "{slug}", "none")
	clients := map[desk.Role]*client{}
	for _, own := range ownRoles {
		if err := s.DB.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Access.CreateRole(ctx, tx, desk.System, desk.User{}, own)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range roles {
		clients[role] = s.tokenOf(s.user(string(role)+" Role", role), access.ScopeAll)
	}
	var table []string
	for _, r := range routes {
		row := fmt.Sprintf("%-6s %-42s", r.Method, r.Path)
		target := path.Replace(r.Path)
		if r.Path == "/api/events" {
			target += "?poll=1"
		}
		if got := s.nobody().do(r.Method, target, "{}").status; (got == 401) == (r.Rule.Public && r.Path != "/api/attachments/{id}") {
			t.Errorf("%s %s answers %d to nobody, public: %v", r.Method, r.Path, got, r.Rule.Public)
		}
		for _, role := range roles {
			got := clients[role].do(r.Method, target, "{}")
			may := r.Rule.Public || r.Rule.Needs == "" || roleCan(role, r.Rule.Needs)
			if r.Path == "/api/attachments/{id}" { // public with a signed address, otherwise of who may read tickets
				may = roleCan(role, access.TicketsView)
			}
			if may == (got.status == 403 && strings.Contains(got.text, "access.forbidden")) {
				t.Errorf("%s %s answers %d to %s, who may: %v: %s", r.Method, r.Path, got.status, role, may, got.text)
			}
			if got.status >= 500 {
				t.Errorf("%s %s answers %d to %s: %s", r.Method, r.Path, got.status, role, got.text)
			}
			mark := "·"
			if may {
				mark = "x"
			}
			row += fmt.Sprintf(" %s %s", mark, role)
		}
		need := string(r.Rule.Needs)
		switch {
		case r.Rule.Public:
			need = "anybody"
		case need == "":
			need = "signed in"
		}
		table = append(table, row+"  "+need)
	}
	sort.Strings(table)
	golden(t, "permissions.txt", []byte(strings.Join(table, "\n")+"\n"))
}

// golden compares with a file of testdata; -update writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s is not as it was (go test -update writes it anew):\n%s", name, diff(string(want), string(got)))
	}
}

func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := 0; i < max(len(w), len(g)) && b.Len() < 4000; i++ {
		x, y := "", ""
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x != y {
			fmt.Fprintf(&b, "line %d\n- %s\n+ %s\n", i+1, x, y)
		}
	}
	return b.String()
}

// The table of rules and the mounted operations are the same set.
func TestEveryRuleHasAnOperation(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	mounted := map[string]bool{}
	for _, r := range s.api.Routes() {
		key := r.Method + " " + r.Path
		if mounted[key] {
			t.Errorf("%s is mounted twice", key)
		}
		mounted[key] = true
	}
	for _, key := range s.api.Rules() {
		if !mounted[key] {
			t.Errorf("%s has a rule and no operation", key)
		}
	}
}

// The document names its schemas, describes each operation and its errors, and writes ids and times as strings.
func TestTheDocumentIsWhole(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	doc := s.nobody().do("GET", "/api/openapi.json", nil).want(200, `"openapi":"3.1.0"`)
	ids := map[string]bool{}
	for path, item := range doc.json()["paths"].(map[string]any) {
		for method, v := range item.(map[string]any) {
			op := v.(map[string]any)
			id, _ := op["operationId"].(string)
			if id == "" || ids[id] {
				t.Errorf("%s %s: operationId %q is missing or used twice", method, path, id)
			}
			ids[id] = true
			if op["summary"] == "" || op["summary"] == nil {
				t.Errorf("%s %s has no summary", method, path)
			}
			problem := false
			for code, r := range op["responses"].(map[string]any) {
				raw := fmt.Sprint(r)
				problem = problem || strings.Contains(raw, "application/problem+json")
				if code == "default" && !strings.Contains(raw, "Problem") {
					t.Errorf("%s %s: the default answer is no Problem", method, path)
				}
			}
			if !problem {
				t.Errorf("%s %s does not say what its errors look like", method, path)
			}
		}
	}
	for _, f := range []string{
		"components.schemas.TicketRow.properties.id.type string",
		"components.schemas.TicketRow.properties.owner_id.type [string null]",
		"components.schemas.TicketRow.properties.created_at.format date-time",
		"components.schemas.TicketRow.properties.closed_at.type [string null]",
		"components.schemas.Problem.properties.reason.type string",
		"components.schemas.Message.properties.actor.type string",
		"components.schemas.Message.properties.recipients.items.$ref #/components/schemas/Party",
	} {
		at, want, _ := strings.Cut(f, " ")
		if got := fmt.Sprint(doc.get(at)); got != want {
			t.Errorf("%s is %s, want %s", at, got, want)
		}
	}
}
