package view_test

import (
	"context"
	"slices"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// IH-01, IH-03: an inbox lists its open conversations, those with a ticket too when asked for, and counts those without; another inbox's and
// those of hidden tickets (WS-29) are neither listed nor counted.
func TestAnInboxListsAndCountsItsConversations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		v := view.New(d, nil)
		sales, other := k.Inbox("sales", desk.Access{Everyone: true}), k.Inbox("other", desk.Access{Everyone: true})
		var bare []desk.ThreadID
		for _, in := range []desk.Inbox{sales, sales, sales, other} {
			th := k.Thread(desk.Ticket{InboxID: in.ID, ContactID: k.Contact("").ID, Subject: "A question"}, k.Account(desktest.In(in)))
			k.Message(th)
			bare = append(bare, th.ID)
		}
		withTicket := func(c ticket.Change) desk.ThreadID {
			tk := k.Ticket(func(n *ticket.NewTicket) { n.InboxID = sales.ID })
			th := k.Thread(tk, k.Account(desktest.In(sales)))
			k.Message(th)
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.Update(ctx, tx, desk.System, tk.ID, c)
				return err
			})
			return th.ID
		}
		spam, closed := desk.HiddenSpam, "closed"
		open := withTicket(ticket.Change{})
		withTicket(ticket.Change{Hidden: &spam})
		done := withTicket(ticket.Change{Status: &closed})
		k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Threads.SetOpen(ctx, tx, bare[2], false) })

		for _, c := range []struct {
			name             string
			open, withTicket bool
			want             []desk.ThreadID
		}{
			{"open, without a ticket", true, false, bare[:2]}, {"closed, without a ticket", false, false, bare[2:3]},
			{"open", true, true, append(slices.Clone(bare[:2]), open)}, {"closed", false, true, []desk.ThreadID{bare[2], done}},
		} {
			var got []desk.ThreadID
			for page := (view.Page{Limit: 2}); ; {
				out, err := v.Threads(ctx, view.Everything, sales.ID, c.open, c.withTicket, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range out.Items {
					got = append(got, r.ID)
				}
				if page.Cursor = out.Next; out.Next == "" {
					break
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
		counts, err := v.Counts(ctx, view.Everything, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			want := map[string]int{"inbox:" + sales.ID.String(): 2, "inbox:" + other.ID.String(): 1}[c.ID]
			if c.Conversations != want || c.ConversationsCapped {
				t.Errorf("%s: %d conversations (capped %v), want %d", c.ID, c.Conversations, c.ConversationsCapped, want)
			}
		}
	})
}

// WS-29, IH-01: spam and trash have their conversations too: those without a ticket, of inboxes that one sees.
func TestSpamAndTrashListTheirConversations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		v := view.New(d, nil)
		sales, other := k.Inbox("sales", desk.Access{Everyone: true}), k.Inbox("other", desk.Access{Everyone: true})
		made := func(in desk.Inbox, h desk.Hidden) desk.ThreadID {
			th := k.Thread(desk.Ticket{InboxID: in.ID, ContactID: k.Contact("").ID, Subject: "A question"}, k.Account(desktest.In(in)))
			k.Message(th)
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Threads.Hide(ctx, tx, desk.System, th.ID, h)
				return err
			})
			return th.ID
		}
		made(sales, desk.HiddenNo)
		spam, elsewhere, trash := made(sales, desk.HiddenSpam), made(other, desk.HiddenSpam), made(sales, desk.HiddenTrash)
		some := view.Sight{Inboxes: []desk.InboxID{sales.ID}}
		for _, c := range []struct {
			s    view.Sight
			h    desk.Hidden
			want []desk.ThreadID
		}{{view.Everything, desk.HiddenSpam, []desk.ThreadID{elsewhere, spam}}, {some, desk.HiddenSpam, []desk.ThreadID{spam}}, {some, desk.HiddenTrash, []desk.ThreadID{trash}}} {
			var got []desk.ThreadID
			for page := (view.Page{Limit: 1}); ; {
				out, err := v.HiddenThreads(ctx, c.s, c.h, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range out.Items {
					got = append(got, r.ID)
				}
				if page.Cursor = out.Next; out.Next == "" {
					break
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.h, got, c.want)
			}
			counts, err := v.Counts(ctx, c.s, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range counts {
				if n.ID == string(c.h) && n.Conversations != len(c.want) {
					t.Errorf("%s counts %d conversations, want %d", c.h, n.Conversations, len(c.want))
				}
			}
		}
	})
}
