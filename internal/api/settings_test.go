package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// TK-10: closing asks for what it must have, in every way a person closes; the installation itself is not bound. The field is named.
func TestClosingAsksForWhatItMustHave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		ada.do("POST", "/api/properties", map[string]any{"object": "contact", "name": "vip", "type": "boolean", "required_on_close": true}).want(422, "property.never_closed")
		ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "cause", "label": "Cause", "type": "choice", "options": []string{"Wear", "Fault"}, "required_on_close": true}).want(201, `"required_on_close":true`)
		id := ann.do("POST", "/api/tickets", map[string]any{"subject": "Chain broke"}).want(201).get("ticket").(map[string]any)["id"].(string)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"status": "closed"}).want(422, "property.required_on_close", `"field":"properties.cause"`, "Fill in Cause before closing.")
		ann.do("POST", "/api/tickets", map[string]any{"subject": "Closed at once", "status_id": s.status("closed")}).want(422, "property.required_on_close")
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"status": "closed", "properties": map[string]any{"cause": "Wear"}}).want(200, `"open":false`)
		other := ann.do("POST", "/api/tickets", map[string]any{"subject": "Second"}).want(201).get("ticket").(map[string]any)["id"].(string)
		n, _ := desk.ParseID[desk.TicketID](other)
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Tickets.Close(ctx, tx, desk.System, n, "test")
			return err
		})
	})
}

// TK-10: options that depend on another choice are refused where they do not fit, whoever sets them and in whatever order.
func TestOptionsDependOnAnotherChoice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		product := ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "product", "label": "Product", "type": "choice", "options": []string{"Bike", "Helmet"}}).want(201).str("id")
		ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "part", "label": "Part", "type": "choice", "options": []string{"Wheel", "Strap"}, "depends_on": "colour"}).want(422, "property.depends_unknown")
		part := ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "part", "label": "Part", "type": "choice", "options": []string{"Wheel", "Strap"}, "depends_on": "product",
			"options_by": map[string]any{"Bike": []string{"Wheel"}, "Helmet": []string{"Strap"}}}).want(201).str("id")
		id := ann.do("POST", "/api/tickets", map[string]any{"subject": "Part"}).want(201).get("ticket").(map[string]any)["id"].(string)
		set := func(props map[string]any) reply {
			return ann.do("PATCH", "/api/tickets/"+id, map[string]any{"properties": props})
		}
		set(map[string]any{"product": "Bike", "part": "Strap"}).want(422, "property.options_conflict", `"field":"properties.part"`)
		set(map[string]any{"product": "Bike", "part": "Wheel"}).want(200)
		set(map[string]any{"product": "Helmet"}).want(422, "property.options_conflict")
		set(map[string]any{"product": "Helmet", "part": nil}).want(200)
		ada.do("PATCH", "/api/properties/"+product, map[string]any{"options": []string{"Bike"}}).want(409, "property.decides")
		ada.do("PATCH", "/api/properties/"+product, map[string]any{"archived": true}).want(409, "property.decides")
		ada.do("PATCH", "/api/properties/"+part, map[string]any{"depends_on": ""}).want(200, `"options_by":{}`)
		set(map[string]any{"part": "Wheel"}).want(200)
	})
}

// TK-10: of a contact, too, a choice that depends on another is one of those that fit it.
func TestAContactsOptionsDependOnAnotherChoice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		for _, p := range []map[string]any{
			{"object": "contact", "name": "plan", "label": "Plan", "type": "choice", "options": []string{"Home", "Work"}},
			{"object": "contact", "name": "extra", "label": "Extra", "type": "choice", "options": []string{"Garden", "Office"}, "depends_on": "plan", "options_by": map[string]any{"Home": []string{"Garden"}, "Work": []string{"Office"}}},
		} {
			ada.do("POST", "/api/properties", p).want(201)
		}
		ann.do("POST", "/api/contacts", map[string]any{"name": "Mira", "properties": map[string]any{"plan": "Home", "extra": "Office"}}).want(422, "property.options_conflict", `"field":"properties.extra"`)
		id := ann.do("POST", "/api/contacts", map[string]any{"name": "Mira", "properties": map[string]any{"plan": "Home", "extra": "Garden"}}).want(201).str("id")
		set := func(props map[string]any) reply {
			return ann.do("PATCH", "/api/contacts/"+id, map[string]any{"properties": props})
		}
		set(map[string]any{"plan": "Work"}).want(422, "property.options_conflict")
		ann.do("GET", "/api/contacts/"+id, nil).want(200, `"plan":"Home"`)
		set(map[string]any{"plan": "Work", "extra": "Office"}).want(200)
		set(map[string]any{"extra": nil}).want(200)
	})
}

