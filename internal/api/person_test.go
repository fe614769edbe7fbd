package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/ticket"
)

// CR-08, CR-12, CR-14: the life of a contact over HTTP, with what each role may do.
func TestContactsOverHTTP(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	agent, admin := s.tokenOf(s.user("Ann Holm", desk.RoleAgent), access.ScopeAll), s.tokenOf(s.user("Bo Lind", desk.RoleAdmin), access.ScopeAll)
	make := func(body string) (id string) {
		r := agent.do("POST", "/api/contacts", body)
		if r.status != 201 {
			t.Fatalf("%d %s", r.status, r.text)
		}
		return text(t, r, "id")
	}
	a := make(`{"name":"Mira Okoye","email":"Mira@Acme.example"}`)
	b := make(`{"name":"M. Okoye","email":"m@acme.example","phone":"+45 12 34 56 78"}`)
	if r := agent.do("POST", "/api/contacts", `{"email":"mira@acme.example"}`); r.status != 409 || !strings.Contains(r.text, "Mira Okoye") {
		t.Errorf("an address twice: %d %s", r.status, r.text)
	}
	if r := agent.do("PATCH", "/api/contacts/"+a, `{"properties":{"nonsense":1}}`); r.status != 422 {
		t.Errorf("an undefined property: %d %s", r.status, r.text)
	}
	if r := agent.do("PATCH", "/api/contacts/"+a, `{"owner_id":"12345"}`); r.status != 422 {
		t.Errorf("an owner who is nobody: %d %s", r.status, r.text)
	}
	for q, want := range map[string]int{"okoye": 2, "mira oko": 1, "4512345678": 1, "%2B45 12 34": 1, "acme.example": 2, "nobody": 0} {
		if r := agent.do("GET", "/api/contacts?q="+strings.ReplaceAll(q, " ", "%20"), ""); strings.Count(r.text, `"first_name"`) != want {
			t.Errorf("%q finds %s", q, r.text)
		}
	}
	one := agent.do("GET", "/api/contacts?sort=name&limit=1", "")
	two := agent.do("GET", "/api/contacts?sort=name&limit=1&cursor="+text(t, one, "next"), "")
	if !strings.Contains(one.text, "M. Okoye") || !strings.Contains(two.text, "Mira Okoye") {
		t.Errorf("by name: %s %s", one.text, two.text)
	}
	merged := agent.do("POST", "/api/contacts/"+a+"/merge", fmt.Sprintf(`{"from":%q,"keep":{"name":"from"}}`, b))
	if merged.status != 200 || !strings.Contains(merged.text, `"name":"M. Okoye"`) {
		t.Fatalf("%d %s", merged.status, merged.text)
	}
	if r := agent.do("GET", "/api/contacts/"+b, ""); text(t, r, "id") != a || !strings.Contains(r.text, `"domain":"acme.example"`) || !strings.Contains(r.text, `"from_name":"M. Okoye"`) {
		t.Errorf("%s", r.text)
	}
	if r := agent.do("POST", "/api/contact-merges/"+text(t, merged, "merge_id")+"/undo", ""); r.status != 200 {
		t.Errorf("%d %s", r.status, r.text)
	}
	if r := agent.do("GET", "/api/contacts/"+b, ""); text(t, r, "id") != b {
		t.Errorf("%s", r.text)
	}
	for _, path := range []string{"/export", "/holds"} {
		if r := agent.do("GET", "/api/contacts/"+a+path, ""); r.status != 403 {
			t.Errorf("an agent gets %s: %d", path, r.status)
		}
	}
	r := admin.do("GET", "/api/contacts/"+a+"/export", "")
	if z, err := zip.NewReader(bytes.NewReader([]byte(r.text)), int64(len(r.text))); err != nil || len(z.File) < 5 {
		t.Errorf("no archive: %v", err)
	}
	if r := admin.do("POST", "/api/contacts/"+a+"/erase", `{"confirm":"somebody"}`); r.status != 422 {
		t.Errorf("%d %s", r.status, r.text)
	}
	if r := admin.do("POST", "/api/contacts/"+a+"/erase", `{"confirm":"Mira Okoye"}`); r.status != 200 {
		t.Errorf("%d %s", r.status, r.text)
	}
	if r := agent.do("GET", "/api/contacts/"+a, ""); r.status != 404 {
		t.Errorf("%d %s", r.status, r.text)
	}
}

