package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

var (
	anID     = regexp.MustCompile(`\b[0-9]{13,16}\b`)
	aTime    = regexp.MustCompile(`"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"`)
	aSeq     = regexp.MustCompile(`"(seq|last|behind_seq)": [0-9]+`)
	aSecret  = regexp.MustCompile(`kanal_[A-Za-z0-9_-]{40,}|"hint": "[^"]{4}"|token=[A-Za-z0-9_-]{40,}|127\.0\.0\.1`)
	aMessage = regexp.MustCompile(`<?[A-Za-z0-9._+-]{20,}@(localhost|desk\.example|acme\.example)>?`)
)

// steady makes an answer the same each time: ids become letters in the order of their appearance, times and secrets words.
func steady(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	seen := map[string]string{}
	out := anID.ReplaceAllStringFunc(b.String(), func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("ID%d", len(seen)+1)
		}
		return seen[id]
	})
	out = aTime.ReplaceAllString(out, `"TIME"`)
	out = aSeq.ReplaceAllString(out, `"$1": 0`)
	out = aSecret.ReplaceAllString(out, "SECRET")
	out = aMessage.ReplaceAllString(out, "MESSAGE-ID")
	return []byte(strings.TrimRight(out, "\n") + "\n")
}

// One answer a noun, as the workspace gets it: a change of the outside is seen in a review.
func TestTheAnswersAreAsTheyWere(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	adaUser := s.user("Ada Admin", desk.RoleAdmin)
	ada := s.as(adaUser)
	ada.do("POST", "/api/teams", map[string]any{"name": "Support", "members": []string{adaUser.ID.String()}}).want(201)
	ada.do("POST", "/api/properties", map[string]any{"object": "ticket", "name": "order", "label": "Order", "type": "text"}).want(201)
	acc := s.mailAccount("support@acme.example")
	s.mail(acc, letter("https://customer.example/p.png"))
	id := ada.do("GET", "/api/tickets", nil).str("items.0.id")
	ada.do("PATCH", "/api/tickets/"+id, map[string]any{"owner_id": adaUser.ID, "priority": "high", "properties": map[string]any{"order": "A-1"}}).want(200)
	thread := ada.do("GET", "/api/tickets/"+id, nil).str("threads.0.id")
	upload := ada.do("POST", "/api/attachments?name=plan.txt", []byte("the plan"))
	ada.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "comment", "text": "Looks right.", "attachments": []string{upload.str("id")}}).want(201)
	ada.do("PUT", "/api/drafts?ticket_id="+id+"&thread_id="+thread+"&type=reply", map[string]any{"html": "<p>Dear Mira</p>", "to": []any{map[string]any{"address": "mira@customer.example"}}}).want(200)
	ada.do("POST", "/api/presence", map[string]any{"ticket_id": id, "state": "viewing"}).want(204)
	token := ada.do("POST", "/api/tokens", map[string]any{"name": "Export", "scopes": []string{"tickets.view"}}).want(201)
	contact := ada.do("GET", "/api/contacts", nil).str("items.0.id")
	s.eventually("the account is connected", func() bool {
		return ada.do("GET", "/api/channel-accounts/"+acc.ID.String(), nil).str("state") == "connected"
	})
	message := ""
	for _, it := range ada.do("GET", "/api/tickets/"+id+"/timeline?order=asc", nil).json()["items"].([]any) {
		if m, ok := it.(map[string]any)["message"].(map[string]any); ok && message == "" {
			message = m["id"].(string)
		}
	}
	for name, path := range map[string]string{
		"session": "/api/session", "views": "/api/views", "tickets": "/api/tickets?view=mine", "ticket": "/api/tickets/" + id, "timeline": "/api/tickets/" + id + "/timeline",
		"why": "/api/tickets/" + id + "/why", "ledger": "/api/tickets/" + id + "/ledger", "message": "/api/messages/" + message, "drafts": "/api/drafts", "contact": "/api/contacts/" + contact,
		"contact_tickets": "/api/contacts/" + contact + "/tickets", "users": "/api/users", "teams": "/api/teams", "channel_account": "/api/channel-accounts/" + acc.ID.String(),
		"inboxes": "/api/inboxes", "pipelines": "/api/pipelines", "properties": "/api/properties", "tokens": "/api/tokens", "inbound": "/api/inbound", "company": "/api/settings/company",
		"sessions": "/api/sessions", "verification": "/api/channel-accounts/" + acc.ID.String() + "/verification", "problem": "/api/tickets/1",
	} {
		t.Run(name, func(t *testing.T) {
			r := ada.with("X-Request-Id", "request-id").do("GET", path, nil)
			golden(t, name+".json", steady(t, r.text))
		})
	}
	golden(t, "token.json", steady(t, token.text))
	golden(t, "attachment.json", steady(t, upload.text))
}
