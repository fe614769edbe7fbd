package api_test

import (
	"fmt"
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

// IH-01, IH-03: a conversation of an inbox has no ticket until somebody opens one; it is read and answered all the same.
func TestAnInboxIsThreadsFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		sales := s.Inbox("sales", desk.Access{Everyone: true})
		s.echoAccount("sales", sales)
		for i, who := range []string{"mira", "nils", "otto"} {
			s.write("sales", who, "k"+who, fmt.Sprint("m", i), "Do you deliver to "+who+"?")
		}
		ann.do("GET", "/api/tickets?view=open", nil).want(200, `"items":[]`)
		path := "/api/threads?limit=2&inbox_id=" + sales.ID.String()
		first := ann.do("GET", path, nil).want(200, "to otto", "to nils", "!to mira", `"last_direction":"incoming"`)
		ann.do("GET", path+"&cursor="+first.str("next"), nil).want(200, "to mira", "!to nils", `"next":""`)
		id := first.str("items.0.id")
		ann.do("GET", "/api/threads/"+id, nil).want(200, `"reply_defaults":{"to":[{`, `"contact":{`)
		ann.do("POST", "/api/threads/"+id+"/messages", map[string]any{"type": "reply", "text": "We do."}).want(201)
		ann.do("GET", "/api/threads/"+id+"/timeline", nil).want(200, "to otto", "We do.", "thread.opened")
		ticket := ann.do("POST", "/api/threads/"+id+"/ticket", nil).want(201, `"inbox":{"id":"`+sales.ID.String()).str("id")
		ann.do("POST", "/api/threads/"+id+"/ticket", nil).want(409, "thread.has_ticket")
		ann.do("GET", "/api/tickets/"+ticket+"/timeline", nil).want(200, "to otto", "We do.", "thread.moved")
		ann.do("GET", path, nil).want(200, "!to otto", "to nils")
		ann.do("GET", path+"&with_ticket=true", nil).want(200, "We do.", `"ticket_number":1001`)
	})
}

// A stranger's mail that claims to belong to a ticket is joined by one click, and its own ticket points there.
func TestATicketIsJoinedIntoAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "My parcel is late")
		s.write("help", "nils", "k2", "m2", "About the parcel of Mira")
		items := ann.do("GET", "/api/tickets?sort=last_activity", nil).json()["items"].([]any)
		into, from := items[0].(map[string]any)["id"].(string), items[1].(map[string]any)["id"].(string)
		ann.do("POST", "/api/tickets/"+from+"/join", map[string]any{}).want(422, "ticket.join_nothing")
		ann.do("POST", "/api/tickets/"+from+"/join", map[string]any{"other_id": from}).want(422)
		ann.do("POST", "/api/tickets/"+from+"/join", map[string]any{"other_id": into}).want(200, `"id":"`+into, `"message_count":2`)
		ann.do("GET", "/api/tickets/"+into+"/timeline", nil).want(200, "My parcel is late", "About the parcel of Mira")
		ann.do("GET", "/api/tickets/"+from, nil).want(200, `"hidden":"merged"`, `"merged_into":"`+into)
		ann.do("GET", "/api/tickets", nil).want(200, "!About the parcel of Mira\",\"last")
		ann.do("POST", "/api/tickets/"+into+"/join", map[string]any{"other_id": from}).want(409, "ticket.merged")
		s.write("help", "nils", "k2", "m3", "And one more thing") // goes on in the other ticket
		ann.do("GET", "/api/tickets/"+into+"/timeline", nil).want(200, "And one more thing")
	})
}

// An answer that was begun before the customer wrote again is held back when its writer asks for that.
func TestAnAnswerToAnOldStateIsHeldBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is it?")
		ticket := ann.do("GET", "/api/tickets", nil).str("items.0.id")
		var seen any
		s.eventually("the message is numbered", func() bool {
			seen = ann.do("GET", "/api/tickets/"+ticket, nil).get("seq")
			n := 0
			_ = d.QueryRow(t.Context(), "SELECT COUNT(*) FROM events WHERE seq IS NULL").Scan(&n)
			return n == 0
		})
		path := "/api/threads/" + ann.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id") + "/messages"
		draft := ann.do("PUT", "/api/drafts?ticket_id="+ticket+"&type=reply", map[string]any{"text": "Soon."}).want(200).str("id")
		s.write("help", "mira", "k1", "m2", "Forget it, it came.")
		body := map[string]any{"type": "reply", "text": "Soon.", "seen_seq": seen, "if_unchanged": true, "draft_id": draft}
		ann.do("POST", path, body).want(409, "thread.changed")
		ann.do("GET", "/api/drafts", nil).want(200, "Soon.") // nothing is lost
		body["if_unchanged"] = false
		ann.do("POST", path, body).want(201)
		ann.do("GET", "/api/drafts", nil).want(200, `"items":[]`)
	})
}
