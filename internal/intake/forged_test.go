package intake_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// EM-32: whoever has seen a message's id can write a delivery report. It stands beside the message; only a report that names a recipient of the message
// changes what is known of that recipient.
func TestAForgedReportChangesNoState(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.deliver(w.letter("root", "mira@x.example"))
		th := w.filed("root").ThreadID
		sent := w.sends(ann, th, "ours@desk.example", "mira@x.example")
		status := func() desk.DeliveryStatus {
			m, err := w.Threads.Message(context.Background(), w.DB, sent.ID)
			must(t, err)
			return m.Status
		}
		before := status()
		for id, rs := range map[string][]channel.BounceRecipient{
			"nobody": nil, "stranger": {{Address: "eve@evil.example", Action: "failed", Status: "5.1.1"}}, "empty": {{Action: "failed"}}, "delivered": {{Address: "eve@evil.example", Action: "delivered"}},
		} {
			w.deliver(w.letter(id, "mailer-daemon@evil.example", as(desk.DispBounce), func(m *mail) {
				m.Bounce = &channel.Bounce{OriginalMessageID: "<ours@desk.example>", Recipients: rs}
			}))
			if note := w.filed(id); note.Kind != desk.KindSystem || note.InReplyTo != sent.ID {
				t.Errorf("%s: the report is not beside the message: %+v", id, note)
			}
			if got := status(); got != before {
				t.Errorf("%s: the message went from %s to %s", id, before, got)
			}
		}
		w.deliver(w.letter("real", "mailer-daemon@x.example", as(desk.DispBounce), func(m *mail) {
			m.Bounce = &channel.Bounce{OriginalMessageID: "<ours@desk.example>", Recipients: []channel.BounceRecipient{{Address: "Mira@X.example", Action: "failed", Status: "5.1.1"}}}
		}))
		if got := status(); got != desk.StatusFailed {
			t.Errorf("a report that names the recipient leaves the message %s", got)
		}
		if w.tickets() != 1 {
			t.Errorf("%d tickets", w.tickets())
		}
	})
}
