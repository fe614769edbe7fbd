package visitor

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// maxData bounds what a page may tell with an event, in bytes, and maxViews how many pages and events are kept of a browser.
const (
	maxData  = 4 << 10
	maxViews = 2000
)

// View is a page that a browser opened, or something that was done on one (TR-10).
type View struct {
	ID       int64           `json:"-"`
	Kind     string          `json:"kind" enum:"page,event"`
	Name     string          `json:"name"`
	URL      string          `json:"url"`
	Title    string          `json:"title"`
	Referrer string          `json:"referrer"`
	Data     json.RawMessage `json:"data"`
	At       desk.Time       `json:"at"`
}

// again is within which the same page told twice is one view, in milliseconds: the page's script and the widget both tell of it.
const again = 5_000

// view notes a page. The visitor's row is held by the caller's statement before it.
func (s *Service) view(ctx context.Context, tx *db.Tx, v *Visitor, g Glimpse) error {
	now := s.clk.Ms()
	if v.PageURL == g.URL && v.PageAt+again > now {
		return nil
	}
	v.PageURL, v.PageTitle, v.PageAt = g.URL, g.Title, now
	v.Views++
	_, err := tx.Exec(ctx, "UPDATE visitors SET page_url = $1, page_title = $2, page_at = $3, views = views + 1 WHERE id = $4", v.PageURL, v.PageTitle, v.PageAt, v.ID)
	if err != nil {
		return fmt.Errorf("visitor: view: %w", err)
	}
	return s.note(ctx, tx, v.ID, View{Kind: "page", URL: g.URL, Title: g.Title, Referrer: g.Referrer, At: now})
}

func (s *Service) note(ctx context.Context, tx *db.Tx, id desk.VisitorID, w View) error {
	if len(w.Data) == 0 {
		w.Data = json.RawMessage("{}")
	}
	_, err := tx.Exec(ctx, "INSERT INTO visitor_views (id, visitor_id, kind, name, url, title, referrer, data, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		tx.NewID(), id, w.Kind, w.Name, w.URL, w.Title, w.Referrer, string(w.Data), w.At)
	if err == nil { // what is beyond the measure goes, the oldest first
		_, err = tx.Exec(ctx, `DELETE FROM visitor_views WHERE visitor_id = $1 AND id < COALESCE((SELECT id FROM visitor_views WHERE visitor_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2), 0)`, id, maxViews-1)
	}
	if err != nil {
		return fmt.Errorf("visitor: view: %w", err)
	}
	return nil
}

// Happened notes something done on a page. Of a browser that is not tracked nothing is kept, and no error.
func (s *Service) Happened(ctx context.Context, tx *db.Tx, v Visitor, name, url string, data map[string]any) error {
	if name = clean(name, 100); name == "" || !v.Tracked {
		return nil
	}
	b, err := json.Marshal(cleanData(data, 0))
	if err != nil || len(b) > maxData {
		return desk.Errorf(desk.TooLarge, "visitor.event_too_large", "An event may carry at most %d KB.", maxData>>10).In("data")
	}
	return s.note(ctx, tx, v.ID, View{Kind: "event", Name: name, URL: clean(url, 2000), Data: b, At: s.clk.Ms()})
}

// cleanData makes what a page tells fit to keep: plain values under short names.
func cleanData(in map[string]any, depth int) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		if len(out) >= 50 {
			break
		}
		switch v := v.(type) {
		case string:
			out[clean(k, 100)] = clean(v, 1000)
		case bool, float64, nil:
			out[clean(k, 100)] = v
		case map[string]any:
			if depth < 3 {
				out[clean(k, 100)] = cleanData(v, depth+1)
			}
		}
	}
	return out
}

// ViewsPage is part of a browser's trail, newest first; Next is where to go on, 0 at the end.
type ViewsPage struct {
	Items []View
	Next  int64
}

// Trail lists pages and events of a browser, newest first, below before.
func (s *Service) Trail(ctx context.Context, q db.Queryer, id desk.VisitorID, before int64, limit int) (ViewsPage, error) {
	if before <= 0 {
		before = desk.MaxID
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	items, err := db.All(ctx, q, func(r db.Scanner) (w View, err error) {
		err = r.Scan(&w.ID, &w.Kind, &w.Name, &w.URL, &w.Title, &w.Referrer, (*[]byte)(&w.Data), &w.At)
		return w, err
	}, "SELECT id, kind, name, url, title, referrer, data, at FROM visitor_views WHERE visitor_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", id, before, limit+1)
	if err != nil {
		return ViewsPage{}, fmt.Errorf("visitor: trail: %w", err)
	}
	p := ViewsPage{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = p.Items[limit-1].ID
	}
	return p, nil
}
