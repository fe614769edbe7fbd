package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Facet is one way to narrow a search, with how much of what the viewer may see would be left.
type Facet struct {
	Operator string `json:"operator" doc:"What to add to the search: operator:value."`
	Value    string `json:"value"`
	Label    string `json:"label"`
	Count    int    `json:"count"`
}

// Facets of a search, counted over the newest hits.
type Facets struct {
	Total  int     `json:"total"`
	Capped bool    `json:"capped" doc:"There is more than was counted: the counts are of the newest."`
	Items  []Facet `json:"items" doc:"By operator, the most frequent first."`
}

const maxCounted = 1000

// Facets counts what a search finds, by kind, status, owner and inbox, within a bound.
func (s *Service) Facets(ctx context.Context, v access.Viewer, text string) (Facets, error) {
	out := Facets{Items: []Facet{}}
	if err := v.Need(access.TicketsView); err != nil {
		return out, err
	}
	a, err := s.ask(ctx, v, parse(text, s.nowOf(v)))
	if err != nil || a.idle() {
		return out, err
	}
	docs, next, _, err := s.find(ctx, a, desk.MaxID, maxCounted, 60*time.Millisecond)
	if err != nil || len(docs) == 0 {
		return out, err
	}
	out.Total, out.Capped = len(docs), next > 0
	ids := make([]int64, len(docs))
	for i, d := range docs {
		ids[i] = d.id
	}
	counts := map[[2]string]int{}
	_, err = db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) {
		var kind string
		var inbox, status, owner, n int64
		err := r.Scan(&kind, &inbox, &status, &owner, &n)
		for _, f := range [][2]string{{"type", kind}, {"inbox", id(inbox)}, {"status", id(status)}, {"owner", id(owner)}} {
			counts[f] += int(n)
		}
		return struct{}{}, err
	}, `SELECT d.kind, d.inbox_id, COALESCE(t.status_id, 0), COALESCE(t.owner_id, -1), COUNT(*) FROM search_docs d LEFT JOIN tickets t ON t.id = d.ticket_id AND d.ticket_id <> 0
		WHERE d.id IN `+s.in(1)+" GROUP BY 1, 2, 3, 4", list(ids))
	if err != nil {
		return out, fmt.Errorf("search: facets: %w", err)
	}
	if out.Items, err = s.label(ctx, counts); err != nil {
		return out, err
	}
	order := []string{"type", "status", "owner", "inbox"}
	slices.SortFunc(out.Items, func(a, b Facet) int {
		return cmp.Or(slices.Index(order, a.Operator)-slices.Index(order, b.Operator), b.Count-a.Count, cmp.Compare(a.Label, b.Label))
	})
	return out, nil
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// label names what was counted by id. Statuses of several pipelines that are called alike are one.
func (s *Service) label(ctx context.Context, counts map[[2]string]int) ([]Facet, error) {
	byName := map[[2]string]*Facet{}
	for op, query := range map[string]string{
		"status": "SELECT id, slug, name FROM pipeline_statuses", "owner": "SELECT id, email, name FROM users", "inbox": "SELECT id, slug, name FROM inboxes",
	} {
		all, err := s.things(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("search: facets: %w", err)
		}
		for _, x := range all {
			n := counts[[2]string{op, id(x.id)}]
			if n == 0 {
				continue
			}
			key := [2]string{op, plain(x.name)}
			if f := byName[key]; f != nil {
				f.Count += n
				continue
			}
			byName[key] = &Facet{op, x.name, x.name, n}
		}
	}
	if n := counts[[2]string{"owner", "0"}]; n > 0 {
		byName[[2]string{"owner", ""}] = &Facet{"owner", "none", "", n}
	}
	out := []Facet{}
	for _, f := range byName {
		out = append(out, *f)
	}
	for _, kind := range []string{"ticket", "message", "comment", "contact"} {
		if n := counts[[2]string{"type", kind}]; n > 0 {
			out = append(out, Facet{"type", kind, "", n})
		}
	}
	return out, nil
}