// TK-10: tags over the API: typed, completed, predefined, renamed, merged and removed by who may; the ticket tells them with how long it took.
func TestTagsOverTheAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		s.Tickets.OpenTags(func(ctx context.Context, q db.Queryer) (bool, error) {
			now, err := s.Settings.Ticketing(ctx, q)
			return now.OpenTags, err
		})
		id := ann.do("POST", "/api/tickets", map[string]any{"subject": "Part", "tags": []string{"Billing"}}).want(201, `"tags":["Billing"]`, `"time_to_close":null`).get("ticket").(map[string]any)["id"].(string)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"add_tags": []string{"VIP", "Late"}, "remove_tags": []string{"billing"}}).want(200, `"tags":["Late","VIP"]`)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"tags": []string{"vip"}}).want(200, `"tags":["VIP"]`)
		ann.do("GET", "/api/tickets?view=open", nil).want(200, `"tags":["VIP"]`)
		ann.do("GET", "/api/tags", nil).want(200, `"name":"Billing"`, "!former")
		ann.do("GET", "/api/settings/tags", nil).want(403)
		ann.do("POST", "/api/tags", map[string]any{"name": "Refund"}).want(403)
		refund := ada.do("POST", "/api/tags", map[string]any{"name": "Refund"}).want(201).str("id")
		ada.do("POST", "/api/tags", map[string]any{"name": "refund"}).want(409, "tag.taken")
		ada.do("PATCH", "/api/tags/"+refund, map[string]any{"name": "VIP"}).want(409, "tag.taken")
		ada.do("PATCH", "/api/tags/"+refund, map[string]any{"name": "Refunds"}).want(200, `"name":"Refunds"`)
		vip := ""
		for _, x := range ada.do("GET", "/api/settings/tags", nil).want(200, `"tickets":1`).json()["items"].([]any) {
			if x := x.(map[string]any); x["name"] == "VIP" {
				vip = x["id"].(string)
			}
		}
		ada.do("POST", "/api/tags/"+vip+"/merge", map[string]any{"into": refund}).want(200, `"name":"Refunds"`)
		ann.do("GET", "/api/tickets/"+id, nil).want(200, `"tags":["Refunds"]`)
		ada.do("PUT", "/api/settings/tickets", map[string]any{"open_tags": false, "number_in_subject": "off", "hold_answers": false}).want(200)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"add_tags": []string{"Invented"}}).want(422, "tag.unknown", `"field":"tags"`)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"add_tags": []string{"vip"}}).want(200, `"tags":["Refunds"]`)
		ann.do("PUT", "/api/settings/tickets", map[string]any{"open_tags": true, "number_in_subject": "off", "hold_answers": false}).want(403)
		ada.do("PUT", "/api/settings/tickets", map[string]any{"open_tags": true, "number_in_subject": "front", "hold_answers": false}).want(422)
		ada.do("DELETE", "/api/tags/"+refund, nil).want(204)
		ann.do("GET", "/api/tickets/"+id, nil).want(200, `"tags":[]`)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"status": "closed"}).want(200, `"time_to_close":`, `!"time_to_close":null`)
	})
}

