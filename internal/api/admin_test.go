package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/admin"
	"github.com/kanalhq/kanal/internal/api/agent"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/echo"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// Connecting a mailbox (EM-06, EM-08, EM-09, EM-14): the terms are accepted and kept, the preview shows what will be seen, an address is held once,
// secrets never come back, an agent sees only that it exists.
func TestAnAdministratorConnectsAMailbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Ann Holm", desk.RoleAgent))
		specs := ada.do("GET", "/api/channels", nil).want(200, `"channel":"email"`, `"channel":"echo"`)
		version := ""
		for _, sp := range specs.json()["items"].([]any) {
			if terms, ok := sp.(map[string]any)["terms"].(map[string]any); ok {
				version = terms["version"].(string)
			}
		}
		if version == "" {
			t.Fatalf("no channel shows its terms: %s", specs.text)
		}
		settings := map[string]any{"kind": "imap", "address": "sales@acme.example", "username": "sales", "from_name": "agent_and_company", "signature_html": `<p>{{sender.first_name}}</p><script>x()</script>`,
			"imap": map[string]any{"host": "127.0.0.1", "port": 1, "tls": "none"}, "smtp": map[string]any{"host": "127.0.0.1", "port": 1, "tls": "none"}}
		secrets := map[string]any{"password": "hunter22"}
		body := map[string]any{"channel": "email", "name": "Sales", "inbox_id": s.Helpdesk().ID, "settings": settings, "secrets": secrets,
			"ticket": map[string]any{"create": "always", "priority": "high"}, "assign": map[string]any{"to": "no_one"}}
		ada.do("POST", "/api/channel-accounts", body).want(422, "terms.not_accepted", `"field":"accepted_terms"`)
		ada.do("POST", "/api/channels/email/preview", map[string]any{"settings": settings}).want(200, "Ada", "!script", "!hunter22")
		probes := ada.do("POST", "/api/channel-accounts/check", map[string]any{"channel": "email", "settings": settings, "secrets": secrets}).want(200, `"probes":[`, `"ok":false`, `"fix":`, "!hunter22")
		_ = probes
		body["accepted_terms"] = version
		made := ada.do("POST", "/api/channel-accounts", body).want(201, `"delivery_identifier":"sales@acme.example"`, `"secrets_set":["password"]`, `"priority":"high"`, "!hunter22", `"version":"`+version+`"`)
		id := made.str("id")
		body["name"] = "Sales too"
		ada.do("POST", "/api/channel-accounts", body).want(409, "sales@acme.example", `“Sales”`)
		ada.do("GET", "/api/channel-accounts/"+id, nil).want(200, "!hunter22")
		ann.do("GET", "/api/channel-accounts", nil).want(200, "sales@acme.example", "!username", "!127.0.0.1", "!hunter22")
		ann.do("GET", "/api/channel-accounts/"+id, nil).want(403)
		ada.do("PATCH", "/api/channel-accounts/"+id, map[string]any{"name": "Sales mail", "active": false, "version": made.get("version")}).want(200, `"name":"Sales mail"`, `"active":false`, `"secrets_set":["password"]`)
		ada.do("PATCH", "/api/channel-accounts/"+id, map[string]any{"name": "Stale", "version": made.get("version")}).want(409, "channel_account.stale")
		ada.do("POST", "/api/channel-accounts/check", map[string]any{"channel": "echo", "account_id": id}).want(422, "channel_account.other_channel")
		ada.do("GET", "/api/channel-accounts/"+id+"/verification", nil).want(200, `"verified":false`, `"verified_at":null`)
		for _, ev := range s.EventsOf("") {
			if strings.Contains(string(ev.Data), "hunter22") {
				t.Errorf("the password is in event %s", ev.Type)
			}
		}
		if n := len(s.EventsOf(desk.EvTermsAccepted)); n < 1 {
			t.Error("nothing says who accepted the terms")
		}
		ada.do("DELETE", "/api/channel-accounts/"+id, nil).want(204)
		ada.do("GET", "/api/channel-accounts/"+id, nil).want(404)
		body["name"] = "Sales again"
		ada.do("POST", "/api/channel-accounts", body).want(201) // the address is free again
	})
}