// WS-09, WS-20: a person's timeline, tickets and files hold what one may see, over all tickets, and nothing else.
func TestPersonTimelineIsWithinSight(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann := s.user("Ann Holm", desk.RoleAgent)
	bo := s.user("Bo Lind", desk.RoleAgent)
	secret := s.Inbox("secret", desk.Access{Users: []desk.UserID{bo.ID}})
	c := s.Contact("mira@x.example")
	var mine, hidden desk.Ticket
	for i, box := range []desk.Inbox{s.Helpdesk(), secret} {
		acc := s.echoAccount(fmt.Sprint("box", i), box)
		tk := s.Ticket(func(n *ticket.NewTicket) {
			n.ContactID, n.InboxID, n.Subject = c.ID, box.ID, fmt.Sprint("In ", box.Slug)
		})
		s.Message(s.Thread(tk, acc), func(m *desk.Message) { m.Text = "Word in " + box.Slug })
		if i == 0 {
			mine = tk
		} else {
			hidden = tk
		}
	}
	path := "/api/contacts/" + c.ID.String()
	r := s.as(ann).do("GET", path+"/timeline", "")
	if r.status != 200 || !strings.Contains(r.text, "Word in "+s.Helpdesk().Slug) || strings.Contains(r.text, "secret") || !strings.Contains(r.text, mine.Subject) || strings.Contains(r.text, hidden.Subject) {
		t.Errorf("%d %s", r.status, r.text)
	}
	if r := s.as(ann).do("GET", path+"/tickets", ""); strings.Contains(r.text, hidden.Subject) || !strings.Contains(r.text, mine.Subject) {
		t.Errorf("%s", r.text)
	}
	if r := s.as(bo).do("GET", path+"/timeline?show=messages", ""); !strings.Contains(r.text, "Word in secret") || strings.Contains(r.text, `"kind":"event"`) {
		t.Errorf("%s", r.text)
	}
	page := s.as(bo).do("GET", path+"/timeline?limit=1", "")
	seen := map[string]bool{}
	for range 20 {
		seen[page.text] = true
		next := text(t, page, "next")
		if next == "" {
			break
		}
		page = s.as(bo).do("GET", path+"/timeline?limit=1&cursor="+next, "")
	}
	if len(seen) < 4 {
		t.Errorf("%d pages of one", len(seen))
	}
}

// WS-09: what happened to a ticket stays out of a person's timeline when the ticket has gone where one does not see it, and so does its subject.
func TestPersonTimelineFollowsTheTicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann, bo := s.as(s.user("Ann Holm", desk.RoleAgent)), s.user("Bo Lind", desk.RoleAgent)
		secret := s.Inbox("secret", desk.Access{Users: []desk.UserID{bo.ID}})
		s.echoAccount("help", s.Helpdesk())
		s.write("help", "mira", "k1", "m1", "Where is my parcel?")
		one := ann.do("GET", "/api/tickets?view=open", nil)
		id, path := one.str("items.0.id"), "/api/contacts/"+one.str("items.0.contact.id")
		ann.do("PATCH", "/api/tickets/"+id, map[string]any{"priority": "high"}).want(200)
		ann.do("GET", path+"/timeline", nil).want(200, `"ticket_id":"`+id)
		s.as(bo).do("POST", "/api/tickets/"+id+"/move", map[string]any{"inbox_id": secret.ID.String()}).want(200)
		s.as(bo).do("PATCH", "/api/tickets/"+id, map[string]any{"subject": "A secret subject"}).want(200)
		ann.do("GET", path+"/timeline", nil).want(200, "!secret", `!"ticket_id":"`+id)
		s.as(bo).do("GET", path+"/timeline", nil).want(200, "A secret subject")
	})
}

// CR-13: an address is verified by somebody, never by mail alone; a property of the right kind is kept.
func TestVerifiedByAPerson(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann := s.user("Ann Holm", desk.RoleAgent)
	c := s.Contact("mira@x.example")
	if c.Addresses, _ = s.Contacts.Addresses(context.Background(), s.DB, c.ID); c.Addresses[0].Verified {
		t.Fatal("verified by a From line")
	}
	path := "/api/contacts/" + c.ID.String()
	r := s.as(ann).do("PATCH", path+"/addresses/"+c.Addresses[0].ID.String(), `{"verified":true}`)
	if r.status != 200 || !strings.Contains(r.text, `"verified":true`) || !strings.Contains(r.text, `"verified_by":"user:`) {
		t.Errorf("%d %s", r.status, r.text)
	}
	s.as(s.user("Root One", desk.RoleAdmin)).do("POST", "/api/properties", `{"object":"`+property.Contact+`","name":"tier","label":"Tier","type":"choice","options":["gold"]}`)
	if r := s.as(ann).do("PATCH", path, `{"properties":{"tier":"gold"}}`); r.status != 200 || !strings.Contains(r.text, `"tier":"gold"`) {
		t.Errorf("%d %s", r.status, r.text)
	}
	if r := s.as(ann).do("PATCH", path, `{"properties":{"tier":"lead"}}`); r.status != 422 {
		t.Errorf("%d %s", r.status, r.text)
	}
}

func text(t *testing.T, r reply, field string) string {
	t.Helper()
	v, _ := r.get(field).(string)
	return v
}
