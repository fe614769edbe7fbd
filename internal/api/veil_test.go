package api_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// PM-11: a property that somebody may not see is nowhere for them, and cannot be found out; one that they may not change stays as it is. Everybody else works on.
func TestPropertiesKeptForSome(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	boss := s.user("Bo Lind", desk.RoleAdmin)
	ann, finn := s.user("Ann Holm", desk.RoleAgent), s.user("Finn Dahl", desk.RoleAgent)
	admin, agent, finance := s.tokenOf(boss, access.ScopeAll), s.tokenOf(ann, access.ScopeAll), s.tokenOf(finn, access.ScopeAll)
	team := admin.do("POST", "/api/teams", `{"name":"Finance","slug":"finance","members":["`+finn.ID.String()+`"]}`).want(201).str("id")
	only := `{"everyone":false,"users":[],"teams":["` + team + `"]}`
	all := `{"everyone":true,"users":[],"teams":[]}`
	admin.do("POST", "/api/properties", `{"object":"ticket","name":"credit","label":"Credit","type":"text","access":{"view":`+only+`,"edit":`+only+`}}`).want(201)
	plan := admin.do("POST", "/api/properties", `{"object":"ticket","name":"plan","label":"Plan","type":"text","access":{"view":`+all+`,"edit":`+only+`}}`).want(201).str("id")
	admin.do("POST", "/api/properties", `{"object":"contact","name":"score","label":"Score","type":"text","access":{"view":`+only+`,"edit":`+only+`}}`).want(201)

	person := finance.do("POST", "/api/contacts", `{"name":"Mira Okoye","email":"mira@acme.example","properties":{"score":"poor-7"}}`).want(201).str("id")
	var help desk.Inbox
	if err := s.DB.Write(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) { help, err = s.Inboxes.Helpdesk(ctx, tx); return err }); err != nil {
		t.Fatal(err)
	}
	id := finance.do("POST", "/api/tickets", `{"subject":"Late","inbox_id":"`+help.ID.String()+`","contact_id":"`+person+`","properties":{"credit":"stopped-9","plan":"gold"}}`).want(201).str("ticket.id")
	finance.do("PATCH", "/api/tickets/"+id, `{"properties":{"credit":"open-3"}}`).want(200, "open-3")
	finance.do("PATCH", "/api/contacts/"+person, `{"properties":{"score":"fair-5"}}`).want(200, "fair-5")

	query := func(filter string) string { return url.QueryEscape(filter) }
	byCredit := query(`{"field":"property.credit","op":"is","value":"open-3"}`)
	t.Run("hidden everywhere", func(t *testing.T) {
		for _, path := range []string{"/api/tickets/" + id, "/api/tickets/" + id + "/timeline", "/api/tickets?view=open&people=1", "/api/contacts/" + person, "/api/contacts/" + person + "/timeline",
			"/api/contacts?q=mira", "/api/properties", "/api/views/fields", "/api/routing/fields", "/api/events?poll=1&wait=0&after=0", "/api/search?q=late"} {
			got := agent.do("GET", path, "")
			for _, word := range []string{"open-3", "stopped-9", "poor-7", "fair-5", "credit", "score"} {
				if strings.Contains(got.text, word) {
					t.Errorf("%s tells %q: %d %s", path, word, got.status, got.text)
				}
			}
		}
		agent.do("GET", "/api/tickets/"+id, "").want(200, "gold")
		finance.do("GET", "/api/tickets/"+id+"/timeline", "").want(200, "stopped-9", "open-3")
		admin.do("GET", "/api/tickets/"+id, "").want(200, "open-3") // who defines properties sees them
	})
	t.Run("not to be found out", func(t *testing.T) {
		for _, path := range []string{"/api/tickets?view=open&filter=" + byCredit, "/api/tickets/count?view=open&filter=" + byCredit, "/api/tickets?view=open&sort=property.credit", "/api/tickets?view=open&sort=contact.property.score"} {
			if got := agent.do("GET", path, ""); got.status != 422 {
				t.Errorf("%s: %d %s", path, got.status, got.text)
			}
		}
		finance.do("GET", "/api/tickets?view=open&filter="+byCredit, "").want(200, "Late")
		if got := agent.do("GET", "/api/search?q="+query("property.credit:open-3"), ""); strings.Contains(got.text, "Late") || !strings.Contains(got.text, "unknown_property") {
			t.Errorf("search: %s", got.text)
		}
		finance.do("GET", "/api/search?q="+query("property.credit:open-3"), "").want(200)
	})
	t.Run("not to be changed", func(t *testing.T) {
		agent.do("PATCH", "/api/tickets/"+id, `{"properties":{"credit":"x"}}`).want(422, "properties.credit", "no ticket property")
		agent.do("PATCH", "/api/tickets/"+id, `{"properties":{"plan":"free"}}`).want(403, "properties.plan", "property.read_only")
		agent.do("PATCH", "/api/contacts/"+person, `{"properties":{"score":"x"}}`).want(422, "properties.score")
		agent.do("POST", "/api/tickets", `{"subject":"New","inbox_id":"`+help.ID.String()+`","properties":{"plan":"free"}}`).want(403, "properties.plan")
		agent.do("PATCH", "/api/tickets/"+id, `{"priority":"high"}`).want(200, "gold")
		finance.do("GET", "/api/tickets/"+id, "").want(200, "open-3", "gold") // what one does not see, one does not lose
	})
	t.Run("a team gained counts at once, and what is everybody's again is seen", func(t *testing.T) {
		admin.do("PATCH", "/api/teams/"+team, `{"members":["`+finn.ID.String()+`","`+ann.ID.String()+`"]}`).want(200)
		agent.do("GET", "/api/tickets/"+id, "").want(200, "open-3")
		admin.do("PATCH", "/api/teams/"+team, `{"members":["`+finn.ID.String()+`"]}`).want(200)
		agent.do("GET", "/api/properties", "").want(200, `"read_only":true`)
		admin.do("PATCH", "/api/properties/"+plan, `{"access":{"view":`+all+`,"edit":`+all+`}}`).want(200, `"access":null`)
		agent.do("PATCH", "/api/tickets/"+id, `{"properties":{"plan":"free"}}`).want(200, "free")
		admin.do("GET", "/api/audit", "").want(200, "property")
	})
}