// A provider's confirmation mail is shown to the administrator and is no ticket (EM-14).
func TestAForwardingIsConfirmed(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ada := s.as(s.user("Ada Admin", desk.RoleAdmin))
	acc := s.mailAccount("support@acme.example")
	s.mail(acc, "From: Gmail Team <forwarding-noreply@google.com>\nTo: support@acme.example\nSubject: (#123456789) Gmail Forwarding Confirmation - Receive Mail from help@acme.example\n"+
		"Message-ID: <c1@google.com>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nConfirmation code: 123456789\nhttps://mail-settings.google.com/mail/vf-abc\n")
	ada.do("GET", "/api/channel-accounts/"+acc.ID.String()+"/verification", nil).want(200, "123456789", "https://mail-settings.google.com/mail/vf-abc")
	ada.do("GET", "/api/tickets", nil).want(200, `"items":[]`)
}

// Users are invited, changed and deactivated; nobody raises anybody above themselves.
func TestAnAdministratorManagesPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		owner, ada, sue := s.user("Olga Owner", desk.RoleOwner), s.as(s.user("Ada Admin", desk.RoleAdmin)), s.as(s.user("Sue Super", desk.RoleSupervisor))
		team := ada.do("POST", "/api/teams", map[string]any{"name": "Support"}).want(201, `"slug":"support"`).str("id")
		ben := ada.do("POST", "/api/users", map[string]any{"email": "Ben@Acme.example", "name": "Ben Ode", "teams": []string{team}}).want(201, `"email":"ben@acme.example"`, "http://desk.example/setup?token=", `"teams":["`+team)
		id, token := ben.str("id"), strings.Split(ben.str("link"), "token=")[1]
		ada.do("POST", "/api/users", map[string]any{"email": "ben@acme.example"}).want(409, "user.email_taken")
		ada.do("POST", "/api/users", map[string]any{"email": "x@acme.example", "role": "owner"}).want(403, "user.role_above")
		ada.do("PATCH", "/api/users/"+id, map[string]any{"role": "owner"}).want(403)
		ada.do("PATCH", "/api/users/"+owner.ID.String(), map[string]any{"active": false}).want(403)
		ada.do("POST", "/api/users/"+owner.ID.String()+"/link", nil).want(403)
		if token == "" {
			t.Fatal("no invitation")
		}
		browser := s.nobody()
		r := browser.do("POST", "/api/setup", map[string]any{"token": token, "password": password}).want(200, "ben@acme.example")
		browser.cookie = r.cookies[0].Value
		browser.do("GET", "/api/me", nil).want(200, "Ben Ode")
		browser.do("PATCH", "/api/me", map[string]any{"available": false, "preferences": map[string]any{"density": "compact"}}).want(200, `"available":false`)
		browser.do("GET", "/api/me/preferences", nil).want(200, `{"density":"compact"}`)
		ada.do("POST", "/api/users/"+id+"/link", nil).want(200, `"purpose":"reset"`)
		sue.do("PATCH", "/api/users/"+id, map[string]any{"available": true}).want(200, `"available":true`) // PM-06: availability apart
		sue.do("PATCH", "/api/users/"+id, map[string]any{"name": "Benny"}).want(403)
		ada.do("PATCH", "/api/teams/"+team, map[string]any{"name": "Help", "members": []string{}, "extra_members": []string{id}}).want(200, `"extra_members":["`+id)
		ada.do("PATCH", "/api/users/"+id, map[string]any{"active": false}).want(200, `"active":false`)
		browser.do("GET", "/api/me", nil).want(401) // at once
		sue.do("GET", "/api/audit", nil).want(200, "user.created", "user.updated", `"actor_name":"Ada Admin"`, "!"+token)
	})
}