// TK-07: a status goes only with a place for its tickets; what it affects is told before; the audit has before and after.
func TestAStatusIsRetiredWithItsTickets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		id := ann.do("POST", "/api/tickets", map[string]any{"subject": "Here", "status_id": s.status("waiting_on_us")}).want(201).get("ticket").(map[string]any)["id"].(string)
		pipe := ada.do("GET", "/api/pipelines", nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"].(string)
		going := s.status("waiting_on_us")
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO custom_views (id, name, visibility, filter, created_at, updated_at) VALUES ($1, 'Waiting long', 'everyone', $2, 0, 0)`, tx.NewID(), `{"all":[{"field":"status_id","op":"in","value":["`+going+`"]}]}`)
			return err
		})
		ada.do("GET", "/api/settings/affects?object=status&id="+going, nil).want(200, `"kind":"tickets","count":1`, `"kind":"views","count":1,"capped":false,"names":["Waiting long"]`)
		ann.do("GET", "/api/settings/affects?object=status&id="+going, nil).want(403)
		ada.do("POST", "/api/pipelines/"+pipe+"/retire", map[string]any{"statuses": []string{going}}).want(409, "status.move_missing")
		ada.do("POST", "/api/pipelines/"+pipe+"/retire", map[string]any{"statuses": []string{going}, "moves": []any{map[string]any{"from": going, "to": going}}}).want(422, "status.move_nowhere")
		ann.do("POST", "/api/pipelines/"+pipe+"/retire", map[string]any{"statuses": []string{going}}).want(403)
		ada.do("POST", "/api/pipelines/"+pipe+"/retire", map[string]any{"statuses": []string{going}, "moves": []any{map[string]any{"from": going, "to": s.status("new")}}}).want(204)
		ann.do("GET", "/api/tickets/"+id, nil).want(200, `"status_id":"`+s.status("new")+`"`)
		ada.do("GET", "/api/pipelines", nil).want(200, "!waiting_on_us")
		ada.do("GET", "/api/audit?object=pipeline", nil).want(200, `"before"`, "waiting_on_us", "!user.created")
		ada.do("POST", "/api/pipelines/"+pipe+"/retire", map[string]any{}).want(409, "status.move_missing")
		second := ada.do("POST", "/api/pipelines", map[string]any{"name": "Repairs", "statuses": []any{map[string]any{"name": "Waiting", "state": "open"}, map[string]any{"name": "Done", "state": "closed"}}}).want(201).str("id")
		ada.do("POST", "/api/pipelines/"+second+"/retire", map[string]any{}).want(204)
		ada.do("GET", "/api/pipelines", nil).want(200, "!Repairs")
	})
}

// Two people on one page: the second save says so instead of undoing the first.
func TestAStaleSettingIsRefused(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ada := s.as(s.user("Ada Admin", desk.RoleAdmin))
	made := ada.do("POST", "/api/inboxes", map[string]any{"name": "Sales"}).want(201)
	path := "/api/inboxes/" + made.str("id")
	ada.do("PATCH", path, map[string]any{"name": "Sales desk", "expect": map[string]any{"name": "Sales"}}).want(200, "Sales desk")
	ada.do("PATCH", path, map[string]any{"name": "Sales team", "expect": map[string]any{"name": "Sales"}}).want(409, "settings.stale", `"field":"name"`)
	ada.do("PATCH", "/api/settings/company", map[string]any{"name": "B", "expect": map[string]any{"name": "nobody saw this"}}).want(409, "settings.stale")
	ada.do("DELETE", path, nil).want(204)
	ada.do("GET", "/api/inboxes", nil).want(200, "!Sales desk")
}

// Settings as text through HTTP: one section, what would change, faults with their lines, the same rules as the pages, nothing of the server's own files.
func TestSettingsAreTextInTheWorkspaceToo(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	owner, ada, ann := s.as(s.user("Otto Owner", desk.RoleOwner)), s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
	narrow := s.tokenOf(s.user("Bea Admin", desk.RoleAdmin), "settings.manage") // no more than its scopes by way of text
	ann.do("GET", "/api/settings/text", nil).want(403)
	ada.do("GET", "/api/settings/text?section=pipelines", nil).want(200, "waiting_on_us", "!users:")
	ada.do("GET", "/api/settings/text?section=users&slug=ann.holm@acme.example", nil).want(200)
	ada.do("GET", "/api/settings/text?section=nonsense", nil).want(404, "config.section_unknown")
	all := ada.do("GET", "/api/settings/text", nil).want(200, "company:", "channels:")
	plan := func(c *client, text string) reply {
		return c.do("POST", "/api/settings/text/diff", map[string]any{"text": text})
	}
	plan(ada, all.str("text")).want(200, `"changes":[]`, `"problems":[]`)
	for _, section := range []string{"users", "channels", "spam", "views"} {
		narrow.do("GET", "/api/settings/text?section="+section, nil).want(403)
	}
	narrow.do("GET", "/api/settings/text?section=pipelines", nil).want(200)
	plan(narrow, "version: 1\nspam: {deny: [home.example]}\n").want(403)
	plan(ada, "version: 1\ncompny: {name: A}\n").want(200, `"line":2`, "Did you mean")
	plan(ada, "version: 1\nteams:\n  - {slug: Not A Slug}\n").want(200, `"line":3`)
	plan(ada, "version: 1\ncompany: {name: Acme Bikes}\n").want(200, `"object":"company"`, `"after":"Acme Bikes"`)
	ada.do("GET", "/api/settings/company", nil).want(200, "!Acme Bikes")
	apply := func(c *client, text, revision string) reply {
		return c.do("POST", "/api/settings/text/apply", map[string]any{"text": text, "revision": revision})
	}
	apply(ada, "version: 1\ncompany: {name: Acme Bikes}\n", all.str("revision")).want(200)
	ada.do("GET", "/api/settings/company", nil).want(200, "Acme Bikes")
	apply(ada, "version: 1\ncompany: {name: Stale}\n", all.str("revision")).want(409, "settings.stale")
	apply(ada, "version: 1\nusers:\n  - {email: eve@acme.example, role: owner}\n", "").want(403, "user.role_above")
	apply(owner, "version: 1\nusers:\n  - {email: eve@acme.example, role: owner}\n", "").want(200)
	dependent := "version: 1\nproperties:\n  - {object: ticket, name: part, type: choice, options: [Wheel], depends_on: product, options_by: {Bike: [Wheel]}}\n" +
		"  - {object: ticket, name: product, type: choice, options: [Bike], required_on_close: true}\n"
	apply(ada, dependent, "").want(200) // what it depends on may stand below
	plan(ada, dependent).want(200, `"changes":[]`, `"problems":[]`)
	ada.do("GET", "/api/settings/text?section=properties&slug=ticket.part", nil).want(200, "depends_on: product", "!required_on_close")
	secret := "version: 1\nchannels:\n  - slug: mail\n    channel: email\n    inbox: helpdesk\n    settings: {kind: imap, address: m@acme.example, username: m, password: {file: /etc/passwd}, imap: {host: 127.0.0.1, port: 1, tls: none}, smtp: {host: 127.0.0.1, port: 1, tls: none}}\n"
	plan(ada, secret).want(200, "command line only")
	ada.do("GET", "/api/audit?object=company", nil).want(200, "Acme Bikes", `"actor_name":"Ada Admin"`)
}

// A person who leaves: their open tickets are kept, released or handed over; their sessions end; others are told what hangs on them.
func TestAUserLeavesAndTheirWorkIsPassedOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		annUser, boUser := s.user("Ann Holm", desk.RoleAgent), s.user("Bo Berg", desk.RoleAgent)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(annUser)
		for _, subject := range []string{"One", "Two"} {
			ann.do("POST", "/api/tickets", map[string]any{"subject": subject, "owner_id": annUser.ID.String()}).want(201)
		}
		path := "/api/users/" + annUser.ID.String()
		ada.do("GET", "/api/settings/affects?object=user&id="+annUser.ID.String(), nil).want(200, `"kind":"open_tickets","count":2`, `"kind":"sessions"`)
		ada.do("GET", path+"/sessions", nil).want(200, `"current":false`)
		ann.do("GET", path+"/sessions", nil).want(403)
		ada.do("POST", path+"/deactivate", map[string]any{"tickets": "hand_over", "owner_id": annUser.ID.String()}).want(422, "user.hand_over_to")
		ada.do("POST", path+"/deactivate", map[string]any{"tickets": "hand_over", "owner_id": boUser.ID.String()}).want(200, `"moved":2`, `"left":0`, `"active":false`)
		ann.do("GET", "/api/me", nil).want(401)
		ada.do("GET", "/api/settings/affects?object=user&id="+boUser.ID.String(), nil).want(200, `"kind":"open_tickets","count":2`)
	})
}

// GEN-15: an inbox and its first channel are made in one go, or not at all.
func TestAnInboxIsMadeWithItsChannel(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ada := s.as(s.user("Ada Admin", desk.RoleAdmin))
	ada.do("POST", "/api/channel-accounts", map[string]any{"channel": "nothing", "name": "X", "new_inbox": map[string]any{"name": "Sales"}}).want(422, "channel.unknown")
	ada.do("GET", "/api/inboxes", nil).want(200, "!Sales")
	made := ada.do("POST", "/api/channel-accounts", map[string]any{"channel": "echo", "name": "Sales echo", "new_inbox": map[string]any{"name": "Sales"}, "settings": map[string]any{"address": "echo-sales"}, "secrets": map[string]any{"secret": "hush"}}).want(201)
	boxes := ada.do("GET", "/api/inboxes", nil).want(200, "Sales")
	if !strings.Contains(boxes.text, made.str("inbox_id")) {
		t.Error("the channel is not in the new inbox")
	}
	ada.do("DELETE", "/api/inboxes/"+made.str("inbox_id"), nil).want(409, "inbox.has_accounts")
	ada.do("GET", "/api/settings/affects?object=inbox&id="+made.str("inbox_id"), nil).want(200, `"kind":"channels","count":1`, "Sales echo", `"kind":"users"`)
	ada.do("GET", "/api/settings/affects?object=channel&id="+made.str("id"), nil).want(200, `"kind":"users"`)
}

// What the pages of the installation show: roles as they are enforced, windows, health, the audit log by filter and as a table.
func TestTheInstallationIsShown(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	adaUser := s.user("Ada Admin", desk.RoleAdmin)
	ada, ann, sue := s.as(adaUser), s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Sue Supervisor", desk.RoleSupervisor))
	ann.do("GET", "/api/roles", nil).want(200, `"role":"light","name":"","description":"","built_in":true,"permissions":["tickets.view","tickets.comment"]`)
	ada.do("GET", "/api/system/windows", nil).want(200, "KANAL_WINDOW_REOPEN", `"default"`)
	ada.do("GET", "/api/system", nil).want(200, `"version":"test"`, `"jobs"`, `"database":"sqlite"`)
	ann.do("GET", "/api/system", nil).want(403)
	ada.do("PATCH", "/api/settings/company", map[string]any{"name": "=Acme"}).want(200)
	sue.do("GET", "/api/audit?object=company&user_id="+adaUser.ID.String(), nil).want(200, "settings.changed")
	sue.do("GET", "/api/audit?object=company&to=2000-01-01T00:00:00Z", nil).want(200, `"items":[]`)
	sue.do("GET", "/api/audit?from=yesterday", nil).want(422, "audit.time")
	sue.do("GET", "/api/audit/export?object=company", nil).want(200, "at,type,actor,user,data", "Ada Admin")
}

// status is the id of a status of the default pipeline.
func (s *site) status(slug string) string {
	s.t.Helper()
	ps, err := s.Tickets.Pipelines(context.Background(), s.DB)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, st := range ps[0].Statuses {
		if st.Slug == slug {
			return st.ID.String()
		}
	}
	s.t.Fatalf("no status %s", slug)
	return ""
}

// GEN-15: of those who save what they all saw at the same instant, one does and the others are told.
func TestOfTwoWhoSaveAtOnceOneIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada := s.as(s.user("Ada Lund", desk.RoleAdmin))
		bo := s.user("Bo Lind", desk.RoleAgent)
		inbox := ada.do("POST", "/api/inboxes", map[string]any{"kind": "inbox", "slug": "sales", "name": "Sales"}).want(201).str("id")
		team := ada.do("POST", "/api/teams", map[string]any{"name": "Sales"}).want(201).str("id")
		property := ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "cause", "label": "Sales", "type": "text"}).want(201).str("id")
		pipeline := ada.do("GET", "/api/pipelines", nil)
		for path, c := range map[string]struct{ field, saw string }{
			"/api/settings/company": {"name", ada.do("GET", "/api/session", nil).str("company.name")}, "/api/inboxes/" + inbox: {"name", "Sales"}, "/api/teams/" + team: {"name", "Sales"},
			"/api/properties/" + property: {"label", "Sales"}, "/api/users/" + bo.ID.String(): {"name", "Bo Lind"}, "/api/pipelines/" + pipeline.str("items.0.id"): {"name", pipeline.str("items.0.name")},
		} {
			var wg sync.WaitGroup
			statuses := make([]int, 6)
			for i := range statuses {
				wg.Add(1)
				go func() {
					defer wg.Done()
					statuses[i] = ada.do("PATCH", path, map[string]any{c.field: fmt.Sprintf("Name %d", i), "expect": map[string]any{c.field: c.saw}}).status
				}()
			}
			wg.Wait()
			n := map[int]int{}
			for _, status := range statuses {
				n[status]++
			}
			if n[200] != 1 || n[409] != 5 {
				t.Errorf("%s: %v, want one saved and five told", path, n)
			}
		}
	})
}

// WS-07: spaces are made by who has account.access, narrow lists, counts and work on many for everybody, never widen them, and take what stands in them along.
func TestSpacesThroughTheAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		team := s.Team("workshop")
		ann.do("POST", "/api/spaces", map[string]any{"name": "Mine", "teams": []string{team.ID.String()}}).want(403)
		ada.do("POST", "/api/spaces", map[string]any{"name": "None", "teams": []string{}}).want(422)
		made := ada.do("POST", "/api/spaces", map[string]any{"name": "The workshop", "teams": []string{team.ID.String()}}).want(201, `"slug":"the-workshop"`, `"extra_members":false`)
		id := made.str("id")
		ann.do("PATCH", "/api/spaces/"+id, map[string]any{"name": "x"}).want(403)
		ann.do("DELETE", "/api/spaces/"+id, nil).want(403)
		inside := ann.do("POST", "/api/tickets", map[string]any{"subject": "Inside"}).want(201).get("ticket").(map[string]any)["id"].(string)
		ann.do("POST", "/api/tickets", map[string]any{"subject": "Outside"}).want(201)
		ada.do("POST", "/api/tickets/"+inside+"/assign", map[string]any{"team_id": team.ID.String(), "owner_id": nil}).want(200)
		ann.do("GET", "/api/tickets?view=open@"+id, nil).want(200, "Inside", "!Outside")
		ann.do("GET", "/api/tickets/count?view=all@"+id, nil).want(200, `"count":1`)
		ann.do("GET", "/api/views?space="+id, nil).want(200, `"space_id":"`+id+`"`, `"name":"The workshop"`)
		ann.do("GET", "/api/views?space=77", nil).want(200, `"space_id":null`)
		ann.do("GET", "/api/tickets?view=open@77", nil).want(404, "space.not_found")
		ann.do("GET", "/api/threads?bot=true&space=77", nil).want(404, "space.not_found")
		ann.do("GET", "/api/spaces?counts=true", nil).want(200, `"open":1`)
		run := ann.do("POST", "/api/bulk", map[string]any{"selection": map[string]any{"view": "open@" + id, "expect": 1}, "action": map[string]any{"type": "update", "priority": "high"}}).want(202)
		s.eventually("the run is done", func() bool { return ann.do("GET", "/api/bulk/"+run.str("id"), nil).str("state") == "done" })
		ann.do("GET", "/api/bulk/"+run.str("id"), nil).want(200, `"total":1`)
		shared := ada.do("POST", "/api/custom-views", map[string]any{"name": "Shared", "visibility": "everyone", "space_id": id}).want(201, `"space_id":"`+id+`"`).str("id")
		own := ann.do("POST", "/api/custom-views", map[string]any{"name": "My own", "space_id": id}).want(201).str("id")
		ann.do("GET", "/api/views?space="+id, nil).want(200, "custom:"+shared, "custom:"+own)
		ann.do("GET", "/api/views", nil).want(200, "!custom:"+shared, "!custom:"+own)
		ada.do("GET", "/api/settings/affects?object=space&id="+id, nil).want(200, "space_views", "space_private", "Shared", "!My own")
		ada.do("GET", "/api/settings/affects?object=team&id="+team.ID.String(), nil).want(200, `"spaces"`, "The workshop")
		ada.do("PATCH", "/api/spaces/"+id, map[string]any{"name": "Workshop", "version": 7}).want(409, "space.stale")
		ada.do("PATCH", "/api/spaces/"+id, map[string]any{"name": "Workshop", "version": 1}).want(200, `"name":"Workshop"`)
		other := ada.do("POST", "/api/spaces", map[string]any{"name": "Other", "teams": []string{team.ID.String()}}).want(201).str("id")
		ada.do("PUT", "/api/spaces/order", map[string]any{"ids": []string{other}}).want(200)
		ada.do("DELETE", "/api/spaces/"+id, nil).want(204)
		ann.do("GET", "/api/custom-views/"+shared, nil).want(404)
		ann.do("GET", "/api/custom-views/"+own, nil).want(200, `"space_id":null`)
		ada.do("GET", "/api/audit?object=space", nil).want(200, "space.created", "space.deleted")
	})
}
