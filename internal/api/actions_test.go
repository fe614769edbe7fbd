package api_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
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
		// WS-31: lists on a screen ask which of some tickets still belong to them.
		ann.do("GET", "/api/tickets?view=open&ids="+a+","+c, nil).want(200, "Where is my parcel?", "And mine?", "!Where is mine?")
		ann.do("GET", "/api/tickets?view=closed&ids="+a, nil).want(200, `"items":[]`)
		ann.do("GET", "/api/tickets?view=open&ids=x", nil).want(422, "is not the id of a ticket")

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

// WS-09, TK-13: nobody merges into a ticket that they may not see by naming one that went into it; and a merge across inboxes takes the conversation along.
func TestAMergedTicketIsNoDoorIntoAnotherInbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		annUser, boUser := s.user("Ann Holm", desk.RoleAgent), s.user("Bo Lund", desk.RoleAgent)
		ann, bo := s.as(annUser), s.as(boUser)
		secret := s.Inbox("secret", desk.Access{Users: []desk.UserID{boUser.ID}})
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "First")
		s.write("help", "omar", "k2", "m2", "Second")
		s.write("help", "eve", "k3", "m3", "Third")
		list := bo.do("GET", "/api/tickets?view=open&sort=created", nil).want(200)
		a, b, c := list.str("items.0.id"), list.str("items.1.id"), list.str("items.2.id")
		thread := ann.do("GET", "/api/tickets/"+a, nil).str("threads.0.id")
		message := ann.do("GET", "/api/tickets/"+a+"/timeline", nil).str("items.1.message.id")

		bo.do("POST", "/api/tickets/"+b+"/move", map[string]any{"inbox_id": secret.ID.String()}).want(200)
		merged := bo.do("POST", "/api/tickets/"+a+"/merge", map[string]any{"into": b}).want(200)
		bo.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "comment", "text": "A secret word"}).want(201)

		// What went into the secret ticket is read there alone.
		for _, path := range []string{"/api/threads/" + thread, "/api/threads/" + thread + "/timeline", "/api/messages/" + message} {
			ann.do("GET", path, nil).want(404)
		}
		ann.do("GET", "/api/tickets/"+a, nil).want(200, `"survivor":null`, "!Second", "!A secret word")
		ann.do("POST", "/api/tickets/"+c+"/merge", map[string]any{"into": a}).want(404)
		ann.do("POST", "/api/tickets/"+a+"/merge", map[string]any{"from": []string{c}}).want(404)
		ann.do("POST", "/api/tickets/"+c+"/join", map[string]any{"other_id": a}).want(404)
		ann.do("POST", "/api/bulk", map[string]any{"selection": map[string]any{"ids": []string{c}}, "action": map[string]any{"type": "merge", "into": a}}).want(404)
		ann.do("POST", "/api/merges/"+merged.str("undo.merge_ids.0")+"/undo", nil).want(404)
		ann.do("GET", "/api/tickets/"+c, nil).want(200, `"merged_into":null`)

		// Undone, it is back where it was read before, with everybody's sight.
		bo.do("POST", "/api/merges/"+merged.str("undo.merge_ids.0")+"/undo", nil).want(200)
		ann.do("GET", "/api/threads/"+thread, nil).want(200)

		s.write("help", "eve", "k3", "m4", "Fourth")
		fourth := bo.do("GET", "/api/tickets/"+c+"/timeline", nil).want(200, "Fourth").str("items.0.message.id")
		split := bo.do("POST", "/api/tickets/"+c+"/split", map[string]any{"message_ids": []string{fourth}}).want(201)
		bo.do("POST", "/api/tickets/"+split.str("id")+"/move", map[string]any{"inbox_id": secret.ID.String()}).want(200)
		ann.do("GET", "/api/messages/"+fourth, nil).want(404)
		ann.do("POST", "/api/splits/"+split.str("undo.split_id")+"/undo", nil).want(404)
		bo.do("POST", "/api/splits/"+split.str("undo.split_id")+"/undo", nil).want(200)
		ann.do("GET", "/api/messages/"+fourth, nil).want(200)
	})
}

// WS-09: somebody without any inbox is told nothing, and breaks nothing.
func TestWithoutInboxesThereIsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		bo := s.user("Bo Lund", desk.RoleAgent)
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Inboxes.UpdateInbox(ctx, tx, desk.System, s.Helpdesk().ID, inbox.InboxChange{Access: &desk.Access{Users: []desk.UserID{bo.ID}}})
			return err
		})
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		for _, path := range []string{"/api/messages/scheduled?all=true", "/api/messages/scheduled", "/api/tickets?view=all", "/api/views", "/api/surveys", "/api/surveys/summary", "/api/notifications", "/api/search?q=x", "/api/search/facets?q=x", "/api/search/suggest?q=1", "/api/tickets/count?view=open"} {
			ann.do("GET", path, nil).want(200)
		}
	})
}

// PM-08: a token reads no more than its scopes, also where its user is told of things.
func TestATokenIsToldWithinItsScopes(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann := s.user("Ann Holm", desk.RoleAgent)
	narrow := s.tokenOf(ann, "contacts.edit")
	for _, path := range []string{"/api/notifications", "/api/notifications/count"} {
		narrow.do("GET", path, nil).want(403)
		s.tokenOf(ann, "tickets.view").do("GET", path, nil).want(200)
	}
	narrow.do("POST", "/api/notifications/read", map[string]any{"all": true}).want(403)
}
