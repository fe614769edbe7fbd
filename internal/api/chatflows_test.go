package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/channel/echo"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/worktime"
)

func chatSite(t *testing.T, d *db.DB) (s *site, ada *client, acc string) {
	t.Helper()
	s = newSiteWith(t, d, []channel.Adapter{chat.New(), echo.New()})
	a := s.Account(func(n *inbox.NewAccount) { n.Channel, n.Settings = chat.Name, json.RawMessage(`{}`) })
	return s, s.as(s.user("Ada Admin", desk.RoleAdmin)), a.ID.String()
}

// hasHours reports whether there are business hours of a name.
func (s *site) hasHours(ctx context.Context, q db.Queryer, slug string) (bool, error) {
	_, err := worktime.New(s.DB, s.Clock, s.Events).Get(ctx, q, slug)
	if desk.CodeOf(err) == desk.NotFound {
		return false, nil
	}
	return err == nil, err
}

const tinyBot = `{"start":"a","steps":[{"id":"a","type":"question","text":{"en":"Size?"},"answer":"number","required":true,"retries":1,"next":"b"},{"id":"b","type":"assign","to":{"to":"teams","users":[],"teams":["repair"],"available_only":false,"by":""},"next":"c"},
 {"id":"c","type":"email","to":"visitor","subject":{"en":"S"},"body":{"en":"B"}}]}`

// CF-02, CF-03, CF-07, CF-23: from a draft that somebody else has saved meanwhile to a version that is rolled back.
func TestAChatflowOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ada, acc := chatSite(t, d)
		s.as(s.user("Ann Holm", desk.RoleAgent)).do("GET", "/api/chatflows", nil).want(403, "chatflows.manage")
		ada.do("POST", "/api/chatflows", map[string]any{"account_id": acc, "name": "Help", "kind": "bot", "template": "live_chat"}).want(422, "chatflow.template")
		ada.do("POST", "/api/chatflows", map[string]any{"account_id": "17", "name": "Help", "kind": "bot"}).want(422, "chatflow.account")
		made := ada.do("POST", "/api/chatflows", map[string]any{"account_id": acc, "name": "Help", "kind": "bot", "template": "support_bot"}).want(201, `"slug":"help"`, `"changed":true`, `"published":0`)
		id := made.get("id").(string)
		ada.do("GET", "/api/chatflows/templates", nil).want(200, "support_bot", "lead_capture", "offline_form", "live_chat")

		def := json.RawMessage(tinyBot)
		saved := ada.do("PUT", "/api/chatflows/"+id+"/draft", map[string]any{"definition": def, "version": made.get("version")}).want(200, `"teams":["repair"]`, `"to":"visitor"`)
		ada.do("PUT", "/api/chatflows/"+id+"/draft", map[string]any{"definition": def, "version": made.get("version")}).want(409, "chatflow.stale")
		ada.do("PUT", "/api/chatflows/"+id+"/draft", map[string]any{"definition": map[string]any{"colour": 1}, "version": saved.get("version")}).want(422, "chatflow.malformed")
		ada.do("POST", "/api/chatflows/validate", map[string]any{"kind": "bot", "definition": def}).want(200, `"step":"b"`, `"code":"team_unknown"`)
		ada.do("POST", "/api/chatflows/"+id+"/publish", map[string]any{}).want(422, "chatflow.team_unknown", `definition.steps.b.to`)
		s.Team("repair")
		ada.do("POST", "/api/chatflows/"+id+"/publish", map[string]any{"note": "First"}).want(200, `"published":1`, `"changed":false`)
		second := strings.ReplaceAll(tinyBot, "Size?", "How big?")
		ada.do("PUT", "/api/chatflows/"+id+"/draft", map[string]any{"definition": json.RawMessage(second)}).want(200, `"changed":true`)
		ada.do("POST", "/api/chatflows/"+id+"/publish", map[string]any{}).want(200, `"published":2`)
		ada.do("POST", "/api/chatflows/"+id+"/publish", map[string]any{}).want(200, `"published":2`)
		ada.do("POST", "/api/chatflows/"+id+"/rollback", map[string]any{"number": 1}).want(200, `"published":3`, "Size?")
		ada.do("POST", "/api/chatflows/"+id+"/rollback", map[string]any{"number": 9}).want(404)
		if got := ada.do("GET", "/api/chatflows/"+id+"/versions", nil).want(200, `"note":"First"`).get("items").([]any); len(got) != 3 {
			t.Errorf("%d versions", len(got))
		}
		ada.do("GET", "/api/chatflows/"+id+"/versions/2", nil).want(200, "How big?")
		ada.do("PATCH", "/api/chatflows/"+id, map[string]any{"name": "Helper", "active": false}).want(200, `"active":false`, "Helper")
		ada.do("POST", "/api/chatflows/"+id+"/duplicate", nil).want(201, "Helper (2)", `"published":0`)
		if n := len(s.EventsOf(desk.EvChatflowPublished)); n != 3 {
			t.Errorf("%d events of publishing", n)
		}
		if evs := s.EventsOf(desk.EvChatflowUpdated); !bytes.Contains(evs[0].Data, []byte(`"before":{`)) || !bytes.Contains(evs[0].Data, []byte(`"after":{`)) {
			t.Errorf("the audit log has no before and after: %s", evs[0].Data)
		}
		ada.do("DELETE", "/api/chatflows/"+id, nil).want(204)
		ada.do("PUT", "/api/chatflows/"+id+"/draft", map[string]any{"definition": def}).want(409, "chatflow.archived")
		ada.do("GET", "/api/chatflows", nil).want(200, "!"+id)
	})
}

