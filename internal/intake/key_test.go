package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// keyed is letters on a channel that threads by its own key, or by who writes.
type keyed struct {
	letters
	by channel.Threading
}

func (k keyed) Spec() channel.Spec {
	s := k.letters.Spec()
	s.Threading = k.by
	return s
}

func eachKeyed(t *testing.T, by channel.Threading, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d, keyed{by: by})) })
}

func TestKeyJoinsAChannelsItems(t *testing.T) {
	eachKeyed(t, channel.ByKey, func(t *testing.T, w *world) {
		key := func(k string) func(*mail) { return func(m *mail) { m.ThreadKey = k } }
		var ms []mail
		for i := range 30 {
			ms = append(ms, w.letter(fmt.Sprint("k", i), "mira@x.example", key(fmt.Sprint("chat ", i%3)), subject("")))
		}
		w.atOnce(ms)
		if w.threads() != 3 || w.tickets() != 3 || w.messages() != 30 || w.contacts() != 1 {
			t.Fatalf("%d threads, %d tickets, %d messages", w.threads(), w.tickets(), w.messages())
		}
		w.checkWhole(t, ms)
		w.deliver(w.letter("q", "mira@x.example", key("chat 0"), replies("k0")))
		if w.filed("q").InReplyTo != w.filed("k0").ID {
			t.Fatal("a quoted message is not found by the provider's id")
		}
	})
}

func TestSenderJoinsAChannelsItems(t *testing.T) {
	eachKeyed(t, channel.ByContact, func(t *testing.T, w *world) {
		var ms []mail
		for i := range 20 {
			ms = append(ms, w.letter(fmt.Sprint("c", i), []string{"mira@x.example", "MIRA@x.example", "noor@y.example"}[i%3], subject("")))
		}
		w.atOnce(ms)
		if w.threads() != 2 || w.tickets() != 2 || w.contacts() != 2 {
			t.Fatalf("%d threads, %d tickets, %d contacts", w.threads(), w.tickets(), w.contacts())
		}
		w.closeTicket(w.filed("c0").TicketID)
		w.deliver(w.letter("again", "mira@x.example"))
		if m := w.filed("again"); m.ThreadID != w.filed("c0").ThreadID || !w.ticket(m.TicketID).Open {
			t.Fatal("the person's conversation goes on")
		}
	})
}

// receipts is a channel whose items are receipts.
type receipts struct{ keyed }

func (receipts) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var st channel.Status
	if err := json.Unmarshal(raw.Body, &st); err != nil {
		return nil, err
	}
	return []channel.Inbound{{Kind: channel.InStatus, Refs: []string{st.Code}, Status: &st}}, nil
}

func TestReceiptMarksItsMessageOrWaitsForIt(t *testing.T) { // GEN-23
	eachKeyed(t, channel.ByKey, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.deliver(w.letter("root", "mira@x.example", func(m *mail) { m.ThreadKey = "k" }))
		sent := w.sends(w.User(), w.filed("root").ThreadID, "wamid.1", "mira@x.example")
		late := newWorldOn(t, w, receipts{keyed{by: channel.ByKey}})
		deliver := func(code string, st desk.DeliveryStatus) {
			t.Helper()
			body, err := json.Marshal(channel.Status{State: st, Recipient: "mira@x.example", Code: code})
			must(t, err)
			must(t, late.Deliver(ctx, []channel.Raw{{Account: w.support.ID, Dedupe: code + string(st), Body: body}}))
		}
		deliver("wamid.1", desk.StatusRead)
		deliver("wamid.1", desk.StatusDelivered)
		if m, err := w.Threads.Message(ctx, w.DB, sent.ID); err != nil || m.Status != desk.StatusRead {
			t.Fatalf("%s %v", m.Status, err)
		}
		deliver("wamid.2", desk.StatusDelivered)
		var kept []string
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			kept, err = w.Threads.TakeEarly(ctx, tx, w.support.ID, "wamid.2")
			return err
		})
		if len(kept) != 1 {
			t.Fatalf("a receipt that came before its message's own settle was lost: %v", kept)
		}
	})
}
