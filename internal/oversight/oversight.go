// Package oversight answers what administrators ask before a change: what hangs on a channel, inbox, status, pipeline, property, team, user or space. It joins
// any table and writes none. Counts stop at Cap, names at a handful. Permissions are the caller's business: the admin API asks for them.
package oversight

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/space"
)

// Cap is where counting ends.
const Cap = 10_000

// maxNames is how many things of a kind are named.
const maxNames = 12

// Service reads one database. Safe for concurrent use.
type Service struct {
	db    *db.DB
	clock *clock.Clock
}

// New makes the service.
func New(d *db.DB, c *clock.Clock) *Service { return &Service{d, c} }

// Effect is one kind of thing that a change touches.
type Effect struct {
	Kind   string   `json:"kind" enum:"tickets,open_tickets,conversations,outgoing,users,teams,inboxes,channels,statuses,properties,contacts,views,tokens,sessions,addresses,form_fields,chatflows,answers,conditions,moves,waiting,spaces,space_views,space_private"`
	Count  int      `json:"count"`
	Capped bool     `json:"capped" doc:"There are more than count."`
	Names  []string `json:"names" doc:"Some of them, by name."`
}

// gathering collects effects; the first error ends it.
type gathering struct {
	*Service
	ctx context.Context
	out []Effect
	err error
}

// Effects tells what hangs on a thing: how many, and the first names. An unknown object or id is not found.
func (s *Service) Effects(ctx context.Context, object, id string) ([]Effect, error) {
	g := &gathering{Service: s, ctx: ctx, out: []Effect{}}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, missing()
	}
	switch object {
	case "channel":
		g.channel(n)
	case "inbox":
		g.inbox(n)
	case "status":
		g.status(n)
	case "pipeline":
		g.pipeline(n)
	case "property":
		g.property(n)
	case "team":
		g.team(n)
	case "user":
		g.user(n)
	case "space":
		g.space(n)
	default:
		return nil, missing()
	}
	if g.err != nil && desk.CodeOf(g.err) != desk.NotFound {
		g.err = fmt.Errorf("oversight: effects: %w", g.err)
	}
	return g.out, g.err
}

func missing() error {
	return desk.Errorf(desk.NotFound, "affects.unknown", "There is no such thing to ask about.")
}

// row reads one row, or says that there is none.
func (g *gathering) row(query string, id int64, dst ...any) bool {
	if g.err != nil {
		return false
	}
	found := false
	rows, err := g.db.Query(g.ctx, query, id)
	if err != nil {
		g.err = err
		return false
	}
	defer rows.Close()
	if rows.Next() {
		found = true
		g.err = rows.Scan(dst...)
	}
	if g.err == nil {
		g.err = rows.Err()
	}
	if !found && g.err == nil {
		g.err = missing()
	}
	return found && g.err == nil
}

// count adds how many rows a query has; from is what follows SELECT 1.
func (g *gathering) count(kind, from string, args ...any) {
	if g.err != nil {
		return
	}
	var n int
	g.err = g.db.QueryRow(g.ctx, "SELECT COUNT(*) FROM (SELECT 1 "+from+" LIMIT "+strconv.Itoa(Cap+1)+") x", args...).Scan(&n)
	if g.err == nil && n > 0 {
		g.out = append(g.out, Effect{Kind: kind, Count: min(n, Cap), Capped: n > Cap, Names: []string{}})
	}
}

// named adds things by name.
func (g *gathering) named(kind string, names []string) {
	if len(names) == 0 || g.err != nil {
		return
	}
	g.out = append(g.out, Effect{Kind: kind, Count: len(names), Names: names[:min(len(names), maxNames)]})
}

func (g *gathering) names(query string, args ...any) []string {
	if g.err != nil {
		return nil
	}
	out, err := db.All(g.ctx, g.db, db.Column[string], query, args...)
	if err != nil {
		g.err = err
	}
	return out
}

