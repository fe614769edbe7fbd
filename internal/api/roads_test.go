package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// ownRole makes a role of one's own and somebody who has it.
func (s *site) ownRole(slug desk.Role, tickets desk.Reach, ps ...access.Permission) desk.User {
	s.t.Helper()
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Access.CreateRole(ctx, tx, desk.System, desk.User{}, access.Role{Slug: slug, Name: string(slug), Permissions: ps, Tickets: tickets, Contacts: tickets})
		return err
	})
	return s.user(string(slug)+" Person", slug)
}

// PM-05: whoever sees their own tickets alone learns of no other by a road beside the lists: the queue, the loads, why somebody got it, a replay, what forms were sent.
func TestWhatIsOutOfReachIsOnNoOtherRoad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		u := s.ownRole("own-only", desk.Reach{View: desk.ReachOwn}, access.TicketsView, access.TicketsReply, access.TicketsAssign, access.RoutingManage, access.SubmissionsView, access.FormsManage, access.ChannelsMove, access.AccountAccess, access.InboxesAll)
		c := s.tokenOf(u, access.ScopeAll)
		eva := s.user("Eva Other", desk.RoleAgent)
		acc := s.echoAccount("line@acme.example", s.Helpdesk())
		const secret = "Salary of the director"
		other := s.Ticket(func(n *ticket.NewTicket) { n.Subject = secret })
		mine := s.Ticket(func(n *ticket.NewTicket) { n.Subject = "My own matter" })
		th := s.Thread(other, acc)
		fm, sub := desk.FormID(0), map[desk.TicketID]desk.SubmissionID{}
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			for id, owner := range map[desk.TicketID]desk.UserID{other.ID: eva.ID, mine.ID: u.ID} {
				if _, err := s.Tickets.SetOwner(ctx, tx, desk.System, id, desk.Assignment{OwnerID: owner}); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "INSERT INTO assignment_queue (object, object_id, account_id, inbox_id, rank, since, reason, next_at) VALUES ('ticket', $1, $2, $3, 0, 1, 'full', 0)", id, acc.ID, s.Helpdesk().ID); err != nil {
					return err
				}
			}
			forms := form.New(s.Clock, s.Events)
			f, err := forms.Create(ctx, tx, desk.System, form.NewForm{Name: "Contact", Slug: "contact"})
			if err != nil {
				return err
			}
			fm = f.ID
			for _, id := range []desk.TicketID{other.ID, mine.ID, 0} {
				x, _, err := forms.Store(ctx, tx, form.Submission{FormID: f.ID, Version: f.Version, Dedupe: fmt.Sprint(id), State: form.Filed, Answers: map[string]any{"message": map[bool]string{true: "mine", false: secret}[id == mine.ID]}})
				if err != nil {
					return err
				}
				if err := forms.Link(ctx, tx, x.ID, form.Links{Ticket: id}); err != nil {
					return err
				}
				sub[id] = x.ID
			}
			return nil
		})
		for _, path := range []string{"/api/queue", "/api/forms/" + fm.String() + "/submissions", "/api/forms/" + fm.String() + "/submissions.csv"} {
			got := c.do("GET", path, "")
			if got.status != 200 || strings.Contains(got.text, secret) || !strings.Contains(got.text, map[bool]string{true: "My own matter", false: "mine"}[path == "/api/queue"]) {
				t.Errorf("%s: %d %s", path, got.status, got.text)
			}
		}
		if got := c.do("GET", "/api/queue", ""); !strings.Contains(got.text, `"total":1`) {
			t.Errorf("the queue counts what is out of reach: %s", got.text)
		}
		if got := c.do("GET", "/api/capacity", ""); got.status != 200 || strings.Contains(got.text, "Eva Other") || !strings.Contains(got.text, u.Name) {
			t.Errorf("somebody else's work is counted: %d %s", got.status, got.text)
		}
		for _, op := range []string{
			"GET /api/threads/" + th.ID.String() + "/why", "GET /api/tickets/" + other.ID.String() + "/why", "GET /api/tickets/" + other.ID.String() + "/submission",
			"GET /api/submissions/" + sub[other.ID].String(), "GET /api/submissions/" + sub[0].String(), "POST /api/submissions/" + sub[other.ID].String() + "/release",
			"GET /api/submissions/" + sub[other.ID].String() + "/files/0",
		} {
			method, path, _ := strings.Cut(op, " ")
			if got := c.do(method, path, "{}"); got.status != 404 || strings.Contains(got.text, secret) {
				t.Errorf("%s: %d %s", op, got.status, got.text)
			}
		}
		if got := c.do("GET", "/api/submissions/"+sub[mine.ID].String(), ""); got.status != 200 {
			t.Errorf("one's own: %d %s", got.status, got.text)
		}
		sales := s.Inbox("sales")
		if got := c.do("POST", "/api/channel-accounts/"+acc.ID.String()+"/moves/plan", fmt.Sprintf(`{"to":"%d","history":"all"}`, sales.ID)); got.status != 403 || !strings.Contains(got.text, "move.beyond_reach") {
			t.Errorf("who changes some tickets moves everybody's: %d %s", got.status, got.text)
		}
		if got := c.do("PATCH", "/api/channel-accounts/"+acc.ID.String(), fmt.Sprintf(`{"inbox_id":"%d"}`, sales.ID)); got.status != 409 || !strings.Contains(got.text, "channel_account.moves") {
			t.Errorf("a channel is moved beside its move: %d %s", got.status, got.text)
		}
	})
}

