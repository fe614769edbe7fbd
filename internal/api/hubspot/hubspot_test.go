package hubspot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/hubspot"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/visitor"
)

// TR-06: a customer's server asks for a token for one of its visitors, under every version of the path; what is refused has the public API's shape.
func TestATokenForAVisitor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		signer := visitor.NewSigner(bytes.Repeat([]byte{1}, 32), k.Clock)
		s := api.New(api.Deps{DB: d, Clock: k.Clock, Access: k.Access, Key: bytes.Repeat([]byte{2}, 32), Version: "test"})
		hubspot.Mount(s, hubspot.Deps{Signer: signer})
		srv := httptest.NewServer(s.Handler())
		defer srv.Close()
		admin := k.User(desktest.Role(desk.RoleAdmin))
		token := func(scopes ...string) (secret string) {
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				secret, _, err = k.Access.CreateToken(ctx, tx, desk.System, admin.ID, "Site", scopes, 0)
				return err
			})
			return secret
		}
		good, narrow := token(string(access.VisitorsIdentify)), token(string(access.TicketsView))
		const path = "/visitor-identification/v3/tokens/create"
		for name, c := range map[string]struct {
			method, path, token, body string
			status                    int
			category, message         string
		}{
			"good":             {"POST", path, good, `{"email":"Mira@Example.com","firstName":"Mira","lastName":"Holm","hsCustomerAgentContext":{"a":1}}`, 200, "", ""},
			"with a slash":     {"POST", path + "/", good, `{"email":"mira@example.com"}`, 200, "", ""},
			"dated":            {"POST", "/visitor-identification/2026-03/tokens/create", good, `{"email":"mira@example.com"}`, 200, "", ""},
			"no address":       {"POST", path, good, `{"firstName":"Mira"}`, 400, "VALIDATION_ERROR", "required"},
			"no body":          {"POST", path, good, ``, 400, "VALIDATION_ERROR", "required"},
			"a bad address":    {"POST", path, good, `{"email":"mira"}`, 400, "VALIDATION_ERROR", "email"},
			"no JSON":          {"POST", path, good, `{`, 400, "VALIDATION_ERROR", "Invalid input JSON on line"},
			"nobody":           {"POST", path, "", `{"email":"mira@example.com"}`, 401, "INVALID_AUTHENTICATION", "Authentication credentials not found"},
			"an unknown token": {"POST", path, "kanal_x", `{"email":"mira@example.com"}`, 401, "INVALID_AUTHENTICATION", "Authentication credentials not found"},
			"another scope":    {"POST", path, narrow, `{"email":"mira@example.com"}`, 403, "MISSING_SCOPES", "scopes"},
			"another method":   {"GET", path, good, ``, 405, "", "GET"},
			"another path":     {"POST", "/visitor-identification/v3/x", good, `{}`, 404, "OBJECT_NOT_FOUND", "resource not found"},
		} {
			r, _ := http.NewRequest(c.method, srv.URL+c.path, strings.NewReader(c.body))
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			r.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			var out struct {
				Token, Status, Message, Category, CorrelationID string
				Errors                                          []struct{ Context map[string][]string }
			}
			if err := json.Unmarshal(b, &out); err != nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
				t.Fatalf("%s: %v %s", name, err, b)
			}
			if resp.StatusCode != c.status || out.Category != c.category || !strings.Contains(out.Message, c.message) {
				t.Errorf("%s: %d %s", name, resp.StatusCode, b)
			}
			if c.status != 200 && c.status != 404 && c.status != 405 && (out.Status != "error" || len(out.CorrelationID) != 36 || resp.Header.Get("X-HubSpot-Correlation-Id") != out.CorrelationID) {
				t.Errorf("%s: %s %v", name, b, resp.Header)
			}
			if c.status == 403 && (len(out.Errors) == 0 || out.Errors[0].Context["requiredGranularScopes"][0] != string(access.VisitorsIdentify)) {
				t.Errorf("%s: %s", name, b)
			}
			if c.status == 200 {
				p, err := signer.Verify(out.Token)
				if err != nil || p.Email != "mira@example.com" || p.Expires.Sub(k.Clock.Now()) > visitor.ProofLife {
					t.Errorf("%s: %+v %v", name, p, err)
				}
			}
		}
	})
}