// account is what of a channel account names other things.
type account struct {
	id            int64
	inbox         int64
	name          string
	slug, channel string
	settings      []byte
	ticket        desk.TicketPolicy
	assign        desk.AssignPolicy
}

func (g *gathering) accounts() []account {
	if g.err != nil {
		return nil
	}
	out, err := db.All(g.ctx, g.db, func(r db.Scanner) (a account, err error) {
		err = r.Scan(&a.id, &a.inbox, &a.name, &a.slug, &a.channel, &a.settings, db.ScanJSON(&a.ticket), db.ScanJSON(&a.assign))
		return a, err
	}, `SELECT id, inbox_id, name, slug, channel, settings, ticket, assign FROM channel_accounts WHERE archived_at = 0 ORDER BY name`)
	if err != nil {
		g.err = err
	}
	return out
}

func (g *gathering) channelsWhere(keep func(account) bool) {
	names := []string{}
	for _, a := range g.accounts() {
		if keep(a) {
			names = append(names, a.name)
		}
	}
	g.named("channels", names)
}

// seers are the inboxes whose access names somebody.
func (g *gathering) seers(keep func(desk.Access) bool) {
	if g.err != nil {
		return
	}
	type box struct {
		name   string
		access desk.Access
	}
	boxes, err := db.All(g.ctx, g.db, func(r db.Scanner) (b box, err error) { err = r.Scan(&b.name, db.ScanJSON(&b.access)); return b, err },
		`SELECT name, access FROM inboxes WHERE archived_at = 0 ORDER BY name`)
	if err != nil {
		g.err = err
		return
	}
	names := []string{}
	for _, b := range boxes {
		if keep(b.access) {
			names = append(names, b.name)
		}
	}
	g.named("inboxes", names)
}

// whoSees adds the people who work in an inbox.
func (g *gathering) whoSees(id int64) {
	var a desk.Access
	if !g.row(`SELECT access FROM inboxes WHERE id = $1`, id, db.ScanJSON(&a)) {
		return
	}
	if a.Everyone {
		g.count("users", `FROM users WHERE active = 1`)
		return
	}
	ids := []string{"0"}
	for _, u := range a.Users {
		ids = append(ids, u.String())
	}
	teams := []string{"0"}
	for _, t := range a.Teams {
		teams = append(teams, t.String())
	}
	g.named("users", g.names(`SELECT name FROM users WHERE active = 1 AND (id IN (`+strings.Join(ids, ",")+`) OR id IN (SELECT user_id FROM team_members WHERE team_id IN (`+strings.Join(teams, ",")+`))) ORDER BY name`))
}

func (g *gathering) channel(id int64) {
	var inbox int64
	if !g.row(`SELECT inbox_id FROM channel_accounts WHERE id = $1 AND archived_at = 0`, id, &inbox) {
		return
	}
	g.count("open_tickets", `FROM tickets WHERE account_id = $1 AND open = 1 AND hidden = ''`, id)
	g.count("tickets", `FROM tickets WHERE account_id = $1 AND hidden = ''`, id)
	g.count("outgoing", `FROM messages WHERE account_id = $1 AND status IN ('queued', 'sending')`, id)
	g.count("waiting", `FROM assignment_queue WHERE account_id = $1`, id)
	g.named("addresses", g.names(`SELECT value FROM address_registry WHERE account_id = $1 ORDER BY value`, id))
	g.named("chatflows", g.names(`SELECT name FROM chatflows WHERE account_id = $1 AND archived_at = 0 ORDER BY position, id`, id))
	g.formFields(id)
	g.naming(id)
	g.count("moves", `FROM channel_moves WHERE account_id = $1 AND state IN ('done', 'cancelled', 'failed') AND undo_until > $2`, id, g.clock.Ms())
	g.views(`"` + strconv.FormatInt(id, 10) + `"`)
	g.whoSees(inbox)
}