// Inboxes, pipelines, properties and the company are changed by who may, and everybody can pick from them.
func TestAnAdministratorShapesTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, annUser := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.user("Ann Holm", desk.RoleAgent)
		ann := s.as(annUser)
		in := ada.do("POST", "/api/inboxes", map[string]any{"name": "Sales", "access": map[string]any{"users": []string{annUser.ID.String()}}}).want(201, `"kind":"inbox"`, `"everyone":false`)
		ada.do("POST", "/api/inboxes", map[string]any{"name": "Second desk", "kind": "helpdesk"}).want(409, "inbox.one_helpdesk")
		ada.do("PATCH", "/api/inboxes/"+in.str("id"), map[string]any{"name": "Sales team"}).want(200, "Sales team", `"everyone":false`)
		ann.do("GET", "/api/inboxes", nil).want(200, "Sales team")
		p := ada.do("POST", "/api/pipelines", map[string]any{"name": "Returns", "statuses": []any{map[string]any{"name": "New", "state": "open"}, map[string]any{"name": "Done", "state": "closed"}}}).want(201, `"slug":"done"`)
		sts := p.get("statuses").([]any)
		sts[0].(map[string]any)["name"] = "Fresh"
		ada.do("PATCH", "/api/pipelines/"+p.str("id"), map[string]any{"statuses": append(sts, map[string]any{"name": "Lost", "state": "closed"})}).want(200, "Fresh", "Lost")
		ann.do("GET", "/api/pipelines", nil).want(200, "Returns", "support")
		pr := ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "order", "label": "Order", "type": "choice", "options": []string{"a", "b"}}).want(201)
		ada.do("PATCH", "/api/properties/"+pr.str("id"), map[string]any{"options": []string{"a", "b", "c"}}).want(200, `"c"`)
		ticket := ann.do("POST", "/api/tickets", map[string]any{"subject": "By hand", "properties": map[string]any{"order": "c"}, "owner_id": annUser.ID}).want(201, `"order":"c"`, `"owner":{"id":"`+annUser.ID.String()).str("ticket.id")
		ann.do("PATCH", "/api/tickets/"+ticket, map[string]any{"properties": map[string]any{"order": "z"}}).want(422, "order")
		team := ada.do("POST", "/api/teams", map[string]any{"name": "Returns team", "members": []string{annUser.ID.String()}}).want(201).str("id")
		ann.do("POST", "/api/tickets/"+ticket+"/assign", map[string]any{"team_id": team}).want(200, `"owner":{"id":"`+annUser.ID.String(), `"team":{"id":"`+team) // RT-12: what is left out stays
		ann.do("POST", "/api/tickets/"+ticket+"/assign", map[string]any{"team_id": nil}).want(200, `"owner":{"id":"`+annUser.ID.String(), `"team":null`)
		ann.do("PATCH", "/api/tickets/"+ticket, map[string]any{"owner_id": nil, "priority": "urgent"}).want(200, `"owner":null`, `"priority":"urgent"`)
		ann.do("PATCH", "/api/tickets/"+ticket, map[string]any{"subject": "Late", "version": 1}).want(409, "ticket.stale")
		ann.do("PATCH", "/api/tickets/"+ticket, map[string]any{"hidden": "trash"}).want(403) // PM-06: deleting is apart
		ann.do("PATCH", "/api/tickets/"+ticket, map[string]any{"hidden": "spam"}).want(200, `"hidden":"spam"`)
		ann.do("GET", "/api/tickets?view=spam", nil).want(200, "By hand")
		ada.do("PATCH", "/api/properties/"+pr.str("id"), map[string]any{"archived": true}).want(200)
		ann.do("GET", "/api/properties", nil).want(200, `"items":[]`)
		ada.do("PATCH", "/api/settings/company", map[string]any{"name": "Acme", "timezone": "Europe/Copenhagen"}).want(200, `"name":"Acme"`)
		ann.do("GET", "/api/settings/company", nil).want(200, "Europe/Copenhagen")
		ann.do("GET", "/api/session", nil).want(200, `"company":{"name":"Acme"`)
	})
}

