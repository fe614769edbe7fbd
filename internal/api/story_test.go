package api_test

import (
	"context"
	"fmt"
	"github.com/kanalhq/kanal/internal/inbox"
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
		ann.do("GET", "/api/tickets", nil).want(200, `"id":"`+into, `!"id":"`+from) // one of the two is left
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
		// MG-06: who saves by the conversation alone has not heard of its ticket yet, and no second draft is left beside the ticket's.
		at := "/api/drafts?type=reply&thread_id=" + ann.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id")
		if got := ann.do("PUT", at, map[string]any{"text": "More."}).want(200).str("ticket_id"); got != ticket {
			t.Errorf("the draft is kept for ticket %q, not %s", got, ticket)
		}
		ann.do("DELETE", at, nil).want(204)
		ann.do("GET", "/api/drafts", nil).want(200, `"items":[]`)
	})
}

// EM-11: a new message to anybody opens a ticket that the writer owns, and comes back when it is asked for again.
func TestANewMessageOpensATicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		acc := s.mailAccount("support@acme.example")
		body := map[string]any{"channel_account_id": acc.ID, "to": []any{map[string]any{"address": "mira@customer.example", "name": "Mira"}}, "subject": "Your order", "html": "<p>It is <b>ready</b>.</p><script>x()</script>"}
		made := ann.with("Idempotency-Key", "c1").do("POST", "/api/tickets", body).want(201, `"direction":"outgoing"`, "mira@customer.example", `"subject":"Your order"`, "!x()", `"owner":{"id":"`)
		again := ann.with("Idempotency-Key", "c1").do("POST", "/api/tickets", body).want(201)
		if made.str("message.id") == "" || made.str("message.id") != again.str("message.id") {
			t.Errorf("message %s, then %s", made.str("message.id"), again.str("message.id"))
		}
		ann.do("GET", "/api/tickets?view=mine", nil).want(200, "Your order")
		body["to"] = []any{map[string]any{"address": "no address"}}
		ann.do("POST", "/api/tickets", body).want(422, `"field":"to[0]"`)
		light := s.as(s.user("Lil Light", desk.RoleLight))
		light.do("POST", "/api/tickets", body).want(403)
	})
}

// A message that waits can be taken back; one that is over cannot; a light user cannot write to customers but may comment.
func TestAWaitingMessageIsTakenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann, lil := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Lil Light", desk.RoleLight))
		acc := s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is it?")
		off := false
		s.Write(func(ctx context.Context, tx *db.Tx) error { // switched off: what is written waits
			_, err := s.Inboxes.UpdateAccount(ctx, tx, desk.System, acc.ID, inbox.AccountChange{Active: &off})
			return err
		})
		ticket := ann.do("GET", "/api/tickets", nil).str("items.0.id")
		path := "/api/threads/" + ann.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id") + "/messages"
		id := ann.do("POST", path, map[string]any{"type": "reply", "text": "Oops"}).want(201).str("id")
		ann.do("POST", "/api/messages/"+id+"/cancel", nil).want(200, `"status":"cancelled"`)
		ann.do("POST", "/api/messages/"+id+"/cancel", nil).want(409)
		ann.do("POST", "/api/messages/1/cancel", nil).want(404)
		lil.do("POST", path, map[string]any{"type": "reply", "text": "Hi"}).want(403)
		lil.do("POST", path, map[string]any{"type": "comment", "text": "I know her."}).want(201)
		lil.do("POST", path, map[string]any{"type": "comment", "text": "x", "set_status": "closed"}).want(403)
	})
}

// EM-27: whose contact a forward was filed under is corrected by one click.
func TestAForwardIsCorrected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		s.mail(s.mailAccount("support@acme.example"), "From: Bob Partner <bob@partner.example>\nTo: support@acme.example\nSubject: Fwd: Broken lamp\nMessage-ID: <f1@partner.example>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n"+
			"See below.\n\n---------- Forwarded message ---------\nFrom: Mira Bell <mira@customer.example>\nDate: Fri, Nov 20, 2026 at 9:00 AM\nSubject: Broken lamp\nTo: Bob Partner <bob@partner.example>\n\nMy lamp is broken.\n")
		ticket := ann.do("GET", "/api/tickets", nil).want(200, "mira@customer.example").str("items.0.id")
		id := ""
		for _, it := range ann.do("GET", "/api/tickets/"+ticket+"/timeline", nil).json()["items"].([]any) {
			if m, ok := it.(map[string]any)["message"].(map[string]any); ok {
				id = m["id"].(string)
			}
		}
		ann.do("GET", "/api/messages/"+id, nil).want(200, `"used":"original"`)
		ann.do("POST", "/api/messages/"+id+"/sender", map[string]any{"use": "forwarder"}).want(200, `"used":"forwarder"`)
		if got := ann.do("GET", "/api/tickets/"+ticket, nil).str("contact.email"); got != "bob@partner.example" {
			t.Errorf("the contact is %q", got)
		}
		ann.do("POST", "/api/messages/"+id+"/sender", map[string]any{"use": "nobody"}).want(422)
	})
}

// WS-10: a mention is counted until the ticket is opened.
func TestAMentionIsReadByOpeningTheTicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		annUser := s.user("Ann Holm", desk.RoleAgent)
		ann, ben := s.as(annUser), s.as(s.user("Ben Ode", desk.RoleAgent))
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is it?")
		ticket := ben.do("GET", "/api/tickets", nil).str("items.0.id")
		path := "/api/threads/" + ben.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id") + "/messages"
		ben.do("POST", path, map[string]any{"type": "comment", "text": "@Ann can you look?", "mentions": []string{annUser.ID.String()}}).want(201)
		ann.do("GET", "/api/tickets?view=mentions", nil).want(200, ticket)
		ann.do("GET", "/api/views", nil).want(200, `{"id":"mentions","name":"mentions","count":1`)
		ann.do("POST", "/api/presence", map[string]any{"ticket_id": ticket, "state": "viewing"}).want(204)
		ben.do("GET", "/api/tickets/"+ticket, nil).want(200, `"viewers":[{"id":"`+annUser.ID.String(), `"state":"viewing"`)
		ann.do("GET", "/api/views", nil).want(200, `{"id":"mentions","name":"mentions","count":0`)
		ann.do("GET", "/api/tickets?view=mentions", nil).want(200, ticket) // it stays on the list
	})
}
