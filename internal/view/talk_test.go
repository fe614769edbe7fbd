package view_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/view"
)

// WS-08: which rows of a list are chats that are open, and that nobody of the team has answered since; a chat out of sight is none, nor is mail.
func TestTheChatsOfAListWaitForAPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		v := view.New(d, nil)
		tk := k.Ticket()
		other := k.Inbox("other", desk.Access{Everyone: true})
		var chat desk.Thread
		acc := k.Account()
		k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			chat, err = k.Threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: tk.InboxID, AccountID: acc.ID, Channel: "page", TicketID: tk.ID, VisitorID: 77})
			return err
		})
		mail := k.Thread(tk, k.Account())
		k.Message(mail)
		sight := view.Sight{Inboxes: []desk.InboxID{tk.InboxID}}
		ask := func(s view.Sight) []view.Talk {
			t.Helper()
			all, err := v.Talks(ctx, s, []desk.TicketID{tk.ID}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if got := ask(sight); len(got) != 1 || got[0].ThreadID != chat.ID || got[0].VisitorID != 77 || got[0].WaitsSince != 0 {
			t.Fatalf("before a word: %+v", got)
		}
		k.Message(chat)
		if got := ask(sight); len(got) != 1 || got[0].WaitsSince == 0 {
			t.Fatalf("the visitor waits: %+v", got)
		}
		if got := ask(view.Sight{Inboxes: []desk.InboxID{other.ID}}); len(got) != 0 {
			t.Fatalf("out of sight: %+v", got)
		}
		if got, err := v.Talks(ctx, sight, nil, []desk.ThreadID{chat.ID, mail.ID}); err != nil || len(got) != 1 {
			t.Fatalf("by conversation: %+v, %v", got, err)
		}
	})
}