// naming adds the other channels that speak of one: forms whose answers leave by it, and those whose rules and conditions ask for it.
func (g *gathering) naming(id int64) {
	all := g.accounts()
	at := slices.IndexFunc(all, func(a account) bool { return a.id == id })
	if at < 0 {
		return
	}
	slug := all[at].slug
	var answers, conditions []string
	for _, a := range all {
		var set struct {
			ReplyFrom string `json:"reply_from"`
		}
		_ = json.Unmarshal(a.settings, &set)
		if set.ReplyFrom == slug && a.inbox == all[at].inbox {
			answers = append(answers, a.name)
		}
		if a.id != id && a.asksFor(slug) {
			conditions = append(conditions, a.name)
		}
	}
	g.named("answers", answers)
	g.named("conditions", conditions)
}

// asksFor tells whether a condition of the account names a channel.
func (a account) asksFor(slug string) bool {
	sets := []*desk.Conditions{a.ticket.When}
	for _, r := range a.assign.Rules {
		sets = append(sets, r.If)
	}
	return slices.ContainsFunc(sets, func(set *desk.Conditions) bool {
		return set != nil && slices.ContainsFunc(set.When, func(c desk.Condition) bool { return c.Field == "account" && slices.Contains(c.Values, slug) })
	})
}

// formFields are what goes from the form of a channel when the channel is removed (FM-12): the fields that fill tickets.
func (g *gathering) formFields(id int64) {
	if g.err != nil {
		return
	}
	var set struct {
		Form string `json:"form"`
	}
	if !g.row(`SELECT settings FROM channel_accounts WHERE id = $1`, id, db.ScanJSON(&set)) || set.Form == "" {
		return
	}
	defs, err := db.All(g.ctx, g.db, func(r db.Scanner) (d form.Definition, err error) { err = r.Scan(db.ScanJSON(&d)); return d, err }, `SELECT definition FROM forms WHERE slug = $1`, set.Form)
	if err != nil {
		g.err = err
		return
	}
	for _, d := range defs {
		g.named("form_fields", d.TicketFields(d.Language))
	}
}

func (g *gathering) inbox(id int64) {
	var n int64
	if !g.row(`SELECT id FROM inboxes WHERE id = $1 AND archived_at = 0`, id, &n) {
		return
	}
	g.channelsWhere(func(a account) bool { return a.inbox == id })
	g.count("open_tickets", `FROM tickets WHERE inbox_id = $1 AND open = 1 AND hidden = ''`, id)
	g.count("conversations", `FROM threads WHERE inbox_id = $1 AND ticket_id = 0 AND open = 1`, id)
	g.whoSees(id)
}

func (g *gathering) status(id int64) {
	var slug, pipe string
	if !g.row(`SELECT s.slug, p.slug FROM pipeline_statuses s JOIN pipelines p ON p.id = s.pipeline_id WHERE s.id = $1 AND s.archived_at = 0`, id, &slug, &pipe) {
		return
	}
	g.count("tickets", `FROM tickets WHERE status_id = $1`, id)
	first := g.firstPipeline()
	g.channelsWhere(func(a account) bool {
		return a.ticket.Status == slug && (a.ticket.Pipeline == pipe || a.ticket.Pipeline == "" && first == pipe)
	})
	g.views(`"` + strconv.FormatInt(id, 10) + `"`)
}

// views adds the saved views whose filter names something; private ones are counted and not named.
func (g *gathering) views(text string) {
	names := g.names(`SELECT CASE WHEN visibility = 'private' THEN '' ELSE name END FROM custom_views WHERE filter LIKE $1 ESCAPE '\' ORDER BY name`, like(text))
	if len(names) == 0 || g.err != nil {
		return
	}
	shared := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	g.out = append(g.out, Effect{Kind: "views", Count: len(names), Names: shared[:min(len(shared), maxNames)]})
}

// firstPipeline is the one that a policy without a pipeline means.
func (g *gathering) firstPipeline() string {
	for _, slug := range g.names(`SELECT slug FROM pipelines WHERE archived_at = 0 ORDER BY position, id LIMIT 1`) {
		return slug
	}
	return ""
}

