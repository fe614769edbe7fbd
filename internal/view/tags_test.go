package view_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// TK-10: lists are filtered, sorted and grouped by tags, also by a name that a tag had before; and by how long it took to answer and to close.
func TestListsByTagsAndByHowLongItTook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ctx := context.Background()
		v := view.New(d, nil).Saved(customview.New(d, k.Clock, k.Events, k.Properties))
		names := map[desk.TicketID]string{}
		made := func(name string, reply, end time.Duration, tags ...string) {
			tk := k.Ticket(func(n *ticket.NewTicket) { n.Tags = tags })
			names[tk.ID] = name
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				at := func(after time.Duration) desk.Time {
					if after == 0 {
						return 0
					}
					return tk.CreatedAt.Add(after)
				}
				_, err := tx.Exec(ctx, "UPDATE tickets SET first_reply_at = $1, closed_at = $2, open = $3 WHERE id = $4", at(reply), at(end), end == 0, tk.ID)
				return err
			})
		}
		made("a", time.Hour, 0, "Billing", "VIP")
		made("b", 0, 26*time.Hour, "Billing")
		made("c", 90*time.Minute, 2*time.Hour)
		made("d", 0, 0, "Other")
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			ts, err := k.Tickets.Tags(ctx, tx, false)
			if err == nil {
				_, err = k.Tickets.RenameTag(ctx, tx, desk.System, ts[0].ID, "Invoices")
			}
			return err
		})
		list := func(a view.Ask) string {
			a.View = view.All
			page, err := v.List(ctx, view.Sight{All: true}, a, view.Page{Limit: 50})
			if err != nil {
				t.Fatalf("%+v: %v", a, err)
			}
			out := ""
			for _, r := range page.Items {
				out += names[r.ID]
			}
			return out
		}
		f := func(field, op string, value any) customview.Filter {
			return customview.Filter{Field: field, Op: op, Value: value}
		}
		for _, c := range []struct {
			filter customview.Filter
			want   string
		}{
			{f("tags", "contains", "invoices"), "ab"},
			{f("tags", "contains", "Billing"), "ab"}, // as a view that was saved before says it
			{f("tags", "not_contains", "Billing"), "cd"},
			{f("tags", "in", []any{"vip", "other"}), "ad"},
			{f("tags", "contains", "unheard of"), ""},
			{f("tags", "empty", nil), "c"},
			{f("tags", "not_empty", nil), "abd"},
			{f("time_to_first_reply", "gt", 1.0), "c"},
			{f("time_to_first_reply", "lt", 1.25), "a"},
			{f("time_to_first_reply", "empty", nil), "bd"},
			{f("time_to_close", "between", []any{1.0, 2.0}), "c"},
			{f("time_to_close", "gt", 24.0), "b"},
			{f("time_to_close", "empty", nil), "ad"},
		} {
			all := customview.Filter{All: []customview.Filter{c.filter, {Any: []customview.Filter{f("status_state", "in", []any{"open", "closed"})}}}}
			if got := list(view.Ask{Filter: all, Sort: "number"}); got != c.want {
				t.Errorf("%+v finds %q, want %q", c.filter, got, c.want)
			}
		}
		both := f("status_state", "in", []any{"open", "closed"})
		if got := list(view.Ask{Filter: both, Sort: "-time_to_close"}); !strings.HasPrefix(got, "bc") {
			t.Errorf("longest to close first: %q", got)
		}
		if got := list(view.Ask{Filter: both, Sort: "number", Group: "tags"}); got != "cbad" { // none, Invoices, Invoices and VIP, Other
			t.Errorf("grouped: %q", got)
		}
		page, err := v.List(ctx, view.Sight{All: true}, view.Ask{View: view.All, Filter: both, Sort: "number"}, view.Page{})
		if err != nil || len(page.Items) != 4 {
			t.Fatalf("%+v, %v", page, err)
		}
		if r := page.Items[0]; fmt.Sprint(r.Tags) != "[Invoices VIP]" || r.FirstReplyIn == nil || *r.FirstReplyIn != 3600 || r.ClosedIn != nil {
			t.Errorf("%+v", r)
		}
		if r := page.Items[1]; r.ClosedIn == nil || *r.ClosedIn != 26*3600 || r.FirstReplyIn != nil {
			t.Errorf("%+v", r)
		}
	})
}