// API tokens are shown once, act within their scopes and end when they are revoked.
func TestTokensAreShownOnceAndRevoked(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann, ben := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Ben Ode", desk.RoleAgent))
	made := ann.do("POST", "/api/tokens", map[string]any{"name": "Export", "scopes": []string{"tickets.view"}}).want(201, `"token":"kanal_`)
	c := s.nobody()
	c.token = made.str("token")
	c.do("GET", "/api/tickets", nil).want(200)
	ann.do("GET", "/api/tokens", nil).want(200, "Export", "!"+made.str("token"))
	ben.do("GET", "/api/tokens", nil).want(200, "!Export")
	ben.do("DELETE", "/api/tokens/"+made.str("id"), nil).want(404)
	ann.do("POST", "/api/tokens", map[string]any{"name": "x", "scopes": []string{"everything"}}).want(422, "token.scope_unknown")
	ben.do("POST", "/api/tokens", map[string]any{"name": "x", "scopes": []string{"all"}, "user_id": made.str("user_id")}).want(403)
	ann.do("DELETE", "/api/tokens/"+made.str("id"), nil).want(204)
	c.do("GET", "/api/tickets", nil).want(401, "token.ended")
}

// stubborn understands nothing until it is mended: the fault of an item, not of the machine.
type stubborn struct {
	*echo.Adapter
	mended *bool
}

func (a stubborn) Parse(ctx context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	if !*a.mended {
		return nil, desk.Errorf(desk.Invalid, "echo.garbled", "This cannot be read.")
	}
	return a.Adapter.Parse(ctx, raw)
}

// What could not be understood is shown to the administrator, who files it again after the fix.
func TestWhatWasSetAsideIsReplayed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		mended := false
		s := newSiteWith(t, d, []channel.Adapter{stubborn{echo.New(), &mended}})
		ada := s.as(s.user("Ada Admin", desk.RoleAdmin))
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is my parcel?")
		ada.do("GET", "/api/tickets", nil).want(200, `"items":[]`)
		id := ada.do("GET", "/api/inbound?state=set_aside", nil).want(200, `"state":"set_aside"`).str("items.0.id")
		mended = true
		ada.do("POST", "/api/inbound/"+id+"/replay", nil).want(200, `"state":"filed"`)
		ada.do("GET", "/api/tickets", nil).want(200, "Where is my parcel?")
		ada.do("GET", "/api/inbound?state=set_aside", nil).want(200, `"items":[]`)
		ada.do("POST", "/api/inbound/1/replay", nil).want(404)
	})
}

// The clock moves only on a server that was started for it.
func TestTheClockMovesOnlyWhenAllowed(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	s.nobody().do("POST", "/api/test/clock", map[string]any{"advance": "90m"}).want(403, "clock.real")
	s = newSite(t, dbtest.SQLite(t), func(_ *api.Deps, _ *agent.Deps, a *admin.Deps) { a.TestClock = true })
	before := s.Clock.Now()
	s.nobody().do("POST", "/api/test/clock", map[string]any{"advance": "90m"}).want(200, `"now":"`)
	if got := s.Clock.Now().Sub(before); got < 90*time.Minute || got > 91*time.Minute {
		t.Errorf("it moved by %v", got)
	}
	s.nobody().do("POST", "/api/test/clock", map[string]any{"set": "2026-11-21T09:00:00Z"}).want(200, `"now":"2026-11-21T09:00:0`)
	s.nobody().do("POST", "/api/test/clock", map[string]any{"advance": "soon"}).want(422, "clock.duration")
}
