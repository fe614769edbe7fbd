package api_test

import (
	"testing"

	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// WS-12, WS-23, WS-24: texts, actions and scheduled sends through the API, each within what a person may see and do.
func TestWritingIsWithinWhatOneMayDo(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann, ben, eva := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Ben Ode", desk.RoleAgent)), s.as(s.user("Eva Lim", desk.RoleViewer))
	s.mail(s.mailAccount("support@acme.example"), letter("https://customer.example/x.png"))
	ticket := ann.do("GET", "/api/tickets", nil).str("items.0.id")
	thread := ann.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id")

	own := ann.do("POST", "/api/snippets", map[string]any{"kind": "template", "name": "Mine", "html": "<p>#{{ticket.number}} {{contact.phone}}</p>", "visibility": "private", "actions": map[string]any{"priority": "high", "owner": "me"}}).want(201).str("id")
	ben.do("GET", "/api/snippets", nil).want(200, "!Mine")
	ben.do("POST", "/api/snippets/"+own+"/render", map[string]any{"ticket_id": ticket}).want(404)
	eva.do("POST", "/api/snippets", map[string]any{"kind": "snippet", "name": "x", "html": "x", "visibility": "private"}).want(403)
	ann.do("POST", "/api/snippets", map[string]any{"kind": "template", "name": "x", "visibility": "private", "actions": map[string]any{"owner": "nobody@elsewhere.example"}}).want(422)
	filled := ann.do("POST", "/api/snippets/"+own+"/render", map[string]any{"ticket_id": ticket, "use": true}).want(200)
	if filled.str("missing.0") != "contact.phone" || filled.str("html") != "<p>#1001 {{contact.phone}}</p>" {
		t.Errorf("filled as %q", filled.str("html"))
	}
	ann.do("POST", "/api/snippets/"+own+"/apply", map[string]any{"ticket_id": ticket}).want(204)
	if got := ann.do("GET", "/api/tickets/"+ticket, nil); got.str("priority") != "high" || got.str("owner.name") != "Ann Holm" {
		t.Errorf("after its actions: %s, %s", got.str("priority"), got.str("owner.name"))
	}

	later := ann.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "Tomorrow", "send_at": "2099-01-01T09:00:00Z"})
	later.want(422) // a year at most
	at := s.Clock.Ms().Add(3600e9).String()
	m := ann.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "Later", "send_at": at, "only_if_quiet": true}).want(201)
	if m.str("send_rule") != "later_if_quiet" || m.str("status") != "queued" {
		t.Errorf("stored as %s, %s", m.str("send_rule"), m.str("status"))
	}
	if ann.do("GET", "/api/messages/scheduled", nil).want(200).str("items.0.ticket.id") != ticket {
		t.Error("one's own scheduled message is not listed")
	}
	if got := ben.do("GET", "/api/messages/scheduled?all=true", nil).want(200).str("items.0.id"); got != m.str("id") {
		t.Errorf("everybody's: %q", got)
	}
	eva.do("PATCH", "/api/messages/"+m.str("id"), map[string]any{"now": true}).want(403)
	back := ben.do("POST", "/api/messages/"+m.str("id")+"/cancel", nil).want(200)
	if back.str("draft.text") != "Later" || back.str("status") != "cancelled" {
		t.Errorf("taken back as %q, %s", back.str("draft.text"), back.str("status"))
	}
	if got := ann.do("POST", "/api/recipients/check", map[string]any{"thread_id": thread, "to": []any{map[string]any{"address": "who@gmial.com"}}}).want(200); got.str("warnings.0.detail") != "gmail.com" {
		t.Errorf("warned of %q", got.str("warnings.0.detail"))
	}
}