// CF-14, CF-17: the order decides, and why is said of each.
func TestOrderAndMatchOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, ada, acc := chatSite(t, d)
		make := func(name string, def string) string {
			id := ada.do("POST", "/api/chatflows", map[string]any{"account_id": acc, "name": name, "kind": "live_chat", "definition": json.RawMessage(def)}).want(201).get("id").(string)
			ada.do("POST", "/api/chatflows/"+id+"/publish", map[string]any{}).want(200)
			return id
		}
		all := make("Everywhere", `{}`)
		shop := make("Shop", `{"targeting":{"include":[{"all":[{"part":"path","op":"begins","value":"/shop"}]}]}}`)
		ask := func(url string) (string, string) {
			r := ada.do("POST", "/api/chatflows/match", map[string]any{"url": url, "visitor": map[string]any{"language": "da", "device": "mobile"}}).want(200)
			return r.get("winner").(string), r.text
		}
		if got, why := ask("https://acme.example/shop/1"); got != all || !strings.Contains(why, "later_in_order") {
			t.Error(why)
		}
		ada.do("POST", "/api/chatflows/order", map[string]any{"account_id": acc, "ids": []string{shop, all}}).want(204)
		if got, why := ask("https://acme.example/shop/1"); got != shop {
			t.Error(why)
		}
		if got, why := ask("https://acme.example/blog"); got != all || !strings.Contains(why, "page_not_included") {
			t.Error(why)
		}
		ada.do("POST", "/api/chatflows/order", map[string]any{"account_id": acc, "ids": []string{shop, shop}}).want(422, "chatflow.order")
		ada.do("POST", "/api/chatflows/match", map[string]any{"url": "https://acme.example/", "account_id": "99"}).want(200, `"winner":null`)
	})
}

// CF-23: the simulator runs the engine; a preview shows a snapshot that only who has the link can see, and not for ever.
func TestTryingAChatflow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ada, acc := chatSite(t, d)
		s.Team("repair")
		sim := func(state any, input map[string]any) reply {
			return ada.do("POST", "/api/chatflows/simulate", map[string]any{"definition": json.RawMessage(tinyBot), "state": state, "input": input, "env": map[string]any{"language": "da"}}).want(200)
		}
		r := sim(nil, map[string]any{"type": "opened"}).want(200, `"type":"ask"`, `"answer":"number"`)
		r = sim(r.get("state"), map[string]any{"type": "answered", "text": "stor"}).want(200, "Please answer with a number.")
		sim(r.get("state"), map[string]any{"type": "answered", "text": "1.5"}).want(200, `"value":"1.5"`, `"type":"assign"`, `"type":"email"`, `"over":"ended"`)

		id := ada.do("POST", "/api/chatflows", map[string]any{"account_id": acc, "name": "Help", "kind": "bot", "definition": json.RawMessage(tinyBot)}).want(201).get("id").(string)
		ada.do("GET", "/api/chatflows/"+id+"/preview-link?url=javascript:x", nil).want(422, "chatflow.preview_page")
		link := ada.do("GET", "/api/chatflows/"+id+"/preview-link?url=https%3A%2F%2Facme.example%2Fa%3Fb%3D1", nil).want(200, "https://acme.example/a?b=1", "kanal_preview=")
		token := link.get("token").(string)
		got, number, ok := chatflow.ReadPreview(bytes.Repeat([]byte{6}, 32), token, s.Clock.Ms())
		if !ok || got.String() != id || number >= 0 {
			t.Errorf("%v %d %v", got, number, ok)
		}
		if _, _, ok := chatflow.ReadPreview(bytes.Repeat([]byte{6}, 32), token, s.Clock.Ms().Add(2*time.Hour)); ok {
			t.Error("a preview ends")
		}
		for _, forged := range []string{"", "a.b.c.d", token + "x", strings.Replace(token, ".", "1.", 1)} {
			if _, _, ok := chatflow.ReadPreview(bytes.Repeat([]byte{6}, 32), forged, s.Clock.Ms()); ok {
				t.Errorf("%q opens", forged)
			}
		}
		ada.do("GET", "/api/chatflows/"+id+"/versions", nil).want(200, `"items":[]`)
		ada.do("POST", "/api/chatflows/"+id+"/publish", map[string]any{}).want(200, `"published":1`)
	})
}

