package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// What is done to tickets beside answering them, through HTTP (TK-12, TK-13, TK-17, WS-05, WS-15, WS-16, WS-18, WS-26).
func TestTicketActions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		annUser, boUser := s.user("Ann Holm", desk.RoleAgent), s.user("Bo Lund", desk.RoleAgent)
		ann := s.as(annUser)
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is my parcel?")
		s.write("help", "omar", "k2", "m2", "Where is mine?")
		s.write("help", "eve", "k3", "m3", "And mine?")
		list := ann.do("GET", "/api/tickets?view=open&sort=created", nil).want(200)
		id := func(i string) string { return list.str("items." + i + ".id") }
		a, b, c := id("0"), id("1"), id("2")

		until := s.Clock.Now().Add(3 * time.Hour).UTC().Format(time.RFC3339)
		ann.do("POST", "/api/tickets/"+a+"/snooze", map[string]any{"until": until}).want(200, `"snoozed":true`)
		ann.do("GET", "/api/tickets?view=open", nil).want(200, "!Where is my parcel?")
		ann.do("POST", "/api/tickets/"+a+"/snooze", map[string]any{"until": "2001-01-01T00:00:00Z"}).want(422, "snooze.past")
		ann.do("POST", "/api/tickets/"+a+"/snooze", map[string]any{"until": nil}).want(200, `"snoozed_until":null`)
		ann.do("POST", "/api/tickets/"+a+"/wake", nil).want(200, `"snoozed":false`)

		ann.do("POST", "/api/tickets/"+a+"/follow", nil).want(200, `"following":true`)
		ann.do("POST", "/api/tickets/"+a+"/followers", map[string]any{"add": []string{boUser.ID.String()}}).want(200, "Bo Lund")

		ann.do("POST", "/api/tickets/"+a+"/links", map[string]any{"other_id": c, "kind": "blocks"}).want(200, `"direction":"to"`)
		ann.do("POST", "/api/tickets/"+a+"/links", map[string]any{"other_id": c, "kind": "loves"}).want(422)

		number := ann.do("GET", "/api/tickets/"+a, nil).get("number")
		merged := ann.do("POST", "/api/tickets/"+b+"/merge", map[string]any{"from": []string{a}}).want(200, `"id":"`+b, `"message_count":2`, `"following":true`, `"kind":"blocks"`)
		gone := ann.do("GET", "/api/tickets/%23"+fmt.Sprint(number), nil).want(200, `"hidden":"merged"`, `"survivor":{"id":"`+b)
		if gone.str("merge_id") != merged.str("undo.merge_ids.0") || gone.str("merged_into") != b {
			t.Errorf("the merged ticket tells no way back: %v", gone.get("merge_id"))
		}
		ann.do("GET", "/api/tickets/"+c, nil).want(200, `"direction":"from"`, `"other":{"id":"`+b)
		ann.do("POST", "/api/tickets/"+a+"/snooze", map[string]any{}).want(409, "ticket.merged")
		ann.do("POST", "/api/tickets/"+b+"/merge", map[string]any{}).want(422, "ticket.merge_nothing")
		ann.do("POST", "/api/merges/"+merged.str("undo.merge_ids.0")+"/undo", nil).want(200, `"id":"`+a, `"hidden":""`)
		ann.do("POST", "/api/merges/"+merged.str("undo.merge_ids.0")+"/undo", nil).want(409, "merge.undone")
		ann.do("GET", "/api/tickets/"+b, nil).want(200, `"message_count":1`, `"following":false`, `"links":[]`)

		s.write("help", "mira", "k1", "m4", "Hello?")
		timeline := ann.do("GET", "/api/tickets/"+a+"/timeline", nil).want(200, "Hello?")
		split := ann.do("POST", "/api/tickets/"+a+"/split", map[string]any{"message_ids": []string{timeline.str("items.0.message.id")}, "subject": "Apart"}).want(201, "Apart", `"message_count":1`)
		ann.do("POST", "/api/splits/"+split.str("undo.split_id")+"/undo", nil).want(200, `"id":"`+a, `"message_count":2`)

		ann.do("POST", "/api/tickets/"+a+"/transfer", map[string]any{"owner_id": boUser.ID.String(), "note": "Yours now."}).want(200, "Bo Lund")
		ann.do("GET", "/api/tickets/"+a+"/timeline", nil).want(200, "Yours now.", `"type":"comment"`)
		ann.do("POST", "/api/tickets/"+a+"/spam", map[string]any{"block": "none"}).want(200, `"hidden":"spam"`)
		ann.do("POST", "/api/tickets/"+a+"/not_spam", map[string]any{}).want(200, `"hidden":""`)
	})
}

// WS-18: who moves a ticket needs both inboxes, and sees nothing of the one that is not theirs.
func TestMovingNeedsBothInboxes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		annUser, boUser := s.user("Ann Holm", desk.RoleAgent), s.user("Bo Lund", desk.RoleAgent)
		ann, bo := s.as(annUser), s.as(boUser)
		theirs := s.Inbox("theirs", desk.Access{Users: []desk.UserID{boUser.ID}})
		both := s.Inbox("both", desk.Access{Users: []desk.UserID{annUser.ID, boUser.ID}})
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is my parcel?")
		id := ann.do("GET", "/api/tickets?view=open", nil).str("items.0.id")
		ann.do("POST", "/api/tickets/"+id+"/move", map[string]any{"inbox_id": theirs.ID.String()}).want(404)
		ann.do("POST", "/api/tickets/"+id+"/move", map[string]any{"inbox_id": both.ID.String()}).want(200, `"inbox_id":"`+both.ID.String())
		bo.do("POST", "/api/tickets/"+id+"/move", map[string]any{"inbox_id": theirs.ID.String()}).want(200)
		ann.do("GET", "/api/tickets/"+id, nil).want(404)
		ann.do("POST", "/api/tickets/"+id+"/snooze", map[string]any{}).want(404)
		bo.do("GET", "/api/tickets/"+id, nil).want(200)
	})
}
