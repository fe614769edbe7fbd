package api_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// A customer writes, an agent reads, answers and closes; everything through HTTP (GEN-19, WS-02, TK-18, RT-20).
func TestACustomerWritesAndAnAgentAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is my parcel?")

		list := ann.do("GET", "/api/tickets?view=unassigned", nil).want(200, "Where is my parcel?", `"last_direction":"incoming"`)
		id := list.str("items.0.id")
		number := list.get("items.0.number")
		detail := ann.do("GET", "/api/tickets/"+id, nil).want(200, `"threads"`, `"can"`, `"reply_defaults"`)
		thread := detail.str("threads.0.id")
		if detail.get("number") != number {
			t.Errorf("number %v in the list, %v on the page", number, detail.get("number"))
		}
		sent := ann.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "It is on its way.", "set_status": "waiting_on_contact"}).want(201, `"status":"`)
		message := sent.str("id")
		s.eventually("the reply is sent", func() bool {
			return ann.do("GET", "/api/messages/"+message, nil).str("status") == "sent"
		})
		ann.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "comment", "text": "Checked with the carrier."}).want(201, `"type":"comment"`)

		after := ann.do("GET", "/api/tickets/"+id, nil).want(200, `"slug":"waiting_on_contact"`)
		if after.str("owner.name") != "Ann Holm" {
			t.Errorf("the answer did not make Ann the owner: %v", after.get("owner"))
		}
		line := ann.do("GET", "/api/tickets/"+id+"/timeline", nil).want(200, "Where is my parcel?", "It is on its way.", "Checked with the carrier.", "ticket.created", "ticket.status_changed", "!message.queued")
		if name := line.str("items.0.message.author.name"); name != "Ann Holm" {
			t.Errorf("the newest item is by %q", name)
		}
		ann.do("GET", "/api/tickets/"+id+"/why", nil).want(200, `"rule":"reply_assigns"`, `"owner_name":"Ann Holm"`)
		ledger := ann.do("GET", "/api/tickets/"+id+"/ledger", nil).want(200)
		var steps []string
		for _, st := range ledger.json()["items"].([]any) {
			steps = append(steps, st.(map[string]any)["step"].(string))
		}
		for _, want := range []string{"received", "parsed", "contact", "threaded", "ticket", "assigned", "queued", "attempt", "sent"} {
			if !strings.Contains(strings.Join(steps, " ")+" ", want+" ") {
				t.Errorf("no %s in the ledger: %v", want, steps)
			}
		}
		ann.do("GET", "/api/trace/m1", nil).want(200, `"step":"received"`, `"step":"ticket"`)
		ann.do("GET", "/api/views", nil).want(200, `{"id":"mine","name":"mine","count":1`, `{"id":"unassigned","name":"unassigned","count":0`)
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"status": "closed"}).want(200, `"open":false`)
		ann.do("GET", "/api/tickets?view=closed", nil).want(200, "Where is my parcel?")
	})
}