// MG-01: a move goes between inboxes that one sees; of others there is neither a count nor a name.
func TestAMoveStaysWithinSight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		u := s.ownRole("mover", desk.Reach{}, access.TicketsView, access.TicketsReply, access.TicketsEdit, access.ChannelsMove)
		c := s.tokenOf(u, access.ScopeAll)
		board, sales := s.Inbox("board", desk.Access{Users: []desk.UserID{s.user("Bo Board", desk.RoleAgent).ID}}), s.Inbox("sales")
		theirs, ours := s.echoAccount("board@acme.example", board), s.echoAccount("sales@acme.example", sales)
		for path, body := range map[string]string{
			theirs.ID.String() + "/moves/plan": fmt.Sprintf(`{"to":"%d"}`, sales.ID), theirs.ID.String() + "/moves": fmt.Sprintf(`{"to":"%d"}`, sales.ID),
			ours.ID.String() + "/moves/plan": fmt.Sprintf(`{"to":"%d"}`, board.ID), ours.ID.String() + "/moves": fmt.Sprintf(`{"to":"%d"}`, board.ID),
		} {
			if got := c.do("POST", "/api/channel-accounts/"+path, body); got.status != 404 && got.status != 422 || strings.Contains(got.text, "counts") {
				t.Errorf("%s: %d %s", path, got.status, got.text)
			}
		}
		if got := c.do("GET", "/api/channel-accounts/"+theirs.ID.String()+"/moves", ""); got.status != 404 {
			t.Errorf("%d %s", got.status, got.text)
		}
		boss := s.tokenOf(s.user("Ada Admin", desk.RoleAdmin), access.ScopeAll)
		started := boss.do("POST", "/api/channel-accounts/"+ours.ID.String()+"/moves", fmt.Sprintf(`{"to":"%d"}`, board.ID))
		if started.status != 201 {
			t.Fatalf("%d %s", started.status, started.text)
		}
		id := started.str("id")
		for _, op := range []string{"GET /api/moves/" + id, "POST /api/moves/" + id + "/cancel", "POST /api/moves/" + id + "/undo"} {
			method, path, _ := strings.Cut(op, " ")
			if got := c.do(method, path, "{}"); got.status != 404 {
				t.Errorf("%s: %d %s", op, got.status, got.text)
			}
		}
	})
}

// PM-10: nobody raises themselves, whichever road they take: the text of the settings, a team, a person of their making.
func TestNobodyRaisesThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		u := s.ownRole("people-only", desk.Reach{View: desk.ReachTeam}, access.TicketsView, access.UsersManage, access.SettingsManage, access.RolesManage)
		c := s.tokenOf(u, access.ScopeAll)
		boss := s.user("Ada Admin", desk.RoleAdmin)
		team := s.Team("north")
		apply := func(text string) reply {
			return c.do("POST", "/api/settings/text/apply", string(db.JSON(map[string]any{"text": "version: 1\n" + text})))
		}
		for what, text := range map[string]string{
			"a built-in role": "users:\n  - email: " + u.Email + "\n    role: admin\n", "somebody above": "users:\n  - email: " + boss.Email + "\n    name: Other\n",
			"a new person above": "users:\n  - email: new@acme.example\n    role: supervisor\n", "a team": "users:\n  - email: " + u.Email + "\n    teams: [north]\n",
			"a form": "forms:\n  - slug: x\n    name: X\n",
		} {
			if got := apply(text); got.status != 403 {
				t.Errorf("%s: %d %s", what, got.status, got.text)
			}
		}
		for op, body := range map[string]string{
			"PATCH /api/users/" + u.ID.String(): fmt.Sprintf(`{"teams":["%d"]}`, team.ID), "PATCH /api/teams/" + team.ID.String(): fmt.Sprintf(`{"members":["%d"]}`, u.ID),
			"POST /api/teams": fmt.Sprintf(`{"name":"Mine","members":["%d"]}`, u.ID), "PATCH /api/roles/people-only": `{"tickets":{"view":"all","edit":"all","unassigned":true}}`,
		} {
			method, path, _ := strings.Cut(op, " ")
			if got := c.do(method, path, body); got.status != 403 {
				t.Errorf("%s: %d %s", op, got.status, got.text)
			}
		}
	})
}

// PM-13: from outside the allowed networks there is no road either for a session: not to files, nor to what is read once.
func TestTheAllowedNetworksHoldForFiles(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann := s.as(s.user("Ann Away", desk.RoleAdmin))
	if got := ann.do("GET", "/api/attachments/1", nil); got.status != 404 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	rules := setting.DefaultSignIn
	rules.Allow = []string{"192.0.2.0/24"}
	if _, err := s.Door.SetRules(context.Background(), access.Viewer{}, "", rules); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/attachments/1", "/api/events?poll=1&wait=0", "/api/tickets"} {
		if got := ann.do("GET", path, nil); got.status != 403 || !strings.Contains(got.text, "sign_in.address") {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
}