// CF-12, AV-09: what a chatflow's rule of assignment, its hours and its conditions name is checked as a channel's is, each at its field.
func TestWhatAChatflowNamesMustBeThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ada, acc := chatSite(t, d)
		s.Inboxes.Hours = s.hasHours
		ann := s.user("Ann Holm", desk.RoleAgent)
		faults := func(def string) string {
			return ada.do("POST", "/api/chatflows/validate", map[string]any{"kind": "bot", "definition": json.RawMessage(def)}).want(200).text
		}
		bot := func(step string) string { return `{"start":"a","steps":[` + step + `]}` }
		assign := func(policy string) string { return bot(`{"id":"a","type":"assign","to":` + policy + `}`) }
		for def, want := range map[string][]string{
			assign(`{"to":"users","users":["` + ann.Email + `"],"hours":"nights"}`):                                                                 {`"field":"to.hours"`, "business_hours_unknown"},
			assign(`{"to":"contact_owner","fallback":[{"to":"teams","teams":["ghosts"]}]}`):                                                         {`"field":"to.fallback[0]`, "ghosts"},
			assign(`{"to":"users","users":["` + ann.Email + `"],"rules":[{"name":"Danish","skills":[]}]}`):                                          {`"field":"to.rules[0]`},
			bot(`{"id":"a","type":"branch","cases":[{"when":[{"on":"hours","name":"nights","op":"is","value":"open"}]}]}`):                          {`"field":"cases.0.when.0.name"`, "hours_unknown"},
			`{"hours":"business_hours","business_hours":"nights","start":"a","steps":[{"id":"a","type":"end"}]}`:                                    {`"field":"business_hours"`, "hours_unknown"},
			`{"targeting":{"visitor":{"contact":{"when":[{"field":"contact.shoe","op":"exists"}]}}},"start":"a","steps":[{"id":"a","type":"end"}]}`: {`"field":"targeting.visitor.contact.when.0.field"`, "property_unknown"},
		} {
			got := faults(def)
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("%s: no %s in %s", def, w, got)
				}
			}
			if strings.Count(got, `"severity":"error"`) != 1 {
				t.Errorf("%s: %s", def, got)
			}
		}
		ada.do("PUT", "/api/business-hours/nights", map[string]any{"name": "Nights", "schedule": map[string]any{"timezone": "UTC", "ranges": []any{map[string]any{"days": []int{1}, "from": "20:00", "to": "22:00"}}, "holidays": []any{}}}).want(200)
		if got := faults(assign(`{"to":"users","users":["` + ann.Email + `"],"hours":"nights"}`)); !strings.Contains(got, `"faults":[]`) {
			t.Error(got)
		}
		tried := ada.do("POST", "/api/routing/try", map[string]any{"policy": map[string]any{"to": "users", "users": []string{ann.Email}, "teams": []string{}, "by": "random", "available_only": false, "rules": []any{map[string]any{"name": "Shop", "skills": []any{map[string]any{"skill": "language"}}, "if": map[string]any{"when": []any{map[string]any{"field": "page.path", "op": "begins", "values": []string{"/shop"}}}}}}}, "channel_account_id": acc, "sample": map[string]any{"page": "https://acme.example/shop/1"}})
		tried.want(200, `"holds":true`, `"name":"Ann Holm"`)
	})
}