func (g *gathering) pipeline(id int64) {
	var slug string
	if !g.row(`SELECT slug FROM pipelines WHERE id = $1 AND archived_at = 0`, id, &slug) {
		return
	}
	g.named("statuses", g.names(`SELECT name FROM pipeline_statuses WHERE pipeline_id = $1 AND archived_at = 0 ORDER BY position`, id))
	g.count("tickets", `FROM tickets WHERE status_id IN (SELECT id FROM pipeline_statuses WHERE pipeline_id = $1)`, id)
	first := g.firstPipeline()
	g.channelsWhere(func(a account) bool { return a.ticket.Pipeline == slug || a.ticket.Pipeline == "" && first == slug })
	g.views(`"` + strconv.FormatInt(id, 10) + `"`)
}

// like makes text a LIKE pattern that is contained, with \ as the escape.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

func (g *gathering) property(id int64) {
	var object, name string
	if !g.row(`SELECT object, name FROM properties WHERE id = $1 AND archived_at = 0`, id, &object, &name) {
		return
	}
	table := map[string]string{"ticket": "tickets", "contact": "contacts"}[object]
	key, _ := json.Marshal(name)
	g.count(table, `FROM `+table+` WHERE properties LIKE $1 ESCAPE '\'`, like(string(key)+":"))
	if object == "ticket" {
		g.channelsWhere(func(a account) bool { _, ok := a.ticket.Properties[name]; return ok })
	}
	g.named("properties", g.names(`SELECT label FROM properties WHERE object = $1 AND depends_on = $2 AND archived_at = 0 ORDER BY label`, object, name))
	g.views(`property.` + name + `"`)
}

func (g *gathering) team(id int64) {
	var slug string
	if !g.row(`SELECT slug FROM teams WHERE id = $1`, id, &slug) {
		return
	}
	g.named("users", g.names(`SELECT u.name FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = $1 ORDER BY u.name`, id))
	g.views(`"` + strconv.FormatInt(id, 10) + `"`)
	g.count("open_tickets", `FROM tickets WHERE team_id = $1 AND open = 1 AND hidden = ''`, id)
	g.seers(func(a desk.Access) bool { return slices.Contains(a.Teams, desk.TeamID(id)) })
	g.channelsWhere(func(a account) bool { return slices.Contains(a.assign.Teams, slug) })
	if g.err == nil {
		all, err := space.List(g.ctx, g.db)
		names := []string{}
		for _, s := range all {
			if slices.Contains(s.Teams, desk.TeamID(id)) {
				names = append(names, s.Name)
			}
		}
		g.err = err
		g.named("spaces", names)
	}
}

// space tells what goes with a space, and what is left of it.
func (g *gathering) space(id int64) {
	var name string
	if !g.row(`SELECT name FROM spaces WHERE id = $1`, id, &name) {
		return
	}
	g.named("space_views", g.names(`SELECT name FROM custom_views WHERE space_id <> 0 AND space_id = $1 AND visibility <> 'private' ORDER BY position, name`, id))
	g.count("space_private", `FROM custom_views WHERE space_id <> 0 AND space_id = $1 AND visibility = 'private'`, id)
}

func (g *gathering) user(id int64) {
	var email string
	if !g.row(`SELECT email FROM users WHERE id = $1`, id, &email) {
		return
	}
	g.count("open_tickets", `FROM tickets WHERE owner_id = $1 AND open = 1 AND hidden = ''`, id)
	g.named("teams", g.names(`SELECT t.name FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = $1 ORDER BY t.name`, id))
	g.seers(func(a desk.Access) bool { return slices.Contains(a.Users, desk.UserID(id)) })
	g.channelsWhere(func(a account) bool { return slices.Contains(a.assign.Users, email) })
	g.named("tokens", g.names(`SELECT name FROM api_tokens WHERE user_id = $1 AND revoked_at = 0 ORDER BY name`, id))
	g.count("sessions", `FROM sessions WHERE user_id = $1`, id)
	g.views(`"` + strconv.FormatInt(id, 10) + `"`)
}
