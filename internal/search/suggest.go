package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Completion is one way to go on with what is being typed.
type Completion struct {
	Kind      string         `json:"kind" enum:"operator,value,contact,ticket"`
	Query     string         `json:"query" doc:"The whole search, should it be taken; empty for what is opened instead."`
	Label     string         `json:"label"`
	Detail    string         `json:"detail"`
	TicketID  desk.TicketID  `json:"ticket_id"`
	Number    int64          `json:"number"`
	ContactID desk.ContactID `json:"contact_id"`
}

// Suggest completes the last word of a search: an operator, a value it takes, a contact, or a ticket by its number or subject.
func (s *Service) Suggest(ctx context.Context, v access.Viewer, text string, limit int) ([]Completion, error) {
	out := []Completion{}
	if err := v.Need(access.TicketsView); err != nil {
		return out, err
	}
	if limit <= 0 || limit > 20 {
		limit = 10
	}
	parts := split(text)
	if len(parts) == 0 || strings.HasSuffix(text, " ") {
		return out, nil
	}
	p := parts[len(parts)-1]
	if p.op != "" && p.op != "from" && p.op != "to" && p.op != "cc" {
		values, err := s.values(ctx, v, p)
		for _, val := range first(values, limit) {
			out = append(out, Completion{Kind: "value", Query: p.replaced(text[:p.end], val), Label: p.op + ":" + quoted(val)})
		}
		return out, err
	}
	if p.quoted && p.op == "" {
		return out, nil
	}
	if p.op == "" {
		for _, op := range operators {
			if strings.HasPrefix(op, strings.ToLower(p.text)) && len(out) < 3 {
				out = append(out, Completion{Kind: "operator", Query: text[:p.value] + op + ":", Label: op + ":"})
			}
		}
		numbers, err := s.numbers(ctx, v, p.text)
		if out = append(out, numbers...); err != nil {
			return out, err
		}
	}
	things, err := s.openable(ctx, v, text, p)
	if out = append(out, things...); len(out) > limit {
		out = out[:limit]
	}
	return out, err
}

// openable are contacts by name and address and, unless an address is asked for, tickets by subject.
func (s *Service) openable(ctx context.Context, v access.Viewer, text string, p part) (out []Completion, err error) {
	kinds := []string{"contact", "ticket"}
	words := text
	if p.op != "" {
		kinds, words = kinds[:1], p.text
	}
	if len([]rune(strings.TrimSpace(p.text))) < 2 {
		return nil, nil
	}
	for _, kind := range kinds {
		q := parse(words, s.nowOf(v))
		if !q.hasWords() || q.asksKind() || len(q.wants) > 0 || len(q.problems) > 0 {
			return out, nil
		}
		a, err := s.ask(ctx, v, q.named(map[string]rune{"contact": fieldFrom, "ticket": fieldSubject}[kind]).only(kind))
		if err != nil || a.idle() {
			return out, err
		}
		docs, _, _, err := s.find(ctx, a, desk.MaxID, 5, maxTime/4)
		if err != nil {
			return out, err
		}
		hits, err := s.show(ctx, a.q, docs)
		if err != nil {
			return out, err
		}
		for _, h := range hits {
			out = append(out, suggestion(h, text, p))
		}
	}
	return out, nil
}

func suggestion(h Hit, text string, p part) Completion {
	if h.Kind == "ticket" {
		return Completion{Kind: "ticket", Label: h.Title, Detail: h.Status, TicketID: h.TicketID, Number: h.Number}
	}
	address := unmarked(h.From)
	if i := strings.IndexByte(address, ' '); i > 0 {
		address = address[:i]
	}
	if address == "" {
		address = h.Title
	}
	s := Completion{Kind: "contact", Label: h.Title, Detail: unmarked(h.From), ContactID: h.ContactID}
	if p.op != "" {
		s.Query = p.replaced(text[:p.end], address)
	}
	return s
}

var unmark = strings.NewReplacer("<mark>", "", "</mark>", "", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&")

func unmarked(s string) string { return unmark.Replace(s) }

// numbers are tickets whose number is, or begins with, what is typed.
func (s *Service) numbers(ctx context.Context, v access.Viewer, typed string) ([]Completion, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(typed, "#"), 10, 64)
	if err != nil || n <= 0 || n > 1e12 {
		return nil, nil
	}
	var out []Completion
	for from, to := n, n; len(out) < 4 && from < 1e13; from, to = from*10, to*10+9 {
		args := []any{from, to, 5 - len(out)}
		where := ""
		if !v.AllInboxes {
			ids := []int64{0}
			for _, id := range v.Inboxes {
				ids = append(ids, int64(id))
			}
			args = append(args, list(ids))
			where = " AND t.inbox_id IN " + s.in(4)
		}
		where += s.andReach(v, &args)
		found, err := db.All(ctx, s.db, func(r db.Scanner) (x Completion, err error) {
			x.Kind = "ticket"
			err = r.Scan(&x.TicketID, &x.Number, &x.Label, &x.Detail)
			return x, err
		}, `SELECT t.id, t.number, t.subject, COALESCE(ps.name, '') FROM tickets t LEFT JOIN pipeline_statuses ps ON ps.id = t.status_id
			WHERE t.number BETWEEN $1 AND $2 AND t.hidden = ''`+where+" ORDER BY t.number LIMIT $3", args...)
		if err != nil {
			return out, fmt.Errorf("search: numbers: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// values that an operator takes, those like what is typed first.
func (s *Service) values(ctx context.Context, v access.Viewer, p part) ([]string, error) {
	r := reader{now: s.nowOf(v)}
	options, query := r.optionsOf(p.op), ""
	var err error
	switch {
	case p.op == "is":
		options = states
	case p.op == "status":
		query = "SELECT id, slug, name FROM pipeline_statuses WHERE archived_at = 0 ORDER BY pipeline_id, position"
	case p.op == "owner":
		options, query = []string{"me", "none"}, "SELECT id, email, name FROM users WHERE active = 1 ORDER BY name"
	case p.op == "team":
		query = "SELECT id, slug, name FROM teams ORDER BY name"
	case p.op == "in", p.op == "inbox":
		query = s.inboxes(v)
		if p.op == "in" {
			options = []string{"spam", "trash", "anywhere"}
		}
	case p.op == "priority":
		options = []string{"urgent", "high", "medium", "low", "none"}
	case p.op == "tag":
		options, query = []string{"none"}, "SELECT id, name, name FROM tags WHERE into_id = 0 ORDER BY name_key"
	case p.op == "category":
		options, err = s.categories(ctx)
	case p.op == "channel":
		options, err = db.All(ctx, s.db, db.Column[string], "SELECT DISTINCT channel FROM channel_accounts ORDER BY channel")
	case strings.HasPrefix(p.op, "property."):
		options, err = s.propertyOptions(ctx, v, strings.TrimPrefix(p.op, "property."))
	}
	if err != nil {
		return nil, fmt.Errorf("search: values: %w", err)
	}
	if query != "" {
		all, err := s.things(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("search: values: %w", err)
		}
		for _, x := range all {
			if !slices.Contains(options, x.name) {
				options = append(options, x.name)
			}
		}
	}
	typed := plain(p.text)
	if typed == "" {
		return options, nil
	}
	var out []string
	for _, o := range options {
		if strings.Contains(plain(o), typed) {
			out = append(out, o)
		}
	}
	return byDistance(p.text, out), nil
}

func (s *Service) propertyOptions(ctx context.Context, v access.Viewer, name string) ([]string, error) {
	var out []string
	_, err := db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) {
		var some []string
		var object string
		err := r.Scan(&object, db.ScanJSON(&some))
		if !v.Veil.Hides(object, name) {
			out = append(out, some...)
		}
		return struct{}{}, err
	}, "SELECT object, options FROM properties WHERE name = $1 AND archived_at = 0", name)
	return out, err
}
